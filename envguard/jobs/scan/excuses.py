"""What commits would excuse themselves with: markers, and files that say what is no finding."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from envguard.core.config import FILE_NAME, PYPROJECT
from envguard.detection.detector import Candidate
from envguard.detection.findings import Key, key, likely
from envguard.jobs.scan.state import Scan
from envguard.sources.changes import Change, CommitChanges
from envguard.sources.git import Git

_FILES = frozenset(
    (FILE_NAME, ".envguard-baseline.json", ".secrets.baseline", ".gitleaksignore", ".gitleaks.toml")
)
"""Names of files that can say what is no finding: ours, detect-secrets' and gitleaks'."""

Held = dict[str, list[Candidate]]
"""The candidates of each content, by its id."""


def weigh_markers(scan: Scan, changes: Sequence[Change], held: Held) -> Held:
    """The candidates, those behind a new marker without it where the request says that such a
    marker excuses nothing. Each of them is noted either way."""
    before = _marked_before(changes, held)
    fresh: set[tuple[str, Key]] = set()
    for change in changes:
        new = change.new or ""
        marked = [c for c in held.get(new, ()) if c.marked and key(c) not in before]
        fresh.update((new, key(c)) for c in marked)
        scan.coverage.notes += [
            f"{change.path}:{c.line} {_told(scan)}"
            for c, _ in likely(marked, change.path, scan.minimum)
        ]
    if scan.request.markers:
        return held
    return {
        blob: [c._replace(marked=c.marked and (blob, key(c)) not in fresh) for c in candidates]
        for blob, candidates in held.items()
    }


def unmarked(scan: Scan, spoken: Sequence[Candidate]) -> list[Candidate]:
    """The candidates of a message, which is always new, weighed in the same way."""
    if scan.request.markers:
        return list(spoken)
    return [candidate._replace(marked=False) for candidate in spoken]


def changed_files(
    git: Git, commits: Iterable[CommitChanges], base: str, also: Iterable[str]
) -> list[str]:
    """A note for each file that says what is no finding and that the commits change: the one of
    the base counts. `also` are the paths of such files that the configuration names."""
    named = frozenset(also)
    contents: dict[str, list[str]] = {}
    paths: dict[str, None] = {}
    for change in (change for commit in commits for change in commit.changes):
        name = change.path.rpartition("/")[2]
        if name in _FILES or change.path in named:
            paths[change.path] = None
        elif name == PYPROJECT:
            for blob in filter(None, (*change.old, change.new)):
                contents.setdefault(blob, []).append(change.path)
    for blob, text in git.contents(contents):
        if text is not None and b"[tool.envguard" in text:
            paths.update(dict.fromkeys(contents[blob]))
    return [
        f"{path} is changed by these commits, which are judged by that of commit {base[:12]}"
        for path in sorted(paths)
    ]


def _marked_before(changes: Iterable[Change], held: Mapping[str, Sequence[Candidate]]) -> set[Key]:
    """The credentials that stood behind a marker before any of the changes."""
    changes = list(changes)
    new = {change.new for change in changes}
    old = {blob for change in changes for blob in change.old if blob not in new}
    return {key(c) for blob in old for c in held.get(blob, ()) if c.marked}


def _told(scan: Scan) -> str:
    if scan.request.markers:
        return "is allowed by a marker that stands in this range"
    return "stands behind a marker that comes with it, and such a marker excuses nothing"
