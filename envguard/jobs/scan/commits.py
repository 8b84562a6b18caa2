"""scan --range and --since: what commits add, each commit looked at by itself."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path

from envguard.core.config import Config, Folders
from envguard.core.errors import UsageError
from envguard.core.finding import Finding
from envguard.detection.builtin import RuleFile
from envguard.detection.findings import key, likely
from envguard.detection.rule_files import ALL, WORD, complete, is_program, read_rules, refused
from envguard.jobs.scan.attributed import attributed, traced, with_refs
from envguard.jobs.scan.changes import read_changes
from envguard.jobs.scan.holds import Holds
from envguard.jobs.scan.messages import Message, reached, said, with_messages
from envguard.jobs.scan.request import EmptyRangeError, Request, Result
from envguard.jobs.scan.state import Progress, Scan, begin, repository
from envguard.sources import ranges
from envguard.sources.changes import CommitChanges
from envguard.sources.committed import config_at, name_in, text_at
from envguard.sources.git import Git
from envguard.sources.history import messages


def scan(request: Request, config: Config, folders: Folders, progress: Progress) -> Result:
    """Scans the commits of a range, by the configuration of its base, so that no commit can
    excuse itself. Raises UsageError for a range that cannot be resolved or holds no commits."""
    git = repository(request)
    chosen = ranges.choose(git, request.range, request.since)
    config = config_at(git, chosen.base, config, request.folder)
    rules = complete(
        list(_rules(git, chosen.base, config)), lambda file: _content(git, chosen.base, file)
    )
    scan = begin(request, config, folders, progress, rules)
    scan.coverage.notes += refused(config)
    commits = list(ranges.changes(git, chosen, scan.coverage))
    if not commits:
        raise EmptyRangeError(
            f"the range {chosen.base[:12]}..{chosen.tip[:12]} holds no commits",
            "check both ends: git log --oneline A..B",
        )
    changes = [c for commit in commits for c in commit.changes if not scan.excludes(c.path)]
    found = read_changes(scan, git, changes)
    for change in changes:
        before = {key(c) for old in change.old for c in found.get(old, ()) if c.marked}
        marked = [c for c in found.get(change.new or "", ()) if c.marked and key(c) not in before]
        scan.coverage.notes += [
            f"{change.path}:{c.line} is allowed by a marker that stands in this range"
            for c, _ in likely(marked, change.path, scan.minimum)
        ]
    spoken = [
        Message(str(d.commit), d.path, d.commit, scan.detector.candidates(d))
        for d in messages(git, [commit.commit for commit in commits])
    ]
    holds = Holds()
    holds.add(found, {message.name: message.candidates for message in spoken})
    findings = attributed(scan, traced(scan, commits, holds), holds, heads=None)
    findings = with_messages(scan, findings, reached(said(scan, holds, spoken), commits))
    named = _named(scan, commits)
    return scan.result([*with_refs(git, findings.values())[0], *named.values()])


def _named(scan: Scan, commits: Iterable[CommitChanges]) -> dict[tuple[str, str], Finding]:
    """What the names of files say that the commits bring, by rule and path."""
    return {
        (finding.rule, change.path): finding._replace(
            commit=commit.commit, author=commit.author, date=commit.date
        )
        for commit in commits
        for change in commit.changes
        if change.new is not None and not scan.excludes(change.path)
        for finding in scan.named(change.path)
    }


def _rules(git: Git, base: str, config: Config) -> Iterator[RuleFile]:
    """The rule files that the configuration of the base names, as the base has them; one outside
    the repository is the user's own."""
    for rule in config.scan.rules:
        file = config.root / rule
        if is_program(file):
            continue
        if rule == WORD and (name_in(git, file) is None or text_at(git, base, file) is None):
            yield ALL
        else:
            yield file, _content(git, base, file)


def _content(git: Git, base: str, file: Path) -> bytes:
    if name_in(git, file) is None:
        return read_rules([file])[0][1]
    text = text_at(git, base, file)
    if text is None:
        raise UsageError(
            f"the rules in {file} cannot be read: commit {base[:12]} has no such file",
            "correct scan.rules there",
        )
    return text.encode()
