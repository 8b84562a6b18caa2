"""What a Secret becomes, decided from what it is: pure, without a call."""

from __future__ import annotations

import base64
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, NamedTuple

from envguard.backends.k8s import record
from envguard.backends.k8s.api import MANAGER, Object
from envguard.backends.k8s.record import Kept, Noted
from envguard.core.backend import About
from envguard.core.errors import BackendError, NameNotAllowed, UsageError
from envguard.core.secret import Secret
from envguard.core.writes import done

MOST_BYTES = 1 << 20
"""Bytes of all values of a Secret together:
https://kubernetes.io/docs/concepts/configuration/secret/#restriction-data-size"""


class Wish(NamedTuple):
    """A value to write for the key `name` of a program, and what to say about it."""

    name: str
    value: Secret | None
    about: About = About()


class Changed(NamedTuple):
    """What is known of the keys afterwards, and what to apply; None: nothing is to be done."""

    kept: Mapping[str, Kept]
    body: Mapping[str, Any] | None


def encoded(name: str, value: Secret) -> bytes:
    """The bytes of a value. Raises UsageError where it is no text."""
    try:
        return value.reveal().encode()
    except UnicodeEncodeError:
        pass
    raise UsageError(f"the value of {name} is no text in UTF-8", "write it in base64")


def plan(found: Object, known: Noted, wishes: Mapping[str, Wish], token: str, now: str) -> Changed:
    """What writing these keys of a Secret makes of it. Raises EnvguardError."""
    name = str(found["metadata"]["name"])
    data: Mapping[str, str] = found.get("data") or {}
    keys, kept = dict(known), {}
    values: dict[str, str] = {}
    for field, wish in wishes.items():
        if wish.value is None and field not in data:
            continue
        before = keys.get(field, Kept())
        if before.name not in ("", wish.name) and field in data:
            raise NameNotAllowed(
                f"{before.name} and {wish.name} are the same name there: {name}",
                f'name one of them: [secrets.{wish.name}] name = "…" in envguard.toml',
            )
        after, version = before, None
        if wish.value is not None:
            version = done(before.writes, wish.name, wish.value, token)
            if version is None or field not in data:
                after, version = before.written(wish.value, token, now, wish.name), None
                values[field] = base64.b64encode(encoded(wish.name, wish.value)).decode()
        keys[field] = after = after.described(wish.about)
        # A write that is repeated is told its own version, also after a later one.
        kept[field] = after if version is None else after._replace(version=version)
    if not values and keys == known:
        return Changed(kept, None)
    if found.get("immutable") and values:
        raise UsageError(
            f"the Secret {name} is immutable", "write to another one, and let programs use that"
        )
    body = _body(found, keys, {**_owned(found), **values})
    _check_size(name, {**data, **values}, body)
    return Changed(kept, body)


def without(found: Object, known: Noted, fields: Sequence[str], *, force: bool) -> dict[str, Any]:
    """What to apply so that these keys are gone. Without `data` where others keep one of them too:
    then only `force` takes them out, and they are to be merged away. Raises BackendError."""
    name = str(found["metadata"]["name"])
    if found.get("immutable"):
        raise UsageError(f"the Secret {name} is immutable", f"kubectl delete secret {name}")
    others = sorted({owner for owner, field in _owners(found) if field in fields})
    keys = {field: kept for field, kept in known.items() if field not in fields}
    if others and not force:
        raise BackendError(
            f"{', '.join(fields)} of the Secret {name} is kept by {', '.join(others)}",
            "take it out there, or add ?force=true to the URL of the backend",
        )
    left = {field: text for field, text in _owned(found).items() if field not in fields}
    body = _body(found, keys, left)
    if others:
        del body["data"]
        del body["metadata"]["annotations"]
    return body


def _body(found: Object, known: Noted, data: Mapping[str, str]) -> dict[str, Any]:
    """All that is ours: what is left out of an apply is given up, and gone."""
    meta = found["metadata"]
    return {
        "apiVersion": "v1",
        "kind": "Secret",
        "metadata": {
            "name": meta["name"],
            "namespace": meta["namespace"],
            "resourceVersion": meta["resourceVersion"],
            "annotations": {record.ANNOTATION: record.dump(known)},
        },
        "data": dict(data),
    }


def _check_size(name: str, data: Mapping[str, str], body: Mapping[str, Any]) -> None:
    size = sum(len(base64.b64decode(text)) for text in data.values())
    hint = "spread the keys: groups of [backends.NAME], or ?layout=each"
    if size > MOST_BYTES:
        raise UsageError(
            f"the Secret {name} would hold {size:,} bytes, and {MOST_BYTES:,} is the most", hint
        )
    noted = len(body["metadata"]["annotations"][record.ANNOTATION].encode())
    if noted > record.MOST_BYTES - (4 << 10):  # some room for the annotations of others
        raise UsageError(f"the Secret {name} has too many keys to keep note of", hint)


def _owned(found: Object) -> dict[str, str]:
    """The keys that an apply of ours has written, with their values."""
    data = found.get("data") or {}
    return {
        field: data[field]
        for entry in found["metadata"].get("managedFields") or ()
        if entry.get("manager") == MANAGER and entry.get("operation") == "Apply"
        for field in _fields(entry)
        if field in data
    }


def _owners(found: Object) -> Iterator[tuple[str, str]]:
    """Who else keeps which key."""
    for entry in found["metadata"].get("managedFields") or ():
        if entry.get("manager") != MANAGER or entry.get("operation") != "Apply":
            for field in _fields(entry):
                yield str(entry.get("manager")), field


def _fields(entry: Mapping[str, Any]) -> list[str]:
    fields = (entry.get("fieldsV1") or {}).get("f:data") or {}
    return [key.removeprefix("f:") for key in fields if key.startswith("f:")]
