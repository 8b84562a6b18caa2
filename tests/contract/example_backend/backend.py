"""A backend of one's own: `example://FOLDER/PREFIX`, a JSON file for each secret.

What a backend has to do is in envguard.core.backend, and in the cases of the contract suite.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path

from envguard.backends.service.places import Alphabet, Places
from envguard.backends.service.url import ServiceUrl, parse_url
from envguard.core.backend import Capability, Metadata
from envguard.core.config import Settings
from envguard.core.errors import BackendError, UsageError
from envguard.core.files import private_directory, write_atomically
from envguard.core.locking import locked
from envguard.core.naming import Naming
from envguard.core.parts import each, whole, without_version
from envguard.core.reference import Reference
from envguard.core.secret import Secret
from envguard.core.writes import Write, done, remembered

MOST_BYTES = 65_536
"""Bytes of a value: a limit of your service, with the page that says so."""

_EXAMPLE = "example://vault/shop"
_ALPHABET = Alphabet(r"[A-Za-z0-9_.-]{1,100}", "letters, digits, _, - and dots", joint="-")


class ExampleBackend:
    """A folder. Opens nothing before it is used, and keeps nothing open."""

    capabilities = Capability.READ | Capability.WRITE | Capability.DELETE | Capability.LIST

    def __init__(self, url: ServiceUrl, settings: Settings, naming: Naming) -> None:
        self.places = Places(url.prefix, url.layout, naming, _ALPHABET)
        self.folder = settings.folders.data / "example" / url.place
        self._lock = self.folder / "lock"

    def locate(self, key: str) -> Reference:
        """The reference to `key`. Raises NameNotAllowed."""
        return self.places.locate(key)

    def check(self) -> None:
        """Lists. Raises BackendError."""
        self.list()

    def read(self, refs: Sequence[Reference]) -> dict[Reference, Secret]:
        """The values of `refs`; what is not there is left out. Raises BackendError."""
        return each(refs, self._value)

    def _value(self, ref: Reference) -> Secret | None:
        without_version(ref)
        found = self._load(self._file(ref))
        return None if found is None else Secret(found["value"])

    def write(self, ref: Reference, value: Secret, *, token: str) -> str:
        """Writes a value and returns its version. The same token again writes nothing."""
        plain = _checked(ref, value)
        file = self._file(ref)
        private_directory(self.folder)
        with locked(self._lock):
            before = self._load(file)
            writes = tuple(Write(*one) for one in before["writes"]) if before else ()
            version = done(writes, whole(ref), value, token)
            if version is None:
                version = before["version"] + 1 if before else 1
                kept = remembered(writes, value, token, version)
                made = {"value": plain, "version": version, "writes": kept, "key": ref.name}
                write_atomically(file, json.dumps(made).encode())
        return str(version)

    def delete(self, ref: Reference) -> bool:
        """Deletes. False where it was not there."""
        whole(ref)
        try:
            self._file(ref).unlink()
        except FileNotFoundError:
            return False
        return True

    def list(self) -> Sequence[Metadata]:
        """Every secret under the prefix, by name."""
        rows = []
        for file in self.folder.glob(f"{self.places.prefix}*.json"):
            found = self._load(file)
            if found is not None:
                rows.append(Metadata(found["key"], found["version"], "", ""))
        return sorted(rows)

    def _file(self, ref: Reference) -> Path:
        return self.folder / f"{self.places.place(ref).path}.json"

    def _load(self, file: Path) -> dict[str, object] | None:
        try:
            return json.loads(file.read_bytes())
        except FileNotFoundError:
            return None
        except OSError as error:
            problem = error.strerror or "it fails"
        except ValueError:
            problem = "it is damaged"
        # Raised here, so that it carries no error that quotes a value.
        raise BackendError(f"{file} cannot be read: {problem}", f"ls -l {file}")


def open_example(url: str, settings: Settings, naming: Naming) -> ExampleBackend:
    """The backend that a URL means. Opens nothing. Raises ConfigError."""
    return ExampleBackend(parse_url(url, _EXAMPLE, layout="each"), settings, naming)


def _checked(ref: Reference, value: Secret) -> str:
    plain = value.reveal()
    try:
        size = len(plain.encode())
    except UnicodeEncodeError:
        size = None
    if size is None:
        raise UsageError(f"the value of {ref.name} is no text in UTF-8", "write it in base64")
    if size > MOST_BYTES:
        raise UsageError(
            f"the value of {ref.name} has more than {MOST_BYTES:,} bytes", "keep it in a file"
        )
    return plain
