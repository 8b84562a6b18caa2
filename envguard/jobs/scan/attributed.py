"""From contents that hold credentials to findings with their commits: introduced, removed, head."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from typing import NamedTuple

from envguard.core.finding import Finding, Occurrence
from envguard.detection.detector import Candidate
from envguard.detection.findings import likely
from envguard.jobs.scan.holds import Holds
from envguard.jobs.scan.state import Scan
from envguard.sources.attribution import Event, attribute
from envguard.sources.changes import CommitChanges
from envguard.sources.git import Git
from envguard.sources.refs import Behind, Ref, containing

_ABOUT = Candidate._fields.index("end_column") + 1

Heads = Mapping[str, Sequence[str]]
"""Each blob of HEAD with its paths."""


class Traced(NamedTuple):
    """What commits did to a credential. `occurrences` are what they did where nothing is excluded,
    the oldest first; `finding` is the place where it first came in, None where it is not likely
    one anywhere."""

    occurrences: tuple[Occurrence, ...] = ()
    finding: Finding | None = None


class Elsewhere(NamedTuple):
    """A place of a blob that no commit tells of: a path, and what others have that names it."""

    path: str
    blob: str
    refs: tuple[str, ...] = ()
    is_head: bool = False


def traced(
    scan: Scan,
    commits: Iterable[CommitChanges],
    holds: Holds,
    past: Mapping[int, Traced] | None = None,
) -> dict[int, Traced]:
    """What happened to each credential that a commit brought in or took out, by its number.
    `past` says so for earlier commits."""
    found = dict(past or {})
    events = attribute(commits, holds.numbers())
    shown = {
        number: [event for event in happened if not scan.excludes(event.path)]
        for number, happened in events.items()
    }
    nowhere = Traced()
    new = [number for number in shown if found.get(number, nowhere).finding is None]
    holds.read(e.blob for n in new for e in shown[n] if e.change == "introduced")
    for number, happened in shown.items():
        earlier = found.get(number, nowhere)
        found[number] = Traced(
            (*earlier.occurrences, *(_occurrence(event, holds, number) for event in happened)),
            earlier.finding or _first(scan, number, happened, holds),
        )
    return found


def attributed(
    scan: Scan,
    found: Mapping[int, Traced],
    holds: Holds,
    heads: Heads | None,
    elsewhere: Iterable[Elsewhere] = (),
) -> dict[int, Finding]:
    """One finding for each credential, at the place where it first came in, with all its places.

    `heads` is None where HEAD does not matter. What no commit tells of is looked for in the places
    `elsewhere`; what stands nowhere is noted. Where they were pushed is left to `with_refs`.
    """
    allowed = _allowed(holds, heads or {})
    standing = _standing(holds, heads or {})
    findings: dict[int, Finding] = {}
    for number, (occurrences, finding) in found.items():
        if finding is not None and number not in allowed:
            findings[number] = finding._replace(occurrences=occurrences)
    named = set(found)
    for number, finding in _found_elsewhere(scan, holds, elsewhere, findings, named):
        if number not in allowed and number not in findings:
            findings[number] = finding
    if heads is not None:
        for number, finding in findings.items():
            at_head = standing.get(number, [])
            findings[number] = finding._replace(
                in_head=bool(at_head), occurrences=(*finding.occurrences, *at_head)
            )
        if allowed:
            scan.coverage.notes.append(f"{len(allowed)} allowed by inline markers")
    return findings


def _found_elsewhere(
    scan: Scan,
    holds: Holds,
    elsewhere: Iterable[Elsewhere],
    findings: Mapping[int, Finding],
    named: set[int],
) -> Iterator[tuple[int, Finding]]:
    """The findings at places that no commit tells of, of credentials that have none yet."""
    for path, blob, refs, is_head in elsewhere:
        if blob not in holds.sights:
            continue
        numbers = dict.fromkeys(sight.number for sight in holds.sights[blob])
        for number in numbers:
            if number in findings or number in named or scan.excludes(path):
                continue
            event = Event("introduced", "", "", "", path, blob)
            finding = _first(scan, number, [event], holds)
            if finding is not None:
                line = next(holds.at(blob, number)).line
                here = () if is_head else (Occurrence("introduced", path, line),)
                yield number, finding._replace(pushed_to=refs, occurrences=here)


def _first(scan: Scan, number: int, events: Iterable[Event], holds: Holds) -> Finding | None:
    """The finding at the first event that is likely one in its file."""
    # Many commits change the same file. All but the place of a candidate counts.
    # Many commits change the same file. All but the place of a candidate counts.
    unlikely: set[tuple[object, str]] = set()
    for event in events:
        if event.change != "introduced":
            continue
        for candidate in holds.candidates(event.blob, number):
            about = candidate[_ABOUT:], event.path
            if about in unlikely:
                continue
            for _, confidence in likely([candidate], event.path, scan.minimum):
                found = scan.describe(candidate, confidence, event.path)
                return found._replace(
                    commit=event.commit or None,
                    author=event.author or None,
                    date=event.date or None,
                )
            unlikely.add(about)
    return None


def _occurrence(event: Event, holds: Holds, number: int) -> Occurrence:
    line = next(holds.at(event.blob, number)).line if event.change == "introduced" else None
    return Occurrence(event.change, event.path, line, event.commit, event.author, event.date)


def _standing(holds: Holds, heads: Heads) -> dict[int, list[Occurrence]]:
    standing: dict[int, list[Occurrence]] = {}
    for blob in holds.sights.keys() & heads.keys():
        lines: dict[int, int] = {}
        for sight in holds.sights[blob]:
            lines.setdefault(sight.number, sight.line)
        for number, line in lines.items():
            standing.setdefault(number, []).extend(
                Occurrence("head", path, line) for path in heads[blob]
            )
    return {number: sorted(found, key=lambda o: o.path) for number, found in standing.items()}


def _allowed(holds: Holds, heads: Heads) -> frozenset[int]:
    """The credentials that a marker allows: where they stand at HEAD, else wherever they stand."""
    current = (holds.sights.keys() & heads.keys()) or holds.sights.keys()
    marked = {s.number for blob in current for s in holds.sights[blob] if s.marked}
    if not marked:
        return frozenset()
    plain = {s.number for blob in current for s in holds.sights[blob] if not s.marked}
    return frozenset(marked - plain)


def with_refs(
    git: Git,
    findings: Collection[Finding],
    every_ref: Sequence[Ref] | None = None,
    new: Sequence[Sequence[str]] | None = None,
    past: Behind | None = None,
) -> tuple[list[Finding], Behind]:
    """The findings with the remote branches and tags that hold one of the commits that brought
    them in, as far as `containing` names them; its second answer, and what it takes, besides."""
    brought = [
        [o.commit for o in finding.occurrences if o.change == "introduced" and o.commit]
        for finding in findings
    ]
    wanted = dict.fromkeys(commit for commits in brought for commit in commits)
    pushed, behind = containing(git, wanted, every_ref, new, past)
    return [
        finding._replace(pushed_to=_union([finding.pushed_to, *(pushed[c] for c in commits)]))
        for finding, commits in zip(findings, brought, strict=True)
    ], behind


def _union(lists: Sequence[tuple[str, ...]]) -> tuple[str, ...]:
    different = list(dict.fromkeys(filter(None, lists)))
    if len(different) < 2:
        return different[0] if different else ()
    # No ref has a blank in its name: `and 5 more` is no ref.
    refs = dict.fromkeys(ref for found in different for ref in found if " " not in ref)
    is_cut = any(" " in ref for found in different for ref in found)
    return (*refs, *(["and more"] if is_cut else []))
