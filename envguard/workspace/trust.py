"""Which folders this user lets name secrets, so that a cloned tree cannot name its way into them.

A tree makes a *claim*: its namespace, the backends that it points to, and the files outside it
that it reads. What was trusted is recorded for this user in `trust.json` (DESIGN.md section 4).
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from envguard.core.config import FILE_NAME as CONFIG_NAME
from envguard.core.config import PYPROJECT, Config, Folders, Profile
from envguard.core.errors import ConfigError, TrustError, UsageError
from envguard.core.files import write_atomically
from envguard.core.locking import locked
from envguard.core.reference import PROFILE_BACKEND
from envguard.core.text import printable

FILE_NAME = "trust.json"
LOCK_NAME = "trust.lock"
SCHEMA = 1

_EARLIER = " (before)"  # after the name of a backend: what it meant before


class Claim(NamedTuple):
    """What a folder wants, or was allowed, to read.

    `folder` and `files` are real paths (absolute, no symlinks); `files` are the targets of
    `file:` references that lie outside the folder. `backends` gives the URL of each alias.
    """

    folder: str
    namespace: str
    backends: Mapping[str, str]
    files: frozenset[str]


def wanted(
    folder: Path, namespace: str, backends: Mapping[str, str], file_references: Iterable[Path]
) -> Claim:
    """What the tree in `folder` asks for.

    `backends` are all aliases with their URLs, and the backend of each profile in use under a
    name of its own (`secret`). `file_references` are the paths of `file:` references, already
    joined to the folder of their .env file. Raises UsageError for a path that cannot exist.
    """
    real = _real(folder)
    inside = real.rstrip(os.sep) + os.sep
    targets = (_real(path) for path in file_references)
    files = frozenset(target for target in targets if not target.startswith(inside))
    return Claim(real, namespace, dict(backends), files)


def claim(config: Config, profile: Profile, file_references: Iterable[Path]) -> Claim:
    """What a configuration asks for when `profile` is used.

    The profile's own backend stands under `secret`, or under a name with the profile's where it
    is not the default one: so each profile is trusted once, and switching asks nothing.
    """
    own = PROFILE_BACKEND
    if profile.name != config.default_profile:
        own = f"{own} of profile {profile.name}"
    backends = {**config.backends, own: config.backend_url(profile.backend)}
    return wanted(config.root, config.project_id, backends, file_references)


def changes(known: Claim | None, claim: Claim) -> tuple[str, ...]:
    """What `claim` asks for beyond what is known to be trusted, one phrase each, safe to print.

    Empty where nothing is new: a claim that shrank needs no new trust.
    """
    old: Mapping[str, str] = {} if known is None else known.backends
    news: list[str] = []
    if known is None:
        news.append(f"namespace {_shown(claim.namespace)}")
    elif known.namespace != claim.namespace:
        news.append(
            f"namespace is now {_shown(claim.namespace)}, was {_shown(known.namespace)}",
        )
    for alias, url in sorted(claim.backends.items()):
        if alias not in old:
            news.append(f"backend {printable(alias)} points to {printable(url)}")
        elif url not in (old[alias], old.get(f"{alias}{_EARLIER}")):
            news.append(
                f"backend {printable(alias)} now points to {printable(url)},"
                f" was {printable(old[alias])}",
            )
    for file in sorted(claim.files - (frozenset() if known is None else known.files)):
        news.append(f"file now read: {printable(file)}")
    return tuple(news)


def require(
    folders: Folders,
    config: Config,
    profile: Profile,
    file_references: Iterable[Path] = (),
    env_files: Sequence[Path] = (),
    dialect: str = "python",
) -> None:
    """Returns where all that `profile` asks for is trusted; `env_files` were named by the call,
    and are read in a dialect.

    Raises TrustError with what is new and the `envguard trust` that would record just that,
    ConfigError where the record is damaged.
    """
    options: list[str] = []
    if config.file is not None and config.file.name not in (CONFIG_NAME, PYPROJECT):
        options += ["--config", str(config.file)]
    if profile.name != config.default_profile:
        options += ["--profile", profile.name]
    for file in env_files:
        options += ["--env-file", str(file)]
    if dialect != profile.dialect:
        options += ["--dialect", dialect]
    check(folders, claim(config, profile, [*file_references, *env_files]), options)


def check(folders: Folders, claim: Claim, options: Sequence[str] = ()) -> None:
    """Returns where all of `claim` is trusted; raises TrustError with what is new.

    `options` are those that the `envguard trust` of the hint needs.
    Raises ConfigError where the record is damaged.
    """
    known = _read(folders).get(claim.folder)
    news = changes(known, claim)
    if known is not None and not news:
        return
    import shlex  # noqa: PLC0415 - only for the error

    folder = printable(claim.folder)
    # --config names a folder already.
    words = [*options] if "--config" in options else [*options, claim.folder]
    state = "is not trusted" if known is None else "has changed since it was trusted"
    raise TrustError(
        f"{folder} {state}: {'; '.join(news)}",
        f"if that is right, type: envguard trust {shlex.join(map(printable, words))}",
    )


def record(folders: Folders, claim: Claim) -> None:
    """Trusts `claim`, in addition to what the same folder and namespace were trusted with.

    So two profiles, or two .env files, of one folder do not take each other's trust away;
    another namespace starts anew. Raises ConfigError where the record is damaged.
    """
    with locked(folders.config / LOCK_NAME):
        known = _read(folders)
        old = known.get(claim.folder)
        if old is not None and old.namespace == claim.namespace:
            backends = {**old.backends, **claim.backends}
            claim = Claim(claim.folder, claim.namespace, backends, old.files | claim.files)
        _write(folders, {**known, claim.folder: claim})


def record_backend(folders: Folders, config: Config, profile: Profile, url: str) -> None:
    """Trusts a configuration's namespace and, of its backends, those at `url`: what we wrote into
    it ourselves. The others may have come with the tree. What a name meant before stays trusted:
    the configuration says it until ours is written, and again after a rollback."""
    asked = claim(config, profile, ())
    ours = {name: found for name, found in asked.backends.items() if found == url}
    known = _read(folders).get(asked.folder)
    if known is not None and known.namespace == asked.namespace:
        earlier = {n: known.backends[n] for n in ours if known.backends.get(n, url) != url}
        ours |= {f"{name}{_EARLIER}": found for name, found in earlier.items()}
    record(folders, Claim(asked.folder, asked.namespace, ours, frozenset()))


def forget(folders: Folders, folder: Path) -> bool:
    """Takes back all trust in a folder; False where there was none."""
    with locked(folders.config / LOCK_NAME):
        known = _read(folders)
        if known.pop(_real(folder), None) is None:
            return False
        _write(folders, known)
        return True


def other_owner(folders: Folders, claim: Claim) -> str | None:
    """Another trusted folder with the claim's namespace, so that the claim reads its secrets."""
    for folder, known in sorted(_read(folders).items()):
        if claim.namespace and known.namespace == claim.namespace and folder != claim.folder:
            return folder
    return None


