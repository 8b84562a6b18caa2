"""The contents that changes bring, and those that they replace."""

from __future__ import annotations

from collections.abc import Sequence

from envguard.core.document import Document
from envguard.core.finding import Unseen
from envguard.detection.detector import Candidate
from envguard.detection.findings import likely
from envguard.jobs.scan.state import Scan
from envguard.sources.changes import Change
from envguard.sources.git import Git


def read_changes(scan: Scan, git: Git, changes: Sequence[Change]) -> dict[str, list[Candidate]]:
    """The candidates of every new content, and of the old ones of those that have any: those that
    some file could make a finding, so that what becomes likely is new."""
    coverage = scan.coverage
    paths = {change.new: change.path for change in changes if change.new is not None}
    holds: dict[str, list[Candidate]] = {}
    for blob, text in git.contents(paths):
        if text is None:
            coverage.skipped.append(Unseen(paths[blob], f"git object {blob[:12]} is missing"))
            continue
        coverage.blobs += 1
        coverage.bytes += len(text)
        found = scan.candidates(Document(paths[blob], text, blob=blob))
        if found := [candidate for candidate, _ in likely(found, "", scan.minimum)]:
            holds[blob] = found
    older = {old for c in changes if c.new in holds for old in c.old if old not in paths}
    for blob, text in git.contents(older):
        # Where an old content is missing, all of the new one counts as new: never too little.
        found = scan.earlier(Document("", text or b"", blob=blob))
        if found := [candidate for candidate, _ in likely(found, "", scan.minimum)]:
            holds[blob] = found
    return holds
