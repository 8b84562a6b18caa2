"""What a reference means beside a whole secret: a field of it, or one of its versions."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable

from envguard.core.backend import UnreadableError
from envguard.core.errors import BackendError, UsageError
from envguard.core.reference import Reference
from envguard.core.secret import Secret


def whole(ref: Reference) -> str:
    """The name, where a reference means a whole secret and its current version. Raises
    UsageError."""
    if ref.field is not None or ref.version is not None:
        raise UsageError(
            f"{ref} is a part or a version, and only a whole secret can be changed",
            f"use {ref.backend}:{ref.name}",
        )
    return ref.name


def without_version(ref: Reference) -> str:
    """The name, in a backend that keeps no versions. Raises BackendError."""
    if ref.version is not None:
        raise BackendError(
            f"{ref} names a version, and this backend keeps none",
            f"leave the version out: {ref._replace(version=None)}",
        )
    return ref.name


def each(
    refs: Iterable[Reference],
    value_of: Callable[[Reference], Secret | None],
    fatal: type[BackendError] | tuple[()] = (),
) -> dict[Reference, Secret]:
    """What each of `refs` means of the value that `value_of` gives for it (None: there is none).
    The BackendErrors of single ones come together, in an UnreadableError; a `fatal` one at once."""
    problems: dict[Reference, BackendError] = {}
    found: dict[Reference, Secret] = {}
    for ref in refs:
        try:
            value = value_of(ref)
            kept = None if value is None else part(ref, value)
        except fatal:
            raise
        except BackendError as error:
            problems[ref] = error
            continue
        if kept is not None:
            found[ref] = kept
    if problems:
        raise UnreadableError(problems, found)
    return found


def part(ref: Reference, value: Secret) -> Secret | None:
    """What of a secret's value a reference means: all of it, or a field of a JSON object (a text
    as it is, anything else as JSON); None where there is no such field. Raises BackendError."""
    if ref.field is None:
        return value
    try:
        fields = json.loads(value.reveal())
    except (ValueError, RecursionError):
        fields = None
    if not isinstance(fields, dict):
        raise BackendError(
            f"{ref.backend}:{ref.name} is no JSON object, so it has no field {ref.field}",
            f"use {ref.backend}:{ref.name} without a field, or store a JSON object there",
        )
    if ref.field not in fields:
        return None
    found = fields[ref.field]
    if isinstance(found, str):
        return Secret(found)
    return Secret(json.dumps(found, ensure_ascii=False, separators=(",", ":")))
