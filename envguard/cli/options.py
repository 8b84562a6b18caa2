"""The options of the commands that start without typer."""

from __future__ import annotations

from envguard.cli.declare import Options, flag, many, text, words
from envguard.core.config import DIALECTS

CONFIDENCES = ("low", "medium", "high")
FORMATS = ("text", "json")
REPORTS = (*FORMATS, "sarif", "github", "gitlab", "junit", "csv", "html")


class ScanOptions(Options):
    """`envguard scan`."""

    paths: tuple[str, ...] = words("PATH", help="Files and folders; the current one.")
    staged: bool = flag("--staged", help="Scan what the next commit adds.")
    history: bool = flag("--history", help="Scan every commit of every ref, each content once.")
    range: str | None = text("--range", metavar="A..B", help="Scan what these commits add.")
    since: str | None = text("--since", metavar="REF", help="Scan what came after REF.")
    ci: bool = flag("--ci", help="Scan the commits that the CI system names; --since to help it.")
    accept_markers: bool = flag(
        "--accept-markers", help="With --ci, let markers count that these commits add."
    )
    stdin: bool = flag("--stdin", help="Scan standard input.")
    path: str | None = text("--path", metavar="NAME", help="The name that --stdin has in reports.")
    ignored: bool = flag("--ignored", help="Scan what git ignores, too.")
    known: bool = flag(
        "--known", help="Look for the values of the profile's backend and .env files, too."
    )
    trust: bool = flag("--trust", help="Read them without asking what is trusted (CI).")
    verify: bool = flag(
        "--verify", help="Ask the providers, over the network, whether the tokens live."
    )
    explain: str | None = text(
        "--explain",
        metavar="FINGERPRINT",
        help="Tell all about one finding, by its fingerprint or the beginning of it.",
    )
    format: str | None = text(
        "--format",
        "-f",
        choices=REPORTS,
        help="How to report, such as -f sarif -o report.sarif; else text, or what suits the CI.",
    )
    output: str | None = text("--output", "-o", metavar="FILE", help="Write the report to FILE.")
    baseline: str | None = text(
        "--baseline",
        "-b",
        metavar="FILE",
        help="The known findings: a baseline, or a report of gitleaks; else the configured one.",
    )
    no_baseline: bool = flag("--no-baseline", help="Report what is known, too, with its state.")
    rules: tuple[str, ...] = many("--rules", metavar="FILE", help="Use these rules as well.")
    min_confidence: str | None = text(
        "--min-confidence", choices=CONFIDENCES, help="Report findings this sure; else medium."
    )
    exclude: tuple[str, ...] = many("--exclude", metavar="GLOB", help="Leave these paths out.")
    workers: str | None = text(
        "--workers", metavar="N", help="Use this many processes; else as many as pay."
    )
    no_cache: bool = flag("--no-cache", help="Neither read nor write the cache.")
    exit_zero: bool = flag("--exit-zero", help="Exit 0 even with findings.")


class DialectOptions(Options):
    """What every command that reads .env files shares."""

    dialect: str | None = text(
        "--dialect",
        choices=DIALECTS,
        help="Whose reading of .env files counts, such as --dialect compose; else the profile's.",
    )


class EnvironmentOptions(DialectOptions):
    """What `run` and `export` share: which files, which keys, and what wins."""

    env_file: tuple[str, ...] = many(
        "--env-file",
        metavar="FILE",
        help="Read this .env file, or a .yml with an environment: map, such as --env-file"
        " .env.test; several: later ones win. Else the profile's.",
    )
    only: tuple[str, ...] = many(
        "--only", metavar="KEY", help="Take this key only, such as --only DATABASE_URL."
    )
    exclude: tuple[str, ...] = many(
        "--exclude", metavar="KEY", help="Leave this key out, such as --exclude DEBUG."
    )
    no_override: bool = flag("--no-override", help="Let the calling environment win.")
    allow_expired: bool = flag("--allow-expired", help="Take values that have expired, too.")
    trust: bool = flag("--trust", help="Resolve references without asking what is trusted (CI).")


class RunOptions(EnvironmentOptions):
    """`envguard run`."""

    command: tuple[str, ...] = words("COMMAND", help="The program to start, and its arguments.")
    clean: bool = flag("--clean", help="Start from an empty environment.")
    explain: bool = flag("--explain", help="Show where each key comes from, and start nothing.")
    format: str = text(
        "--format", choices=FORMATS, default="text", help="How to show what --explain shows."
    )
    redact: bool = flag("--redact", help="Mask every value in what the command prints.")
    watch: bool = flag(
        "--watch", help="Start the command again when a .env file or a value changes."
    )
    watch_interval: str = text(
        "--watch-interval",
        metavar="SECONDS",
        default="30",
        help="How often --watch reads the backends, such as --watch-interval 300; else 30.",
    )
    watch_grace: str = text(
        "--watch-grace",
        metavar="SECONDS",
        default="10",
        help="How long the old command may take to end before it is killed; else 10.",
    )
    health: str | None = text(
        "--health",
        metavar="COMMAND",
        help="After a restart, tell when this shell command succeeds, such as --health"
        " 'curl -fs localhost:8000'.",
    )


HOOKS = ("pre-commit", "pre-push", "pre-receive")
"""The hooks of git that can be ours (https://git-scm.com/docs/githooks)."""


class HookRunOptions(Options):
    """`envguard hook run`."""

    told: tuple[str, ...] = words(
        "ARGUMENT", help="What git gives to the hook: to pre-push the remote's name and URL."
    )
    type: str = text("--type", choices=HOOKS, default=HOOKS[0], help="Which hook calls.")
    env: bool = flag("--env", help="Refuse .env files that hold values, instead of leaks.")
    example: bool = flag(
        "--example", help="Refuse a .env.example that is out of step with the .env, where one is."
    )
    accept_markers: bool = flag(
        "--accept-markers", help="In pre-receive, let markers that come with a push count."
    )
    time_limit: str = text(
        "--time-limit",
        metavar="SECONDS",
        default="120",
        help="How long pre-receive may take until it refuses, such as --time-limit 600; else 120.",
    )
    format: str = text("--format", "-f", choices=FORMATS, default="text", help="How to report.")


class PlaceOptions(Options):
    """What `secrets` and `audit` take before and after each verb."""

    store: str | None = text(
        "--store", "-f", metavar="FILE", help="Use this store file; its key is beside it."
    )
    backend: str | None = text(
        "--backend",
        metavar="URL",
        help="Use this backend, by alias or URL; else the profile's.",
    )


class GetOptions(PlaceOptions):
    """`envguard secrets get`."""

    name: tuple[str, ...] = words("NAME", help="NAME, NAME#FIELD or NAME@VERSION.")
    reveal: bool = flag("--reveal", help="Print the value, for a pipe.")
    allow_expired: bool = flag("--allow-expired", help="Give it out although it has expired.")
    format: str = text("--format", choices=FORMATS, default="text", help="How to print.")
