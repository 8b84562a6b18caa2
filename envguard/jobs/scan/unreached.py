"""What no commit tells of: what refs name that is no commit, what is nowhere or unreadable."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from envguard.core.finding import Unseen
from envguard.jobs.scan.attributed import Elsewhere, Heads
from envguard.jobs.scan.holds import Holds
from envguard.jobs.scan.messages import WHAT_TO_DO
from envguard.jobs.scan.past import Unread
from envguard.jobs.scan.state import Scan
from envguard.sources.git import Git
from envguard.sources.history import named_by_refs
from envguard.sources.refs import Ref


def elsewhere(git: Git, every_ref: Sequence[Ref], heads: Heads | None) -> Iterator[Elsewhere]:
    """What refs name that is no commit; and what HEAD has, where its commits are not known and
    `heads` is given. Raises GitError."""
    for blob, paths in (heads or {}).items():
        for path in paths:
            yield Elsewhere(path, blob, is_head=True)
    for ref, path, blob in named_by_refs(git, every_ref):
        yield Elsewhere(path, blob, (ref.short,) if ref.is_shared else ())


def note_unreached(
    scan: Scan, holds: Holds, reached: set[int], places: Sequence[Elsewhere], *, whole: bool
) -> None:
    """Notes what stands only in blobs that neither a commit nor one of the places has; `reached`
    are the credentials that a commit has; `whole`: git could list all commits."""
    elsewhere = {place.blob for place in places}
    here = {
        sight.number for blob in elsewhere & holds.sights.keys() for sight in holds.sights[blob]
    }
    lost = {sight.number for found in holds.sights.values() for sight in found} - reached - here
    if not lost:
        return
    rules = ", ".join(sorted({holds.rules[number] for number in lost}))
    where = (
        f"in objects that no branch or tag reaches: {WHAT_TO_DO}"
        if whole
        else "in objects of which it is not known who reaches them, as git cannot list all commits"
    )
    scan.coverage.notes.append(f"{len(lost)} more ({rules}) {where}")


def tell_unread(
    scan: Scan,
    unread: Mapping[str, Unread],
    heads: Heads,
    places: Sequence[Elsewhere],
    *,
    whole: bool,
) -> None:
    """Names what cannot be looked into by the paths that it had, but for those that are excluded;
    what never had one is noted, as all that no branch or tag reaches."""
    lost = 0
    for blob, (inside, paths) in unread.items():
        named = [place.path for place in places if place.blob == blob]
        every = dict.fromkeys((*paths, *heads.get(blob, ()), *named))
        if not every and whole:
            lost += 1
        names = [path for path in every if not scan.excludes(path)] if every else [f"blob {blob}"]
        if every or not whole:
            scan.coverage.skipped += [
                Unseen(f"{name}{way}", reason) for name in names for way, reason in inside
            ]
    if lost:
        scan.coverage.notes.append(
            f"{lost} contents that no branch or tag reaches cannot be looked into: {WHAT_TO_DO}"
        )
