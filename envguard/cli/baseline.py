"""`envguard baseline`: the known findings of a repository."""

from __future__ import annotations

import typer

from envguard.cli.declare import Globals, Options, flag, text, words
from envguard.cli.options import CONFIDENCES, FORMATS
from envguard.cli.session import start
from envguard.cli.typed import add
from envguard.core.errors import UsageError

DETECT_SECRETS = "detect-secrets"
STATES = ("accepted", "false-positive", "rotate", "unreviewed")
_FORM = "How to report; detect-secrets: write a .secrets.baseline, with plain SHA-1 of values."


class BaselineOptions(Options):
    """What the verbs take that scan."""

    baseline: str | None = text(
        "--baseline", "-b", metavar="FILE", help="This file; else the configured one."
    )
    history: bool = flag("--history", help="Look at the whole history as well.")


class FindingOptions(BaselineOptions):
    """What those take that are about the findings of a scan."""

    min_confidence: str | None = text(
        "--min-confidence", choices=CONFIDENCES, help="As for scan; else the configured one."
    )


class CreateOptions(FindingOptions):
    """`baseline create`, `baseline update`."""

    format: str = text(
        "--format", "-f", choices=(*FORMATS, DETECT_SECRETS), default="text", help=_FORM
    )


class PruneOptions(BaselineOptions):
    """`baseline prune`."""

    format: str = text("--format", "-f", choices=FORMATS, default="text", help="How to report.")


class ImportOptions(Options):
    """`baseline import`."""

    files: tuple[str, ...] = words(
        "FILE",
        help="A .secrets.baseline, a .gitleaksignore, a gitleaks report (json, csv, sarif), or"
        " another baseline of envguard; else the first two, at the top.",
    )
    baseline: str | None = text(
        "--baseline", "-b", metavar="FILE", help="Into this file; else the configured one."
    )
    format: str = text("--format", "-f", choices=FORMATS, default="text", help="How to report.")


class AuditOptions(FindingOptions):
    """`baseline audit`."""

    fingerprints: tuple[str, ...] = words(
        "FINGERPRINT", help="These, by the beginnings of their fingerprints; else what waits."
    )
    state: str | None = text(
        "--state", choices=STATES, help="Decide this about all of them, without asking."
    )
    reason: str = text("--reason", metavar="TEXT", default="", help="Why, with --state.")
    until: str | None = text(
        "--until", metavar="DATE", help="How long that holds: 2027-01-31, or 90d; with --state."
    )
    format: str = text("--format", "-f", choices=FORMATS, default="text", help="How to list.")


def add_baseline(app: typer.Typer) -> None:
    """Adds the group of commands."""
    group = typer.Typer(help="The findings that are known, with reason and expiry.")
    add(
        group,
        "create",
        CreateOptions,
        create,
        help="Take all findings of this repository in, so that a scan reports new ones alone.",
        examples=(
            "envguard baseline create",
            "envguard baseline create --history",
            "envguard baseline create --format detect-secrets",
        ),
    )
    add(
        group,
        "update",
        CreateOptions,
        update,
        help="Take in what came since; what was decided stays.",
        examples=("envguard baseline update",),
    )
    add(
        group,
        "audit",
        AuditOptions,
        audit,
        help="Decide about each finding that waits: accept it, call it no secret, or fix it."
        " Without a terminal: list them, and exit 1 where there are any.",
        examples=(
            "envguard baseline audit",
            "envguard baseline audit 52f944e0 --state accepted --reason 'a test key' --until 90d",
        ),
    )
    add(
        group,
        "prune",
        PruneOptions,
        prune,
        help="Take out what no finding has any more, and what has expired.",
        examples=("envguard baseline prune",),
    )
    add(
        group,
        "import",
        ImportOptions,
        take_in,
        help="Take in what detect-secrets or gitleaks knew, each by its value.",
        examples=(
            "envguard baseline import",
            "envguard baseline import .secrets.baseline .gitleaksignore",
            "gitleaks git -f json -r known.json; envguard baseline import known.json",
        ),
    )
    app.add_typer(group, name="baseline")


def create(given: Globals, options: CreateOptions) -> int:
    """Makes a baseline of all findings; returns 0, or 2 where something was not looked at."""
    from envguard.cli import baseline_changes as verbs

    if options.format == DETECT_SECRETS:
        from envguard.cli.baseline_foreign import write

        return write(start(given), options, is_new=True)
    return verbs.create(start(given), options)


def update(given: Globals, options: CreateOptions) -> int:
    """Takes in new findings; returns as `create`."""
    from envguard.cli import baseline_changes as verbs

    if options.format == DETECT_SECRETS:
        from envguard.cli.baseline_foreign import write

        return write(start(given), options, is_new=False)
    return verbs.update(start(given), options)


def prune(given: Globals, options: PruneOptions) -> int:
    """Takes out what is of no use; returns 0."""
    from envguard.cli import baseline_changes as verbs

    return verbs.prune(start(given), options)


def take_in(given: Globals, options: ImportOptions) -> int:
    """Takes in what other tools knew; returns 0."""
    from envguard.cli import baseline_changes as verbs

    return verbs.take_in(start(given), options)


def audit(given: Globals, options: AuditOptions) -> int:
    """Asks about each finding that waits; returns 0, or 1 where some still do and nobody was
    there to answer."""
    from envguard.cli import baseline_audit

    if options.state is None and (options.reason or options.until):
        raise UsageError("--reason and --until are about a decision", "use them with --state")
    return baseline_audit.audit(start(given), options)
