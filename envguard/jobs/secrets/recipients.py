"""Whose keys open a file for age, and this user's own key."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple, TypeGuard

from envguard.backends.age import AgeBackend
from envguard.backends.agefile.recipients import add_recipient, remove_recipient
from envguard.backends.agefile.text import Recipient
from envguard.core.actor import Actor
from envguard.core.backend import Backend
from envguard.core.config import Settings
from envguard.core.errors import NotFoundError, UsageError
from envguard.core.secret import Secret


class Made(NamedTuple):
    """What `new_key` did: the public key, where the private one is, and whether the file was made
    with it; else somebody must add the public key to the file that is there."""

    recipient: str
    source: str
    has_file: bool


class Listed(NamedTuple):
    """One recipient: whether he is this user, and whether this user has accepted him."""

    key: str
    label: str
    own: bool
    accepted: bool


def is_for_age(backend: Backend) -> TypeGuard[AgeBackend]:
    """Whether a backend is a file for age."""
    return isinstance(backend, AgeBackend)


def new_key(backend: AgeBackend, settings: Settings) -> Made:
    """Makes what is missing of this user's key and the file. Raises UsageError where both are
    there."""
    identity = backend.kept.identity.find()
    exists = backend.kept.file.exists()
    if identity is not None and exists:
        raise UsageError(
            f"{backend.kept.file} is there, and your key is in {identity.source}",
            f"envguard secrets recipients list --backend {backend.url}",
        )
    if identity is None:
        identity = backend.kept.identity.make()
    if not exists:
        backend.kept.make(Actor.of(settings.environ).name.removeprefix("user:"))
    return Made(identity.recipients[0], identity.source, not exists)


def export_key(backend: AgeBackend) -> Secret:
    """The private key. Raises BackendError."""
    return backend.kept.identity.get(backend.url).keys[0]


def import_key(backend: AgeBackend, text: Secret) -> Made:
    """Keeps a private key that was handed on. Raises BackendError."""
    kept = backend.kept.identity.keep(text)
    return Made(kept.recipients[0], kept.source, backend.kept.file.exists())


def recipients(backend: Backend) -> Sequence[Listed]:
    """The recipients of a file. Raises UsageError for another backend, NotFoundError where there
    is no file."""
    chosen = _age(backend)
    held = chosen.kept.load()
    if held is None:
        raise NotFoundError(
            f"there is no file {chosen.kept.file} yet",
            f"envguard secrets key new --backend {chosen.url}",
        )
    identity = chosen.kept.identity.find()
    own = () if identity is None else identity.recipients
    accepted = chosen.kept.pins.accepted(chosen.kept.file) or frozenset()
    return [
        Listed(known.key, known.label, known.key in own, known.key in accepted)
        for known in sorted(held.recipients)
    ]


def add(backend: Backend, key: str, label: str) -> int:
    """Encrypts every value for one more; how many there are."""
    if not label.isprintable():
        raise UsageError("a label is one line of text", "write the name of a person or a machine")
    return len(add_recipient(_age(backend).kept, Recipient(key, label.strip())).entries)


def remove(backend: Backend, named: str) -> Sequence[str]:
    """Encrypts every value without the one with this public key or label; the names of all values
    that he could read, and that need new ones."""
    return sorted(remove_recipient(_age(backend).kept, named).entries)


def _age(backend: Backend) -> AgeBackend:
    if not is_for_age(backend):
        raise UsageError(
            "only a file for age has recipients", "name one: --backend age:secrets.age"
        )
    return backend
