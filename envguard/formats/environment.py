"""A whole environment as other programs read it. Values are plaintext: this is where they leave."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Mapping
from secrets import token_hex

from envguard.core.errors import UsageError
from envguard.core.text import printable
from envguard.formats.spell import (
    NotSpelledError,
    json_string,
    require_text,
    shell,
    systemd,
    yaml_string,
)

NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
"""What is a name of a variable in all of them (POSIX, XBD 3.216)."""

# The environment file of GitHub: these names are its own, or refused
# (https://docs.github.com/en/actions/reference/workflows-and-actions/workflow-commands#setting-an-environment-variable).
_GITHUBS = re.compile(r"(?:GITHUB|RUNNER)_.*|NODE_OPTIONS", re.IGNORECASE)
# docker reads lines of at most this many bytes
# (https://pkg.go.dev/bufio#MaxScanTokenSize, used by docker/cli, opts/file.go).
_DOCKER_LINE = 64 * 1024
# A plain value that is shorter, such as `true` or `8080`, would blacken the whole log.
_WORTH_MASKING = 8


def render(format: str, values: Mapping[str, str]) -> bytes:
    """The values in one of FORMATS; all of them or none.

    Raises UsageError that names the keys which the format cannot hold.
    """
    check(values)
    line = FORMATS[format]
    lines: list[str] = []
    refused: dict[str, str] = {}
    for key, value in values.items():
        try:
            lines.append(line(key, value))
        except NotSpelledError as error:
            refused[key] = str(error)
    if refused:
        raise cannot_hold(format, refused)
    if format == "json":
        text = "{\n" + ",\n".join(lines) + "\n}\n"
    else:
        text = "".join(lines) if lines or format != "yaml" else "{}\n"
    # Only the lines for a shell can hold what is no UTF-8.
    return text.encode("utf-8", "surrogateescape")


def check(values: Mapping[str, str]) -> None:
    """Raises UsageError for a key that is no name, and for a value with a NUL."""
    names = [printable(key) for key in values if NAME.fullmatch(key) is None]
    if names:
        raise UsageError(
            f"these are no names of variables: {', '.join(map(repr, names))}",
            "rename them, or leave them out: --exclude KEY",
        )
    holding = [key for key, value in values.items() if "\0" in value]
    if holding:
        raise UsageError(
            f"no variable can hold a NUL, as the value does of {', '.join(holding)}",
            "keep it encoded, for example as base64",
        )


def cannot_hold(format: str, refused: Mapping[str, str]) -> UsageError:
    """The error for values that a format cannot hold: key, and what of the value."""
    told = "; ".join(f"{key} holds {why}" for key, why in refused.items())
    return UsageError(
        f"the format {format} cannot hold every value: {told}",
        "use another --format, or leave keys out: --exclude KEY",
    )


def masks(values: Mapping[str, str], referenced: Collection[str]) -> str:
    """The commands that make GitHub mask each line of each value in its logs
    (https://docs.github.com/en/actions/reference/workflows-and-actions/workflow-commands#masking-a-value-in-a-log).

    Short values are masked only where a reference gave them.
    """
    lines: dict[str, None] = {}
    for key, value in values.items():
        for line in re.split(r"[\r\n]+", value):
            text = line.strip()
            if text and (key in referenced or len(text) >= _WORTH_MASKING):
                lines[text.replace("%", "%25")] = None
    return "".join(f"::add-mask::{line}\n" for line in lines)


def _shell(key: str, value: str) -> str:
    return f"export {key}={shell(value)}\n"


def _json(key: str, value: str) -> str:
    return f"  {json_string(key)}: {json_string(value)}"


def _yaml(key: str, value: str) -> str:
    # Names such as `on` and `no` are booleans without quotes.
    return f"{yaml_string(key)}: {yaml_string(value)}\n"


def _docker(key: str, value: str) -> str:
    require_text(value)
    # The lines are cut at newlines, and a carriage return before one is dropped.
    if "\n" in value or value.endswith("\r"):
        raise NotSpelledError("a line end")
    if len(f"{key}={value}\n".encode()) >= _DOCKER_LINE:
        raise NotSpelledError(f"more than {_DOCKER_LINE} bytes")
    return f"{key}={value}\n"


def _github(key: str, value: str) -> str:
    require_text(value)
    if _GITHUBS.fullmatch(key):
        raise NotSpelledError("what only GitHub may set")
    # Unguessable, so that no value can end its own text.
    delimiter = f"envguard_{token_hex(16)}"
    return f"{key}<<{delimiter}\n{value}\n{delimiter}\n"


def _systemd(key: str, value: str) -> str:
    return f"{key}={systemd(value)}\n"


FORMATS: Mapping[str, Callable[[str, str], str]] = {
    "shell": _shell,
    "json": _json,
    "yaml": _yaml,
    "docker": _docker,
    "github": _github,
    "systemd": _systemd,
}
