"""A change of fields of one secret, done once however often it is asked for, and never over what
somebody else has written in between."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence

from envguard.backends.service.parallel import each_of
from envguard.backends.vaultkv import remembered
from envguard.backends.vaultkv.client import CONNECTIONS
from envguard.backends.vaultkv.engine import Engine, Fields, Held, Texts
from envguard.backends.vaultkv.refusals import ChangedError
from envguard.core.backend import Version
from envguard.core.errors import BackendError
from envguard.core.secret import Secret

_ATTEMPTS = 12

Changes = Mapping[str, Secret | None]
"""New values of fields; None takes a field away."""

Check = Callable[[Fields], None]
"""Raises UsageError where a secret would be larger than it may be."""


def change(
    engine: Engine,
    path: str,
    changes: Changes,
    token: str,
    *,
    check: Check,
    is_whole: bool = False,
    texts: Texts | None = None,
) -> dict[str, str]:
    """Changes fields of a secret, or with `is_whole` all that it holds, and adds `texts` to its
    custom metadata; the version of each field. Raises BackendError, and UsageError where the token
    did something else."""
    for _ in range(_ATTEMPTS):
        held = engine.get(path)
        done = _done(engine, path, held, changes, token)
        todo = {field: value for field, value in changes.items() if field not in done}
        fields = {} if is_whole or held.fields is None else dict(held.fields)
        there = held.fields or {}
        same = [] if is_whole else [f for f, v in todo.items() if _is(there, f, v)]
        if same:
            found = history(engine, path, same)
            done |= {field: versions[-1].id for field, versions in found.items()}
            done |= {field: str(held.version) for field in same if field not in found}
        new = {field: value for field, value in todo.items() if field not in same}
        if not new:
            return done
        fields |= {field: value.reveal() for field, value in new.items() if value is not None}
        for field in (field for field, value in new.items() if value is None):
            fields.pop(field, None)
        check(fields)
        noted = remembered.noted(held.texts, new, token, held.version + 1)
        engine.note(path, {**(texts or {}), **noted}, held)
        try:
            version = engine.put(path, fields, held.version)
        except ChangedError:
            continue
        return done | dict.fromkeys(new, str(version))
    raise ChangedError(f"{engine.mount}/{path} is changed by others all the time", "try again")


def _done(engine: Engine, path: str, held: Held, changes: Changes, token: str) -> dict[str, str]:
    """The versions of those fields that this token has written before."""
    found: dict[str, str] = {}
    noted = {
        field: remembered.versions_of(held.texts, field, value, token)
        for field, value in changes.items()
    }
    then: dict[int, Held] = {held.version: held}
    for field, versions in noted.items():
        for version in versions:
            if version > held.version:
                continue  # noted, and then never written
            if version not in then:
                then[version] = engine.get(path, str(version))
            fields = then[version].fields
            # One that Vault has dropped counts as done: to write again could only put an old value
            # over newer ones.
            if fields is None or _is(fields, field, changes[field]):
                found[field] = str(version)
                break
    return found


def _is(fields: Fields, field: str, value: Secret | None) -> bool:
    if value is None:
        return field not in fields
    return field in fields and fields[field] == value.reveal()


def history(engine: Engine, path: str, wanted: Iterable[str]) -> dict[str, Sequence[Version]]:
    """The versions in which each field changed, oldest first, since it was last absent; the first
    one may be the oldest that Vault keeps (`max_versions`, ten where nobody says more). A field
    that is not there is left out."""
    known = engine.known(path)
    if known is None or not known.is_there:
        return {}
    kept = each_of(
        [version.id for version in known.versions],
        lambda version: engine.get(path, version),
        workers=CONNECTIONS,
    )
    found: dict[str, list[Version]] = {field: [] for field in wanted}
    last: Fields = {}
    for version in known.versions:
        one = kept[version.id]
        if isinstance(one, BackendError):
            raise one
        now = one.fields or {}
        for field, versions in found.items():
            if field not in now:
                versions.clear()
            elif not versions or field not in last or now[field] != last[field]:
                versions.append(version)
        last = now
    return {field: versions for field, versions in found.items() if versions}
