"""Which reader a file needs that values are moved from, or that a program is started with."""

from __future__ import annotations

from collections.abc import Mapping
from enum import Enum
from pathlib import Path
from typing import NamedTuple, Protocol

from envguard.core.config import DEFAULT_DIALECT
from envguard.core.envfile import Entry
from envguard.core.errors import UsageError
from envguard.core.text import printable
from envguard.envfile import document

_YAML = (".yml", ".yaml", ".json")  # each JSON text is a YAML text


class Kind(Enum):
    """What a file is."""

    DOTENV = "a .env file"
    YAML_MAP = "a YAML file with environment:"
    COMPOSE = "a compose file"
    K8S_SECRET = "a Kubernetes Secret"  # noqa: S105 - a name, not a value
    SOPS = "a file that SOPS encrypts"
    DOTENVX = "a file that dotenvx encrypts"


class Document(Protocol):
    """What every reader gives: entries, and the same file with some of their values replaced."""

    @property
    def path(self) -> str:
        """Its name in errors."""
        ...

    @property
    def entries(self) -> tuple[Entry, ...]:
        """Every variable; lines count from 1."""
        ...

    def require_clean(self) -> None:
        """Raises UsageError where a part of it cannot be read."""
        ...

    def replace_all(self, values: Mapping[int, str]) -> Document:
        """The document with the values changed of the entries on these lines."""
        ...

    def render(self) -> bytes:
        """The file's bytes; untouched ones are as they were."""
        ...


class Origin(NamedTuple):
    """A file with what it is."""

    kind: Kind
    document: Document

    @property
    def is_rewritten(self) -> bool:
        """Whether references can stand in the file. Where not, `replace_all` changes nothing:
        the references belong into a .env file or into the profile."""
        return self.kind in (Kind.DOTENV, Kind.YAML_MAP, Kind.COMPOSE)

    @property
    def remains(self) -> str:
        """What is left to do by hand once the values are moved; empty where nothing is."""
        return _REMAINS.get(self.kind, "").format(path=printable(self.document.path))


_REMAINS = {
    Kind.COMPOSE: (
        "compose gives the references in {path} to its containers as they are: write these"
        " variables without a value there, keep the references in .env,"
        " and start with `envguard run -- docker compose up`"
    ),
    Kind.K8S_SECRET: (
        "{path} still holds the values: remove it"
        " once the cluster gets this Secret from the backend"
    ),
    Kind.SOPS: "{path} still holds the values, encrypted: remove it once nothing reads it",
    Kind.DOTENVX: (
        "{path} still holds the values, encrypted: remove it and its .env.keys"
        " once nothing reads them"
    ),
}


def open_origin(path: Path, environ: Mapping[str, str], dialect: str = DEFAULT_DIALECT) -> Origin:
    """The file that values are moved from; a .env file is read in a dialect. A line holds one
    variable at most.

    `environ` is the calling environment: where it is encrypted, its tool is looked for and run
    with it. Raises UsageError where it cannot be read, or not be read as a whole.
    """
    content = _content(path)
    found = (
        _yaml(path, content, environ) if is_yaml(path) else _dotenv(path, content, environ, dialect)
    )
    found.document.require_clean()
    _require_lines(found.document)
    return found


def read_variables(path: Path, dialect: str = DEFAULT_DIALECT) -> Document:
    """The file that a program is started with: a .env file in its dialect, or a YAML file with
    `environment:`. Runs no other tool. Raises UsageError."""
    if not is_yaml(path):
        return parse(document.read_bytes(path), str(path), dialect)
    from envguard.envfile import yaml_map  # noqa: PLC0415 - `run` reads a .env file mostly

    return yaml_map.parse(_content(path), str(path))


def parse(content: bytes, path: str, dialect: str) -> Document:
    """The document of a .env file's bytes. Raises UsageError."""
    if dialect == DEFAULT_DIALECT:
        return document.parse(content, path)
    from envguard.envfile.dialects import document as other  # noqa: PLC0415 - seldom used

    return other.parse(content, path, dialect)


def is_yaml(path: Path) -> bool:
    """Whether a file is YAML by its name."""
    return path.suffix.lower() in _YAML


def _yaml(path: Path, content: bytes, environ: Mapping[str, str]) -> Origin:
    from envguard.envfile import decrypted, k8s_secret, yaml_map, yaml_text  # noqa: PLC0415 - as above
    from envguard.envfile.untouched import UntouchedDocument  # noqa: PLC0415 - as above

    name = str(path)
    plain, tree = content, yaml_text.read(yaml_text.decode(content, name), name)
    is_sops = decrypted.is_sops_tree(tree)
    if is_sops:
        plain = decrypted.sops(path, environ)
        tree = yaml_text.read(yaml_text.decode(plain, name), name)
    if k8s_secret.is_secret(tree):
        secrets = k8s_secret.parse(plain, name)
        kind = Kind.SOPS if is_sops else Kind.K8S_SECRET
        return Origin(kind, secrets._replace(content=content))
    found = yaml_map.parse(plain, name, top=is_sops)
    if is_sops:
        kept = UntouchedDocument(name, content, found.entries, found.problems)
        return Origin(Kind.SOPS, kept)
    return Origin(Kind.COMPOSE if found.compose else Kind.YAML_MAP, found)


def _dotenv(path: Path, content: bytes, environ: Mapping[str, str], dialect: str) -> Origin:
    from envguard.envfile import decrypted  # noqa: PLC0415 - as above

    env = document.parse(content, str(path))
    if decrypted.is_sops(env):
        return Origin(Kind.SOPS, decrypted.sops_env(path, content, environ))
    if decrypted.is_dotenvx(env):
        return Origin(Kind.DOTENVX, decrypted.dotenvx(env, content, path, environ))
    return Origin(Kind.DOTENV, parse(content, str(path), dialect))


def _require_lines(found: Document) -> None:
    """Raises UsageError where one line holds several variables: a line must name one."""
    seen: set[int] = set()
    for entry in found.entries:
        if entry.line in seen:
            raise UsageError(
                f"{printable(found.path)}:{entry.line} holds several variables",
                "write each of them on a line of its own",
            )
        seen.add(entry.line)


def _content(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise UsageError(
            f"{printable(str(path))} cannot be read: {error.strerror}", "name a file that is there"
        ) from None
