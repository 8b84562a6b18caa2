"""The fields of JSON secrets, each a key's value: read, merged under a lock, written, read back."""

from __future__ import annotations

import json
from collections.abc import Callable, Collection, Mapping
from pathlib import Path

from envguard.backends.service.notes import Notes
from envguard.backends.service.vendor import Fetched, Known, Vendor
from envguard.core.digest import digest
from envguard.core.errors import BackendError
from envguard.core.locking import locked
from envguard.core.secret import Secret
from envguard.core.writes import done

_ATTEMPTS = 5


class Fields:
    """The JSON secrets of a backend. Its writers on one machine take turns, by a file in `locks`;
    those on others are found by the versions before and after a write, because these services
    compare nothing."""

    def __init__(self, vendor: Vendor, url: str, locks: Path) -> None:
        self._vendor = vendor
        self._url = url
        self._locks = locks

    def of(self, path: str) -> dict[str, object]:
        """The fields of a secret; none where it is not there. Raises BackendError where it is no
        JSON object."""
        return _object(path, self._vendor.fetch(path, None))

    def write(
        self,
        path: str,
        values: Mapping[str, Secret],
        token: str,
        check: Callable[[str, Secret], None],
    ) -> dict[str, str]:
        """Writes fields of one secret in one call; the versions of the secret by field. `check`
        raises where the whole, under its path, would be too long."""
        with locked(self._lock(path)):
            known = self._vendor.look(path)
            versions = {} if known is None else _done(known, values, token)
            is_done = known is None or len(versions) == len(values)
            held = None if is_done else self._vendor.fetch(path, None)
            fields = _object(path, held)
            new = {field: value for field, value in values.items() if field not in versions}
            same = [field for field, value in new.items() if fields.get(field) == value.reveal()]
            if same:
                now = self._vendor.version(path) or ""
                versions |= dict.fromkeys(same, now)
                new = {field: value for field, value in new.items() if field not in same}
            if new:
                plain = {field: value.reveal() for field, value in new.items()}
                writes = {_own(field, token): value for field, value in new.items()}

                def merged(fields: Mapping[str, object]) -> Secret:
                    text = _text({**fields, **plain})
                    check(path, text)
                    return text

                written = self._put(path, merged, known, held, writes)
                versions |= dict.fromkeys(new, written)
        return versions

    def delete(self, path: str, names: Collection[str]) -> bool:
        """Takes fields away in one call; False where none of them was there."""
        with locked(self._lock(path)):
            known = self._vendor.look(path)
            held = None if known is None else self._vendor.fetch(path, None)
            if not set(names) & _object(path, held).keys():
                return False

            def left(fields: Mapping[str, object]) -> Secret:
                return _text({field: v for field, v in fields.items() if field not in names})

            self._put(path, left, known, held, {})
        return True

    def _put(
        self,
        path: str,
        change: Callable[[Mapping[str, object]], Secret],
        known: Known | None,
        held: Fetched | None,
        writes: Mapping[str, Secret],
    ) -> str:
        """Writes what `change` makes of the fields that were `held`; where somebody else wrote in
        between, again of what they wrote. The version."""
        notes = Notes() if known is None else known.notes
        base = "" if held is None else held.version
        for _ in range(_ATTEMPTS):
            merged = change(_object(path, held))
            written = self._vendor.put(path, merged, known, notes, writes)
            found = self._vendor.fetch(path, None)
            if found is None or found.value != merged:
                raise BackendError(
                    f"{path} was changed by somebody else while it was written", "write it again"
                )
            if held is None or known is None or written == base:
                return written
            theirs = self._vendor.between(path, known, base, written)
            if theirs is None:
                return written
            base, writes = written, {}
            known, held = self._vendor.look(path), self._vendor.fetch(path, theirs)
        raise BackendError(f"{path} is changed by others all the time", "write it again")

    def _lock(self, path: str) -> Path:
        # By the service and the project or vault: other prefixes and options name the same secret.
        place = "/".join(self._url.partition("?")[0].split("/")[:3])
        name = digest(place.encode(), path.encode())[:8].hex()
        return self._locks / f"cloud-{name}.lock"


def _object(path: str, held: Fetched | None) -> dict[str, object]:
    try:
        found = {} if held is None else json.loads(held.value.reveal())
    except (ValueError, RecursionError):
        found = None
    if not isinstance(found, dict):
        raise BackendError(
            f"{path} is no JSON object, so it can hold no keys",
            "name another secret in the URL, or use ?layout=each",
        )
    return found


def _own(field: str, token: str) -> str:
    """The token of one field: one token serves many."""
    return f"{field}\0{token}"


def _done(known: Known, values: Mapping[str, Secret], token: str) -> dict[str, str]:
    """The versions of the fields that this token has written. Raises UsageError."""
    found = {f: done(known.writes, f, value, _own(f, token)) for f, value in values.items()}
    return {f: known.ids.get(v, str(v)) for f, v in found.items() if v is not None}


def _text(fields: Mapping[str, object]) -> Secret:
    return Secret(json.dumps(fields, ensure_ascii=False))
