"""The lines of .gitignore that keep .env files, and our temporaries, out of git.

Format: https://git-scm.com/docs/gitignore. The last line that matches a path decides, so it is
not enough that a line is there: no later line may take its effect back.
"""

from __future__ import annotations

from collections.abc import Sequence
from fnmatch import fnmatchcase
from pathlib import Path

from envguard.core.errors import UsageError
from envguard.core.files import TEMPORARY_PREFIX, write_atomically

LINES = (".env", ".env.*", "!.env.example", f"{TEMPORARY_PREFIX}*")
"""What a repository should ignore; the exception comes after the line that it is made from."""

_BOM = b"\xef\xbb\xbf"  # git skips it too


def plan(existing: bytes, lines: Sequence[str] = LINES) -> bytes:
    """The .gitignore that has the effect of `lines`: `existing`, with what is missing appended.

    The appended lines get the line ends that the file uses. An exception of the file's own
    (`!.env.sample`) that an appended line would override is repeated after it, so that nothing
    else changes. Planned again, the result stays as it is.
    """
    text = existing.removeprefix(_BOM).decode("utf-8", "surrogateescape")
    own = [_trimmed(line) for line in text.split("\n")]
    result = list(own)
    for line in lines:
        if _stands(result, line):
            continue
        kept = [old for old in own if _overridden(old, line) and _stands(result, old)]
        result.append(line)
        result += dict.fromkeys(kept)
    added = result[len(own) :]
    if not added:
        return existing
    end = "\r\n" if existing.count(b"\r\n") * 2 > existing.count(b"\n") else "\n"
    first = "" if not text or text.endswith("\n") else end
    return existing + (first + "".join(line + end for line in added)).encode(
        "utf-8", "surrogateescape"
    )


def write(path: Path, lines: Sequence[str] = LINES) -> bool:
    """Brings a .gitignore up to `plan`, making it (0644) where there is none; False: it was so.

    Raises UsageError where it cannot be read or is no regular file.
    """
    try:
        existing = path.read_bytes()
    except FileNotFoundError:
        existing = b""
    except OSError as error:
        raise UsageError(f"{path} cannot be read: {error.strerror}", f"ls -l {path}") from None
    wanted = plan(existing, lines)
    if wanted == existing:
        return False
    write_atomically(path, wanted, mode=None if path.exists() else 0o644)
    return True


def _trimmed(line: str) -> str:
    """A line as git reads it: without trailing blanks, unless a backslash keeps them."""
    line = line.removesuffix("\r")
    bare = line.rstrip(" ")
    return line if bare.endswith("\\") else bare


def _stands(lines: Sequence[str], line: str) -> bool:
    """Whether `line` is there and no later line of the opposite kind takes its effect back."""
    for other in reversed(lines):
        if other == line:
            return True
        if other.startswith("!") != line.startswith("!") and _covers(other, _sample(line)):
            return False
    return False


def _overridden(own: str, added: str) -> bool:
    """Whether the exception `own` would lose its effect by `added`, a line to ignore.

    The exact opposite of `added` is meant to lose it.
    """
    return (
        own.startswith("!")
        and not added.startswith("!")
        and _name(own) != _name(added)
        and _covers(added, _sample(own))
    )


def _sample(line: str) -> str:
    """A name at the top that a line matches, for a pattern without brackets."""
    return _name(line).replace("*", "x").replace("?", "x")


def _covers(line: str, name: str) -> bool:
    """Whether a line matches the file `name` at the top of the tree."""
    pattern = _name(line)
    return not line.startswith("#") and "/" not in pattern and fnmatchcase(name, pattern)


def _name(line: str) -> str:
    return line.removeprefix("!").removeprefix("**/").removeprefix("/")
