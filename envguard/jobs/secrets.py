"""secrets: the values themselves, in the profile's backend or a store that is named."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from secrets import token_hex

from envguard.backends.registry import open_backend
from envguard.core.backend import Backend, Listing, Metadata
from envguard.core.config import Config, Profile, Settings
from envguard.core.errors import BackendError, NotFoundError, UsageError
from envguard.core.reference import PROFILE_BACKEND, Reference, parse_reference
from envguard.core.secret import Secret
from envguard.envfile import document
from envguard.envfile.interpolate import expand, variables
from envguard.workspace import trust


@dataclass(frozen=True, slots=True)
class Place:
    """Where the secrets are: a store file, a backend's URL or alias, or the profile's backend."""

    store: Path | None = None
    backend: str | None = None


@dataclass(frozen=True, slots=True)
class Imported:
    """What an import did, by name."""

    written: tuple[str, ...]
    unchanged: tuple[str, ...]
    skipped: tuple[str, ...]  # references and keys without a value


def opened(place: Place, config: Config, profile: Profile, settings: Settings) -> Backend:
    """The backend of a place. One that the tree names must be trusted (DESIGN section 4)."""
    if place.store is not None and place.backend is not None:
        raise UsageError("a store file and a backend are two places", "use --store or --backend")
    if place.store is not None:
        outside = Config(root=config.root)  # a named store has nothing to do with the project
        return open_backend(f"local://{place.store.absolute()}", outside, settings)
    if config.project_id:
        trust.require(settings.folders, config, profile)
    return open_backend(place.backend or profile.backend, config, settings)


def get(backend: Backend, name: str) -> Secret:
    """The value of `NAME[#FIELD][@VERSION]`. Raises NotFoundError."""
    reference = _reference(name)
    found = backend.read([reference]).get(reference)
    if found is None:
        raise NotFoundError(f"there is no secret {name}", "envguard secrets list")
    return found


def put(backend: Backend, name: str, value: Secret) -> str:
    """Writes a value, reads it back, and returns its version."""
    reference = backend.locate(name)
    version = backend.write(reference, value, token=token_hex(16))
    if backend.read([reference]).get(reference) != value:
        raise BackendError(
            f"the backend does not give back what was written for {name}", "check the backend"
        )
    return version


def exists(backend: Backend, name: str) -> bool:
    """Whether there is such a secret."""
    reference = _reference(name)
    return reference in backend.read([reference])


def delete(backend: Backend, name: str) -> None:
    """Deletes a secret. Raises NotFoundError."""
    if not backend.delete(backend.locate(name)):
        raise NotFoundError(f"there is no secret {name}", "envguard secrets list")


def listed(backend: Backend) -> Sequence[Metadata]:
    """Every secret of the backend, without values."""
    if not isinstance(backend, Listing):
        raise UsageError("this backend cannot list its secrets", "ask for one by its name")
    return backend.list()


def read_env(file: Path, environ: Mapping[str, str], config: Config) -> dict[str, Secret | None]:
    """The values of a .env file as python-dotenv reads them, the last of each key.

    None for a key without a value, for a reference, and for what is built from one of them.
    """
    env = document.read(file)
    env.require_clean()
    pairs: list[tuple[str, str | None]] = []
    without: set[str] = set()
    for entry in env.entries:
        text = None if entry.value is None else entry.value.reveal()
        used = set(variables(text or ""))
        if text is None or parse_reference(text, config.backends) is not None or used & without:
            without.add(entry.key)
        else:
            without.discard(entry.key)
        pairs.append((entry.key, text))
    read = expand(((key, text, False) for key, text in pairs), environ)
    return {
        key: None if text is None or key in without else Secret(text) for key, text in read.items()
    }


def import_values(backend: Backend, values: Mapping[str, Secret | None], prefix: str) -> Imported:
    """Writes the values whose names begin with `prefix` (which is dropped); those that are there
    already are left alone. Empty values are kept; keys without a value are skipped."""
    wanted: dict[str, Secret] = {}
    skipped: list[str] = []
    for key, value in values.items():
        if not key.startswith(prefix) or key == prefix:
            continue
        if value is None:
            skipped.append(key)
        else:
            wanted[key.removeprefix(prefix)] = value
    references = {name: backend.locate(name) for name in wanted}
    held = backend.read(list(references.values()))
    written = [name for name in wanted if held.get(references[name]) != wanted[name]]
    for name in written:
        put(backend, name, wanted[name])
    return Imported(tuple(written), tuple(n for n in wanted if n not in written), tuple(skipped))


def _reference(name: str) -> Reference:
    reference = parse_reference(f"{PROFILE_BACKEND}:{name}")
    if reference is None:
        raise UsageError(
            f"{name!r} is no name of a secret", "write NAME, NAME#FIELD or NAME@VERSION"
        )
    return reference
