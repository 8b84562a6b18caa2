"""Everything in the object store, looked at by several processes, each content once."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Any, NamedTuple

from envguard.core.document import Document, Large
from envguard.core.finding import Coverage, Unseen
from envguard.detection.detector import Candidate
from envguard.detection.findings import likely
from envguard.jobs.scan.messages import Message
from envguard.jobs.scan.plain import plain, restored
from envguard.jobs.scan.state import Scan
from envguard.jobs.scan.workers import spread
from envguard.sources import history
from envguard.sources.git import Git
from envguard.sources.stored import BLOB, At, Store

_FEW_TASKS = 3
"""So many tasks (each some megabytes of contents) are done before other processes have begun."""


class Unreadable(NamedTuple):
    """Something in a blob that cannot be looked into: the way to it inside, and why."""

    inside: str
    reason: str


class Objects(NamedTuple):
    """The likely candidates of each blob that has any, by its id, and those of messages. `sizes`
    are those of the loose objects that were read, by their names in binary; -1 for what is no
    blob. `interrupted`: by Ctrl-C; what is here came before."""

    holds: dict[str, list[Candidate]]
    messages: list[Message]
    unreadable: dict[str, list[Unreadable]]
    sizes: dict[bytes, int]
    interrupted: bool


class _Answer(NamedTuple):
    """What was in one task, as marshal takes it. Places are those of `Stored`."""

    blobs: int
    bytes: int
    held: list[tuple[int, list[Any]]]  # of a blob: its place, its candidates
    said: list[tuple[int, str, str | None, list[Any]]]  # of a message: with its path and commit
    left: list[int]  # to be asked from git
    skipped: list[tuple[int, str, str]]  # place, way inside, reason
    sizes: list[tuple[int, int]]  # of loose objects: place, size


def look(scan: Scan, git: Git, store: Store) -> Objects:
    """Looks at every blob and message that the store gives; fills the coverage of the scan."""
    workers = scan.request.workers
    if workers is None and store.tasks <= _FEW_TASKS:
        workers = 1
    total, progress = scan.coverage, scan.progress
    answers: dict[int, _Answer] = {}
    interrupted = False
    total.blobs, total.bytes = store.counted

    def work(task: int) -> tuple[Any, ...]:
        scan.coverage, scan.progress = Coverage(), _silent
        return tuple(_Task(scan, store, task).answer)

    try:
        for task, answer in spread(work, store.tasks, workers):
            answers[task] = _Answer(*answer)
            total.blobs += answers[task].blobs
            total.bytes += answers[task].bytes
            progress(total)
    except KeyboardInterrupt:
        interrupted = True
    finally:
        scan.coverage, scan.progress = total, progress
    return _put_together(scan, git, store, answers, interrupted)


def look_again(scan: Scan, git: Git, names: Collection[str]) -> Objects:
    """The same of blobs and messages that were looked at before; the coverage stays as it is. What
    is gone is left out."""
    total, progress = scan.coverage, scan.progress
    scan.coverage, scan.progress = Coverage(), _silent
    objects = Objects({}, [], {}, {}, interrupted=False)
    try:
        _look_at_left(scan, git, objects, [*names], [])
    finally:
        scan.coverage, scan.progress = total, progress
    return objects


def _candidates(scan: Scan, kind: int, document: Document | Large) -> list[Candidate]:
    """The candidates that count in a blob or in a message."""
    if kind != BLOB and isinstance(document, Document):
        return scan.detector.candidates(document)
    # Without a path yet the confidence is the highest that any path could give.
    found = scan.candidates(document)
    return [c for c, _ in likely(found, "", scan.minimum)] if found else found


def _silent(_: Coverage) -> None:
    """A worker tells its progress by its answers."""


class _Task:
    """One task, in the process that does it."""

    def __init__(self, scan: Scan, store: Store, task: int) -> None:
        self._scan = scan
        self.answer = _Answer(0, 0, [], [], [], [], [])
        blobs = size = 0
        is_loose = store.is_loose(task)
        for stored in store.read(task):
            if stored.text is None:
                self.answer.left.append(stored.place)
            elif stored.kind == BLOB:
                blobs += 1
                size += len(stored.text)
                if is_loose:
                    self.answer.sizes.append((stored.place, len(stored.text)))
                self._blob(stored.place, stored.text)
            else:
                self._message(stored.place, history.message(stored.kind, "", stored.text))
        self.answer = self.answer._replace(blobs=blobs, bytes=size)

    def _blob(self, place: int, text: bytes) -> None:
        candidates = _candidates(self._scan, BLOB, Document("", text))
        if candidates:
            self.answer.held.append((place, [plain(candidate) for candidate in candidates]))
        if self._scan.coverage.skipped:
            for unseen in _taken(self._scan.coverage):
                self.answer.skipped.append((place, *unseen))

    def _message(self, place: int, document: Document) -> None:
        if found := [plain(c) for c in self._scan.detector.candidates(document)]:
            self.answer.said.append((place, document.path, document.commit, found))


def _taken(coverage: Coverage) -> list[Unreadable]:
    """What could not be looked into since the last call, in a content without a path."""
    found = [Unreadable(*unseen) for unseen in coverage.skipped]
    coverage.skipped.clear()
    return found


def _put_together(
    scan: Scan, git: Git, store: Store, answers: dict[int, _Answer], interrupted: bool
) -> Objects:
    """The answers of all tasks with the ids of their objects, and what only git can read."""
    coverage = scan.coverage
    places: set[At] = set()
    for task, answer in answers.items():
        rows: tuple[Any, ...] = (*answer.held, *answer.said, *answer.skipped, *answer.sizes)
        places.update((task, row[0]) for row in rows)
        places.update((task, place) for place in answer.left)
    names = store.names(places)
    rules = {rule.id: rule for rule in scan.detector.rules}
    objects = Objects({}, [], {}, {}, interrupted)
    for task, answer in sorted(answers.items()):
        for place, found in answer.held:
            objects.holds[names[task, place]] = [restored(row, rules) for row in found]
        for place, path, commit, found in answer.said:
            name = names[task, place]
            candidates = [restored(row, rules) for row in found]
            # An empty id is the one of the commit itself.
            about = name if commit == "" else commit
            objects.messages.append(Message(name, path, about, candidates))
        for place, inside, reason in answer.skipped:
            unreadable = Unreadable(inside, reason)
            objects.unreadable.setdefault(names[task, place], []).append(unreadable)
        for place, size in answer.sizes:
            objects.sizes[bytes.fromhex(names[task, place])] = size
    missing = [*store.missing]
    if interrupted:
        undone = store.tasks - len(answers)
        reason = f"interrupted, with {undone} of {store.tasks} parts not looked at"
        coverage.skipped.append(Unseen(history.STORE, reason))
    else:
        left = [names[task, place] for task in answers for place in answers[task].left]
        _look_at_left(scan, git, objects, left, missing)
    history.tell_missing(git, missing, store.damaged, coverage)
    return objects


def _look_at_left(
    scan: Scan, git: Git, objects: Objects, left: Sequence[str], missing: list[str]
) -> None:
    """Looks at the objects that only git can give."""
    coverage = scan.coverage
    skipped = coverage.skipped
    coverage.skipped = []
    before = coverage.bytes
    for name, kind, document in history.unread(git, left, missing, coverage):
        candidates = _candidates(scan, kind, document)
        if kind != BLOB:
            objects.messages.append(Message(name, document.path, document.commit, candidates))
        elif candidates:
            objects.holds[name] = candidates
        if unreadable := _taken(coverage):
            objects.unreadable[name] = unreadable
        objects.sizes[bytes.fromhex(name)] = coverage.bytes - before if kind == BLOB else -1
        before = coverage.bytes
    coverage.skipped = skipped
