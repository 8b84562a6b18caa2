"""Configuration: `envguard.toml` or `[tool.envguard]`, and what the environment says.

Loaded once at the entrance into immutable nouns. The format is in the README; a key that is
not known is an error with the nearest known name.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Any, NamedTuple

from envguard.core.errors import ConfigError
from envguard.core.expected import Expected
from envguard.core.naming import Naming
from envguard.core.secret import Secret

FILE_NAME = "envguard.toml"
PYPROJECT = "pyproject.toml"
"""Where `[tool.envguard]` can stand instead."""

DEFAULT_PROFILE = "dev"
DEFAULT_BACKEND = "local:"
DEFAULT_ENV_FILE = ".env"

DEFAULT_DIALECT = "python"
DIALECTS = (
    DEFAULT_DIALECT,
    "node",
    "node-native",
    "dotenvx",
    "ruby",
    "go",
    "compose",
    "docker",
    "bash",
)
"""Whose reading of .env files can count; `python` is python-dotenv's."""

_NOTHING: Mapping[str, str] = MappingProxyType({})


class Scan(NamedTuple):
    """`[scan]`: `exclude` are globs over paths from the top, `rules` files of own rules;
    `baseline` is the file of known findings, None for the usual one."""

    exclude: tuple[str, ...] = ()
    rules: tuple[str, ...] = ()
    min_confidence: str = "medium"
    baseline: str | None = None


class Profile(NamedTuple):
    """`[profiles.NAME]`, with everything that it inherits by `extends` filled in.

    `references` are the schemes that are read as references; all, unless it says otherwise.
    `sources` names for each key of `env` the profile that it stands in. `dialect` is how its .env
    files are read, one of DIALECTS.
    """

    name: str = DEFAULT_PROFILE
    env_files: tuple[str, ...] = (DEFAULT_ENV_FILE,)
    backend: str = DEFAULT_BACKEND
    env: Mapping[str, str] = _NOTHING
    references: tuple[str, ...] | None = None
    sources: Mapping[str, str] = _NOTHING
    dialect: str = DEFAULT_DIALECT


class Config(NamedTuple):
    """One project's configuration. `file` is None where there is none; `root` is its folder.

    `project_id` is the namespace in local stores, empty where no configuration names one.
    `secrets` says what is expected of the values of keys, `naming` how the backends of `backends`
    call them.
    """

    root: Path
    file: Path | None = None
    project_name: str = ""
    project_id: str = ""
    default_profile: str = DEFAULT_PROFILE
    scan: Scan = Scan()
    backends: Mapping[str, str] = _NOTHING
    profiles: Mapping[str, Profile] = MappingProxyType({})
    secrets: Mapping[str, Expected] = MappingProxyType({})
    naming: Mapping[str, Naming] = MappingProxyType({})

    def profile(self, name: str | None) -> Profile:
        """The profile of that name, or the default one. Raises ConfigError for an unknown name."""
        wanted = name or self.default_profile
        if wanted in self.profiles:
            return self.profiles[wanted]
        if wanted == DEFAULT_PROFILE and not name:
            return Profile()
        if wanted == DEFAULT_PROFILE and not self.profiles:
            return Profile()
        raise ConfigError(
            f"there is no profile {wanted!r} in {self.file or FILE_NAME}",
            f"use one of: {', '.join(sorted(self.profiles)) or DEFAULT_PROFILE}",
        )

    def backend_url(self, name: str) -> str:
        """The URL that an alias declares, or `name` itself where it is a URL."""
        return self.backends.get(name, name)

    def naming_of(self, name: str) -> Naming:
        """How keys are called in the backend that an alias or a URL names; a URL means the first
        alias that declares it."""
        own = {key: secret.name for key, secret in self.secrets.items() if secret.name}
        same = (alias for alias, url in self.backends.items() if url == name)
        alias = name if name in self.naming else next(same, name)
        return self.naming.get(alias, Naming())._replace(names=own)


