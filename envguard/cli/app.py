"""Every command for typer: what `--help` shows, and what explains a mistake."""

from __future__ import annotations

from collections.abc import Sequence

import typer

from envguard.cli import options
from envguard.cli.audit import add_audit
from envguard.cli.backends import add_backends
from envguard.cli.baseline import add_baseline
from envguard.cli.cache import CacheOptions, clear_cache
from envguard.cli.declare import Globals, flag
from envguard.cli.example import ExampleOptions, example
from envguard.cli.export import ExportOptions, export
from envguard.cli.hook import (
    InstallOptions,
    StatusOptions,
    UninstallOptions,
    install,
    status,
    uninstall,
)
from envguard.cli.hot_commands import COMMANDS
from envguard.cli.init import InitOptions, init
from envguard.cli.inject import InjectOptions, inject
from envguard.cli.migrate import MigrateOptions, migrate
from envguard.cli.rotation import add_rotation
from envguard.cli.rules import add_rules
from envguard.cli.secrets import add_secrets
from envguard.cli.streams import silence
from envguard.cli.trust import TrustOptions, UntrustOptions, trust, untrust
from envguard.cli.typed import ChosenCommand, add, group
from envguard.core.errors import ExitCode


class _Top(Globals):
    """The options before the command's name."""

    version: bool = flag("--version", help="Show the version and exit.")


def call_typer(arguments: Sequence[str]) -> int:
    """Runs a command through typer; returns its exit code, raises our own errors."""
    try:
        build()(list(arguments), prog_name="envguard")
    except SystemExit as done:
        return int(done.code or 0)
    except OSError:  # its complaint cannot be written
        silence()
        return ExitCode.USAGE
    except ChosenCommand as command:
        chosen = command
    return chosen.handler(chosen.given, chosen.options)


def build() -> typer.Typer:
    """The whole command line."""
    app = typer.Typer(
        help="Find credentials, move them into a secrets backend, document and inject them.",
        no_args_is_help=True,
        pretty_exceptions_enable=False,  # its tracebacks show locals, which hold values
        context_settings={"help_option_names": ["--help", "-h"]},
    )
    app.callback()(group(_Top))
    add(
        app,
        "init",
        InitOptions,
        init,
        help="Set this repository up: configuration, .gitignore, hook, .env.example, trust.",
        examples=(
            "envguard init",
            "envguard init --yes --name shop",
            "envguard init --ci github    # or gitlab, azure, jenkins",
        ),
    )
    add(
        app,
        "scan",
        options.ScanOptions,
        COMMANDS["scan"].handler,
        help="Scan files, the index, a range of commits or the whole history for credentials.",
        examples=(
            "envguard scan                       # what git sees in this folder",
            "envguard scan --staged              # what the next commit adds",
            "envguard scan --history             # every commit of every ref",
            "envguard scan --range main..HEAD    # what a branch adds",
            "envguard scan --ci                  # what a push or pull request adds",
            "envguard scan --known               # also the values of .env and backend",
            "envguard scan --verify              # ask the providers which tokens live",
            "envguard scan --explain 52f944e0    # all about one finding",
            "envguard scan --history -f html -o report.html    # a page to pass on",
            "git diff | envguard scan --stdin --path change.diff",
        ),
    )
    add(
        app,
        "migrate",
        MigrateOptions,
        migrate,
        help="Move the secrets of .env files into a backend and leave references.",
        examples=(
            "envguard migrate .env --to local: --plan   # show what would happen",
            "envguard migrate .env --to local:",
            "envguard migrate services/*/.env --to local:",
            "envguard migrate resume                    # finish what was interrupted",
            "envguard migrate list                      # what was migrated",
            "envguard migrate rollback ID               # give .env and backend back",
        ),
    )
    add(
        app,
        "example",
        ExampleOptions,
        example,
        help="Write .env.example: the keys, the comments, no secrets.",
        examples=("envguard example", "envguard example --check    # in CI"),
    )
    add(
        app,
        "run",
        options.RunOptions,
        COMMANDS["run"].handler,
        help="Start a command with the values of .env, references resolved.",
        examples=(
            "envguard run -- python manage.py runserver",
            "envguard run --env-file .env.test -- pytest -q",
            "envguard run --explain             # where each key comes from",
        ),
        stop=True,
    )
    add(
        app,
        "export",
        ExportOptions,
        export,
        help="Print what run would give to a command, in the format of another program.",
        examples=(
            'envguard export --format shell    # for eval "$(...)"',
            "envguard export --format docker -o app.env",
            "envguard export --format json --only DATABASE_URL",
        ),
    )
    add(
        app,
        "inject",
        InjectOptions,
        inject,
        help="Write a template with its references resolved.",
        examples=(
            "envguard inject app.json.tmpl -o app.json",
            "envguard inject nginx.conf.tmpl --format plain",
        ),
    )
    add(
        app,
        "trust",
        TrustOptions,
        trust,
        help="Allow this folder to name secrets: its namespace, backends and files.",
        examples=("envguard trust", "envguard trust ~/src/shop"),
    )
    add(
        app,
        "untrust",
        UntrustOptions,
        untrust,
        help="Take that back.",
        examples=("envguard untrust", "envguard untrust ~/src/shop"),
    )
    add_secrets(app)
    add_rotation(app)
    add_audit(app)
    add_backends(app)
    hook = typer.Typer(help="Git hooks: refuse a commit or a push that adds a credential.")
    add(
        hook,
        "install",
        InstallOptions,
        install,
        help="Install a hook, beside the one that is there.",
        examples=(
            "envguard hook install                       # looks at each commit",
            "envguard hook install --type pre-push       # looks at what is pushed",
            "envguard hook install --type pre-receive    # in the repository of a server",
        ),
    )
    add(
        hook,
        "uninstall",
        UninstallOptions,
        uninstall,
        help="Remove it again, and put back what was there before.",
        examples=("envguard hook uninstall", "envguard hook uninstall --type pre-push"),
    )
    add(
        hook,
        "status",
        StatusOptions,
        status,
        help="Show which hooks look for credentials; exit 1 where none does.",
        examples=("envguard hook status", "envguard hook status --format json"),
    )
    add(
        hook,
        "run",
        options.HookRunOptions,
        COMMANDS["hook run"].handler,
        help="What every hook calls: scans the range of the hook, the index, or the work tree.",
        examples=(
            "envguard hook run                  # what a pre-commit hook calls",
            "envguard hook run --env            # refuse .env files that hold values",
            'envguard hook run --type pre-push "$@"',
        ),
    )
    app.add_typer(hook, name="hook")
    add_baseline(app)
    add_rules(app)
    cache = typer.Typer(help="What scans keep, to be faster the next time.")
    add(
        cache,
        "clear",
        CacheOptions,
        clear_cache,
        help="Remove it: compiled rules, histories.",
        examples=("envguard cache clear",),
    )
    app.add_typer(cache, name="cache")
    return app
