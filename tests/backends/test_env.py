"""The calling environment as a backend."""

from __future__ import annotations

from pathlib import Path

import pytest

from envguard.backends.env import EnvBackend, open_env
from envguard.core.backend import Batch, Listing, Versions
from envguard.core.config import Folders, Settings
from envguard.core.errors import BackendError, ConfigError, NameNotAllowed, UsageError
from envguard.core.reference import Reference
from envguard.core.secret import Secret


def settings(environ: dict[str, str]) -> Settings:
    return Settings(Folders(Path("/a"), Path("/b"), Path("/c")), None, None, environ)


@pytest.fixture
def backend() -> EnvBackend:
    environ = {"A": "1", "EMPTY": "", "J": '{"f": "2"}', "ENVGUARD_KEY": "k", "Envguard_X": "k"}
    return open_env("env:", settings(environ))


def test_variables_are_read_and_empty_ones_are_there(backend: EnvBackend) -> None:
    refs = {name: backend.locate(name) for name in ("A", "EMPTY", "NONE")}
    field = Reference("secret", "J", "f")
    found = backend.read([*refs.values(), field])
    assert found == {refs["A"]: Secret("1"), refs["EMPTY"]: Secret(""), field: Secret("2")}
    assert not isinstance(backend, (Batch, Listing, Versions))


@pytest.mark.parametrize("name", ["ENVGUARD_KEY", "envguard_key", "Envguard_X"])
def test_what_is_envguards_own_is_not_handed_out(backend: EnvBackend, name: str) -> None:
    assert backend.read([Reference("secret", name)]) == {}
    with pytest.raises(NameNotAllowed):
        backend.locate(name)


def test_nothing_can_be_changed(backend: EnvBackend) -> None:
    ref = backend.locate("A")
    with pytest.raises(UsageError, match="cannot be changed"):
        backend.write(ref, Secret("2"), token="t")
    with pytest.raises(UsageError, match="cannot be changed"):
        backend.delete(ref)


def test_a_version_or_a_prefix_is_refused(backend: EnvBackend) -> None:
    with pytest.raises(BackendError, match="keeps none"):
        backend.read([Reference("secret", "A", version="1")])
    with pytest.raises(ConfigError):
        open_env("env:PREFIX_", settings({}))
