"""The log of all refs: written by git in the background, read when it is known what for."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator
from contextlib import closing
from types import TracebackType

from envguard.sources.changes import LOG_OPTIONS, Change, CommitChanges, read_log
from envguard.sources.door import GitError, command, failure, not_started
from envguard.sources.git import Git
from envguard.sources.known import Known
from envguard.sources.recorded import Recorded

# Each record begins with two NULs, the id and the parents (LOG_OPTIONS).
_BEFORE_COMMIT = "\0\0"
_PARENTS = re.compile(_BEFORE_COMMIT + r"([0-9a-f]{40,64})\n([0-9a-f ]*)\n")
_MOST_TIPS = 2000  # that are passed as arguments


class Log:
    """Every commit that a ref reaches with its changes, the newest first.

    git begins when this is made, and `finish` waits for it; everything else is for then. What is
    `known` from an earlier log is not asked for again, as long as all of it is reached still.
    """

    def __init__(self, git: Git, known: Known | None = None) -> None:
        """Raises GitError where git cannot be started."""
        self._git = git
        self._known = known if known is not None and _is_reached(git, known) else None
        old = () if self._known is None else ("--not", *_tips(self._known))
        try:
            arguments = ("log", "--all", *old, "--topo-order", *LOG_OPTIONS, "--no-renames", "--")
            self._recorded = Recorded(command(arguments), git.top, git.environment)
        except OSError as error:
            raise not_started(git.top, error) from None

    def __enter__(self) -> Log:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
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
        wanted = frozenset(blobs)
        if self._known is not None:
            for commit in self._known.changes:
                found = [c for c in commit.changes if not wanted.isdisjoint(_blobs(c))]
                if found:
                    yield commit._replace(changes=tuple(found))

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
        if self._known is not None:
            yield from self._known.commits


def _blobs(change: Change) -> tuple[str, ...]:
    return (*change.old, change.new or "")


def _tips(known: Known) -> list[str]:
    """The commits of which no other one is a child."""
    parents = {parent for _, *parents in known.commits for parent in parents}
    return [commit for commit, *_ in known.commits if commit not in parents]


def _is_reached(git: Git, known: Known) -> bool:
    """Whether every commit that is known is still one that a ref reaches."""
    tips = _tips(known)
    if not tips or len(tips) > _MOST_TIPS:
        return False
    try:
        return not git.run("rev-list", "--max-count=1", *tips, "--not", "--all", "--").strip()
    except GitError:  # one of them is gone
        return False
