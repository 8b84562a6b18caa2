"""Carries a plan out so that nothing is lost: backup, write, read back, and only then the .env."""

from __future__ import annotations

import contextlib
import shlex
from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Protocol

from envguard.backends import registry
from envguard.core.backend import Backend
from envguard.core.config import Config, Folders, Profile, Settings, parse
from envguard.core.errors import BackendError, UsageError
from envguard.core.files import sweep, write_atomically
from envguard.core.plan import Action, Step
from envguard.core.text import printable
from envguard.jobs.migrate.journals import journal
from envguard.jobs.migrate.request import Outcome, Planned
from envguard.journal.record import Record, RecordedStep, State
from envguard.sources import git as git_door
from envguard.sources.git import Git
from envguard.workspace import config_file, gitignore, project, trust


class Opener(Protocol):
    """How a backend is opened."""

    def __call__(self, name: str, config: Config, settings: Settings) -> Backend:
        """The backend of a URL or an alias."""
        ...


def apply(
    planned: Planned,
    config: Config,
    profile: Profile,
    settings: Settings,
    open_backend: Opener = registry.open_backend,
) -> Outcome:
    """Applies a plan. Safe to repeat: what is in the backend already is not written again.

    The .env is rewritten last: where anything fails, it is byte for byte as it was, and once it
    holds references, the configuration that resolves them is in place.
    """
    file, before, after = planned.file, planned.document.render(), _rewritten(planned)
    with _errors(file):
        _check_unchanged(planned, before)
        made = _project(config, profile, settings)
        backend = open_backend(planned.plan.backend, made, settings)
        git = git_door.find(file)
        ignored = _ignore(file, git)
        backups, records = journal(planned.plan.backend, settings, create=True)
        backups.save(planned.plan.id, file, before, file.stat().st_mode & 0o7777)
        record = _record(planned, records.digest(before), records.digest(after))
        records.save(record)
        versions = _write(planned, backend)
        steps = tuple(replace(s, version=versions.get(s.line)) for s in record.steps)
        record = replace(record, steps=steps).advanced(State.WRITTEN)
        records.save(record)
        pointed = _point_to(planned, made, profile, settings.folders)
        _check_unchanged(planned, before)
        _replace(file, after)
    # The file itself says that it is rewritten; the record only repeats it.
    with contextlib.suppress(OSError):
        records.save(record.advanced(State.DONE))
    written = [config.file or pointed.file] if pointed != config else []
    actions = [step.action for step in planned.plan.steps]
    return Outcome(
        id=planned.plan.id,
        moved=actions.count(Action.MOVE),
        linked=actions.count(Action.LINK),
        files=tuple(path for path in (*written, ignored) if path is not None),
        tracked=git is not None and git.tracks(file),
        config=pointed,
    )


@contextlib.contextmanager
def _errors(file: Path) -> Iterator[None]:
    """Turns what the file system refuses into an error for people."""
    try:
        yield
    except OSError as error:
        place = f" ({printable(str(error.filename))})" if error.filename else ""
        raise UsageError(
            f"{printable(str(file))} is left as it was: {error.strerror}{place}",
            f"check `df -h` and `ls -la {shlex.quote(printable(str(file.parent)))}`, then repeat",
        ) from None


def _check_unchanged(planned: Planned, before: bytes) -> None:
    """Raises UsageError where the file is no longer what the plan was made of."""
    try:
        same = planned.file.read_bytes() == before
    except FileNotFoundError:
        same = False
    if not same:
        name = printable(str(planned.file))
        raise UsageError(
            f"{name} has changed since it was read, and is left as it is",
            f"run it again: envguard migrate {shlex.quote(name)} --to {planned.plan.backend}",
        )


def _project(config: Config, profile: Profile, settings: Settings) -> Config:
    """The configuration with a project id, made where there was none; trusted either way."""
    if config.project_id:
        trust.require(settings.folders, config, profile)
        return config
    name = config.project_name or config.root.name
    return project.begin(config, profile, name, settings.folders)


def _ignore(file: Path, git: Git | None) -> Path | None:
    """Keeps the .env and our temporaries out of git, and removes those that a crash left; the
    .gitignore, where it had to be written."""
    sweep(file.parent)
    if git is None:
        return None
    lines = (*gitignore.LINES, f"!{file.name}.example")
    return git.top / ".gitignore" if gitignore.write(git.top / ".gitignore", lines) else None


def _record(planned: Planned, before: str, after: str) -> Record:
    return Record(
        id=planned.plan.id,
        path=planned.file,
        backend=planned.plan.backend,
        steps=tuple(RecordedStep(s.key, s.line, s.action, s.reference) for s in planned.plan.steps),
        before_digest=before,
        after_digest=after,
    )


def _rewritten(planned: Planned) -> bytes:
    moves = {step.line: str(step.reference) for step in planned.plan.moves}
    return planned.document.replace_all(moves).render()


def _write(planned: Planned, backend: Backend) -> Mapping[int, str]:
    """Writes every value and compares what the backend then gives; line -> version."""
    versions: dict[int, str] = {}
    targets = {step.line: backend.locate(_name(step)) for step in planned.plan.moves}
    for step in planned.plan.moves:
        if step.action is Action.MOVE:
            target = targets[step.line]
            token = f"{planned.plan.id}:{target.name}"
            versions[step.line] = backend.write(target, planned.values[step.line], token=token)
    found = backend.read(list(dict.fromkeys(targets.values())))
    for step in planned.plan.moves:
        if found.get(targets[step.line]) != planned.values[step.line]:
            raise BackendError(
                f"the backend does not give back what was written for {printable(step.key)}",
                f"{printable(str(planned.file))} is as it was; check the backend and repeat",
            )
    return versions


def _name(step: Step) -> str:
    if step.reference is None:
        raise ValueError(f"{step.key} is not moved")
    return step.reference.name


def _point_to(planned: Planned, config: Config, profile: Profile, folders: Folders) -> Config:
    """The configuration in which the references mean the target: as the profile's backend, or
    under the alias. What is written for that is trusted."""
    url, alias, file = planned.plan.backend, planned.alias, config.file
    known = config.backend_url(profile.backend) if alias is None else config.backends.get(alias)
    if file is None or known == url:
        return config
    content, tables = file.read_bytes(), project.table_path(file)
    if alias is None:
        name = next((a for a, declared in config.backends.items() if declared == url), url)
        content = config_file.set_profile_backend(content, profile.name, name, table_path=tables)
    else:
        content = config_file.add_backend(content, alias, url, table_path=tables)
    made = parse(content.decode("utf-8"), file)
    write_atomically(file, content)
    trust.record_backend(folders, made, made.profiles.get(profile.name, profile), url)
    return made


def _replace(file: Path, content: bytes) -> None:
    try:
        write_atomically(file, content)
    except OSError:
        # The folder may refuse to sync when the file is in place already.
        if file.read_bytes() != content:
            raise
