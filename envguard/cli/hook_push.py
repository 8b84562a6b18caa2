"""`envguard hook run --type pre-push` and `pre-receive`: what a push brings."""

from __future__ import annotations

import os
import sys

from envguard.cli.options import HookRunOptions
from envguard.cli.scan import exit_code, look, write
from envguard.cli.session import Session
from envguard.cli.time_limit import within
from envguard.core.config import Config
from envguard.core.errors import ExitCode, UsageError
from envguard.jobs.scan.request import EmptyRangeError, Mode, Request
from envguard.sources import git as git_door
from envguard.sources.git import Git
from envguard.sources.pushes import Update, arriving, leaving, received, sent
from envguard.sources.ranges import Range


def hook_push(session: Session, options: HookRunOptions) -> int:
    """Looks at the commits of a push that git tells of on standard input."""
    told = os.fsdecode(sys.stdin.buffer.read())
    if options.type == "pre-push":
        return _sending(session, options, sent(told), options.told[0] if options.told else "")
    with within(options.time_limit):
        return _receiving(session, options, received(told))


def first_push(session: Session, options: HookRunOptions) -> int:
    """The pre-commit framework names no range where a push brings the very first commit, and would
    have its hooks look at the files of today."""
    environ = session.settings.environ
    git = _repository(session)
    ref = environ.get("PRE_COMMIT_REMOTE_BRANCH", "")
    tip = git.resolve(environ.get("PRE_COMMIT_LOCAL_BRANCH") or "HEAD")
    if tip is None:
        raise UsageError("pre-commit names no commit that is pushed", "git push again")
    return _sending(
        session, options, [Update(ref, git.null_id, tip)], environ["PRE_COMMIT_REMOTE_NAME"]
    )


def _sending(session: Session, options: HookRunOptions, updates: list[Update], remote: str) -> int:
    chosen = leaving(_repository(session), updates, remote)
    return _judged(session, options, Request(Mode.RANGE, session.folder), chosen)


def _receiving(session: Session, options: HookRunOptions, updates: list[Update]) -> int:
    git = _repository(session, allow_bare=True)
    chosen = arriving(git, updates)
    if chosen is not None and chosen.base is None:
        if chosen.known:
            session.say("no configuration counts: HEAD of this repository names no branch that is")
            session.say("here, see: git symbolic-ref HEAD refs/heads/main")
        if session.globals.config is None:
            session = session._replace(config=Config(root=session.folder))
    request = Request(
        mode=Mode.RANGE,
        folder=session.folder,
        paths=(session.folder,),
        cache=False,
        markers=options.accept_markers,
    )
    return _judged(session, options, request, chosen)


def _judged(
    session: Session, options: HookRunOptions, request: Request, chosen: Range | None
) -> int:
    if chosen is None:
        return ExitCode.OK
    try:
        result = look(request._replace(chosen=chosen), session, lambda _: None)
    except EmptyRangeError:  # nothing that is not there already
        return ExitCode.OK
    code = exit_code(result)
    if code != ExitCode.OK or session.globals.verbose or options.format != "text":
        write(session, result, options.format, None)
    sys.stdout.flush()  # what is refused stands above, also where both streams are one
    if code == ExitCode.FINDINGS:
        session.say("refused: take the value out of these commits, not only out of the last one")
        session.say("(git commit --amend, git rebase -i), and move it: envguard migrate")
    elif code != ExitCode.OK:
        session.say("refused: not everything that is pushed could be looked at")
    return code


def _repository(session: Session, *, allow_bare: bool = False) -> Git:
    found = git_door.find(session.folder, allow_bare=allow_bare)
    if found is None:
        raise UsageError(f"{session.folder} is not in a git repository", "go to the repository")
    return found
