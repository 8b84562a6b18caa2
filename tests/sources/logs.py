"""The log of a repository, as tests ask it."""

from __future__ import annotations

from collections.abc import Collection

from envguard.sources.changes import CommitChanges
from envguard.sources.git import Git
from envguard.sources.log import Log


def trace(git: Git, blobs: Collection[str]) -> list[CommitChanges]:
    """The commits that bring in or take away one of `blobs`, newest first."""
    with Log(git) as log:
        if (error := log.finish()) is not None:
            raise error
        return list(log.trace(blobs))


def count(git: Git) -> int:
    """How many commits the refs reach."""
    with Log(git) as log:
        log.finish()
        return sum(1 for _ in log.commits())
