"""What an earlier scan has seen of a repository, so that the next one reads only what is new.

Nothing in it is a content of the repository: ids of objects, and what `git log` says about those
that hold something.
"""

from __future__ import annotations

import marshal
from collections.abc import Iterator, Mapping
from typing import NamedTuple

from envguard.sources.changes import Change, CommitChanges


class KnownPack(NamedTuple):
    """A pack that was read as a whole: its blobs and their bytes, without those that another pack
    has too and that were counted there; and the ids and kinds of all of its objects in which
    something was found."""

    blobs: int
    bytes: int
    held: tuple[tuple[str, int], ...]


class Known(NamedTuple):
    """What was seen. `packs` by their checksums; loose objects, which are few, are read each time.
    `commits` are the ids of all commits that refs reached, each with
    those of its parents, the newest first; `changes` are those that bring in or take away one of
    the objects in which something was found."""

    packs: Mapping[bytes, KnownPack]
    commits: tuple[tuple[str, ...], ...]
    changes: tuple[CommitChanges, ...]

    def packed(self) -> bytes:
        """The form that `unpacked` reads."""
        ids = b"".join(
            bytes([len(commit) - 1]) + b"".join(map(bytes.fromhex, commit))
            for commit in self.commits
        )
        packs = {checksum: tuple(pack) for checksum, pack in self.packs.items()}
        changes = [
            (*commit[:4], [tuple(change) for change in commit[4]]) for commit in self.changes
        ]
        return marshal.dumps((packs, ids, changes))


def unpacked(packed: bytes, id_size: int) -> Known:
    """What `packed` gave; only for bytes that this user's own process has written."""
    packs, ids, changes = marshal.loads(packed)  # noqa: S302 - our own
    return Known(
        {checksum: KnownPack(*pack) for checksum, pack in packs.items()},
        tuple(_commits(ids, id_size)),
        tuple(
            CommitChanges(
                commit, parents, author, date, tuple(Change(*change) for change in changed)
            )
            for commit, parents, author, date, changed in changes
        ),
    )


def _commits(ids: bytes, size: int) -> Iterator[tuple[str, ...]]:
    text = ids.hex()
    at, size = 0, size * 2
    while at < len(text):
        end = at + 2 + size * (int(text[at : at + 2], 16) + 1)
        yield tuple(text[start : start + size] for start in range(at + 2, end, size))
        at = end
