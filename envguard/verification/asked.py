"""The nouns of verification: what is asked about, how, and what the answer was."""

from __future__ import annotations

from collections.abc import Mapping
from enum import Enum
from types import MappingProxyType
from typing import NamedTuple, Protocol

from envguard.core.secret import Secret

_NOTHING: Mapping[str, str] = MappingProxyType({})


class Token(NamedTuple):
    """A credential to ask about: the id of the rule that found it, its value, and the parts that
    belong to it, each with the id of the rule that found that part."""

    rule: str
    secret: Secret
    parts: tuple[tuple[str, Secret], ...] = ()


class Request(NamedTuple):
    """One call of a provider. The host is the provider's, and no part of this. Holds the value of
    a token, so it is sent and not kept."""

    path: str
    headers: Mapping[str, str] = _NOTHING
    method: str = "GET"
    body: bytes = b""

    def __repr__(self) -> str:
        return f"Request({self.method} {self.path})"


class Response(NamedTuple):
    """What a provider said: status, headers by their names in small letters, and the body."""

    status: int
    headers: Mapping[str, str]
    body: bytes

    def __repr__(self) -> str:
        return f"Response({self.status})"


class State(Enum):
    """Whether a token lives, by its provider's own word."""

    LIVE = "live"
    REVOKED = "revoked"
    UNKNOWN = "unknown"


class Answer(NamedTuple):
    """What is known after asking. `reason` says why, in words that go on from the provider's name;
    `details` are whose token it is, in the provider's words. Never the value."""

    state: State
    reason: str
    details: tuple[tuple[str, str], ...] = ()


class NotAskedError(Exception):
    """A token that its provider is not asked about; says why."""


class NoAnswerError(Exception):
    """A provider that gave no answer; says why, in our words."""


class Door(Protocol):
    """The way out."""

    def ask(self, host: str, request: Request, /) -> Response:
        """What the host answers. Raises NoAnswerError."""
        ...
