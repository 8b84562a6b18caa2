"""How the cases of the contract are written: their titles, and what they share."""

from __future__ import annotations

import base64
import http.client
import logging
import traceback
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TypeVar, cast

import pytest

from envguard.core.backend import Backend, Capability
from envguard.core.errors import EnvguardError
from envguard.core.secret import Secret
from envguard.testing.home import AnyBackend, Home

CANARY = "kanarienvogel"
"""What is in the values that no error and no log may show."""

Function = TypeVar("Function", bound=Callable[..., None])


def case(title: str) -> Callable[[Function], Function]:
    """Gives a test its row in the table of results."""

    def titled(function: Function) -> Function:
        function.__dict__["case"] = title
        return function

    return titled


def opened(home: Home, *needed: Capability) -> AnyBackend:
    """The backend of a home; skips the test where it has not got all of these."""
    backend = home.open()
    needs(backend, *needed)
    return cast(AnyBackend, backend)


def needs(backend: Backend, *needed: Capability) -> None:
    """Skips the test where a backend has not got all of these."""
    for capability in needed:
        if capability not in backend.capabilities:
            pytest.skip(f"has no {capability}")


def other(backend: Backend | None, what: str) -> Backend:
    """The backend of another caller or place; skips the test where there is none."""
    if backend is None:
        pytest.skip(f"there is no {what}")
    return backend


class Watch:
    """Sees what leaves: errors, logs and standard output, all as talkative as they can be.
    `outcome` is what the table of results says in place of yes."""

    def __init__(
        self,
        monkeypatch: pytest.MonkeyPatch,
        caplog: pytest.LogCaptureFixture,
        capfd: pytest.CaptureFixture[str],
    ) -> None:
        self.outcome = ""
        self._caplog = caplog
        self._capfd = capfd
        caplog.set_level(logging.DEBUG)
        monkeypatch.setattr(http.client.HTTPConnection, "debuglevel", 1)

    @contextmanager
    def refusal(self, *kinds: type[EnvguardError]) -> Iterator[None]:
        """What is called here fails with such an error, in words for people and without a value."""
        with pytest.raises(kinds or EnvguardError) as caught:
            yield
        error = caught.value
        told = "".join(traceback.format_exception(type(error), error, None))
        behind = error.__context__
        while behind is not None:
            told += f"{behind!s} {behind!r}"
            behind = behind.__context__
        assert error.what and error.hint, "says neither what happened nor what to type"
        assert error.what == error.what.strip().removesuffix("."), "ends with a full stop"
        assert error.__cause__ is None, "carries an error of a library"
        self.quiet(told + error.hint)

    def quiet(self, *texts: str) -> None:
        """No value is in these, in the log or in the output."""
        output = self._capfd.readouterr()
        for text in (*texts, self._caplog.text, output.out, output.err):
            for form in forms(CANARY):
                assert form not in text, "a value can be seen"


def forms(text: str) -> list[str]:
    """A text, and how the inner part of it looks in base64 at each offset, and in hex."""
    plain = text.encode()
    encoded = [base64.b64encode(b" " * start + plain)[4:-4].decode() for start in range(3)]
    return [text, plain.hex(), *encoded]


def canary(number: int = 0) -> Secret:
    """A value that must not be seen."""
    return Secret(f"{CANARY}-{number}")
