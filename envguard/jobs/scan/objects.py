"""Everything in the object store, looked at by several processes, each content once."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

from envguard.core.document import Document
from envguard.core.finding import Coverage, Unseen
from envguard.core.rule import Confidence, Rule
from envguard.core.secret import Secret
from envguard.detection.detector import Candidate
from envguard.detection.findings import likely
from envguard.jobs.scan.messages import Sight
from envguard.jobs.scan.state import Scan
from envguard.jobs.scan.workers import spread
from envguard.sources import history
from envguard.sources.git import Git
from envguard.sources.known import Known
from envguard.sources.object_files import open_store
from envguard.sources.stored import At, Store
from envguard.sources.unpack import BLOB, COMMIT, TAG

_FEW_TASKS = 3
"""So many tasks (each some megabytes of contents) are done before other processes have begun."""


class Objects(NamedTuple):
    """The likely candidates of each blob that has any, by its id, and those of messages. `held`
    are the ids and kinds of all these objects (0: of one that git gives in pieces), `counts` the
    blobs and bytes of each pack that was read, by its checksum. `interrupted`: by Ctrl-C; what
    is here came before."""

    holds: dict[str, list[Candidate]]
    messages: list[Sight]
    held: dict[str, int]
    counts: dict[bytes, tuple[int, int]]
    store: Store
    interrupted: bool


class _Answer(NamedTuple):
    """What was in one task, as marshal takes it. Places are those of `Stored`."""

    blobs: int
    bytes: int
    held: list[tuple[int, list[Any]]]  # of a blob: its place, its candidates
    said: list[tuple[int, str, str | None, list[Any]]]  # of a message: with its path and commit
    left: list[int]  # to be asked from git
    skipped: list[tuple[int, str, str]]  # place, path inside, reason


def look(scan: Scan, git: Git, known: Known | None) -> Objects:
    """Looks at every blob and message; fills the coverage of the scan. Of what is `known` only
    that is read in which something was found."""
    store = open_store(git, known)
    workers = scan.request.workers
    if workers is None and store.tasks <= _FEW_TASKS:
        workers = 1
    total, progress = scan.coverage, scan.progress
    answers: dict[int, _Answer] = {}
    interrupted = False
    for pack in store.known_packs:
        total.blobs += pack.blobs
        total.bytes += pack.bytes

    def work(task: int) -> tuple[Any, ...]:
        scan.coverage, scan.progress = Coverage(), _silent
        return tuple(_Task(scan, store, task).answer)

    try:
        for task, answer in spread(work, store.tasks, workers):
            answers[task] = _Answer(*answer)
            if not store.is_known(task):
                total.blobs += answers[task].blobs
                total.bytes += answers[task].bytes
            progress(total)
    except KeyboardInterrupt:
        interrupted = True
    finally:
        scan.coverage, scan.progress = total, progress
    return _put_together(scan, git, store, answers, interrupted)


def _silent(_: Coverage) -> None:
    """A worker tells its progress by its answers."""


class _Task:
    """One task, in the process that does it."""

    def __init__(self, scan: Scan, store: Store, task: int) -> None:
        self._scan = scan
        self.answer = _Answer(0, 0, [], [], [], [])
        blobs = size = 0
        for stored in store.read(task):
            if stored.text is None:
                self.answer.left.append(stored.place)
            elif stored.kind == BLOB:
                blobs += 1
                size += len(stored.text)
                self._blob(stored.place, stored.text)
            else:
                self._message(stored.place, history.message(stored.kind, "", stored.text))
        self.answer = self.answer._replace(blobs=blobs, bytes=size)

    def _blob(self, place: int, text: bytes) -> None:
        candidates = self._scan.candidates(Document("", text, blob=str(place)))
        if candidates:
            # Without a path yet the confidence is the highest that any path could give.
            sights = likely(candidates, "", self._scan.minimum)
            if found := [_plain(candidate) for candidate, _ in sights]:
                self.answer.held.append((place, found))
        if self._scan.coverage.skipped:
            for unseen in self._scan.coverage.skipped:
                self.answer.skipped.append((place, *unseen))
            self._scan.coverage.skipped.clear()

    def _message(self, place: int, document: Document) -> None:
        if found := [_plain(c) for c in self._scan.detector.candidates(document)]:
            self.answer.said.append((place, document.path, document.commit, found))


def _put_together(
    scan: Scan, git: Git, store: Store, answers: dict[int, _Answer], interrupted: bool
) -> Objects:
    """The answers of all tasks with the ids of their objects, and what only git can read."""
    coverage = scan.coverage
    places: set[At] = set()
    for task, answer in answers.items():
        rows: tuple[Any, ...] = (*answer.held, *answer.said, *answer.skipped)
        places.update((task, row[0]) for row in rows)
        places.update((task, place) for place in answer.left)
    names = store.names(places)
    rules = {rule.id: rule for rule in scan.detector.rules}
    objects = Objects({}, [], {}, _counts(store, answers), store, interrupted)
    for task, answer in sorted(answers.items()):
        for place, found in answer.held:
            name = names[task, place]
            objects.holds[name] = [_candidate(row, rules) for row in found]
            objects.held[name] = BLOB
        for place, path, commit, found in answer.said:
            name = names[task, place]
            candidates = [_candidate(row, rules) for row in found]
            # An empty id is the one of the commit itself.
            objects.messages.append(Sight(path, name if commit == "" else commit, candidates))
            objects.held[name] = COMMIT if commit == "" else TAG
        for place, path, reason in answer.skipped:
            coverage.skipped.append(Unseen(_blob_path(names[task, place], path), reason))
    missing = [*store.missing]
    if interrupted:
        undone = store.tasks - len(answers)
        reason = f"interrupted, with {undone} of {store.tasks} parts not looked at"
        coverage.skipped.append(Unseen(history.STORE, reason))
    else:
        left = {names[task, place]: task for task in answers for place in answers[task].left}
        _look_at_left(scan, git, objects, left, missing)
    history.tell_missing(git, missing, coverage)
    return objects


def _look_at_left(
    scan: Scan, git: Git, objects: Objects, left: Mapping[str, int], missing: list[str]
) -> None:
    """Looks at the objects that only git can give, each with the task that left it."""
    coverage, store = scan.coverage, objects.store
    before = coverage.blobs, coverage.bytes
    for name, kind, document in history.unread(git, left, missing, coverage):
        candidates = scan.candidates(document)
        if kind != BLOB:
            objects.messages.append(Sight(document.path, document.commit, candidates))
        elif found := [c for c, _ in likely(candidates, "", scan.minimum)]:
            objects.holds[name] = found
        if candidates:
            objects.held[name] = 0
        counted = coverage.blobs - before[0], coverage.bytes - before[1]
        if store.is_known(left[name]):
            coverage.blobs, coverage.bytes = before
        elif (pack := store.pack_of(left[name])) is not None:
            blobs, size = objects.counts[pack]
            objects.counts[pack] = blobs + counted[0], size + counted[1]
        before = coverage.blobs, coverage.bytes


def _counts(store: Store, answers: Mapping[int, _Answer]) -> dict[bytes, tuple[int, int]]:
    counts: dict[bytes, tuple[int, int]] = {}
    for task, answer in answers.items():
        if (pack := store.pack_of(task)) is not None:
            blobs, size = counts.get(pack, (0, 0))
            counts[pack] = blobs + answer.blobs, size + answer.bytes
    return counts


def _blob_path(name: str, path: str) -> str:
    return f"blob {name[:12]}{path}"


def _plain(candidate: Candidate) -> tuple[Any, ...]:
    plain = candidate._asdict()
    plain |= {
        "rule": candidate.rule.id,
        "secret": candidate.secret.reveal(),
        "best": int(candidate.best),
    }
    return tuple(plain.values())


def _candidate(row: tuple[Any, ...], rules: dict[str, Rule]) -> Candidate:
    found = Candidate(*row)
    return found._replace(rule=rules[row[0]], secret=Secret(row[1]), best=Confidence(found.best))
