"""Which reader understands a file that is to be migrated."""

from __future__ import annotations

import os
import stat
from collections.abc import Mapping
from pathlib import Path

from envguard.core.errors import UsageError
from envguard.envfile import origins
from envguard.envfile.origins import Document, Origin


def read(path: Path, environ: Mapping[str, str], dialect: str) -> Origin:
    """What a file is, and its document. Raises UsageError where it cannot be read."""
    return origins.open_origin(path, environ, dialect)


def reread(path: Path, before: bytes, environ: Mapping[str, str], dialect: str) -> Document:
    """The document that a file was before its migration, which these bytes say. A file that is
    never rewritten is read itself: its own tool reads it."""
    if path.is_file() and path.read_bytes() == before:
        return origins.open_origin(path, environ, dialect).document
    if origins.is_yaml(path):
        from envguard.envfile import yaml_map  # noqa: PLC0415 - most files are .env files

        return yaml_map.parse(before, str(path))
    return origins.parse(before, str(path), dialect)


def plain_file(path: Path) -> Path:
    """The real path of a file that can be replaced safely: no link of either kind."""
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
