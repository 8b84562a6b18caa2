"""`envguard trust` and `envguard untrust`."""

from __future__ import annotations

from pathlib import Path

from envguard.cli.declare import Globals, Options, flag, many, words
from envguard.cli.options import DialectOptions
from envguard.cli.session import Session, confirm, start
from envguard.core.config import load
from envguard.core.errors import ConfigError, TrustError, UsageError
from envguard.core.text import printable


class TrustOptions(DialectOptions):
    """`envguard trust`."""

    path: tuple[str, ...] = words("PATH", help="The folder; the current one.")
    env_file: tuple[str, ...] = many(
        "--env-file", metavar="FILE", help="Look into this .env file; else into the profile's."
    )
    backend: tuple[str, ...] = many(
        "--backend", metavar="URL", help="Look at the recipients of this file for age, too."
    )
    yes: bool = flag("--yes", "-y", help="Do not ask.")


class UntrustOptions(Options):
    """`envguard untrust`."""

    path: tuple[str, ...] = words("PATH", help="The folder; the current one.")


def trust(given: Globals, options: TrustOptions) -> int:
    """Shows what the folder asks for, asks, and records it."""
    from envguard.jobs.trust import claim, record

    session = _session(given, options.path)
    files = [Path.cwd() / name for name in options.env_file]
    dialect = options.dialect or session.profile.dialect
    folders = session.settings.folders
    asked = claim(session.config, session.profile, folders, files, dialect, options.backend)
    session.say(f"{printable(asked.folder)} asks to read")
    session.say(f"  namespace  {printable(asked.namespace) or '(none)'}")
    if asked.owner is not None:
        session.say(f"             which belongs to {printable(asked.owner)}")
    for alias, url in asked.backends.items():
        session.say(f"  {printable(alias):<9}  {printable(url)}")
    for file in asked.files:
        session.say(f"  file       {printable(file)}")
    for readers in asked.recipients:
        session.say(f"what is written to {printable(readers.file)} can be read with")
        for state, keys in (("", readers.known), ("  NEW", readers.new), ("  GONE", readers.gone)):
            for key in keys:
                session.say(f"  {printable(key)}{state}")
    if not confirm("trust it?", yes=options.yes):
        raise TrustError("nothing was trusted", "answer y, or use --yes")
    record(session.config, session.profile, folders, files, dialect, asked.recipients)
    session.say("trusted")
    return 0


def untrust(given: Globals, options: UntrustOptions) -> int:
    """Forgets the folder."""
    from envguard.jobs.trust import forget

    session = _session(given, options.path)
    if not forget(session.config.root, session.settings.folders):
        raise ConfigError(f"{printable(str(session.config.root))} was not trusted", "nothing to do")
    session.say("no longer trusted")
    return 0


def _session(given: Globals, path: tuple[str, ...]) -> Session:
    session = start(given)
    if not path:
        return session
    if len(path) > 1:
        raise UsageError("one folder at a time", "envguard trust PATH")
    folder = session.folder / Path(path[0])
    if not folder.is_dir():
        raise UsageError(f"{folder} is not a folder", "name the folder of the project")
    if given.config is not None:
        raise UsageError("--config says which folder", "leave PATH out")
    return session._replace(folder=folder, config=load(folder))
