"""scan --history: every content that the object store holds, once; then where it came from."""

from __future__ import annotations

from contextlib import ExitStack

from envguard.core.config import Config, Folders
from envguard.core.finding import Finding, Unseen
from envguard.jobs.scan.holds import ChangedError
from envguard.jobs.scan.memory import Memory
from envguard.jobs.scan.objects import Objects, look, look_again
from envguard.jobs.scan.past import NOTHING, Past
from envguard.jobs.scan.request import Request, Result
from envguard.jobs.scan.state import Progress, Scan, begin, repository
from envguard.jobs.scan.told import goes_on, listed, told
from envguard.sources.git import Git
from envguard.sources.history import STORE
from envguard.sources.log import Log
from envguard.sources.object_files import ObjectFiles, open_store


def scan(request: Request, config: Config, folders: Folders, progress: Progress) -> Result:
    """The findings of the whole history: one for each credential and rule.

    Raises UsageError where there is no repository or no commit yet. Interrupted, it gives what
    was found so far, without what brought it in.
    """
    git = repository(request)
    try:
        return _scan(git, request, config, folders, progress)
    except ChangedError:  # what is remembered does not hold: as if there were nothing
        return _scan(git, request._replace(cache=False), config, folders, progress)


def _scan(
    git: Git, request: Request, config: Config, folders: Folders, progress: Progress
) -> Result:
    with ExitStack() as closing:
        # git lists all changes while we look for what they are wanted for. Where nothing can be
        # remembered it can begin before us.
        log = None if request.remembers else closing.enter_context(Log(git))
        scan = begin(request, config, folders, progress)
        memory = Memory(scan, git, folders.cache) if request.remembers else None
        past = memory.recall() if memory is not None else NOTHING
        if past.known is None and log is None:
            log = closing.enter_context(Log(git))
        store = open_store(git, past.known)
        past = past.still_here(store) if isinstance(store, ObjectFiles) else NOTHING
        log = log or closing.enter_context(Log(git, past.marks))
        objects = look(scan, git, store)
        if objects.interrupted:
            return _interrupted(scan, objects, past)
        try:
            listing = listed(git, log)
            if not goes_on(git, past, listing):
                # History was rewritten: all commits, and what was found is looked at anew.
                again = look_again(scan, git, [*past.sights, *past.said_sights])
                objects.holds.update(again.holds)
                objects.messages.extend(again.messages)
                past = past.without_history()
                listing = listed(git, closing.enter_context(Log(git)))
            findings, now = told(scan, git, listing, objects, past)
            result = scan.result(findings)
        except KeyboardInterrupt:
            reason = "interrupted, before it was known which commits brought it in"
            scan.coverage.skipped.append(Unseen(STORE, reason))
            return _interrupted(scan, objects, past)
    if memory is not None and scan.coverage.complete and isinstance(store, ObjectFiles):
        memory.keep(now, store, objects.sizes, scan.coverage)
    return result


def _interrupted(scan: Scan, objects: Objects, past: Past) -> Result:
    """One finding for each credential, at the first content or message that it was seen in; those
    that are remembered as they were told the last time."""
    found: list[Finding] = [*past.findings()]
    for blob, candidates in objects.holds.items():
        found += scan.findings(f"(blob {blob[:12]})", candidates)
    for message in objects.messages:
        for finding in scan.findings(message.path, message.candidates):
            found.append(finding._replace(commit=message.commit))
    different = {(finding.rule, finding.preview, finding.fingerprint): finding for finding in found}
    return scan.result(different.values())._replace(interrupted=True)
