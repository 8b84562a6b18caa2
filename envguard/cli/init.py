"""`envguard init`."""

from __future__ import annotations

from pathlib import Path

from envguard import __version__
from envguard.cli.declare import Globals, Options, flag, text
from envguard.cli.hook import own_program, tell
from envguard.cli.session import Session, confirm, start
from envguard.core.errors import ExitCode, UsageError
from envguard.workspace.ci_files import FILES


class InitOptions(Options):
    """`envguard init`."""

    name: str | None = text("--name", metavar="NAME", help="The project's name; else the remote's.")
    ci: str | None = text(
        "--ci", choices=tuple(FILES), help="Write the file of this CI system, too."
    )
    no_hook: bool = flag("--no-hook", help="Install no hook.")
    yes: bool = flag("--yes", "-y", help="Do not ask.")


def init(given: Globals, options: InitOptions) -> int:
    """Sets the repository up; each step can be repeated."""
    from envguard.jobs import init as job
    from envguard.sources import git as git_door

    session = start(given)
    if session.config.file is None:
        git = git_door.find(session.folder)
        if git is not None and git.top != session.folder:
            raise UsageError(
                f"the repository begins at {git.top}", f"cd {git.top} && envguard init"
            )
    if options.ci is not None and git_door.find(session.folder) is None:
        raise UsageError("--ci is about a git repository, and this is none", "git init")
    name = options.name or session.config.project_name or job.project_name(session.config.root)
    session.say(f"envguard.toml with a project id for {name!r}, .gitignore lines for .env files,")
    session.say("a hook that refuses a commit with a credential, .env.example, trust")
    if not confirm("set this up?", yes=options.yes):
        raise UsageError("nothing was set up", "answer y, or use --yes")
    tell(session, job.configure(session.config, session.profile, name, session.settings.folders))
    tell(session, job.ignore(session.folder))
    _examples(session)
    if not options.no_hook and git_door.find(session.folder) is not None:
        tell(session, job.install_hook(session.folder, own_program()))
    if options.ci is not None:
        tell(session, job.add_ci(session.folder, options.ci, __version__))
    session.say("next: envguard scan --history; envguard migrate .env --to local:")
    session.say(f"to begin with what is known: {_known(session.config.root)}")
    return ExitCode.OK


def _known(folder: Path) -> str:
    """The command that makes what is found today no news tomorrow."""
    others = (".secrets.baseline", ".gitleaksignore")
    verb = "import" if any((folder / name).is_file() for name in others) else "create"
    return f"envguard baseline {verb}"


def _examples(session: Session) -> None:
    from envguard.detection.prepare import standard
    from envguard.jobs.example import example

    for name in session.profile.env_files:
        file = session.config.root / name
        if file.is_file():
            detector = standard(session.settings.folders.cache)
            done = example(file, detector, session.config.backends)
            session.say(f"{done.path.name}: {'written' if done.changed else 'is in step'}")