class Folders(NamedTuple):
    """Where this user's own things are, by the XDG base directory specification
    (https://specifications.freedesktop.org/basedir-spec/latest/); on Windows under %APPDATA%."""

    config: Path
    data: Path
    cache: Path

    @classmethod
    def of(cls, environ: Mapping[str, str]) -> Folders:
        """The folders that `environ` names. None of them needs to exist."""
        if sys.platform == "win32":
            roaming = Path(environ.get("APPDATA") or Path.home() / "AppData/Roaming")
            local = Path(environ.get("LOCALAPPDATA") or Path.home() / "AppData/Local")
            return cls(roaming / "envguard", local / "envguard", local / "envguard" / "cache")
        home = Path(environ.get("HOME") or Path.home())

        def folder(variable: str, default: str) -> Path:
            value = environ.get(variable, "")
            # The specification: a relative path is invalid and is ignored.
            return (Path(value) if Path(value).is_absolute() else home / default) / "envguard"

        return cls(
            folder("XDG_CONFIG_HOME", ".config"),
            folder("XDG_DATA_HOME", ".local/share"),
            folder("XDG_CACHE_HOME", ".cache"),
        )


def find(start: Path) -> Path | None:
    """The configuration file for a folder: its own or the nearest one above, inside the same
    repository (the search ends at the first folder that holds `.git`)."""
    for folder in (start, *start.parents):
        if (folder / FILE_NAME).is_file():
            return folder / FILE_NAME
        pyproject = folder / PYPROJECT
        if pyproject.is_file() and b"[tool.envguard" in pyproject.read_bytes():
            return pyproject
        if (folder / ".git").exists():
            return None
    return None


def load(start: Path, file: Path | None = None) -> Config:
    """The configuration for a folder, or the one in `file`. Raises ConfigError."""
    found = file or find(start)
    if found is None:
        return Config(root=start)
    try:
        text = found.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "it is not UTF-8"
        raise ConfigError(f"{found} cannot be read: {reason}", "check the file") from None
    return parse(text, found)


def parse(text: str, file: Path) -> Config:
    """The configuration that a text says; `file` is its name in errors. Raises ConfigError."""
    if sys.version_info >= (3, 11):
        import tomllib  # noqa: PLC0415 - only where there is a configuration
    else:
        import tomli as tomllib  # noqa: PLC0415 - the same for Python 3.10
    try:
        data = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise ConfigError(f"{file} is no TOML: {error}", "correct that line") from None
    except RecursionError:
        raise ConfigError(f"{file} is nested too deeply", "write it flatter") from None
    if file.name == PYPROJECT:
        data = data.get("tool", {}).get("envguard", {})
    from envguard.core.config_reader import Reader  # noqa: PLC0415 - it fills the nouns above

    return Reader(file).config(data)


class Settings(NamedTuple):
    """What the environment of the call says about envguard itself; read once, at the entrance.

    `key` is the text of ENVGUARD_KEY, or None. `environ` is the whole calling environment: the
    base of the child's, and what `env:` references read. `ask` asks a person for a passphrase,
    where there is one. `purpose` is what the trail of a store calls the reading of values. `kept`
    is what backends keep for the next time that this program opens them, such as logins.
    """

    folders: Folders
    profile: str | None
    key: str | None
    environ: Mapping[str, str]
    ask: Callable[[str], Secret] | None = None
    purpose: str = "secret.read"
    allow_expired: bool = False
    kept: dict[str, Any] | None = None

    def __repr__(self) -> str:
        return f"Settings({self.folders!r})"

    @classmethod
    def of(cls, environ: Mapping[str, str]) -> Settings:
        """The settings in `environ`; empty variables count as absent."""
        return cls(
            folders=Folders.of(environ),
            profile=environ.get("ENVGUARD_PROFILE") or None,
            key=environ.get("ENVGUARD_KEY") or None,
            environ=environ,
        )
