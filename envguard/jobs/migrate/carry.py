"""Carries a recorded migration on, from wherever it stands to its end: writes, reads back,
points the configuration there, and only then rewrites the files."""

from __future__ import annotations

import contextlib
import shlex
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Protocol

from envguard.core.backend import Backend, Batch
from envguard.core.config import Config, Settings
from envguard.core.errors import BackendError, UsageError
from envguard.core.files import write_atomically
from envguard.core.plan import Action
from envguard.core.reference import Reference
from envguard.core.secret import Secret
from envguard.core.text import printable
from envguard.jobs.migrate import besides, held, journals, pointing, readers
from envguard.jobs.migrate.besides import content
from envguard.jobs.migrate.journals import Journal, folder, journal_of
from envguard.jobs.migrate.request import FileOutcome, Outcome, Tell
from envguard.journal.record import Record, RecordedFile, Standing, State
from envguard.journal.records import Records
from envguard.sources import git as git_door


class Opener(Protocol):
    """How a backend is opened."""

    def __call__(self, name: str, config: Config, settings: Settings) -> Backend:
        """The backend of a URL or an alias."""
        ...


@dataclass(frozen=True, slots=True)
class Work:
    """A recorded migration with what it is carried out on: the files as they were, by path, and
    the values by the name that they have in the backend."""

    record: Record
    journal: Journal
    backend: Backend
    config: Config
    settings: Settings
    contents: Mapping[Path, bytes] = field(repr=False)
    values: Mapping[str, Secret] = field(repr=False)
    tell: Tell


def out(work: Work) -> Outcome:
    """Does what is left to do. Raises BackendError or UsageError where something is not as the
    migration left it; every file that is not rewritten yet stays as it is then."""
    records, record = work.journal.records, work.record
    with in_words([file.path for file in record.files]):
        standings = {file.path: _standing(work, file) for file in record.files}
        if record.state is State.PLANNED or Standing.BEFORE in standings.values():
            record = _written(work)
            records.save(record)
        config = pointing.point_to(record, work.config, work.settings.folders)
        done = []
        for file in record.files:
            if standings[file.path] is Standing.BEFORE and _standing(work, file) is Standing.BEFORE:
                _replace(file.path, _after(work, file))
            outcome = _outcome(file)
            work.tell(outcome)
            done.append(outcome)
        if record.state is not State.REWRITTEN:
            journals.tell(journals.DONE, record, work.settings)
    # The files themselves say that they are rewritten; the record only repeats it.
    with contextlib.suppress(OSError):
        records.save(besides.left(record.advanced(State.REWRITTEN), work.journal))
    return Outcome(record.id, len(record.writes), tuple(done), (), config, work.values)


def finish(migration: str, settings: Settings) -> None:
    """Writes down that nothing is left to do, and how the files beside were left."""
    record = Records(folder(settings)).load(migration)
    if record.state is State.REWRITTEN:
        done = record.advanced(State.DONE)
        with contextlib.suppress(BackendError):
            done = besides.left(done, journal_of(record, settings))
        with contextlib.suppress(OSError):
            Records(folder(settings)).save(done)


@contextlib.contextmanager
def in_words(files: Sequence[Path]) -> Iterator[None]:
    """Turns what the file system refuses into an error for people."""
    try:
        yield
    except OSError as error:
        place = f" ({printable(str(error.filename))})" if error.filename else ""
        name = printable(str(files[0])) if len(files) == 1 else "what was not rewritten yet"
        folder = shlex.quote(printable(str(files[0].parent))) if files else "."
        raise UsageError(
            f"{name} is left as it was: {error.strerror}{place}",
            f"check `df -h` and `ls -la {folder}`, then: envguard migrate resume",
        ) from None


def _standing(work: Work, file: RecordedFile) -> Standing:
    """Where a file stands. Raises UsageError where it is neither as before nor as after."""
    found = work.journal.records.standing(file, content(file.path))
    if found in (Standing.CHANGED, Standing.GONE):
        name = printable(str(file.path))
        what = "has changed since it was read" if found is Standing.CHANGED else "is gone"
        raise UsageError(
            f"{name} {what}, and is left as it is",
            f"take the migration back: envguard migrate rollback {work.record.id}",
        )
    return found


def _written(work: Work) -> Record:
    """The record with every value in the backend, and compared with what it then gives."""
    backend, record = work.backend, work.record
    names = [write.name for write in record.writes]
    names += [step.reference.name for file in record.files for step in file.steps]
    located = {name: backend.locate(name) for name in dict.fromkeys(names)}
    versions = _write(work, located)
    found = backend.read(list(dict.fromkeys(located.values())))
    for name, reference in located.items():
        if found.get(reference) != work.values[name]:
            raise BackendError(
                f"the backend does not give back what was written for {printable(name)}",
                f"no file is rewritten; check it, then: envguard migrate resume {record.id}",
            )
    writes = tuple(replace(w, version=versions.get(w.name, w.version)) for w in record.writes)
    record = replace(record, writes=writes)
    return record if record.state is not State.PLANNED else record.advanced(State.WRITTEN)


def _write(work: Work, located: Mapping[str, Reference]) -> dict[str, str]:
    """Writes what is not written yet; the versions by name. Raises BackendError where somebody
    else has written one of the names since the plan."""
    backend, record = work.backend, work.record
    refs = [located[write.name] for write in record.writes]
    now = held.current(backend, refs)
    todo = [w.name for w in record.writes if now.get(located[w.name]) == w.held]
    written = [w.name for w in record.writes if now.get(located[w.name]) != w.held]
    versions = {name: now[located[name]] for name in written if located[name] in now}
    there = backend.read([located[name] for name in written]) if written else {}
    for name in written:
        if there.get(located[name]) != work.values[name]:
            raise BackendError(
                f"the backend has another value for {printable(name)} since the plan was made",
                f"take the migration back: envguard migrate rollback {record.id}",
            )
    if isinstance(backend, Batch) and todo:
        values = {located[name]: work.values[name] for name in todo}
        found = backend.write_all(values, token=record.id)
        return versions | {name: found[located[name]] for name in todo}
    for name in todo:
        versions[name] = backend.write(located[name], work.values[name], token=record.id)
    return versions


def _after(work: Work, file: RecordedFile) -> bytes:
    before = work.contents[file.path]
    document = readers.reread(file.path, before, work.settings.environ, file.dialect)
    return document.replace_all({s.line: str(s.reference) for s in file.steps}).render()


def _outcome(file: RecordedFile) -> FileOutcome:
    actions = [step.action for step in file.steps]
    git = git_door.find(file.path)
    return FileOutcome(
        file.path,
        actions.count(Action.MOVE),
        actions.count(Action.LINK),
        git is not None and git.tracks(file.path),
        file.dialect,
    )


def _replace(file: Path, new: bytes) -> None:
    try:
        write_atomically(file, new)
    except OSError:
        # The folder may refuse to sync when the file is in place already.
        if file.read_bytes() != new:
            raise
