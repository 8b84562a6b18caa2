"""Who may read the files for age that this user writes to, as accepted by this user.

A file for git names its own recipients, so that whoever may propose a change to it could make
himself one, and would read all that is written from then on. So the recipients that a user has
accepted are kept in the user's own folder, in `recipients.json`, and a write compares them.
"""

from __future__ import annotations

import json
import os
import shlex
from collections.abc import Collection
from pathlib import Path

from envguard.core.errors import ConfigError
from envguard.core.files import write_atomically
from envguard.core.locking import locked

FILE_NAME = "recipients.json"
SCHEMA = 1


class Pins:
    """The record in `folder`, the user's configuration folder. Files are known by real path."""

    def __init__(self, folder: Path) -> None:
        self._file = folder / FILE_NAME

    def accepted(self, file: Path) -> frozenset[str] | None:
        """The recipients of a file that were accepted; None where none ever were. Raises
        ConfigError where the record is damaged."""
        found = self._read().get(os.path.realpath(file))
        return None if found is None else frozenset(found)

    def accept(self, file: Path, recipients: Collection[str]) -> None:
        """Accepts these, and no others, for a file."""
        with locked(self._file.with_suffix(".lock")):
            self._write({**self._read(), os.path.realpath(file): sorted(recipients)})

    def forget(self, folder: Path) -> None:
        """Takes back what was accepted for all files in a folder."""
        inside = os.path.realpath(folder).rstrip(os.sep) + os.sep
        if not self._file.exists():
            return
        with locked(self._file.with_suffix(".lock")):
            known = self._read()
            self._write(
                {path: names for path, names in known.items() if path[: len(inside)] != inside}
            )

    def _read(self) -> dict[str, list[str]]:
        try:
            data = json.loads(self._file.read_bytes())
            if data["schema"] != SCHEMA:
                raise ConfigError(
                    f"{self._file} was written by another version of envguard", "upgrade envguard"
                )
            files = data["files"]
            texts = [text for path, names in files.items() for text in (path, *names)]
            if not all(isinstance(names, list) for names in files.values()):
                raise TypeError("not a list of recipients")
            if not all(isinstance(text, str) for text in texts):
                raise TypeError("not a recipient")
            return dict(files)
        except FileNotFoundError:
            return {}
        except OSError as error:
            raise ConfigError(
                f"{self._file} cannot be read: {error.strerror}",
                f"ls -l {shlex.quote(str(self._file))}",
            ) from None
        except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
            raise ConfigError(
                f"{self._file} is damaged",
                f"remove it and trust your folders again: rm {shlex.quote(str(self._file))}",
            ) from None

    def _write(self, files: dict[str, list[str]]) -> None:
        text = json.dumps({"schema": SCHEMA, "files": files}, indent=2, sort_keys=True)
        write_atomically(self._file, text.encode() + b"\n", mode=0o600)
