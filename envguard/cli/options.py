"""The options of the commands that start without typer."""

from __future__ import annotations

from envguard.cli.declare import Options, flag, many, text, words

CONFIDENCES = ("low", "medium", "high")
FORMATS = ("text", "json")


class ScanOptions(Options):
    """`envguard scan`."""

    paths: tuple[str, ...] = words("PATH", help="Files and folders; the current one.")
    staged: bool = flag("--staged", help="Scan what the next commit adds.")
    history: bool = flag("--history", help="Scan every commit of every ref, each content once.")
    range: str | None = text("--range", metavar="A..B", help="Scan what these commits add.")
    since: str | None = text("--since", metavar="REF", help="Scan what came after REF.")
    stdin: bool = flag("--stdin", help="Scan standard input.")
    path: str | None = text("--path", metavar="NAME", help="The name that --stdin has in reports.")
    ignored: bool = flag("--ignored", help="Scan what git ignores, too.")
    format: str = text("--format", "-f", choices=FORMATS, default="text", help="How to report.")
    output: str | None = text("--output", "-o", metavar="FILE", help="Write the report to FILE.")
    rules: tuple[str, ...] = many("--rules", metavar="FILE", help="Use these rules as well.")
    min_confidence: str | None = text(
        "--min-confidence", choices=CONFIDENCES, help="Report findings this sure; else medium."
    )
    exclude: tuple[str, ...] = many("--exclude", metavar="GLOB", help="Leave these paths out.")
    no_cache: bool = flag("--no-cache", help="Neither read nor write the cache.")
    exit_zero: bool = flag("--exit-zero", help="Exit 0 even with findings.")


class RunOptions(Options):
    """`envguard run`."""

    command: tuple[str, ...] = words("COMMAND", help="The program to start, and its arguments.")
    env_file: tuple[str, ...] = many(
        "--env-file", metavar="FILE", help="Read this .env file; else the profile's."
    )
    only: tuple[str, ...] = many("--only", metavar="KEY", help="Give the command this key only.")
    exclude: tuple[str, ...] = many("--exclude", metavar="KEY", help="Keep this key from it.")
    no_override: bool = flag("--no-override", help="Let the calling environment win.")
    clean: bool = flag("--clean", help="Start from an empty environment.")
    trust: bool = flag("--trust", help="Resolve references without asking what is trusted (CI).")


class HookRunOptions(Options):
    """`envguard hook run`."""

    env: bool = flag("--env", help="Refuse .env files that hold values, instead of leaks.")
    format: str = text("--format", "-f", choices=FORMATS, default="text", help="How to report.")
