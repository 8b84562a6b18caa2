"""Our hook in a repository's hooks folder, beside the one that is there.

An existing hook is renamed to `NAME.before-envguard`; our script looks first and then runs it.
Removing ours renames it back: its bytes, its mode and, where it was a symlink, the link. Hooks
that another tool writes (`managers.py`) are left alone, because that tool would write over ours.
"""

from __future__ import annotations

import os
import re
import shlex
from enum import Enum
from pathlib import Path

from envguard.core.errors import UsageError
from envguard.core.files import write_atomically
from envguard.workspace.managers import entry, manager

SERVER = "pre-receive"
"""The hook of the repository that others push to."""

NAMES = ("pre-commit", "pre-push", SERVER)
PREVIOUS_SUFFIX = ".before-envguard"
COMMAND_MARK = "@ENVGUARD@"
"""Where `hooks/NAME` wants the command that was found at installation."""

_OURS = b"# envguard hook:"
_RECORDED = re.compile(rb"^recorded=(.*)$", re.MULTILINE)


class Outcome(Enum):
    """What an installation or removal did."""

    INSTALLED = "installed"
    CHAINED = "installed before the hook that was there"
    UPDATED = "updated"
    UNCHANGED = "was installed already"
    REMOVED = "removed"
    RESTORED = "removed, and the hook from before put back"
    ABSENT = "was not installed"


def script(text: str, command: str) -> str:
    """The hook's text with `command` (the absolute path of envguard's program) filled in."""
    return text.replace(COMMAND_MARK, shlex.quote(command))


def install(folder: Path, name: str, text: str, top: Path | None = None) -> Outcome:
    """Puts the script `text` into the hooks folder as `name`, and keeps the hook that is there;
    `top` is the top of the work tree, where there is one.

    Raises UsageError where another tool manages the hook (with the entry to add there), or
    where both a foreign hook and a kept one exist.
    """
    hook, previous = _paths(folder, name)
    content = os.fsencode(text)
    managed = manager(folder, name, top)
    if managed is not None:
        raise UsageError(f"{hook} is managed by {managed}", entry(managed, name))
    existing = _content(hook)
    if existing is None:
        folder.mkdir(parents=True, exist_ok=True)
        write_atomically(hook, content, mode=0o755)
        return Outcome.CHAINED if os.path.lexists(previous) else Outcome.INSTALLED
    if _OURS in existing:
        if existing == content and os.access(hook, os.X_OK):
            return Outcome.UNCHANGED
        write_atomically(hook, content, mode=0o755)
        return Outcome.UPDATED
    if os.path.lexists(previous):
        raise UsageError(
            f"{hook} is not envguard's, and {previous.name} already keeps another hook",
            f"look at both, then remove the one you do not need: rm {shlex.quote(str(previous))}",
        )
    # Between the two steps there is no hook; a crash there is repaired by installing again.
    hook.rename(previous)
    try:
        write_atomically(hook, content, mode=0o755)
    except BaseException:
        previous.rename(hook)
        raise
    return Outcome.CHAINED


def uninstall(folder: Path, name: str) -> Outcome:
    """Removes our hook and puts the one from before back, as it was."""
    hook, previous = _paths(folder, name)
    existing = _content(hook)
    if existing is not None and _OURS not in existing:
        return Outcome.ABSENT
    if os.path.lexists(previous):
        previous.replace(hook)
        return Outcome.RESTORED
    if existing is None:
        return Outcome.ABSENT
    hook.unlink()
    return Outcome.REMOVED


def program(folder: Path, name: str) -> str | None:
    """The program that our hook calls first, None where the hook is not ours."""
    existing = _content(_paths(folder, name)[0]) or b""
    recorded = _RECORDED.search(existing)
    if _OURS not in existing or recorded is None:
        return None
    return "".join(shlex.split(os.fsdecode(recorded[1])))


def _paths(folder: Path, name: str) -> tuple[Path, Path]:
    if name not in NAMES:
        raise UsageError(f"there is no hook of envguard for {name}", f"use {', '.join(NAMES)}")
    return folder / name, folder / (name + PREVIOUS_SUFFIX)


def _content(hook: Path) -> bytes | None:
    """What a hook says, None where there is none; empty for a symlink that leads nowhere."""
    try:
        return hook.read_bytes()
    except FileNotFoundError:
        return b"" if hook.is_symlink() else None
    except OSError as error:
        raise UsageError(
            f"{hook} cannot be read: {error.strerror}", f"ls -l {shlex.quote(str(hook))}"
        ) from None
