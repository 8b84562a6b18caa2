"""`envguard hook run`: what every hook calls."""

from __future__ import annotations

import sys

from envguard.cli.declare import Globals
from envguard.cli.options import HOOKS, HookRunOptions
from envguard.cli.session import Session, start
from envguard.core.errors import ExitCode, UsageError
from envguard.core.text import printable


def hook_run(given: Globals, options: HookRunOptions) -> int:
    """Looks at the range that pre-commit names, else at the index, else (nothing is staged and
    pre-commit runs us, as with --all-files) at the work tree; as pre-push and pre-receive at what
    is pushed."""
    session = start(given)
    if options.type != HOOKS[0]:
        from envguard.cli.hook_push import hook_push

        return hook_push(session, options)
    if options.told:
        raise UsageError("a pre-commit hook takes no paths", "envguard scan PATH looks at them")
    environ = session.settings.environ
    first, last = environ.get("PRE_COMMIT_FROM_REF"), environ.get("PRE_COMMIT_TO_REF")
    chosen = f"{first}..{last}" if first and last else None
    if options.env:
        return _env_files(session, chosen)
    if options.example:
        return _examples(given, session)
    if chosen is None and environ.get("PRE_COMMIT_REMOTE_NAME"):
        from envguard.cli.hook_push import first_push

        return first_push(session, options)
    return _leaks(session, chosen, options.format)


def _leaks(session: Session, chosen: str | None, format: str) -> int:
    from envguard.cli.progress import Progress
    from envguard.cli.scan import exit_code, look, write
    from envguard.jobs.scan.request import EmptyRangeError, Mode, Request

    modes = [Mode.RANGE] if chosen else [Mode.STAGED, Mode.TREE]
    if not session.settings.environ.get("PRE_COMMIT"):
        modes = modes[:1]
    with Progress(session) as progress:
        for mode in modes:
            request = Request(mode=mode, folder=session.folder, range=chosen)
            try:
                result = look(request, session, progress.show)
            except EmptyRangeError:  # a push that only takes commits back
                return ExitCode.OK
            if not result.empty:
                break
    code = exit_code(result)
    if code != ExitCode.OK or session.globals.verbose or format != "text":
        write(session, result, format, None)
    if code == ExitCode.FINDINGS:
        sys.stdout.flush()  # what is refused stands above, also where both streams are one
        session.say(
            "refused: move the value (envguard migrate), or end the line with"
            " `envguard:allow` if it is none"
        )
    return code


def _env_files(session: Session, chosen: str | None) -> int:
    from envguard.jobs.env_files import committed_values

    found = committed_values(session.folder, chosen, session.config, session.settings)
    for problem in found:
        sys.stdout.write(f"{printable(problem.path)}:{problem.line} {problem.what}\n")
    if not found:
        return ExitCode.OK
    sys.stdout.flush()
    path = printable(found[0].path)
    session.say(f"refused: a .env file with values is not committed: git rm --cached {path}")
    session.say(f"move its secrets into a backend: envguard migrate {path} --to local:")
    return ExitCode.FINDINGS


def _examples(given: Globals, session: Session) -> int:
    """A fresh clone has no .env, and nothing that could be out of step."""
    if not any((session.config.root / name).exists() for name in session.profile.env_files):
        return ExitCode.OK
    from envguard.cli.example import ExampleOptions, example

    return example(given, ExampleOptions(check=True))
