"""Reading the rule files that a person or a configuration names.

A file of Python code is run when its plugins are used. So it is taken from the command line and
from the user's own configuration only: one that a tree names is told, and not loaded.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import NamedTuple

from envguard.core.config import FILE_NAME, Config, Folders
from envguard.core.errors import ConfigError, UsageError
from envguard.core.text import printable
from envguard.detection.builtin import RuleFile

WORD = "detect-secrets"
"""What stands in place of a file for all plugins that come with detect-secrets."""

ALL: RuleFile = (Path(WORD), b"")
"""The same as a rule file."""

PROGRAM = ".py"
"""How the names of files with plugins end."""

Read = Callable[[Path], bytes]
"""What gives the content of a file."""


class Named(NamedTuple):
    """Rule files, and sentences on what is not used of them."""

    files: list[RuleFile]
    notes: list[str]


def read_rules(paths: Iterable[Path]) -> list[RuleFile]:
    """The rule files at these paths, with the files that they extend; the word `detect-secrets` is
    its plugins where there is no such file. Raises UsageError where one cannot be read."""
    return complete([_named(path) for path in paths])


def is_program(path: Path) -> bool:
    """Whether a file is Python code, which is run when its rules are used."""
    return path.suffix == PROGRAM


def complete(files: Sequence[RuleFile], read: Read | None = None) -> list[RuleFile]:
    """The files, and those that they extend, which are never code. Raises UsageError where one
    cannot be read, ConfigError where one extends a program."""
    if not any(b"xtend" in content for _, content in files):
        return list(files)
    # Hardly any file extends another one.
    from envguard.detection.gitleaks.extend import with_bases  # noqa: PLC0415

    return with_bases(files, read or _plain_content)


def of_tree(config: Config) -> Named:
    """The rule files that a tree's configuration names. Raises UsageError, ConfigError."""
    paths = [config.root / name for name in config.scan.rules]
    named = [_named(path, _plain_content) for path in paths if not is_program(path)]
    return Named(complete(named), refused(config))


def refused(config: Config) -> list[str]:
    """A sentence for each file of code that a tree's configuration names."""
    return [
        printable(
            f"{config.file} names plugins, which are not loaded: {name}"
            f" (to load them: --rules {name})"
        )
        for name in config.scan.rules
        if is_program(Path(name))
    ]


def of_user(folders: Folders) -> list[RuleFile]:
    """The rule files that the user's own configuration names: `scan.rules` of `envguard.toml` in
    the folder of envguard's settings. Raises UsageError, ConfigError."""
    file = folders.config / FILE_NAME
    if not file.is_file():
        return []
    from envguard.core.config import Scan, load  # noqa: PLC0415 - hardly anybody has one

    config = load(folders.config, file)
    plain = Config(root=config.root, file=config.file)
    if config._replace(scan=Scan()) != plain or config.scan._replace(rules=()) != Scan():
        raise ConfigError(
            f"{file} says more than scan.rules, which is all that counts there",
            "move the rest to the envguard.toml of a project",
        )
    return read_rules(file.parent / Path(name).expanduser() for name in config.scan.rules)


def _named(path: Path, read: Read | None = None) -> RuleFile:
    if path.name == WORD and not path.exists():
        return ALL
    return path, (read or _content)(path)


def _plain_content(path: Path) -> bytes:
    """The content of a file that a tree may have named: a pipe or a device may have no end."""
    if path.exists() and not path.is_file():
        raise UsageError(
            f"the rules in {path} cannot be read: it is no plain file", "correct scan.rules"
        )
    return _content(path)


def _content(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise UsageError(
            f"the rules in {path} cannot be read: {error.strerror}", "check --rules and scan.rules"
        ) from None
