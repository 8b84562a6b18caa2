"""`envguard secrets`: the verbs for versions, and for two places beside each other."""

from __future__ import annotations

import json

import typer

from envguard.cli.declare import Globals, text, words
from envguard.cli.options import FORMATS
from envguard.cli.secrets_place import PlaceOptions, backend_of, one
from envguard.cli.session import Session, start
from envguard.cli.typed import add
from envguard.core.backend import Backend
from envguard.core.errors import ExitCode, UsageError
from envguard.core.text import printable


class HistoryOptions(PlaceOptions):
    """`secrets history`."""

    name: tuple[str, ...] = words("NAME", help="The secret's name.")
    format: str = text("--format", choices=FORMATS, default="text", help="How to list.")


class RollbackOptions(PlaceOptions):
    """`secrets rollback`."""

    words: tuple[str, ...] = words("NAME [VERSION]", help="Without VERSION the one before.")


class DiffOptions(PlaceOptions):
    """`secrets diff`."""

    places: tuple[str, ...] = words(
        "FIRST SECOND", help="Profiles, aliases or URLs of backends, or store files."
    )
    format: str = text("--format", choices=FORMATS, default="text", help="How to show it.")


def add_versions(verbs: typer.Typer) -> None:
    """Adds these verbs."""
    add(
        verbs,
        "history",
        HistoryOptions,
        secret_history,
        help="List the versions of a secret.",
        examples=("envguard secrets history API_KEY",),
    )
    add(
        verbs,
        "rollback",
        RollbackOptions,
        roll_back_secret,
        help="Write an earlier version of a secret again.",
        examples=("envguard secrets rollback API_KEY", "envguard secrets rollback API_KEY 3"),
    )
    add(
        verbs,
        "diff",
        DiffOptions,
        diff_places,
        help="Compare what two places hold, without showing it; exit 1 if they differ.",
        examples=("envguard secrets diff dev prod", "envguard secrets diff local: old.db"),
    )


def secret_history(given: Globals, options: HistoryOptions) -> int:
    """Lists the versions of a secret."""
    from envguard.jobs.secrets import values as job

    session = start(given)
    name = one(options.name, "envguard secrets history NAME")
    found = job.history(backend_of(session, options), name)
    if options.format == "json":
        rows = [row._asdict() for row in found]
        print(json.dumps({"schema": 1, "name": name, "versions": rows}, indent=2))
        return ExitCode.OK
    for row in found:
        mark = "  in force" if row is found[-1] else ""
        print(f"version {row.id}  {row.created[:16]}{mark}")
    return ExitCode.OK


def roll_back_secret(given: Globals, options: RollbackOptions) -> int:
    """Writes an earlier version again."""
    from envguard.jobs.secrets import values as job

    session = start(given)
    if not 1 <= len(options.words) <= 2:
        raise UsageError(
            "a name is needed, and at most one version", "envguard secrets rollback NAME"
        )
    name, *version = options.words
    backend = backend_of(session, options, allow_expired=True)  # nothing is shown
    before, new = job.roll_back(backend, name, version[0] if version else None)
    session.say(f"{printable(name)} holds what it held in version {before}: version {new}")
    return ExitCode.OK


def diff_places(given: Globals, options: DiffOptions) -> int:
    """Compares two places."""
    from envguard.jobs.secrets.compared import compare

    session = start(given)
    if len(options.places) != 2:
        raise UsageError("two places are needed", "envguard secrets diff dev prod")
    first, second = (_named(session, name) for name in options.places)
    found = compare(first, second)
    if options.format == "json":
        print(json.dumps({"schema": 1, **found._asdict()}, indent=2))
    else:
        here, there = map(printable, options.places)
        for title, names in (
            (f"only in {here}", found.only_first),
            (f"only in {there}", found.only_second),
            ("different", found.different),
        ):
            for name in names:
                print(f"{title}: {printable(name)}")
        for name, other in found.shared:
            print(f"one value: {printable(name)} in {here}, {printable(other)} in {there}")
        session.say(f"{len(found.equal)} are equal")
    return ExitCode.OK if found.is_none else ExitCode.FINDINGS


def _named(session: Session, name: str) -> Backend:
    """The backend that a profile, an alias, a URL or a store file is."""
    from envguard.jobs.secrets import place

    profile = session.config.profiles.get(name)
    where = place.Place()
    if profile is None:
        is_file = ":" not in name and (session.folder / name).is_file()
        where = place.Place(session.folder / name) if is_file else place.Place(backend=name)
    chosen = profile or session.profile
    # What has expired is compared, too; nothing is shown.
    settings = session.settings._replace(allow_expired=True)
    return place.opened(where, session.config, chosen, settings)
