"""From contents that hold credentials to findings with their commits: introduced, removed, head."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence

from envguard.core.finding import Finding, Occurrence
from envguard.detection.detector import Candidate
from envguard.detection.findings import Key, describe, key
from envguard.detection.values import Context
from envguard.jobs.scan.state import Scan
from envguard.sources.attribution import Event, attribute
from envguard.sources.changes import CommitChanges
from envguard.sources.git import Git
from envguard.sources.history import refs_containing

Places = Mapping[str, Mapping[Key, Sequence[Candidate]]]
"""Blob -> credential -> where it stands in that blob, from the top."""


def attributed(
    scan: Scan,
    commits: Iterable[CommitChanges],
    holds: Mapping[str, Sequence[Candidate]],
    heads: Mapping[str, Sequence[str]] | None,
) -> dict[Key, Finding]:
    """One finding for each credential, at the place where it first came in, with all its places.

    `holds` are the candidates of each blob, `heads` the paths of each blob at HEAD (None where
    HEAD does not matter). What stands only in blobs that no commit has is noted. Where they were
    pushed is left to `with_refs`.
    """
    places = {blob: _by_credential(found) for blob, found in holds.items()}
    events = attribute(commits, {blob: frozenset(found) for blob, found in places.items()})
    allowed = _allowed(holds, heads or {})
    standing = _standing(places, heads or {})
    findings: dict[Key, Finding] = {}
    for credential, happened in events.items():
        if credential in allowed:
            continue
        shown = [event for event in happened if not scan.excludes(event.path)]
        finding = _finding(scan, credential, shown, places)
        if finding is not None:
            at_head = standing.get(credential, [])
            findings[credential] = finding._replace(
                in_head=None if heads is None else bool(at_head),
                occurrences=(*finding.occurrences, *at_head),
            )
    if heads is not None:
        _note(scan, allowed, {c for found in places.values() for c in found} - events.keys())
    return findings


def with_refs(
    git: Git,
    findings: Collection[Finding],
    history: Iterable[Sequence[str]] | None = None,
) -> list[Finding]:
    """The findings with the remote branches and tags that hold one of the commits that brought
    them in, as far as `refs_containing` names them. `history` gives all commits, with
    their parents behind them, the oldest first, where they are at hand."""
    commits = {
        finding: [o.commit for o in finding.occurrences if o.change == "introduced" and o.commit]
        for finding in findings
    }
    wanted = {commit for found in commits.values() for commit in found}
    if not wanted:
        return list(findings)
    pushed = refs_containing(git, wanted, history)
    return [
        finding._replace(pushed_to=_union([pushed[commit] for commit in commits[finding]]))
        for finding in findings
    ]


def _union(lists: Sequence[tuple[str, ...]]) -> tuple[str, ...]:
    different = list(dict.fromkeys(filter(None, lists)))
    if len(different) < 2:
        return different[0] if different else ()
    # No ref has a blank in its name: `and 5 more` is no ref.
    refs = dict.fromkeys(ref for found in different for ref in found if " " not in ref)
    is_cut = any(" " in ref for found in different for ref in found)
    return (*refs, *(["and more"] if is_cut else []))


def _finding(
    scan: Scan, credential: Key, events: Sequence[Event], places: Places
) -> Finding | None:
    """The finding at the first event that is likely one in its file."""
    unlikely: set[tuple[Context | None, str]] = set()  # many commits change the same file
    for event in events:
        if event.change != "introduced":
            continue
        for candidate in places[event.blob][credential]:
            if (candidate.assignment, event.path) in unlikely:
                continue
            confidence = candidate.confidence(event.path)
            if confidence is not None and confidence >= scan.minimum:
                found = describe(candidate, confidence, event.path, scan.fingerprints)
                return found._replace(
                    commit=event.commit,
                    author=event.author,
                    date=event.date,
                    occurrences=tuple(_occurrence(e, places[e.blob], credential) for e in events),
                )
            unlikely.add((candidate.assignment, event.path))
    return None


def _by_credential(candidates: Sequence[Candidate]) -> dict[Key, list[Candidate]]:
    found: dict[Key, list[Candidate]] = {}
    for candidate in candidates:
        found.setdefault(key(candidate), []).append(candidate)
    return found


def _occurrence(
    event: Event, found: Mapping[Key, Sequence[Candidate]], credential: Key
) -> Occurrence:
    line = found[credential][0].line if event.change == "introduced" else None
    return Occurrence(event.change, event.path, line, event.commit, event.author, event.date)


def _standing(places: Places, heads: Mapping[str, Sequence[str]]) -> dict[Key, list[Occurrence]]:
    standing: dict[Key, list[Occurrence]] = {}
    for blob in places.keys() & heads.keys():
        for credential, sights in places[blob].items():
            standing.setdefault(credential, []).extend(
                Occurrence("head", path, sights[0].line) for path in heads[blob]
            )
    return {
        credential: sorted(found, key=lambda o: o.path) for credential, found in standing.items()
    }


def _allowed(
    holds: Mapping[str, Sequence[Candidate]], heads: Mapping[str, Sequence[str]]
) -> frozenset[Key]:
    """The credentials that a marker allows: where they stand at HEAD, else wherever they stand."""
    current = {blob: found for blob, found in holds.items() if blob in heads} or holds
    marked = {key(c) for found in current.values() for c in found if c.marked}
    plain = {key(c) for found in current.values() for c in found if not c.marked}
    return frozenset(marked - plain)


def _note(scan: Scan, allowed: frozenset[Key], unreachable: set[Key]) -> None:
    if allowed:
        scan.coverage.notes.append(f"{len(allowed)} allowed by inline markers")
    if unreachable:
        rules = ", ".join(sorted({rule for rule, _ in unreachable}))
        scan.coverage.notes.append(
            f"{len(unreachable)} more ({rules}) in objects that no branch or tag reaches: revoke "
            "what was ever pushed; reflogs and stashes may still hold them, else "
            "`git gc --prune=now` removes them"
        )
