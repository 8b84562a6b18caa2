"""What a repository says about where it came from. The one door to GitPython."""

from __future__ import annotations

import configparser
import os
import re
from pathlib import Path

from envguard.core.text import printable
from envguard.sources.git import Git

_USER = re.compile(r"(?P<scheme>[A-Za-z][A-Za-z0-9+.-]*://)(?P<rest>.*)", re.DOTALL)
_REMOTE = re.compile(r'remote "(?P<name>.*)"', re.DOTALL)


def remotes(git: Git) -> dict[str, str]:
    """The name of each remote with its URL, without user, password, query and fragment.

    Read from the repository's own configuration file alone; empty where it cannot be read.
    """
    # Importing GitPython runs `git version` and takes 60 ms: only when a caller needs it.
    try:
        from git.config import GitConfigParser  # noqa: PLC0415 - see above
    except ImportError:
        return {}
    place = os.fsdecode(git.run("rev-parse", "--git-path", "config")).removesuffix("\n")
    found: dict[str, str] = {}
    try:
        # No includes: they could name any file. A parser reads, and runs nothing.
        with GitConfigParser(str(Path(git.top, place)), merge_includes=False) as parser:
            for section in parser.sections():
                named = _REMOTE.fullmatch(section)
                if named is not None and parser.has_option(section, "url"):
                    url = str(parser.get_values(section, "url")[0])
                    found[printable(named["name"])] = printable(without_credentials(url))
    except (OSError, ValueError, configparser.Error):
        return {}
    return found


def without_credentials(url: str) -> str:
    """A URL without user, password, query and fragment. A path, or `user@host:path`, which has
    no place for a password, stays as it is."""
    parts = _USER.fullmatch(url)
    if parts is None:
        return url
    rest = parts["rest"]
    authority = re.split(r"[/?#]", rest, maxsplit=1)[0]
    port = authority.rpartition(":")[2]
    # A password may hold an unescaped `/`, `?`, `#` or `@`: all before the last `@` goes.
    if "@" in authority or (":" in authority and not port.isdigit()):
        rest = rest.rpartition("@")[2]
    return parts["scheme"] + re.split(r"[?#]", rest, maxsplit=1)[0]
