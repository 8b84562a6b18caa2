"""Values for Python programs, wherever they are kept."""

from __future__ import annotations

from pathlib import Path

import pytest

from envguard import Secrets, SecretsService
from envguard.core.errors import BackendError, ConfigError, NotFoundError


@pytest.fixture
def url(tmp_path: Path) -> str:
    service = SecretsService("default", path=tmp_path / "own.db")
    service.set("A", "1")
    service.set("EMPTY", "")
    return f"local://{tmp_path}/own.db"


def test_an_empty_value_is_a_value_and_absence_has_a_default(url: str) -> None:
    secrets = Secrets(url)
    assert secrets.get("A") == secrets["A"] == "1"
    assert secrets.get("EMPTY", "default") == ""
    assert secrets.get("NONE") is None
    assert secrets.get("NONE", "default") == "default"
    assert "EMPTY" in secrets
    assert "NONE" not in secrets
    with pytest.raises(NotFoundError):
        secrets["NONE"]
    assert secrets.load(["A", "NONE", "EMPTY"]) == {"A": "1", "EMPTY": ""}
    assert "1" not in repr(secrets)


def test_each_is_read_once(url: str, tmp_path: Path) -> None:
    secrets = Secrets(url)
    service = SecretsService("default", path=tmp_path / "own.db")
    assert [secrets.get("A") for _ in range(3)] == ["1"] * 3
    assert secrets.get("LATER") is None
    assert len(service.audit(type="secret.read")) == 1
    service.set("A", "2")
    service.set("LATER", "3")
    assert (secrets.get("A"), secrets.get("LATER")) == ("1", None)
    secrets.forget()
    assert (secrets.get("A"), secrets.get("LATER")) == ("2", "3")


def test_errors_are_raised_and_not_remembered(url: str, tmp_path: Path) -> None:
    secrets = Secrets(url)
    key = tmp_path / "own.db.key"
    text = key.read_text()
    key.unlink()
    for _ in range(2):
        with pytest.raises(BackendError):
            secrets.get("A", "default")
    key.touch(0o600)
    key.write_text(text)
    assert secrets.get("A") == "1"


def test_the_variable_names_the_backend(url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SECRETS_BACKEND", url)
    assert Secrets()["A"] == "1"
    monkeypatch.setenv("SECRETS_BACKEND", "nothing")
    with pytest.raises(ConfigError):
        Secrets()


def test_the_environment_can_be_the_backend(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DATABASE_PASSWORD", "from outside")
    monkeypatch.setenv("EMPTY", "")
    monkeypatch.setenv("ENVGUARD_KEY", "not for programs")
    secrets = Secrets(backend="env")
    assert secrets["DATABASE_PASSWORD"] == "from outside"
    assert secrets.get("EMPTY", "default") == ""
    assert secrets.get("NOT_THERE", "default") == "default"
    assert secrets.get("ENVGUARD_KEY") is None
    monkeypatch.setenv("SECRETS_BACKEND", "env")
    assert Secrets()["DATABASE_PASSWORD"] == "from outside"


def test_a_file_for_age_can_be_the_backend(tmp_path: Path) -> None:
    pytest.importorskip("pyrage", reason="the extra `age` is not installed")
    from tests.backends.members import founder

    ada = founder(tmp_path)
    ada.set("A", "1")
    key = ada.backend.kept.identity.get("age:").keys[0].reveal()
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("ENVGUARD_KEY", key)
        secrets = Secrets("age:secrets.age", folder=str(ada.tree))
        assert secrets.load(["A", "NONE"]) == {"A": "1"}
