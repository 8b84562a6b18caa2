"""scan --range and --since: what commits add, each commit looked at by itself."""

from __future__ import annotations

from collections.abc import Iterator

from envguard.core.config import Config, Folders
from envguard.core.errors import UsageError
from envguard.detection.builtin import RuleFile
from envguard.detection.findings import key, likely
from envguard.jobs.scan.attributed import attributed, with_refs
from envguard.jobs.scan.changes import read_changes
from envguard.jobs.scan.messages import Sight, with_messages
from envguard.jobs.scan.request import EmptyRangeError, Request, Result
from envguard.jobs.scan.state import Progress, begin, read_rules, repository
from envguard.sources import ranges
from envguard.sources.committed import config_at, name_in, text_at
from envguard.sources.git import Git
from envguard.sources.history import messages


def scan(request: Request, config: Config, folders: Folders, progress: Progress) -> Result:
    """Scans the commits of a range, by the configuration of its base, so that no commit can
    excuse itself. Raises UsageError for a range that cannot be resolved or holds no commits."""
    git = repository(request)
    chosen = ranges.choose(git, request.range, request.since)
    config = config_at(git, chosen.base, config, request.folder)
    rules = list(_rules(git, chosen.base, config))
    scan = begin(request, config, folders, progress, rules)
    commits = list(ranges.changes(git, chosen, scan.coverage))
    if not commits:
        raise EmptyRangeError(
            f"the range {chosen.base[:12]}..{chosen.tip[:12]} holds no commits",
            "check both ends: git log --oneline A..B",
        )
    changes = [c for commit in commits for c in commit.changes if not scan.excludes(c.path)]
    holds = read_changes(scan, git, changes)
    for change in changes:
        before = {key(c) for old in change.old for c in holds.get(old, ()) if c.marked}
        marked = [c for c in holds.get(change.new or "", ()) if c.marked and key(c) not in before]
        scan.coverage.notes += [
            f"{change.path}:{c.line} is allowed by a marker that stands in this range"
            for c, _ in likely(marked, change.path, scan.minimum)
        ]
    findings = attributed(scan, commits, holds, heads=None)
    said = messages(git, [commit.commit for commit in commits])
    sights = (Sight(d.path, d.commit, scan.detector.candidates(d)) for d in said)
    return scan.result(with_refs(git, with_messages(scan, findings, sights, commits).values()))


def _rules(git: Git, base: str, config: Config) -> Iterator[RuleFile]:
    """The rule files that the configuration of the base names, as the base has them; one outside
    the repository is the user's own."""
    for rule in config.scan.rules:
        file = config.root / rule
        if name_in(git, file) is None:
            yield from read_rules([file])
            continue
        text = text_at(git, base, file)
        if text is None:
            raise UsageError(
                f"the rules in {file} cannot be read: commit {base[:12]} has no such file",
                "correct scan.rules there",
            )
        yield file, text.encode()
