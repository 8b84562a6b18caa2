"""Begins a migration: the project, .gitignore, the backups, the record; then it is carried out."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path

from envguard.backends import registry
from envguard.backends.local import SCHEME
from envguard.core.config import Config, Profile, Settings
from envguard.core.errors import UsageError
from envguard.core.files import sweep
from envguard.core.plan import Action, FilePlan
from envguard.core.text import printable
from envguard.envfile.origins import is_yaml
from envguard.jobs.migrate import besides, carry, held, journals
from envguard.jobs.migrate.carry import Opener, Work, in_words
from envguard.jobs.migrate.journals import Journal, alone, journal
from envguard.jobs.migrate.request import Outcome, Planned, Tell, targets
from envguard.journal.record import Record, RecordedFile, RecordedStep, RecordedWrite
from envguard.sources import git as git_door
from envguard.workspace import gitignore, project, trust


def apply(
    planned: Planned,
    config: Config,
    profile: Profile,
    settings: Settings,
    open_backend: Opener = registry.open_backend,
    tell: Tell = lambda _: None,
) -> Outcome:
    """Applies a plan. Safe to repeat: what is in the backend already is not written again.

    The files are rewritten last: where anything fails, they are byte for byte as they were, and
    once one holds references, the configuration that resolves them is in place. Raises
    UsageError where the files or the backend have changed since the plan.
    """
    contents = {Path(path): document.render() for path, document in planned.documents.items()}
    with in_words(list(contents)), alone(settings):
        changed = _changed_files(contents)
        if changed:
            raise _outdated(changed, planned)
        before = besides.look(contents, config)
        if not planned.plan.backend.startswith(SCHEME):
            # Without a key nothing is begun.
            journal(planned.plan.backend, settings, create=True)
        made = _project(config, profile, settings)
        backend = open_backend(planned.plan.backend, made, settings)
        changed = _changed_versions(planned, held.Held(backend))
        if changed:
            raise _outdated(changed, planned)
        ignored = _ignore(contents)
        kept = journal(planned.plan.backend, settings, create=True)
        record = _record(planned, made, profile, kept, contents)
        kept.save_files(record, contents)
        record = replace(record, besides=besides.save(record.id, before, kept))
        kept.records.save(record)
        journals.tell(journals.START, record, settings)
        work = Work(record, kept, backend, made, settings, contents, planned.values, tell)
        outcome = carry.out(work)
    file = outcome.config.file
    configured = [file] if file is not None and outcome.config != config else []
    return replace(outcome, written=(*configured, *ignored))


def _changed_files(contents: dict[Path, bytes]) -> list[str]:
    changed = []
    for path, before in contents.items():
        try:
            same = path.read_bytes() == before
        except OSError:
            same = False
        if not same:
            changed.append(f"{printable(str(path))} has changed since it was read")
    return changed


def _changed_versions(planned: Planned, now: held.Held) -> list[str]:
    steps = targets(planned.plan.moves)
    now.look_up(steps)
    return held.changed({name: step.held for name, step in steps.items()}, now.versions)


def _outdated(changed: list[str], planned: Planned) -> UsageError:
    return UsageError(
        f"{'; '.join(changed)}; everything is left as it is",
        f"plan it again: envguard migrate --to {planned.plan.backend} --plan",
    )


def _project(config: Config, profile: Profile, settings: Settings) -> Config:
    """The configuration with a project id, made where there was none; trusted either way."""
    if config.project_id:
        trust.require(settings.folders, config, profile)
        return config
    name = config.project_name or config.root.name
    return project.begin(config, profile, name, settings.folders)


def _ignore(files: Iterable[Path]) -> list[Path]:
    """Keeps the .env files and our temporaries out of git, and removes those that a crash left;
    the .gitignore of each repository, where it had to be written."""
    names: dict[Path, list[str]] = {}
    for file in files:
        sweep(file.parent)
        git = git_door.find(file)
        if git is not None:
            shown = names.setdefault(git.top, [])
            if not is_yaml(file):
                shown.append(f"!{file.name}.example")
    written = []
    for top, examples in names.items():
        lines = tuple(dict.fromkeys((*gitignore.LINES, *examples)))
        if gitignore.write(top / ".gitignore", lines):
            written.append(top / ".gitignore")
    return written


def _record(
    planned: Planned,
    config: Config,
    profile: Profile,
    kept: Journal,
    contents: dict[Path, bytes],
) -> Record:
    plan = planned.plan
    if config.file is None:
        raise ValueError("a project has a configuration file")
    writes = [
        RecordedWrite(name, step.held, key=step.key if plan.origin else None)
        for name, step in targets(plan.moves).items()
        if step.action is Action.MOVE
    ]
    return Record(
        id=plan.id,
        backend=plan.backend,
        root=config.root,
        config=config.file,
        project=config.project_id,
        profile=plan.profile or profile.name,
        files=tuple(_recorded(file, planned, kept, contents) for file in plan.files),
        writes=tuple(writes),
        origin=plan.origin,
        follows=plan.profile is not None,
        key=kept.key,
        naming={url: config.naming_of(url) for url in (plan.backend, plan.origin) if url},
    )


def _recorded(
    file: FilePlan, planned: Planned, kept: Journal, contents: dict[Path, bytes]
) -> RecordedFile:
    path = Path(file.path)
    steps = [(s, s.reference) for s in file.moves]
    document = planned.documents[file.path]
    after = document.replace_all({s.line: str(ref) for s, ref in steps}).render()
    return RecordedFile(
        path=path,
        profile=file.profile,
        alias=file.alias,
        layers=file.layers if steps else (),
        steps=tuple(RecordedStep(s.key, s.line, s.action, r) for s, r in steps if r is not None),
        before_digest=kept.records.digest(contents[path]),
        after_digest=kept.records.digest(after),
        dialect=file.dialect,
    )
