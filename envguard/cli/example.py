"""`envguard example`."""

from __future__ import annotations

from envguard.cli.declare import Globals, flag, words
from envguard.cli.options import DialectOptions
from envguard.cli.session import start
from envguard.core.errors import ExitCode, UsageError
from envguard.core.text import printable


class ExampleOptions(DialectOptions):
    """`envguard example`."""

    files: tuple[str, ...] = words("FILE", help="The .env files; else the profile's.")
    check: bool = flag("--check", help="Write nothing; exit 1 where an example is out of step.")


def example(given: Globals, options: ExampleOptions) -> int:
    """Writes, or checks, the example of each file."""
    from envguard.detection.prepare import standard
    from envguard.jobs.example import example as job

    session = start(given)
    if options.files:
        files = [session.folder / name for name in options.files]
    else:
        named = [session.config.root / name for name in session.profile.env_files]
        files = [file for file in named if file.exists()]
    if not files:
        raise UsageError("there is no .env file", "name one: envguard example FILE")
    detector = standard(session.settings.folders.cache)
    out_of_step = False
    for file in files:
        dialect = options.dialect or session.profile.dialect
        done = job(file, detector, session.config.backends, check=options.check, dialect=dialect)
        name = printable(str(done.path))
        if options.check:
            wrong = done.changed or bool(done.missing)
            out_of_step = out_of_step or wrong
            session.say(f"{name} is {'out of step' if wrong else 'in step'}")
        else:
            session.say(f"{name} is {'written' if done.changed else 'as it should be'}")
        for key in done.undocumented:
            session.say(f"  {printable(key)} {'is not in it' if options.check else 'is added'}")
        for key in done.missing:
            session.say(f"  {printable(key)} is in it, and not in {printable(file.name)}")
    if out_of_step:
        session.say("bring it into step: envguard example")
    return ExitCode.FINDINGS if out_of_step else ExitCode.OK
