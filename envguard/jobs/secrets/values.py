"""One secret at a time: its value, its versions, and what is said about it."""

from __future__ import annotations

import os
from collections.abc import Sequence

from envguard.core.backend import About, Backend, Described, Listing, Metadata, Version, Versions
from envguard.core.dates import now
from envguard.core.errors import BackendError, NotFoundError, UsageError
from envguard.core.reference import PROFILE_BACKEND, Reference, parse_reference
from envguard.core.secret import Secret
from envguard.jobs.secrets.place import store_of

NOTHING = About()


def get(backend: Backend, name: str) -> Secret:
    """The value of `NAME[#FIELD][@VERSION]`. Raises NotFoundError, and ExpiredError."""
    reference = _reference(name)
    found = backend.read([reference]).get(reference)
    if found is None:
        raise _not_found(name)
    return found


def several(backend: Backend, names: Sequence[str]) -> dict[str, Secret | None]:
    """The values of many names in as few calls as the backend allows; None where there is none."""
    references = {name: _reference(name) for name in names}
    found = backend.read(list(references.values()))
    return {name: found.get(reference) for name, reference in references.items()}


def put(backend: Backend, name: str, value: Secret, about: About = NOTHING) -> str:
    """Writes a value with what is said about it, reads it back, and returns its version."""
    reference = backend.locate(name)
    token = os.urandom(16).hex()
    if about == NOTHING:
        version = backend.write(reference, value, token=token)
    else:
        written = _described(backend).describe(reference, about, value, token=token)
        version = _version(backend, reference, written)
    if backend.read([reference]).get(reference) != value:
        raise BackendError(
            f"the backend does not give back what was written for {name}", "check the backend"
        )
    return version


def exists(backend: Backend, name: str) -> bool:
    """Whether there is such a secret."""
    reference = _reference(name)
    if isinstance(backend, Versions) and reference.field is None and reference.version is None:
        return reference in backend.current([reference])  # without taking the value
    return reference in backend.read([reference])


def delete(backend: Backend, name: str, *, purge: bool = False) -> None:
    """Deletes a secret; with `purge` every version of it, for good. Raises NotFoundError."""
    reference = backend.locate(name)
    if purge:
        with store_of(backend).open() as store:
            gone = store.delete(reference.name, purge=True)
    else:
        gone = backend.delete(reference)
    if not gone:
        raise _not_found(name)


def listed(backend: Backend) -> Sequence[Metadata]:
    """Every secret of the backend, without values."""
    if not isinstance(backend, Listing):
        raise UsageError("this backend cannot list its secrets", "ask for one by its name")
    return backend.list()


def describe(backend: Backend, name: str, about: About) -> Metadata:
    """Writes what is said about a secret, if anything, and gives all that is. Raises
    NotFoundError."""
    found = _described(backend).describe(backend.locate(name), about)
    if found is None:
        raise _not_found(name)
    return found


def is_expired(backend: Backend, name: str) -> bool:
    """Whether the date of a secret is over, where the backend keeps one."""
    if not isinstance(backend, Described):
        return False
    found = backend.describe(backend.locate(name), NOTHING)
    return bool(found and found.expires_at and found.expires_at <= now())


def history(backend: Backend, name: str) -> Sequence[Version]:
    """The versions of a secret that are kept, the oldest first. Raises NotFoundError."""
    found = _versioned(backend).versions(backend.locate(name))
    if not found:
        raise _not_found(name)
    return found


def roll_back(backend: Backend, name: str, version: str | None) -> tuple[str, str]:
    """Writes an earlier version again (the one before, where none is named); which one that was,
    and the new version. Raises NotFoundError."""
    known = [found.id for found in history(backend, name)]
    wanted = version or (known[-2] if len(known) > 1 else "")
    if wanted not in known:
        raise NotFoundError(
            f"{name} has no version {wanted}" if wanted else f"{name} has only one version",
            f"envguard secrets history {name}",
        )
    return wanted, put(backend, name, get(backend, f"{name}@{wanted}"))


def _version(backend: Backend, reference: Reference, written: Metadata | None) -> str:
    """The version of what was just written, as the backend calls it."""
    if isinstance(backend, Versions):
        return backend.current([reference]).get(reference, "")
    return "" if written is None else str(written.version)


def _described(backend: Backend) -> Described:
    if not isinstance(backend, Described):
        raise UsageError("this backend keeps nothing but values", "leave these options out")
    return backend


def _versioned(backend: Backend) -> Versions:
    if not isinstance(backend, Versions):
        raise UsageError("this backend keeps no versions", "envguard secrets get NAME")
    return backend


def _not_found(name: str) -> NotFoundError:
    return NotFoundError(f"there is no secret {name}", "envguard secrets list")


def _reference(name: str) -> Reference:
    reference = parse_reference(f"{PROFILE_BACKEND}:{name}")
    if reference is None:
        raise UsageError(
            f"{name!r} is no name of a secret", "write NAME, NAME#FIELD or NAME@VERSION"
        )
    return reference
