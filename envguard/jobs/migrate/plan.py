"""What a migration will do: read, classified, located, compared; nothing is written."""

from __future__ import annotations

import os
import stat
from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from datetime import datetime, timezone
from pathlib import Path
from secrets import token_hex

from envguard.core.backend import Backend
from envguard.core.config import Config, Profile
from envguard.core.envfile import Entry
from envguard.core.errors import BackendError, NameNotAllowed, UsageError
from envguard.core.plan import Action, Plan, Step
from envguard.core.reference import PROFILE_BACKEND, Reference, parse_reference
from envguard.core.secret import Secret
from envguard.core.text import printable
from envguard.detection.classify import Kind, classify
from envguard.detection.detector import Detector
from envguard.envfile import document
from envguard.envfile.document import EnvDocument
from envguard.envfile.interpolate import variables
from envguard.jobs.migrate import alias as aliases
from envguard.jobs.migrate.request import Conflict, Planned, Request

Resolve = Callable[[str], Conflict]
"""Asked once about each name that holds another value in the backend."""


def plan(
    request: Request,
    config: Config,
    profile: Profile,
    backend: Backend,
    detector: Detector,
    on_conflict: Resolve,
) -> Planned:
    """The plan for one file.

    Raises UsageError for a file that cannot be migrated as it is, BackendError for a conflict.
    """
    file = plain_file(request.file)
    env = document.read(file)
    env.require_clean()
    _check_choice(request, env)
    alias = aliases.choose(request.backend, request.alias, config, profile, env)
    steps = {e.line: _first_step(request, e, config, detector) for e in env.entries}
    names = _names(env, [e for e in env.entries if steps[e.line].action is Action.MOVE])
    located, refused = _located(backend, names)
    held = backend.read(list(dict.fromkeys(located.values())))
    chosen: dict[str, Conflict] = {}
    values: dict[int, Secret] = {}
    for entry in env.entries:
        step, value = steps[entry.line], _value(entry)
        if step.action is not Action.MOVE or value is None:
            continue
        name = names[entry.line]
        if name in refused:
            steps[entry.line] = _kept(step, refused[name])
            continue
        there = held.get(located[name])
        if there is not None and there != value and name not in chosen:
            chosen[name] = on_conflict(name)
        reference = Reference(alias or PROFILE_BACKEND, name)
        step = _compared(step, reference, value, there, chosen.get(name))
        steps[entry.line] = step
        if step.action is not Action.KEEP:
            values[entry.line] = value
    whole = Plan(_new_id(), str(file), config.backend_url(request.backend), tuple(steps.values()))
    return Planned(whole, env, file, alias, values)


def plain_file(path: Path) -> Path:
    """The real path of a .env file that can be replaced safely: no link of either kind."""
    try:
        found = path.lstat()
    except OSError as error:
        raise UsageError(f"{path} cannot be read: {error.strerror}", "name a .env file") from None
    if stat.S_ISLNK(found.st_mode):
        raise UsageError(
            f"{path} is a symbolic link, and rewriting it would leave its target as it is",
            f"envguard migrate {os.path.realpath(path)}",
        )
    if not stat.S_ISREG(found.st_mode):
        raise UsageError(f"{path} is not a regular file", "name a .env file")
    if found.st_nlink > 1:
        raise UsageError(
            f"{path} has {found.st_nlink} hard links, and the others would keep the values",
            f"find them: find / -xdev -samefile {path}",
        )
    return path.resolve()


def _check_choice(request: Request, env: EnvDocument) -> None:
    keys = {entry.key for entry in env.entries}
    for name in (*request.only, *request.exclude):
        if name not in keys:
            raise UsageError(f"{env.path} has no key {name}", "check --only and --exclude")


def _first_step(request: Request, entry: Entry, config: Config, detector: Detector) -> Step:
    """Whether an entry is to be moved, and why; nothing is known of the backend yet."""
    found = classify(entry.key, entry.value, detector, config.backends)
    step = Step(entry.key, entry.line, Action.KEEP, None, found.reason)
    if entry.value is None or found.kind in (Kind.REFERENCE, Kind.EMPTY):
        return step
    if entry.key in request.exclude or (request.only and entry.key not in request.only):
        return replace(step, reason="not chosen")
    if not (request.only or request.everything or found.kind is Kind.SECRET):
        return step
    # Its value depends on others and on the environment: no secret holds that.
    used = variables(entry.value.reveal())
    if used and _value(entry) == entry.value:
        return _kept(step, f"is built from ${{{used[0]}}}: write it out to move it")
    return replace(step, action=Action.MOVE)


def _value(entry: Entry) -> Secret | None:
    """What `run` gives for an entry that is moved: its value, of `literal:TEXT` the text."""
    reference = None if entry.value is None else parse_reference(entry.value.reveal())
    if reference is not None and reference.backend == "literal":
        return Secret(reference.name)
    return entry.value


def _names(env: EnvDocument, moved: Iterable[Entry]) -> dict[int, str]:
    """A name for the entry on each line: its key; an earlier duplicate whose value differs gets
    a name of its own, because what it holds must not be lost and must not stay in the file."""
    last = {entry.key: entry for entry in env.entries}
    taken = set(last)
    names: dict[int, str] = {}
    for entry in moved:
        name = entry.key
        if entry.value != last[entry.key].value:
            number = 1
            while (name := f"{entry.key}_DUPLICATE_{number}") in taken:
                number += 1
            taken.add(name)
        names[entry.line] = name
    return names


def _located(
    backend: Backend, names: Mapping[int, str]
) -> tuple[dict[str, Reference], dict[str, str]]:
    """Where the backend keeps each name, and why it refuses the others."""
    located: dict[str, Reference] = {}
    refused: dict[str, str] = {}
    for name in names.values():
        try:
            located[name] = backend.locate(name)
        except NameNotAllowed as error:
            refused[name] = f"stays in the file: {error.what}"
    return located, refused


def _compared(
    step: Step, reference: Reference, value: Secret, held: Secret | None, conflict: Conflict | None
) -> Step:
    """The step, now that it is known what the backend holds."""
    moved = replace(step, reference=reference)
    if reference.name != step.key:
        moved = replace(moved, note="an earlier duplicate, kept under its own name")
    if held is None:
        return moved
    if held == value:
        note = moved.note or "the backend holds this value already"
        return replace(moved, action=Action.LINK, note=note)
    if conflict is Conflict.OVERWRITE:
        note = "overwrites another value (an older version) for whatever else refers to it"
        return replace(moved, note=note)
    if conflict is Conflict.KEEP:
        return _kept(step, "the backend holds another value: stays in the file")
    raise BackendError(
        f"the backend holds another value for {printable(reference.name)}",
        "choose: --on-conflict overwrite (it keeps the old version), or keep, or --exclude",
    )


def _kept(step: Step, note: str) -> Step:
    return replace(step, action=Action.KEEP, reference=None, note=note)


def _new_id() -> str:
    return f"{datetime.now(timezone.utc):%Y%m%d-%H%M%S}-{token_hex(3)}"