def _real(path: Path) -> str:
    try:
        return os.path.realpath(path)
    except ValueError:  # a NUL character
        raise UsageError(
            f"{printable(str(path))} cannot be the path of a file",
            "correct the reference, or write literal:TEXT",
        ) from None


def _shown(namespace: str) -> str:
    return printable(namespace) or "(none)"


def _read(folders: Folders) -> dict[str, Claim]:
    file = folders.config / FILE_NAME
    try:
        data = json.loads(file.read_bytes())
        if data["schema"] != SCHEMA:
            raise ConfigError(
                f"{file} was written by another version of envguard", "upgrade envguard"
            )
        return {folder: _claim(folder, entry) for folder, entry in data["folders"].items()}
    except FileNotFoundError:
        return {}
    except OSError as error:
        import shlex  # noqa: PLC0415 - only for the error

        raise ConfigError(
            f"{file} cannot be read: {error.strerror}", f"ls -l {shlex.quote(str(file))}"
        ) from None
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
        import shlex  # noqa: PLC0415 - only for the error

        raise ConfigError(
            f"{file} is damaged",
            f"remove it and trust your folders again: rm {shlex.quote(str(file))}",
        ) from None


def _claim(folder: str, entry: dict[str, Any]) -> Claim:
    namespace, backends, files = entry["namespace"], entry["backends"], entry["files"]
    texts = [namespace, *backends, *backends.values(), *files]
    if not isinstance(files, list) or not all(isinstance(text, str) for text in texts):
        raise TypeError("not a claim")
    return Claim(folder, namespace, backends, frozenset(files))


def _write(folders: Folders, claims: Mapping[str, Claim]) -> None:
    entries = {
        folder: {
            "namespace": claim.namespace,
            "backends": dict(claim.backends),
            "files": sorted(claim.files),
        }
        for folder, claim in claims.items()
    }
    text = json.dumps({"schema": SCHEMA, "folders": entries}, indent=2, sort_keys=True)
    write_atomically(folders.config / FILE_NAME, text.encode() + b"\n", mode=0o600)
