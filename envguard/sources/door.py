"""How git is called, so that nothing of a repository runs when it is read.

What a repository's configuration and attributes could make git start, and what closes it:
`core.fsmonitor`, `core.hooksPath`, `log.showSignature` with `gpg.program` (set on the command
line, which wins over every file); a bare-style repository inside a clone
(`safe.bareRepository`); `diff.external`, diff drivers and textconv (only raw diffs are asked
for, with `--no-ext-diff --no-textconv`); filters (no command here compares or converts files of
the work tree); lazy fetches of a partial clone with `remote.*.uploadpack`, `core.sshCommand` and
the like (GIT_NO_LAZY_FETCH, and GIT_ALLOW_PROTOCOL, which wins over `protocol.*.allow`).
"""

from __future__ import annotations

import os
import shlex
from collections.abc import Iterable, Mapping
from pathlib import Path

from envguard.core.errors import EnvguardError
from envguard.core.text import printable
from envguard.sources.process import Process

_OPTIONS = (
    "--no-pager",
    "--no-replace-objects",  # what is stored is what is scanned
    "--literal-pathspecs",
    *("-c", "safe.bareRepository=explicit"),
    *("-c", "core.fsmonitor=false"),
    *("-c", "core.hooksPath=/dev/null"),
    *("-c", "protocol.allow=never"),
    *("-c", "log.showSignature=false"),
    # The rest changes what is printed, not what is run.
    *("-c", "core.quotePath=false"),
    *("-c", "log.mailmap=false"),
    *("-c", "log.showRoot=true"),
    *("-c", "log.follow=false"),
    *("-c", "color.ui=false"),
    *("-c", "submodule.recurse=false"),
    *("-c", "advice.graftFileDeprecated=false"),
)

DIFF_OPTIONS = (
    "--raw",
    "-z",
    "--no-abbrev",
    "--no-ext-diff",
    "--no-textconv",
    "--no-color",
    "--no-relative",
    "-O/dev/null",
    "--ignore-submodules=dirty",
)
"""What every diff is asked with: raw, whole ids, and no configuration that changes them."""

_FIXED = {
    "GIT_OPTIONAL_LOCKS": "0",
    "GIT_TERMINAL_PROMPT": "0",
    "GIT_NO_LAZY_FETCH": "1",
    "GIT_ALLOW_PROTOCOL": "",
    "GIT_GRAFT_FILE": os.devnull,
    "LC_ALL": "C",
}
_DROPPED = (
    "GIT_EXTERNAL_DIFF",
    "GIT_DIFF_OPTS",
    "GIT_PAGER",
    "GIT_GLOB_PATHSPECS",
    "GIT_NOGLOB_PATHSPECS",
    "GIT_ICASE_PATHSPECS",
)
# `git rev-parse --local-env-vars`: these say where a repository is and what its parts are, and
# so hold for one repository only. The configuration (GIT_CONFIG_*) is the user's, and stays.
_PLACES = ("GIT_DIR", "GIT_WORK_TREE", "GIT_COMMON_DIR", "GIT_OBJECT_DIRECTORY")
LOCAL = (
    *_PLACES,
    "GIT_ALTERNATE_OBJECT_DIRECTORIES",
    "GIT_QUARANTINE_PATH",
    "GIT_IMPLICIT_WORK_TREE",
    "GIT_INDEX_FILE",
    "GIT_REPLACE_REF_BASE",
    "GIT_PREFIX",
    "GIT_SHALLOW_FILE",
    "GIT_INTERNAL_SUPER_PREFIX",
)


class GitError(EnvguardError):
    """git could not answer: exit 2."""


def failure(command: str, complaint: str, folder: Path) -> GitError:
    """The error for a git command that failed, from what it wrote to standard error."""
    lines = [line for line in complaint.splitlines() if line.strip()]
    told = next((line for line in lines if line.startswith("fatal: ")), lines[-1] if lines else "")
    told = printable(told.removeprefix("fatal: ").removeprefix("error: ")) or "it gave no reason"
    place = printable(str(folder))
    typed = shlex.quote(place)
    if "dubious ownership" in complaint or "unsafe repository" in complaint:
        return GitError(
            f"git refuses {place}: it belongs to another user",
            f"if you trust it: git config --global --add safe.directory {typed}",
        )
    if "promisor" in complaint or "lazy fetching" in complaint:
        return GitError(
            f"git {command} needs objects that this partial clone does not have: {told}",
            f"fetch them: git -C {typed} fetch --refetch --no-filter",
        )
    return GitError(f"git {command} failed in {place}: {told}", f"look at: git -C {typed} fsck")


def child_environment(*, keep_local: bool) -> dict[str, str]:
    """The child's environment. `keep_local`: what a hook says about its repository stays."""
    made = {**os.environ, **_FIXED}
    for name in _DROPPED if keep_local else (*_DROPPED, *LOCAL):
        made.pop(name, None)
    for name in _PLACES:
        if made.get(name):
            made[name] = str(resolved(made[name]))  # we change the folder
    return made


def call(
    folder: Path,
    environment: Mapping[str, str],
    arguments: tuple[str, ...],
    feed: Iterable[bytes] | None = None,
) -> Process:
    """A started git in `folder`, with the options that close its doors. Raises GitError."""
    try:
        return Process(command(arguments), folder, environment, feed)
    except OSError as error:
        raise not_started(folder, error) from None


def command(arguments: tuple[str, ...]) -> tuple[str, ...]:
    """What starts git with the options that close its doors."""
    return (_executable(), *_OPTIONS, *arguments)


def not_started(folder: Path, error: OSError) -> GitError:
    """The error for a git that the system does not start."""
    return GitError(
        f"git cannot be started in {printable(str(folder))}: {error.strerror}",
        "check that folder and the git on PATH",
    )


def _executable() -> str:
    """git by its full path: a relative entry of PATH would be looked up in the repository."""
    if os.name != "posix":
        return "git"
    for folder in os.get_exec_path():
        file = Path(folder, "git")
        # access before is_file, which raises for a folder that we may not look into.
        if file.is_absolute() and os.access(file, os.X_OK) and file.is_file():
            return str(file)
    raise GitError("git is not installed, or not on PATH", "install it: https://git-scm.com")


def resolved(path: Path | str) -> Path:
    """The real path, without links. A loop of links, on which Path.resolve raises, stays."""
    return Path(os.path.realpath(path))
