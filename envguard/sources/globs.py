"""Which paths a list of globs leaves out, and which files look like .env files."""

from __future__ import annotations

import re
from collections.abc import Iterable

from envguard.core.errors import UsageError

EXCLUDED = "excluded by configuration"
"""The reason that the coverage gives for what a glob leaves out."""

_TEMPLATES = (".example", ".sample", ".template", ".tmpl", ".dist", ".default", ".defaults")


class Globs:
    """Globs as in .gitignore (https://git-scm.com/docs/gitignore, PATTERN FORMAT).

    `*` and `?` stay inside a name, `**` spans folders, `[a-z]` is one of a set. A glob without a
    slash, other than at its end, holds at any depth; any other from the top. One with a slash at
    its end holds for folders. Whatever is in a folder that matches, matches. `dir/**` means
    `dir/`. Negation (`!`) is refused, UsageError.

    `below` is the folder that paths are relative to, as seen from the top: empty, or with `/` at
    its end.
    """

    def __init__(self, patterns: Iterable[str], below: str = "") -> None:
        self._below = below
        files, folders = [], []
        for pattern in patterns:
            expression, folders_only = _translate(pattern)
            folders.append(expression)
            if not folders_only:
                files.append(expression)
        self._file = _any(files)
        self._folder = _any(folders)
        self._known: dict[str, str | None] = {"": None}

    def __bool__(self) -> bool:
        """Whether there are any."""
        return self._folder is not None

    def match(self, path: str) -> str | None:
        """What leaves a file out: the topmost folder that matches, with `/` at its end, or the
        path itself; None where nothing does. `path` is relative, with `/`."""
        whole = self._below + path
        folder = self._match_folder(whole.rpartition("/")[0])
        if folder is not None:
            return self._shown(folder)
        return path if self._file is not None and self._file.fullmatch(whole) else None

    def match_folder(self, path: str) -> str | None:
        """The same for a folder."""
        folder = self._match_folder(self._below + path)
        return None if folder is None else self._shown(folder)

    def _shown(self, folder: str) -> str:
        # Where the folder that paths are relative to is itself left out, so is all in it.
        return folder.removeprefix(self._below) if folder.startswith(self._below) else "./"

    def _match_folder(self, path: str) -> str | None:
        if self._folder is None:
            return None
        if path not in self._known:
            above = self._match_folder(path.rpartition("/")[0])
            if above is None and self._folder.fullmatch(path):
                above = path + "/"
            self._known[path] = above
        return self._known[path]


def is_env_file(path: str) -> bool:
    """Whether a file holds settings by its name (`.env`, `.env.*`, `*.env`), and is no template
    of them and no program (`.envrc`)."""
    name = path.rpartition("/")[2].lower()
    if not (name == ".env" or name.startswith(".env.") or name.endswith(".env")):
        return False
    words = name.split(".")
    return not any("." + word in _TEMPLATES for word in words)


def _any(expressions: list[str]) -> re.Pattern[str] | None:
    return re.compile("|".join(expressions), re.DOTALL) if expressions else None


def _translate(pattern: str) -> tuple[str, bool]:
    """A regular expression for a whole path, and whether it is about folders only."""
    if pattern.startswith("!"):
        raise UsageError(f"the glob {pattern!r} negates", "list what to leave out, without `!`")
    text = pattern.removeprefix("./")
    anchored = "/" in pattern.rstrip("/")
    while text.endswith("/**/**"):
        text = text.removesuffix("/**")
    folders_only = text.endswith(("/", "/**"))
    text = text.removesuffix("/**").rstrip("/")
    text = text.lstrip("/")
    if not text and "*" in pattern:
        return ".*", False
    if not text:
        raise UsageError(f"the glob {pattern!r} names nothing", "remove it, or name a path")
    expression = ("" if anchored else "(?:.*/)?") + _expression(text)
    try:
        re.compile(expression)
    except re.error:  # a set such as [z-a]
        raise UsageError(f"the glob {pattern!r} cannot be read", "correct its [set]") from None
    return expression, folders_only


def _expression(text: str) -> str:
    parts: list[str] = []
    position = 0
    while position < len(text):
        rest = text[position:]
        if rest.startswith("**/") and (position == 0 or text[position - 1] == "/"):
            parts.append("(?:.*/)?")
            position += 3
        elif rest.startswith("**"):
            spans = rest == "**" and (position == 0 or text[position - 1] == "/")
            parts.append(".*" if spans else "[^/]*")
            position += 2
        elif rest[0] == "*":
            parts.append("[^/]*")
            position += 1
        elif rest[0] == "?":
            parts.append("[^/]")
            position += 1
        elif rest[0] == "[" and "]" in rest[2:]:
            end = rest.index("]", 3 if rest[1] in "!^" else 2)
            negated = rest[1] in "!^"
            inside = re.sub(r"([\\\[\]^&~|])", r"\\\1", rest[2 if negated else 1 : end])
            parts.append(f"(?!/)[{'^' if negated else ''}{inside}]")
            position += end + 1
        else:
            position += rest[0] == "\\" and len(rest) > 1
            parts.append(re.escape(text[position]))
            position += 1
    return "".join(parts)
