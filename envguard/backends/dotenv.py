"""A .env file in plain text as a backend, read only: `dotenv:FILE`, FILE relative to the folder of
the configuration.

It reads what python-dotenv, node's dotenv, Compose and shells read alike: `KEY=value` without
quotes and special characters, `KEY='…'` and `KEY="…"` in one line without escapes and variables,
after `export` or not, comments in lines of their own or after quotes. Everything else is an error
that names the line, and never a guess: which dialect is meant is known where .env files are
resolved, not here. A value is changed in the file itself, or moved by `envguard migrate`.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from pathlib import Path

from envguard.core.backend import Capability, Metadata
from envguard.core.errors import BackendError, ConfigError, NameNotAllowed, UsageError
from envguard.core.parts import each, without_version
from envguard.core.reference import PROFILE_BACKEND, Reference
from envguard.core.secret import Secret

SCHEME = "dotenv:"

_NAME = r"[A-Za-z_][A-Za-z0-9_.-]*"
# No `$` anywhere (python-dotenv fills `${X}` in also between single quotes), no backslash, no
# quotes within, no `~` at the beginning of a word for the shell.
_LINE = re.compile(
    rf"(?:export[ ]+)?(?P<name>{_NAME})="
    r"(?:(?P<plain>[\w./:@%+,=^-]*)"
    r"|'(?P<single>[^'\\$\n]*)'(?:[ ]+\#.*)?"
    r"|\"(?P<double>[^\"\\$`\n]*)\"(?:[ ]+\#.*)?)[ ]*",
    re.VERBOSE,
)
_LARGEST = 1 << 24  # bytes


class DotenvBackend:
    """A .env file. Its last line for a name counts."""

    capabilities = Capability.READ | Capability.LIST

    def __init__(self, file: Path) -> None:
        self.file = file

    def locate(self, key: str) -> Reference:
        """The reference to `key`. Raises NameNotAllowed."""
        if not re.fullmatch(_NAME, key):
            raise NameNotAllowed(
                f"{key!a} cannot be a key of a .env file", "use letters, digits and _"
            )
        return Reference(PROFILE_BACKEND, key)

    def check(self) -> None:
        """Reads it. Raises BackendError, also where there is none."""
        if not self.file.exists():
            raise BackendError(f"there is no file {self.file}", f"ls -l {self.file.parent}")
        self._values()

    def read(self, refs: Sequence[Reference]) -> dict[Reference, Secret]:
        """The values of `refs`. Raises BackendError."""
        values = self._values() if refs else {}
        return each(refs, lambda ref: values.get(without_version(ref)))

    def list(self) -> Sequence[Metadata]:
        """Every key, sorted. Nothing else is known of them."""
        return [Metadata(name, 0, "", "") for name in sorted(self._values())]

    def write(self, ref: Reference, value: Secret, *, token: str) -> str:  # noqa: ARG002 - refuses
        """Raises UsageError."""
        raise self._read_only(ref)

    def delete(self, ref: Reference) -> bool:
        """Raises UsageError."""
        raise self._read_only(ref)

    def _values(self) -> Mapping[str, Secret]:
        try:
            content = self.file.read_bytes()[: _LARGEST + 1]
            text = content.decode("utf-8")
        except FileNotFoundError:
            return {}
        except OSError as error:
            raise BackendError(
                f"{self.file} cannot be read: {error.strerror}", f"ls -l {self.file}"
            ) from None
        except UnicodeDecodeError:
            text = "\ufffd"
        found: dict[str, Secret] = {}
        for number, written in enumerate(text.removeprefix("\ufeff").split("\n"), 1):
            line = written.rstrip("\r").strip(" \t")
            if not line or line.startswith("#"):
                continue
            match = _LINE.fullmatch(line)
            if match is None:
                raise BackendError(
                    f"{self.file}:{number} is written in a way that .env readers read differently",
                    "write KEY='value' in one line, without quotes, $ and \\ in it; or move it: "
                    f"envguard migrate {self.file}",
                )
            read = (match[kind] for kind in ("plain", "single", "double"))
            value = next(text for text in read if text is not None)
            found[match["name"]] = Secret(value)
        return found

    def _read_only(self, ref: Reference) -> UsageError:
        return UsageError(
            f"{ref.name} cannot be changed here: {self.file} is only read",
            f"edit the file, or move it to a backend: envguard migrate {self.file} --to local:",
        )


def open_dotenv(url: str, folder: Path) -> DotenvBackend:
    """The backend that a URL means, its file relative to `folder`. Raises ConfigError."""
    name = url.removeprefix(SCHEME)
    if not name or name.endswith("/") or "\0" in name:
        raise ConfigError(f"{url!a} names no file", "write dotenv:.env")
    return DotenvBackend((folder / name).absolute())
