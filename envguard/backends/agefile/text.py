"""The text of a file for age: names for everybody, values for the holders of its keys.

    # envguard age file v1
    # id: 32 hexadecimal digits
    # recipient: age1… a label

    NAME=base64 of an age message (https://age-encryption.org/v1), in one line

    OTHER=…

One entry a line, sorted by name, and an empty line between two: git takes changes to
neighbouring lines as a conflict. A reader takes the lines in any order. What is no such line is
an error, so that a byte that changed makes no name disappear.
"""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from pathlib import Path
from typing import NamedTuple

from envguard.core.errors import BackendError

TITLE = "# envguard age file v1"

NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_.-]{0,255}")
"""A key of a .env file, or one with dots and dashes."""

_HEAD = re.compile(r"# (id|recipient):[ \t]*(.*)")
_ID = re.compile(r"[0-9a-f]{32}")
_CONFLICT = re.compile(r"(<<<<<<<|=======|>>>>>>>|\|\|\|\|\|\|\|)( |$)")


class Recipient(NamedTuple):
    """A public key of age, and whose it is."""

    key: str
    label: str = ""


class AgeFile(NamedTuple):
    """What a file says. `entries` gives the base64 of each name's message, `comments` are lines
    that people wrote into the head."""

    id: str
    recipients: tuple[Recipient, ...]
    entries: Mapping[str, str]
    comments: tuple[str, ...] = ()

    @property
    def keys(self) -> frozenset[str]:
        """The public keys of the recipients."""
        return frozenset(recipient.key for recipient in self.recipients)

    def text(self) -> bytes:
        """The whole file."""
        head = [TITLE, f"# id: {self.id}"]
        head += [f"# recipient: {key} {label}".rstrip() for key, label in sorted(self.recipients)]
        lines = [*head, *self.comments]
        for name, message in sorted(self.entries.items()):
            lines += ["", f"{name}={message}"]
        return ("\n".join(lines) + "\n").encode("utf-8")


def new(recipients: tuple[Recipient, ...]) -> AgeFile:
    """An empty file with an id of its own."""
    return AgeFile(os.urandom(16).hex(), recipients, {})


def parse(content: bytes, file: Path) -> AgeFile:
    """What a file says; nothing of it is verified. Raises BackendError, which names the line."""
    try:
        lines = content.decode("utf-8").split("\n")
    except UnicodeDecodeError:
        raise _damaged(file, "is not UTF-8 text") from None
    if lines[0].rstrip("\r") != TITLE:
        raise BackendError(
            f"{file} does not begin as a file of envguard for age does",
            f"name another file, or make a new one: envguard secrets key new --backend age:{file}",
        )
    ids: list[str] = []
    recipients: dict[str, Recipient] = {}
    entries: dict[str, str] = {}
    comments: list[str] = []
    for number, written in enumerate(lines[1:], 2):
        line = written.rstrip("\r")
        if _CONFLICT.match(line):
            raise BackendError(
                f"{file}:{number} is in the middle of a merge",
                "remove the lines of the conflict, and keep one line for each name",
            )
        name, equals, message = line.partition("=")
        if head := _HEAD.fullmatch(line):
            if head[1] == "id":
                ids.append(head[2])
            else:
                key, _, label = head[2].partition(" ")
                recipients[key] = Recipient(key, label.strip())
        elif line.startswith("# ") or line == "#":
            comments.append(line)
        elif equals and NAME.fullmatch(name):
            if name in entries:
                raise BackendError(
                    f"{file}:{number} is a second line for {name}",
                    f"keep one of the two: grep -n ^{name}= {file}",
                )
            entries[name] = message
        elif line:
            raise _damaged(file, f"is damaged in line {number}")
    if len(set(ids)) != 1 or not _ID.fullmatch(ids[0]):
        raise _damaged(file, "has no id, or several")
    return AgeFile(ids[0], tuple(recipients.values()), entries, tuple(comments))


def _damaged(file: Path, what: str) -> BackendError:
    return BackendError(f"{file} {what}", f"put it back as it was: git restore {file}")
