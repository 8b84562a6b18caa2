"""What the shell completes by name: profiles, backends, keys.

The names come from the configuration and from .env files. No backend is asked, nothing is resolved
and no value leaves its file, so that a tree needs no trust for it.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path

import typer

from envguard.cli.declare import Spec
from envguard.core.config import DEFAULT_BACKEND, DEFAULT_PROFILE, Config, load
from envguard.core.errors import EnvguardError

Complete = Callable[[typer.Context, str], list[str]]
Names = Callable[[Config, typer.Context], Iterable[str]]

_PLAIN = re.compile(r"[A-Za-z0-9_.:-]+")
"""A name that no shell reads as anything else: whoever wrote the tree chose it."""


def completer(spec: Spec) -> Complete | None:
    """What completes an option or argument by name; None where the shell knows better."""
    wanted: Names | None = _WANTED.get(spec.names[0]) if spec.names else None
    if spec.metavar == "KEY" or (spec.kind == "words" and spec.metavar.split()[0] == "NAME"):
        wanted = _keys
    if wanted is None:
        return None
    names = wanted

    def complete(context: typer.Context, incomplete: str) -> list[str]:
        try:
            found = names(_config(context), context)
            fitting = {name for name in found if name.startswith(incomplete)}
            return sorted(name for name in fitting if _PLAIN.fullmatch(name))
        except (EnvguardError, OSError):  # a command line that is being typed is no place for it
            return []

    return complete


def _config(context: typer.Context) -> Config:
    file = _given(context, "config")
    return load(Path.cwd(), Path(file).absolute() if file else None)


def _given(context: typer.Context, name: str) -> str | None:
    """What a global option was given, after the command's name or before it."""
    above: typer.Context | None = context
    while above is not None:
        if above.params.get(name):
            return str(above.params[name])
        above = above.parent  # type: ignore[assignment]  # click's class, of which typer's is one
    return None


def _profiles(config: Config, _context: typer.Context) -> Iterable[str]:
    return (*config.profiles, DEFAULT_PROFILE)


def _backends(config: Config, _context: typer.Context) -> Iterable[str]:
    return (*config.backends, DEFAULT_BACKEND)


def _keys(config: Config, context: typer.Context) -> Iterable[str]:
    """The keys that the profile and its .env files name, and those that are expected."""
    from envguard.envfile import document

    profile = config.profile(_given(context, "profile"))
    yield from config.secrets
    yield from profile.env
    for name in profile.env_files:
        for file in (config.root / name, config.root / f"{name}.example"):
            if file.is_file():
                yield from (entry.key for entry in document.parse(file.read_bytes(), name).entries)


_WANTED: Mapping[str, Names] = {
    "--profile": _profiles,
    "--backend": _backends,
    "--to": _backends,
    "--from": _backends,
}
