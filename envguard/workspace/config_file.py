"""Making and editing `envguard.toml`, or `[tool.envguard]`: an edit changes nothing else.

`table_path` says where our tables are: `()` in envguard.toml, IN_PYPROJECT in pyproject.toml.
"""

from __future__ import annotations

import json
import re
import secrets
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

from envguard.core.errors import ConfigError
from envguard.workspace import resources

if TYPE_CHECKING:
    from tomlkit import TOMLDocument

IN_PYPROJECT = ("tool", "envguard")


def new_id(name: str) -> str:
    """A project id that no other project has: the name, made plain, and 64 random bits."""
    plain = re.sub(r"[^a-z0-9]+", "-", name.lower()).strip("-")[:40].strip("-")
    return f"{plain or 'project'}-{secrets.token_hex(8)}"


def create(name: str, project_id: str) -> bytes:
    """A new envguard.toml."""
    return set_project(resources.read("templates", "envguard.toml").encode(), name, project_id)


def set_project(
    content: bytes, name: str, project_id: str, *, table_path: Sequence[str] = ()
) -> bytes:
    """`content` with the project's name and id. Raises ConfigError."""
    content = _set(content, (*table_path, "project", "name"), name)
    return _set(content, (*table_path, "project", "id"), project_id)


def set_profile_backend(
    content: bytes, profile: str, backend: str, *, table_path: Sequence[str] = ()
) -> bytes:
    """`content` where `profile` has that backend (an alias or a URL). Raises ConfigError."""
    return _set(content, (*table_path, "profiles", profile, "backend"), backend)


def set_profile_env_files(
    content: bytes, profile: str, env_files: Sequence[str], *, table_path: Sequence[str] = ()
) -> bytes:
    """`content` where `profile` reads these files, in this order. Raises ConfigError."""
    return _set(content, (*table_path, "profiles", profile, "env_files"), list(env_files))


def add_backend(content: bytes, alias: str, url: str, *, table_path: Sequence[str] = ()) -> bytes:
    """`content` with `[backends.ALIAS]`. Raises ConfigError where the alias has another URL."""
    path = (*table_path, "backends", alias)
    known = _get(_parse(content).unwrap(), path)
    if known is not None and known != {"url": url}:
        raise ConfigError(
            f"the backend {alias} is declared already, with another url",
            "use another name: --alias NAME",
        )
    return _set(content, (*path, "url"), url)


def _set(content: bytes, path: Sequence[str], value: str | list[str]) -> bytes:
    """`content` with one value changed or added, and the line ends that it has."""
    document = _parse(content)
    expected = document.unwrap()
    if _get(expected, path) == value:
        return content
    _place(expected, path, value, lambda _last: {})
    from tomlkit import table  # noqa: PLC0415 - only an edit needs it
    from tomlkit.exceptions import TOMLKitError  # noqa: PLC0415 - only an edit needs it

    try:
        _place(document, path, value, lambda last: table(is_super_table=not last))
        text = document.as_string()
        if b"\r\n" in content and not re.search(rb"(?<!\r)\n", content):
            text = re.sub(r"(?<!\r)\n", "\r\n", text)
        result = text.encode()
        # tomlkit places some keys into the wrong table (dotted and out-of-order tables).
        if _parse(result).unwrap() == expected:
            return result
    except (TOMLKitError, ConfigError):
        pass
    *tables, key = path
    raise ConfigError(
        "the configuration is written in a way that cannot be edited safely",
        f"add it by hand: under [{'.'.join(tables)}], {key} = {json.dumps(value)}",
    )


def _parse(content: bytes) -> TOMLDocument:
    import tomlkit  # noqa: PLC0415 - only an edit needs it
    from tomlkit.exceptions import TOMLKitError  # noqa: PLC0415 - only an edit needs it

    try:
        return tomlkit.parse(content.decode("utf-8"))
    except (TOMLKitError, UnicodeDecodeError) as error:
        raise ConfigError(f"the configuration is no TOML: {error}", "correct that line") from None


def _get(data: Any, path: Sequence[str]) -> Any:
    for key in path:
        if not isinstance(data, dict) or key not in data:
            return None
        data = data[key]
    return data


def _place(
    data: Any, path: Sequence[str], value: str | list[str], new: Callable[[bool], Any]
) -> None:
    """Sets the value at `path`, making tables by `new` (told which is the last) on the way."""
    *tables, last = path
    for depth, key in enumerate(tables):
        if key not in data:
            data[key] = new(depth == len(tables) - 1)
        data = data[key]
        if not isinstance(data, dict):
            raise ConfigError(f"{'.'.join(path[: depth + 1])} is no table", "correct it")
    data[last] = value
