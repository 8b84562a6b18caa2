"""scan --range and --since: what commits add, each commit looked at by itself."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

from envguard.core.config import Config, Folders
from envguard.core.errors import UsageError
from envguard.core.finding import Finding
from envguard.detection.builtin import RuleFile
from envguard.detection.rule_files import ALL, WORD, complete, is_program, read_rules, refused
from envguard.jobs.scan.attributed import attributed, traced, with_refs
from envguard.jobs.scan.changes import read_changes
from envguard.jobs.scan.excuses import changed_files, unmarked, weigh_markers
from envguard.jobs.scan.holds import Holds
from envguard.jobs.scan.messages import Message, reached, said, with_messages
from envguard.jobs.scan.request import EmptyRangeError, Request, Result
from envguard.jobs.scan.state import Progress, Scan, begin, repository
from envguard.sources import ranges
from envguard.sources.changes import CommitChanges
from envguard.sources.committed import config_at, name_in, text_at
from envguard.sources.git import Git
from envguard.sources.history import messages
from envguard.sources.stored import TAG


def scan(request: Request, config: Config, folders: Folders, progress: Progress) -> Result:
    """Scans the commits of a range, by the configuration of its base, so that no commit can
    excuse itself. Raises UsageError for a range that cannot be resolved or holds no commits."""
    git = repository(request)
    chosen = request.chosen or ranges.choose(git, request.range, request.since)
    base = chosen.base
    if base is None:  # nothing is older than these commits: as the work tree says
        scan = begin(request, config, folders, progress)
    else:
        config = config_at(git, base, config, request.folder)
        rules = complete(list(_rules(git, base, config)), lambda file: _content(git, base, file))
        scan = begin(request, config, folders, progress, rules)
        scan.coverage.notes += refused(config)
        scan.base = git, base
    commits = [
        commit._replace(changes=tuple([scan.newly(change) for change in commit.changes]))
        for commit in ranges.changes(git, chosen, scan.coverage)
    ]
    if not commits and not chosen.tags:
        raise EmptyRangeError(
            f"the range {_short(chosen.known)}..{_short(chosen.tips)} holds no commits",
            "check both ends: git log --oneline A..B",
        )
    if base is not None:
        scan.coverage.notes += changed_files(git, commits, base, _named_files(git, config))
    changes = [c for commit in commits for c in commit.changes if not scan.excludes(c.path)]
    found = weigh_markers(scan, changes, read_changes(scan, git, changes))
    spoken = [
        Message(str(d.commit), d.path, d.commit, unmarked(scan, scan.detector.candidates(d)))
        for d in messages(git, [commit.commit for commit in commits])
    ]
    # A tag counts wherever it points: at a commit that was there before, too.
    spoken += [
        Message(f"tag {number}", d.path, None, unmarked(scan, scan.detector.candidates(d)))
        for number, d in enumerate(messages(git, chosen.tags, TAG))
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


def _short(commits: Sequence[str]) -> str:
    return ",".join([commit[:12] for commit in commits[:2]])


def _named_files(git: Git, config: Config) -> list[str]:
    """The files of the repository that the configuration names, as paths from its top."""
    files = [*config.scan.rules, *filter(None, [config.scan.baseline])]
    named = [name_in(git, config.root / file) for file in files]
    return [path for path in named if path is not None]


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
