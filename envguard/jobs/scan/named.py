"""Which findings of a scan other tools' files name: `.gitleaksignore`, or a baseline or report
that is given in the place of ours."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from envguard.core.finding import Finding
from envguard.detection.baseline.gitleaks import IGNORE_FILE
from envguard.detection.baseline.matches import is_same_kind
from envguard.detection.baseline.told import Told
from envguard.jobs.scan.request import Mode
from envguard.jobs.scan.translated import translated
from envguard.sources import git as git_door

if TYPE_CHECKING:
    from envguard.jobs.scan.state import Scan
    from envguard.sources.git import Git


class Named:
    """What the files say, which are at `top`, or those of `base`: a repository and a commit."""

    def __init__(
        self, scan: Scan, told: Sequence[Told], top: Path, base: tuple[Git, str] | None
    ) -> None:
        self._scan = scan
        self._told = told
        self._top = top
        self._base = base

    def known(self, findings: Sequence[Finding]) -> list[Finding]:
        """The findings that are named: by their value, or by their place as gitleaks does it. In
        a range a place counts for nothing, as anything could come to stand there."""
        at_place = [] if self._base else [f for f in findings if self._is_at_place(f)]
        values = {finding.fingerprint for finding in at_place}
        paths = {path for finding in findings for path in self._paths(finding)}
        near = [one for one in self._told if one.path in paths]
        parts: set[str] = set()
        if near and any(finding.fingerprint not in values for finding in findings):
            git, commit = self._base or (git_door.find(self._top, allow_bare=True), None)
            for same in translated(self._scan, near, self._top, git, commit):
                (values if same.is_whole else parts).add(same.finding.fingerprint)
        known = [finding for finding in findings if finding.fingerprint in values]
        notes = self._scan.coverage.notes
        if at_place:
            notes.append(
                f"{len(at_place):,} ignored by place in {IGNORE_FILE}, as anything new in those"
                f" lines would be: envguard baseline import {IGNORE_FILE}"
            )
        if len(known) > len(at_place):
            notes.append(f"{len(known) - len(at_place):,} known by other tools' files")
        unsure = sum(finding.fingerprint in parts - values for finding in findings)
        if unsure:
            notes.append(
                f"{unsure:,} only in part known by other tools' files, such as by the first line"
                " of a key, which others have too: envguard baseline import FILE"
            )
        return known

    def _is_at_place(self, finding: Finding) -> bool:
        """Whether a line of .gitleaksignore without a commit names its place."""
        places = {(self._paths(finding)[0], finding.line)}
        places.update(
            (one.path, one.line)
            for one in finding.occurrences
            if one.change == "introduced" and one.line is not None
        )
        return any(
            one.is_place
            and one.commit is None
            and (one.path, one.line) in places
            and is_same_kind(one.rule, finding.rule)
            for one in self._told
        )

    def _paths(self, finding: Finding) -> list[str]:
        """Where a finding is, from the top of the repository; first where it is told."""
        request, here = self._scan.request, finding.path
        folder = request.folder.resolve()
        if request.mode is Mode.TREE and folder != self._top and folder.is_relative_to(self._top):
            here = f"{folder.relative_to(self._top).as_posix()}/{here}"
        return [here, *dict.fromkeys(one.path for one in finding.occurrences)]
