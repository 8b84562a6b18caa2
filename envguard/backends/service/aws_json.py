"""A JSON object in one secret of AWS, whose fields are the secrets of programs.

AWS has no compare-and-swap. A change reads, writes, and looks at the labels afterwards: where the
version before ours is not the one that we read, somebody else has written in between, and the
change is made again on what they wrote. Versions of a field are those of the whole secret in which
it changed.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import AbstractContextManager
from typing import Any

from envguard.backends.service.aws_client import CONNECTIONS
from envguard.backends.service.aws_secrets import SecretsManager
from envguard.backends.service.aws_state import (
    LARGEST,
    PREVIOUS,
    Held,
    State,
    size_of,
    version_id,
)
from envguard.backends.service.parallel import each_of
from envguard.backends.service.places import Place
from envguard.core.backend import Version
from envguard.core.errors import BackendError, UsageError
from envguard.core.reference import Reference
from envguard.core.secret import Secret

_ATTEMPTS = 5

Changes = Mapping[str, Secret | None]
"""New values of fields; None takes a field away."""


class JsonSecrets:
    """The JSON secrets of a region. `alone` gives the lock of a secret's name, for the processes
    of this machine."""

    def __init__(
        self, secrets: SecretsManager, alone: Callable[[str], AbstractContextManager[None]]
    ) -> None:
        self._secrets = secrets
        self._alone = alone

    def change(self, name: str, changes: Changes, token: str) -> str:
        """Changes fields of a secret, which is made where there is none; the new version. Does
        nothing where this token did it before. Raises UsageError where it did something else."""
        with self._alone(name):
            state = self._secrets.state(name)
            before: dict[str, Any] = {}
            own = version_id(token, name, *(sorted(changes) if len(changes) == 1 else ()))
            if state is not None and state.deleted:
                own = version_id(token, name, *sorted(changes), state.deleted)
            elif state is not None:
                before = self.fields(name, self._secrets.value(name))
                known = self._done(name, changes, token)
                if known is not None and all(field in before for field in changes):
                    return known
                if known is not None or self._secrets.value(name, own) is not None:
                    own = version_id(token, name, *sorted(changes), state.version() or "")
            return self._merge(name, changes, own, state, before)

    def _merge(
        self,
        name: str,
        changes: Changes,
        version: str,
        state: State | None,
        before: Mapping[str, Any],
    ) -> str:
        """Writes the changes over what was `before`, and again where somebody else wrote in
        between; the version. Raises BackendError."""
        base = None if state is None else state.version()
        after = _merged(before, changes)
        for attempt in range(_ATTEMPTS):
            written = version if not attempt else version_id(version, name, str(attempt))
            labels = () if state is None or state.deleted else state.own_labels
            self._secrets.put(name, _text(name, after), written, state, labels=labels)
            state = self._secrets.state(name)
            if state is None:
                break
            if state.version() == written:
                if state.version(PREVIOUS) == base:
                    return written
                theirs = self.fields(name, self._secrets.value(name, PREVIOUS))
                base, before, after = written, after, _carried(before, theirs, after)
            else:
                base = state.version()
                before = after = self.fields(name, self._secrets.value(name))
                if _merged(after, changes) == after:
                    return written
            after = _merged(after, changes)
        raise BackendError(f"{name} is changed by others all the time", "try it again")

    def _done(self, name: str, changes: Changes, token: str) -> str | None:
        """The version that a write with this token made, alone or with others. Raises
        UsageError."""
        several = version_id(token, name)
        alone = version_id(token, name, *changes) if len(changes) == 1 else None
        for version in filter(None, (several, alone)):
            held = self._secrets.value(name, version)
            if held is None:
                continue
            there = self.fields(name, held)
            if _merged(there, changes) == there:
                return version
            if version == alone or (len(changes) > 1 and not changes.keys() - there.keys()):
                raise UsageError(
                    f"{', '.join(changes)} in {name} was written with this token before, with"
                    " another value",
                    "use another token for another value",
                )
        return None

    def histories(self, places: Mapping[Reference, Place]) -> dict[Reference, Sequence[Version]]:
        """The versions of each reference to a field that is there, oldest first."""
        fields: dict[str, dict[str, list[Reference]]] = {}
        for ref, place in places.items():
            if place.field is not None:
                fields.setdefault(place.path, {}).setdefault(place.field, []).append(ref)
        found: dict[Reference, Sequence[Version]] = {}
        for path, wanted in fields.items():
            state = self._secrets.state(path)
            if state is not None and not state.deleted:
                for field, versions in self._history(path, wanted).items():
                    found.update(dict.fromkeys(wanted[field], versions))
        return found

    def _history(self, name: str, wanted: Iterable[str]) -> dict[str, Sequence[Version]]:
        """The versions of each field, oldest first, since it was last absent. A field that is not
        there is left out."""
        rows = self._secrets.versions(name)
        held = each_of(
            [version for version, _ in rows],
            lambda version: self._secrets.value(name, version),
            workers=CONNECTIONS,
        )
        found: dict[str, list[Version]] = {field: [] for field in wanted}
        last: dict[str, Any] = {}
        for version, created in rows:
            one = held[version]
            if isinstance(one, BackendError):
                raise one
            now = _object(one) or {}
            for field, versions in found.items():
                if field not in now:
                    versions.clear()
                elif not versions or now[field] != last.get(field):
                    versions.append(Version(version, created))
            last = now
        return {field: versions for field, versions in found.items() if versions}

    def fields(self, name: str, held: Held | None) -> dict[str, Any]:
        """The fields of a secret; none where it holds nothing. Raises BackendError."""
        if held is None:
            return {}
        if held.value is None:
            raise binary(name)
        found = _object(held)
        if found is None:
            raise BackendError(
                f"{name} is no JSON object, so it has no fields",
                "put one there, or name another secret: ?layout=each keeps one a key",
            )
        return found


def field_of(name: str, fields: Mapping[str, Any], field: str) -> Secret | None:
    """A field: a text as it is, anything else as JSON. None where there is none. Raises
    BackendError for `null`, which is no value."""
    if field not in fields:
        return None
    found = fields[field]
    if found is None:
        raise BackendError(
            f"{field} in {name} is null, which is no value", f"envguard secrets set {field}"
        )
    if isinstance(found, str):
        return Secret(found)
    return Secret(json.dumps(found, ensure_ascii=False, separators=(",", ":")))


def binary(name: str) -> BackendError:
    """What is said of a secret that holds bytes."""
    return BackendError(
        f"{name} holds binary data, and only text can be a value of the environment",
        f"aws secretsmanager put-secret-value --secret-id {name} --secret-string file://FILE",
    )


def check_size(name: str, value: Secret) -> None:
    """Raises UsageError for a value that no secret of its own can hold."""
    size = size_of(name, value)
    if size > LARGEST:
        raise too_large(name, size, "keep it in a file, and write file:PATH; or split it")
    if not size:
        raise UsageError(
            f"{name} is empty, and AWS keeps no empty values",
            "leave it in the file as it is, or use ?layout=json, whose fields may be empty",
        )


def too_large(name: str, size: int, way_out: str) -> UsageError:
    """What is said of more bytes than a secret holds."""
    return UsageError(f"{name} would hold {size:,} bytes; AWS takes at most {LARGEST:,}", way_out)


def _object(held: Held | None) -> dict[str, Any] | None:
    if held is None or held.value is None:
        return None
    try:
        found = json.loads(held.value.reveal())
    except (ValueError, RecursionError):
        return None
    return found if isinstance(found, dict) else None


def _merged(fields: Mapping[str, Any], changes: Changes) -> dict[str, Any]:
    merged = {**fields, **{key: v.reveal() for key, v in changes.items() if v is not None}}
    return {key: value for key, value in merged.items() if changes.get(key, ...) is not None}


def _carried(
    before: Mapping[str, Any], theirs: Mapping[str, Any], ours: Mapping[str, Any]
) -> dict[str, Any]:
    """Ours, with what somebody else changed from before to theirs."""
    same = {key for key in before.keys() & theirs.keys() if before[key] == theirs[key]}
    kept = {key: value for key, value in ours.items() if key in same or key not in before}
    return {**kept, **{key: value for key, value in theirs.items() if key not in same}}


def _text(name: str, fields: Mapping[str, Any]) -> Secret:
    text = Secret(json.dumps(fields, ensure_ascii=False))
    size = size_of(name, text)
    if size > LARGEST:
        raise too_large(name, size, "spread the keys over groups, or use ?layout=each")
    return text
