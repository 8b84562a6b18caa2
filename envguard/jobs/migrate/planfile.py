"""A plan as JSON: to be read in a review, and applied afterwards exactly as it was read.

It holds no value and no hash that values could be tried against: `digest` is an HMAC of the whole
file, `seal` one of the whole plan, both under keys that only this user's journal has.
"""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

from envguard.core.config import DEFAULT_DIALECT, Config
from envguard.core.errors import UsageError
from envguard.core.plan import Action, FilePlan, Plan, Step
from envguard.core.reference import Reference
from envguard.core.secret import Secret
from envguard.core.text import printable
from envguard.envfile.origins import Document
from envguard.jobs.migrate.journals import Journal
from envguard.jobs.migrate.plan import value_of
from envguard.jobs.migrate.request import Planned

SCHEMA = 1


def dump(planned: Planned, config: Config, journal: Journal) -> dict[str, Any]:
    """The plan as JSON; paths are from the top of the project, with `/`."""
    plan = planned.plan
    body: dict[str, Any] = {
        "schema": SCHEMA,
        "id": plan.id,
        "backend": plan.backend,
        "origin": plan.origin,
        "profile": plan.profile,
        "project": config.project_id,
        "key": journal.seal.key_id,
        "secrets": [_step(step) for step in plan.secrets],
        "files": [
            {
                "path": _relative(file.path, config),
                "profile": file.profile,
                "alias": file.alias,
                "layers": list(file.layers),
                "dialect": file.dialect,
                "digest": journal.records.digest(planned.documents[file.path].render()),
                "steps": [_step(step) for step in file.steps],
            }
            for file in plan.files
        ],
        "remains": list(planned.remains),
    }
    return {**body, "seal": journal.seal.of(_canonical(body))}


def backend_of(text: str, path: str) -> tuple[str, str | None]:
    """The target and the origin that a plan names; nothing of it is verified yet. Raises
    UsageError where it is no plan."""
    data = _parse(text, path)
    origin = data.get("origin")
    return str(data.get("backend", "")), None if origin is None else str(origin)


def load(text: str, path: str, config: Config, journal: Journal) -> Plan:
    """The plan that a file says. Raises UsageError where it is none, was made with another key,
    or is not as it was when it was made."""
    data = _parse(text, path)
    seal = data.pop("seal", None)
    if data.get("schema") != SCHEMA or not isinstance(seal, str):
        raise UsageError(
            f"{path} is no plan", "make one: envguard migrate --plan --format json >FILE"
        )
    again = "plan it again: envguard migrate --plan --format json"
    if data.get("key") != journal.seal.key_id:
        raise UsageError(f"{path} was made by somebody else, or with another key", again)
    if not journal.seal.fits(_canonical(data), seal):
        raise UsageError(f"{path} was edited since it was made", again)
    if data["project"] not in ("", config.project_id):
        raise UsageError(f"{path} is the plan of another project", again)
    return Plan(
        id=data["id"],
        backend=data["backend"],
        files=tuple(
            FilePlan(
                path=str(config.root.resolve() / file["path"]),
                profile=file["profile"],
                alias=file["alias"],
                steps=tuple(map(_read_step, file["steps"])),
                layers=tuple(file["layers"]),
                dialect=file.get("dialect", DEFAULT_DIALECT),
            )
            for file in data["files"]
        ),
        origin=data["origin"],
        secrets=tuple(map(_read_step, data["secrets"])),
        profile=data["profile"],
    )


def changed_files(
    text: str, plan: Plan, contents: dict[str, bytes | None], journal: Journal
) -> list[str]:
    """Which files are not what the plan was made of, one phrase each."""
    digests = [file["digest"] for file in json.loads(text)["files"]]
    phrases = []
    for file, digest in zip(plan.files, digests, strict=True):
        found = contents[file.path]
        if found is None:
            phrases.append(f"{printable(file.path)} is gone")
        elif journal.records.digest(found) != digest:
            phrases.append(f"{printable(file.path)} has changed")
    return phrases


def values(plan: Plan, documents: dict[str, Document]) -> dict[str, Secret]:
    """The values that the plan moves, by name, from its files."""
    found: dict[str, Secret] = {}
    for file in plan.files if plan.origin is None else ():
        by_line = {entry.line: entry for entry in documents[file.path].entries}
        for step in file.moves:
            value = value_of(by_line[step.line])
            if value is not None and step.reference is not None:
                found[step.reference.name] = value
    return found


def _parse(text: str, path: str) -> dict[str, Any]:
    try:
        data = json.loads(text)
    except (ValueError, RecursionError):
        data = None
    if not isinstance(data, dict):
        raise UsageError(
            f"{path} is no plan", "make one: envguard migrate --plan --format json >FILE"
        )
    return data


def _canonical(body: dict[str, Any]) -> bytes:
    return json.dumps(body, sort_keys=True, separators=(",", ":")).encode("ascii")


def _relative(path: str, config: Config) -> str:
    root = config.root.resolve()
    if not Path(path).is_relative_to(root):
        return path
    return os.path.relpath(path, root).replace(os.sep, "/")


def _step(step: Step) -> dict[str, Any]:
    reference = step.reference
    return {
        "key": step.key,
        "line": step.line,
        "class": step.kind,
        "reason": step.reason,
        "action": step.action.value,
        "reference": None if reference is None else str(reference),
        "backend": None if reference is None else reference.backend,
        "name": None if reference is None else reference.name,
        "version": step.held,
        "note": step.note,
    }


def _read_step(data: dict[str, Any]) -> Step:
    return Step(
        key=data["key"],
        line=data["line"],
        action=Action(data["action"]),
        reference=None if data["name"] is None else Reference(data["backend"], data["name"]),
        reason=data["reason"],
        note=data["note"],
        kind=data["class"],
        held=data["version"],
    )
