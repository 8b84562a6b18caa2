"""The calling environment as a backend, read only: `env:`."""

from __future__ import annotations

from collections.abc import Sequence

from envguard.core.backend import Capability
from envguard.core.config import Settings
from envguard.core.errors import ConfigError, NameNotAllowed, UsageError
from envguard.core.parts import each, without_version
from envguard.core.reference import PROFILE_BACKEND, Reference
from envguard.core.secret import Secret

SCHEME = "env:"

_OWN = "ENVGUARD_"
"""How the variables begin that are about envguard itself: nobody gets its key from here."""


class EnvBackend:
    """Variables of the environment. They cannot be listed: most of them are no secrets."""

    capabilities = Capability.READ

    def __init__(self, settings: Settings) -> None:
        self._environ = settings.environ

    def locate(self, key: str) -> Reference:
        """The reference to a variable. Raises NameNotAllowed."""
        if not key.isprintable() or not key or set(key) & set(" =#@") or _is_own(key):
            raise NameNotAllowed(
                f"{key!a} cannot be read as a variable", "name one without blanks, =, # and @"
            )
        return Reference(PROFILE_BACKEND, key)

    def check(self) -> None:
        """It is always there."""

    def read(self, refs: Sequence[Reference]) -> dict[Reference, Secret]:
        """The values of the variables that are set, also to nothing. Raises UnreadableError."""
        return each(refs, self._value)

    def _value(self, ref: Reference) -> Secret | None:
        name = without_version(ref)
        value = None if _is_own(name) else self._environ.get(name)
        return None if value is None else Secret(value)

    def write(self, ref: Reference, value: Secret, *, token: str) -> str:  # noqa: ARG002 - refuses
        """Raises UsageError: it is the environment of whoever calls."""
        raise _read_only(ref)

    def delete(self, ref: Reference) -> bool:
        """Raises UsageError."""
        raise _read_only(ref)


def open_env(url: str, settings: Settings) -> EnvBackend:
    """The backend that a URL means. Raises ConfigError."""
    if url != SCHEME:
        raise ConfigError(f"{url!a} is no backend", "write env: alone; a prefix is not possible")
    return EnvBackend(settings)


def _is_own(name: str) -> bool:
    return name.upper().startswith(_OWN)  # Windows knows no case


def _read_only(ref: Reference) -> UsageError:
    return UsageError(
        f"{ref.name} cannot be changed: the backend env: is the calling environment",
        f"set {ref.name} where the program is started, or use another backend",
    )
