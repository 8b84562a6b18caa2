"""`envguard audit`: the trail of a store."""

from __future__ import annotations

import json

import typer

from envguard.cli.declare import Globals, text
from envguard.cli.options import FORMATS
from envguard.cli.secrets_place import PlaceOptions, backend_of
from envguard.cli.session import start
from envguard.cli.typed import add, group
from envguard.core.dates import moment
from envguard.core.errors import ExitCode, UsageError
from envguard.core.text import printable

_LOG_FORMATS = ("text", "json", "jsonl", "syslog")


class LogOptions(PlaceOptions):
    """`audit log`."""

    type: str = text(
        "--type", metavar="ACTION", default="", help="One action: secret.read, or secret for all."
    )
    name: str = text("--name", metavar="NAME", default="", help="What was done with this secret.")
    actor: str = text("--actor", metavar="TEXT", default="", help="Who: a part of it is enough.")
    since: str | None = text(
        "--since", metavar="DATE", help="From this day or time on; 7d: for so long."
    )
    until: str | None = text("--until", metavar="DATE", help="Before this day or time.")
    limit: str | None = text("--limit", metavar="N", help="The last N of them.")
    format: str = text("--format", choices=_LOG_FORMATS, default="text", help="How to print.")


class VerifyOptions(PlaceOptions):
    """`audit verify`."""

    head: str | None = text("--head", metavar="HEAD", help="Also that it goes on from this one.")
    format: str = text("--format", choices=FORMATS, default="text", help="How to print.")


class HeadOptions(PlaceOptions):
    """`audit head`."""


class ReviewOptions(PlaceOptions):
    """`audit review`."""

    format: str = text("--format", choices=FORMATS, default="text", help="How to print.")


def add_audit(app: typer.Typer) -> None:
    """Adds the group of commands."""
    audit = typer.Typer(help="The trail of a store: who did what, when, and from where.")
    audit.callback()(group(PlaceOptions))
    add(
        audit,
        "log",
        LogOptions,
        show_log,
        help="Show the trail.",
        examples=(
            "envguard audit log --type secret.read --name API_KEY",
            "envguard audit log --since 2026-01-01 --format jsonl > trail.jsonl",
            "envguard audit log --format syslog | logger --no-act -s",
        ),
    )
    add(
        audit,
        "verify",
        VerifyOptions,
        verify_trail,
        help="Prove that the trail is what was written; exit 1 if it is not.",
        examples=("envguard audit verify", 'envguard audit verify --head "$(cat trail.head)"'),
    )
    add(
        audit,
        "head",
        HeadOptions,
        show_head,
        help="Print the head of the trail, to keep it where nobody can change both.",
        examples=("envguard audit head > trail.head",),
    )
    add(
        audit,
        "review",
        ReviewOptions,
        show_review,
        help="Show who has access, who used it, what nobody reads, and what has expired.",
        examples=("envguard audit review --format json > review.json",),
    )
    app.add_typer(audit, name="audit")


def show_log(given: Globals, options: LogOptions) -> int:
    """Prints the lines of the trail."""
    from envguard.jobs import audit as job

    session = start(given)
    if options.limit is not None and not (options.limit.isdigit() and int(options.limit)):
        raise UsageError(f"{options.limit!a} is no number of lines", "--limit 20")
    wanted = job.Filter(
        action=options.type,
        name=options.name,
        actor=options.actor,
        since=moment(options.since, back=True) if options.since else "",
        until=moment(options.until, back=True) if options.until else "",
        limit=int(options.limit) if options.limit else None,
    )
    found = job.log(backend_of(session, options), wanted)
    if options.format == "syslog":
        for text_ in job.as_syslog(found):
            print(text_)
        return ExitCode.OK
    rows = [{"number": number, **line._asdict()} for number, line in found]
    if options.format == "json":
        print(json.dumps({"schema": 1, "lines": rows}, indent=2))
    elif options.format == "jsonl":
        for row in rows:
            print(json.dumps(row))
    else:
        for number, line in found:
            said = [*line.names, *([f"({line.detail})"] if line.detail else [])]
            what = printable(" ".join(said))
            print(f"{number:>5}  {line.time}  {printable(line.actor)}  {line.action}  {what}")
        if not found:
            session.say("no line of the trail is like that")
    return ExitCode.OK


def verify_trail(given: Globals, options: VerifyOptions) -> int:
    """Proves the trail."""
    from envguard.jobs import audit as job

    session = start(given)
    found = job.verify(backend_of(session, options), options.head)
    if options.format == "json":
        print(json.dumps({"schema": 1, **found._asdict()}, indent=2))
    elif found.problem is not None:
        print(f"not in order: {found.problem}")
        session.say("look at a backup beside it: envguard secrets -f NEW.db restore FILE")
    else:
        session.say(f"{found.lines} lines, all as they were written")
        if options.head is None:
            session.say("against a replaced file: envguard audit head, kept elsewhere")
    return ExitCode.OK if found.problem is None else ExitCode.FINDINGS


def show_head(given: Globals, options: HeadOptions) -> int:
    """Prints the head."""
    from envguard.jobs import audit as job

    print(job.head(backend_of(start(given), options)))
    return ExitCode.OK


def show_review(given: Globals, options: ReviewOptions) -> int:
    """Prints what an auditor asks."""
    from envguard.jobs import audit as job

    session = start(given)
    found = job.review(backend_of(session, options))
    if options.format == "json":
        report = found._asdict() | {"access": found.access._asdict()}
        print(json.dumps({"schema": 1, **report}, indent=2))
        return ExitCode.OK
    place = printable(found.access.place)
    print(f"access: whoever has the key, kept in: {found.access.home} {place}".rstrip())
    if found.access.mode:
        print(f"        {found.access.mode}")
    for actor, read, wrote in found.actors:
        print(f"in 90 days: {printable(actor)} read {read}, changed {wrote}")
    for name, day in found.unread:
        print(f"not read in 90 days: {printable(name)}{f', last on {day}' if day else ''}")
    for name in found.expired:
        print(f"expired: {printable(name)}")
    session.say("what is due for rotation: envguard rotation status")
    return ExitCode.OK
