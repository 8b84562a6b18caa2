"""The log of all refs: written by git in the background, read when it is known what for."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Sequence
from contextlib import closing

from envguard.sources.changes import LOG_OPTIONS, CommitChanges, read_log
from envguard.sources.door import GitError, command, failure, not_started
from envguard.sources.git import Git
from envguard.sources.recorded import Recorded

# Each record begins with two NULs, the id and the parents (LOG_OPTIONS).
_BEFORE_COMMIT = "\0\0"
_PARENTS = re.compile(_BEFORE_COMMIT + r"([0-9a-f]{40,64})\n([0-9a-f ]*)\n")


class Log:
    """Every commit that a ref reaches with its changes, the newest first; those that the commits
    `old` reach are left out. git begins when this is made, and `finish` waits for it; everything
    else is for then."""

    def __init__(self, git: Git, old: Sequence[str] = ()) -> None:
        """Raises GitError where git cannot be started."""
        self._git = git
        given = "".join([f"^{commit}\n" for commit in old]).encode("ascii")
        try:
            arguments = ("log", "--all", "--stdin", "--topo-order", *LOG_OPTIONS, "--no-renames")
            self._recorded = Recorded(command(arguments), git.top, git.environment, given)
        except OSError as error:
            raise not_started(git.top, error) from None

    def __enter__(self) -> Log:
        return self

    def __exit__(self, *_: object) -> None:
        self._recorded.close()

    def finish(self) -> GitError | None:
        """Waits for git; the error with which it ended, and what it gave before is here."""
        code, complaint = self._recorded.finish()
        return failure("log", complaint, self._git.top) if code else None

    def trace(self, blobs: Collection[str]) -> Iterator[CommitChanges]:
        """The commits that bring in or take away one of `blobs`, each with these changes only.
        Without rename detection: a moved file goes at one path, comes at another."""
        if not blobs:
            return
        named = frozenset(blob.encode("ascii") for blob in blobs)
        yield from read_log(self._git, self._recorded.chunks(), named)

    def about(self, commits: Collection[str]) -> list[CommitChanges]:
        """These commits, in this order, without their changes."""
        if not commits:
            return []
        log = self._git.stream(
            *("log", "--no-walk=unsorted", *LOG_OPTIONS, "--no-renames", "--stdin", "--"),
            feed=["".join([f"{commit}\n" for commit in commits]).encode("ascii")],
        )
        with closing(log):
            return [commit._replace(changes=()) for commit in read_log(self._git, log)]

    def commits(self) -> Iterator[tuple[str, ...]]:
        """Each commit, with its parents behind it."""
        rest = ""
        for chunk in self._recorded.chunks():
            rest += chunk.decode("latin-1")
            for commit, parents in _PARENTS.findall(rest):
                yield (commit, *parents.split())
            # A record may be cut anywhere.
            last = rest.rfind(_BEFORE_COMMIT)
            is_whole = last < 0 or _PARENTS.match(rest, last) is not None
            rest = rest[len(rest.rstrip("\0")) :] if is_whole else rest[last:]


def are_reached(git: Git, commits: Sequence[str]) -> bool:
    """Whether all of these are commits that a ref reaches."""
    return not unreached(git, commits)


def unreached(git: Git, commits: Sequence[str]) -> set[str]:
    """Those of the commits that no ref reaches; all of them where one is gone."""
    feed = "".join([f"{commit}\n" for commit in commits]).encode("ascii")
    asked = git.stream("rev-list", "--stdin", "--not", "--all", feed=[feed])
    try:
        with closing(asked):
            return set(commits).intersection(b"".join(asked).decode("ascii").split())
    except GitError:
        return set(commits)
