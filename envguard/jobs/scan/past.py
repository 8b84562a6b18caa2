"""What a scan of a history remembers for the next one: the noun, and its form in a file."""

from __future__ import annotations

import marshal
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import NamedTuple

from envguard.core.finding import Finding
from envguard.jobs.scan.attributed import Traced
from envguard.jobs.scan.holds import Remembered, Sight
from envguard.jobs.scan.messages import Said
from envguard.jobs.scan.objects import Unreadable
from envguard.jobs.scan.plain import plain_finding, plain_traced, restored_finding, restored_traced
from envguard.sources.known import Known
from envguard.sources.object_files import ObjectFiles
from envguard.sources.refs import Behind


class Unread(NamedTuple):
    """What cannot be looked into in one blob, and the paths that the blob had so far."""

    inside: tuple[Unreadable, ...]
    paths: tuple[str, ...] = ()


class Past(NamedTuple):
    """What an earlier scan saw: of objects, and of all commits that refs reached: how many, and
    those `tips` that are nobody's parent, and those that `refs` were at.

    Of contents in which something was found only ids and places are here, and no values: their
    names are made with `key`, and only where a value cannot be guessed from them. `place` is
    where the repository was, `excluded` what was left out by configuration.
    """

    place: bytes
    key: bytes
    known: Known | None
    commits: int
    tips: tuple[str, ...]
    refs: tuple[str, ...]
    credentials: Sequence[Remembered]
    traced: Mapping[int, Traced]
    sights: Mapping[str, Sequence[Sight]]
    said_sights: Mapping[str, Sequence[Sight]]
    said: Sequence[Said]
    unread: Mapping[str, Unread]
    behind: Behind
    excluded: Sequence[str]

    @property
    def marks(self) -> list[str]:
        """Commits from which on all is known. Where only the tips were told to it, git would walk
        over everything."""
        return [*dict.fromkeys((*self.tips, *self.refs))]

    def still_here(self, store: ObjectFiles) -> Past:
        """Without what was found in objects that are gone."""
        if self.known is None or store.known is None:
            return NOTHING
        gone = set(self.known.loose).difference(store.loose)
        names = {*self.sights, *self.said_sights, *self.unread}
        lost = {
            name
            for name in names
            if (not store.has_known_packs or bytes.fromhex(name) in gone)
            and not store.has(bytes.fromhex(name))
        }
        if not lost:
            return self
        return self._replace(
            sights={name: found for name, found in self.sights.items() if name not in lost},
            said_sights={n: found for n, found in self.said_sights.items() if n not in lost},
            said=[one for one in self.said if one.name not in lost],
            unread={name: one for name, one in self.unread.items() if name not in lost},
        )

    def without_history(self) -> Past:
        """What holds whatever the commits are."""
        unread = {blob: Unread(one.inside) for blob, one in self.unread.items()}
        return NOTHING._replace(place=self.place, key=self.key, known=self.known, unread=unread)

    def findings(self) -> Iterator[Finding]:
        """The findings as they came in, without what happened to them later."""
        yield from (one.finding for one in self.traced.values() if one.finding is not None)
        yield from (finding for one in self.said for _, finding in one.findings)

    def packed(self) -> bytes:
        """The form that `unpacked` reads; without the tables of what is known."""
        known = self.known or Known(frozenset(), 0, 0, {}, tuple)
        return marshal.dumps(
            (
                (self.place, self.key, self.commits, self.tips, self.refs),
                (tuple(known.packs), known.blobs, known.size, dict(known.loose)),
                [tuple(credential) for credential in self.credentials],
                {number: plain_traced(traced) for number, traced in self.traced.items()},
                _flat(self.sights),
                _flat(self.said_sights),
                [
                    (*one[:2], [(n, plain_finding(f)) for n, f in one.findings], *one[3:])
                    for one in self.said
                ],
                {
                    blob: ([tuple(one) for one in unread.inside], unread.paths)
                    for blob, unread in self.unread.items()
                },
                (self.behind.wanted, dict(self.behind.bits)),
                list(self.excluded),
            )
        )


NOTHING = Past(
    place=b"",
    key=b"",
    known=None,
    commits=0,
    tips=(),
    refs=(),
    credentials=(),
    traced={},
    sights={},
    said_sights={},
    said=(),
    unread={},
    behind=Behind((), {}),
    excluded=(),
)
"""What is remembered where nothing is."""


def unpacked(packed: bytes, tables: Callable[[], Sequence[bytes]]) -> Past:
    """What `packed` gave; only for bytes that this user's own process has written. `tables` gives
    those of what is known."""
    about, known, credentials, traced, sights, said_sights, said, unread, behind, excluded = (
        marshal.loads(packed)  # noqa: S302 - our own
    )
    place, key, commits, tips, at_refs = about
    packs, blobs, size, loose = known
    return Past(
        place=place,
        key=key,
        known=Known(frozenset(packs), blobs, size, loose, tables),
        commits=commits,
        tips=tips,
        refs=at_refs,
        credentials=[Remembered(*credential) for credential in credentials],
        traced={number: restored_traced(row) for number, row in traced.items()},
        sights=_unflat(sights),
        said_sights=_unflat(said_sights),
        said=[
            Said(name, commit, tuple((n, restored_finding(row)) for n, row in found), *more)
            for name, commit, found, *more in said
        ],
        unread={
            blob: Unread(tuple(Unreadable(*one) for one in inside), paths)
            for blob, (inside, paths) in unread.items()
        },
        behind=Behind(*behind),
        excluded=excluded,
    )


def _flat(sights: Mapping[str, Sequence[Sight]]) -> dict[str, list[int]]:
    return {blob: [part for sight in found for part in sight] for blob, found in sights.items()}


def _unflat(flat: Mapping[str, list[int]]) -> dict[str, Sequence[Sight]]:
    return {
        blob: [*map(Sight, parts[::3], parts[1::3], parts[2::3])]  # type: ignore[arg-type]
        for blob, parts in flat.items()
    }
