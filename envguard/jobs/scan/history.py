"""scan --history: every content that the object store holds, once; then where it came from."""

from __future__ import annotations

from contextlib import ExitStack

from envguard.core.config import Config, Folders
from envguard.core.errors import UsageError
from envguard.core.finding import Finding, Unseen
from envguard.detection.findings import Key
from envguard.jobs.scan.attributed import attributed, with_refs
from envguard.jobs.scan.memory import Memory
from envguard.jobs.scan.messages import with_messages
from envguard.jobs.scan.objects import Objects, look
from envguard.jobs.scan.request import Request, Result
from envguard.jobs.scan.state import Progress, Scan, begin, repository
from envguard.sources.changes import CommitChanges
from envguard.sources.door import GitError
from envguard.sources.git import Git
from envguard.sources.history import STORE, in_head
from envguard.sources.log import Log


def scan(request: Request, config: Config, folders: Folders, progress: Progress) -> Result:
    """The findings of the whole history: one for each credential and rule.

    Raises UsageError where there is no repository or no commit yet. Interrupted, it gives what
    was found so far, without what brought it in.
    """
    git = repository(request)
    with ExitStack() as closing:
        # git lists all changes while we look for what they are wanted for. Where nothing is
        # remembered it can begin before us.
        log = None if request.cache else closing.enter_context(Log(git))
        scan = begin(request, config, folders, progress)
        memory = Memory(scan, git, folders.cache if request.cache else None)
        known = memory.recall()
        log = log or closing.enter_context(Log(git, known))
        objects = look(scan, git, known)
        if objects.interrupted:
            return _interrupted(scan, objects)
        try:
            commits, changes = _listed(scan, git, log, objects)
            heads = _heads(scan, git) if objects.holds else {}
            findings = attributed(scan, changes, objects.holds, heads)
            named = {sight.commit for sight in objects.messages}
            said = [commit for commit, *_ in commits if commit in named]
            findings = with_messages(scan, findings, objects.messages, log.about(said))
            result = scan.result(with_refs(git, findings.values(), reversed(commits)))
        except KeyboardInterrupt:
            reason = "interrupted, before it was known which commits brought it in"
            scan.coverage.skipped.append(Unseen(STORE, reason))
            return _interrupted(scan, objects)
    memory.keep(objects, commits, changes, scan.coverage)
    return result


def _listed(
    scan: Scan, git: Git, log: Log, objects: Objects
) -> tuple[list[tuple[str, ...]], list[CommitChanges]]:
    """All commits, each with its parents, and those that touch what was found."""
    error = log.finish()
    commits = [*log.commits()]
    scan.coverage.commits = len(commits)
    if error is not None:
        reason = f"git cannot list all commits: {error.what}"
        scan.coverage.skipped.append(Unseen(STORE, reason))
    elif not commits:
        raise UsageError(
            f"{git.top} has no commits yet", "commit something, or scan its files: envguard scan"
        )
    return commits, [*log.trace(objects.holds)]


def _heads(scan: Scan, git: Git) -> dict[str, list[str]]:
    try:
        return in_head(git)
    except GitError as error:
        reason = f"git cannot list the files of HEAD: {error.what}"
        scan.coverage.skipped.append(Unseen(STORE, reason))
        return {}


def _interrupted(scan: Scan, objects: Objects) -> Result:
    """One finding for each credential, at the first content or message that it was seen in."""
    found: dict[Key, Finding] = {}
    for blob, candidates in objects.holds.items():
        for credential, finding in scan.credentials(f"(blob {blob[:12]})", candidates):
            found.setdefault(credential, finding)
    for sight in objects.messages:
        for credential, finding in scan.credentials(sight.path, sight.candidates):
            found.setdefault(credential, finding._replace(commit=sight.commit))
    return scan.result(found.values())._replace(interrupted=True)
