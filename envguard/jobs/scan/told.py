"""From what the objects of a history hold to findings: commits, HEAD, refs and messages."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple

from envguard.core.errors import UsageError
from envguard.core.finding import Finding, Unseen
from envguard.detection.detector import Candidate
from envguard.jobs.scan.attributed import Elsewhere, attributed, traced, with_refs
from envguard.jobs.scan.holds import Holds, namer
from envguard.jobs.scan.messages import Said, reached, said, with_messages
from envguard.jobs.scan.objects import Objects, look_again
from envguard.jobs.scan.past import Past, Unread
from envguard.jobs.scan.state import Scan
from envguard.jobs.scan.unreached import elsewhere, note_unreached, tell_unread
from envguard.sources.changes import CommitChanges
from envguard.sources.door import GitError
from envguard.sources.git import Git
from envguard.sources.history import STORE, in_head
from envguard.sources.log import Log, are_reached, unreached
from envguard.sources.refs import Ref, refs

_KEY = 32  # bytes


class Listing(NamedTuple):
    """What git lists: the commits that are new, each with its parents behind it, the newest first;
    all refs. `error`: why it could not list all of it."""

    log: Log
    commits: Sequence[tuple[str, ...]]
    every_ref: Sequence[Ref]
    error: GitError | None

    @property
    def whole(self) -> bool:
        """Whether git could list all of it."""
        return self.error is None


def listed(git: Git, log: Log) -> Listing:
    """Waits for the log, and asks for the refs."""
    error = log.finish()
    every_ref: list[Ref] = []
    try:
        every_ref = refs(git)
    except GitError as failed:
        error = error or failed
    return Listing(log, [*log.commits()], every_ref, error)


def goes_on(git: Git, past: Past, listing: Listing) -> bool:
    """Whether all commits that are remembered are still ones that a ref reaches."""
    if not past.tips:
        return True
    here = {ref.target for ref in listing.every_ref}
    here.update(parent for _, *parents in listing.commits for parent in parents)
    rest = [tip for tip in past.tips if tip not in here]
    return listing.whole and (not rest or are_reached(git, rest))


def told(
    scan: Scan, git: Git, listing: Listing, objects: Objects, past: Past
) -> tuple[list[Finding], Past]:
    """The findings, with all that happened to them; and what is known by now of commits and
    credentials. Fills the coverage."""
    coverage, log = scan.coverage, listing.log
    past = past if past.key else past._replace(key=os.urandom(_KEY))
    coverage.commits = past.commits + len(listing.commits)
    if listing.error is not None:
        reason = f"git cannot list all commits: {listing.error.what}"
        coverage.skipped.append(Unseen(STORE, reason))
    if not coverage.commits and listing.whole:
        raise UsageError(
            f"{git.top} has no commits yet", "commit something, or scan its files: envguard scan"
        )
    for place in past.excluded:
        scan.leave_out(place)
    unread = {**past.unread, **{b: Unread(tuple(i)) for b, i in objects.unreadable.items()}}
    changes = [*log.trace({*past.sights, *objects.holds, *unread})]
    holds = _holds(scan, git, past, objects, changes)
    unread = _with_paths(unread, changes)
    found = traced(scan, changes, holds, past.traced)
    heads = _heads(scan, git) if holds.sights or unread else {}
    places = _elsewhere(scan, git, listing, heads)
    findings = attributed(scan, found, holds, heads, places)
    note_unreached(scan, holds, {*found}, places, whole=listing.whole)
    messages = _reached(git, [*past.said, *said(scan, holds, objects.messages)], listing, past)
    findings = with_messages(scan, findings, messages)
    tell_unread(scan, unread, heads, places, whole=listing.whole)
    everything, behind = with_refs(
        git,
        findings.values(),
        listing.every_ref,
        listing.commits[::-1],
        past.behind if past.tips else None,
    )
    at_refs = tuple({ref.target: None for ref in listing.every_ref if ref.kind == "commit"})
    now = past._replace(
        commits=coverage.commits,
        tips=_tips(past.tips, listing.commits),
        credentials=holds.credentials(),
        traced=found,
        sights=holds.sights,
        said_sights=holds.said,
        said=messages,
        unread=unread,
        refs=at_refs,
        behind=behind.newest(at_refs),
        excluded=[unseen.path for unseen in coverage.excluded],
    )
    return everything, now


def _holds(
    scan: Scan, git: Git, past: Past, objects: Objects, changes: Iterable[CommitChanges]
) -> Holds:
    """What is remembered, and what was found now."""

    def read_again(names: Iterable[str]) -> Mapping[str, Sequence[Candidate]]:
        again = look_again(scan, git, [*names])
        return {**again.holds, **{m.name: m.candidates for m in again.messages}}

    holds = Holds(past.credentials, past.sights, past.said_sights, namer(past.key), read_again)
    replaced = [
        old
        for c in changes
        for change in c.changes
        if change.new in objects.holds
        for old in change.old
    ]
    in_messages = {m.name: m.candidates for m in objects.messages if m.candidates}
    holds.add(objects.holds, in_messages, replaced)
    return holds


def _with_paths(
    unread: Mapping[str, Unread], changes: Iterable[CommitChanges]
) -> dict[str, Unread]:
    if not unread:
        return {}
    paths: dict[str, dict[str, None]] = {b: dict.fromkeys(u.paths) for b, u in unread.items()}
    for commit in changes:
        for change in commit.changes:
            for blob in (*change.old, change.new or ""):
                if blob in paths:
                    paths[blob][change.path] = None
    return {blob: one._replace(paths=(*paths[blob],)) for blob, one in unread.items()}


def _reached(git: Git, messages: Sequence[Said], listing: Listing, past: Past) -> list[Said]:
    asked = dict.fromkeys(one.commit for one in messages if one.commit and not one.is_reached)
    new = [commit for commit, *_ in listing.commits if commit in asked] if asked else []
    # A new tag may be one of an old commit.
    others = [commit for commit in asked.keys() - new if past.tips]
    old = sorted(set(others) - unreached(git, others)) if others else []
    return reached(messages, listing.log.about([*new, *old]))


def _heads(scan: Scan, git: Git) -> dict[str, list[str]]:
    try:
        return in_head(git)
    except GitError as error:
        reason = f"git cannot list the files of HEAD: {error.what}"
        scan.coverage.skipped.append(Unseen(STORE, reason))
        return {}


def _elsewhere(
    scan: Scan, git: Git, listing: Listing, heads: Mapping[str, Sequence[str]]
) -> list[Elsewhere]:
    try:
        return [*elsewhere(git, listing.every_ref, None if listing.whole else heads)]
    except GitError as error:
        reason = f"git cannot list what a tag names: {error.what}"
        scan.coverage.skipped.append(Unseen(STORE, reason))
        return []


def _tips(before: Sequence[str], commits: Sequence[Sequence[str]]) -> tuple[str, ...]:
    """The commits that are nobody's parent; `before` are those without the new `commits`."""
    parents = {parent for _, *above in commits for parent in above}
    return tuple(c for c in (*before, *(commit for commit, *_ in commits)) if c not in parents)
