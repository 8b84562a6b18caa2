"""What a gitleaks configuration extends: another file, put together with it."""

from __future__ import annotations

import os
import re
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

from envguard.core.errors import ConfigError
from envguard.core.text import printable
from envguard.detection.builtin import RuleFile
from envguard.detection.gitleaks.tables import Configuration, Table
from envguard.detection.rule_files import Read, is_program

_EXTEND = re.compile(
    rb"^[ \t]*\[[ \t]*extend[ \t]*\][^\n]*\n((?:(?![ \t]*\[)[^\n]*\n?)*)", re.M | re.I
)
_DEEPEST = 2  # files below the first one, as in gitleaks


def with_bases(files: Sequence[RuleFile], read: Read) -> list[RuleFile]:
    """The files, and those that they extend; a path counts from the file that names it. Raises
    ConfigError for one of code: it would be run, whoever named it."""
    found = dict(files)
    waiting = [(file, 0) for file in found]
    while waiting:
        file, depth = waiting.pop()
        base = base_of(file, found[file])
        if base is None or base in found or depth >= _DEEPEST:
            continue
        if is_program(base):
            raise ConfigError(
                printable(f"{file}: [extend] path: {base} is no gitleaks configuration"),
                "correct it",
            )
        # gitleaks counts from where it is started.
        here = Path(os.path.relpath(base, file.parent))
        found[base] = read(base if base.exists() or not here.exists() else here)
        waiting.append((base, depth + 1))
    return list(found.items())


def base_of(file: Path, content: bytes) -> Path | None:
    """The file that a gitleaks configuration extends."""
    section = _EXTEND.search(content)
    if section is None:
        return None  # most files, without their TOML being read
    if sys.version_info >= (3, 11):
        import tomllib  # noqa: PLC0415 - only where something is extended
    else:
        import tomli as tomllib  # noqa: PLC0415 - the same for Python 3.10
    try:
        table = tomllib.loads(section[1].decode())
    except (tomllib.TOMLDecodeError, UnicodeDecodeError):
        return None  # told where the whole file is read
    path = {key.lower(): value for key, value in table.items()}.get("path")
    return file.parent / path if isinstance(path, str) and path else None


def extended(
    file: Path, configurations: Mapping[Path, Configuration], below: Sequence[Path] = ()
) -> Configuration:
    """The configuration of a file with all that it extends. Raises ConfigError."""
    own = configurations[file]
    if own.base is None:
        return own
    if own.use_default:
        raise ConfigError(
            f"{file}: [extend] has both a path and useDefault", "leave one of them out"
        )
    path = file.parent / own.base
    if path in below or len(below) >= _DEEPEST:
        own.notes.append(f"{file}: [extend] path: gitleaks goes no deeper, {path} is left out")
        return own
    if path not in configurations:
        raise ConfigError(
            f"{file}: [extend] path: {path} is no gitleaks configuration", "correct it"
        )
    base = extended(path, configurations, (*below, file))
    notes = [*base.notes, *own.notes]
    unknown = [name for name in own.disabled if name not in base.rules]
    notes += [f"{file}: disabledRules: {path} has no rule {name}" for name in unknown]
    rules = dict(own.rules)
    for name, rule in base.rules.items():
        if name not in own.disabled:
            rules[name] = _merged(rule, own.rules[name]) if name in own.rules else rule
    targeted = {
        name: [*own.targeted.get(name, ()), *base.targeted.get(name, ())]
        for name in (*own.targeted, *base.targeted)
    }
    everywhere = [*own.everywhere, *base.everywhere]
    return Configuration(rules, everywhere, targeted, base.use_default, None, base.disabled, notes)


def _merged(base: Table, own: Table) -> Table:
    """A rule that both have: what the extending file says wins, lists are put together."""
    merged = {**base, **{field: value for field, value in own.items() if value}}
    for field in ("keywords", "allowlists"):
        merged[field] = [*base[field], *own[field]]
    return merged
