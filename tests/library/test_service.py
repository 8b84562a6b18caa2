"""The embedded store for Python programs."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone
from pathlib import Path

import pytest

from envguard import SecretsService
from envguard.core.errors import BackendError, ExpiredError, NotFoundError, UsageError


@pytest.fixture
def service(tmp_path: Path) -> SecretsService:
    return SecretsService(org_id="my-org", path=tmp_path / "own.db")


def test_values_come_back_with_what_was_said_about_them(service: SecretsService) -> None:
    assert service.set(name="A", value="1", description="for a", category="api_key") == "1"
    assert service.set("A", "2", tags=["x"], rotate_every="90d") == "2"
    assert service.get("A") == "2"
    assert service.get("A@1") == "1"
    (found,) = service.list()
    assert (found.name, found.category, found.description) == ("A", "api_key", "for a")
    assert (found.tags, found.rotate_every, found.version) == (("x",), "90d", 2)
    assert service.exists("A")
    service.delete("A")
    assert not service.exists("A")
    with pytest.raises(NotFoundError):
        service.get("A")


def test_an_expired_secret_is_an_error_of_its_own(service: SecretsService) -> None:
    yesterday = datetime.now(timezone.utc) - timedelta(days=1)
    service.set("OLD", "1", expires_at=yesterday)
    service.set("NAIVE", "2", expires_at=datetime(2999, 1, 1))
    with pytest.raises(ExpiredError, match="OLD has expired"):
        service.get("OLD")
    assert service.get("NAIVE") == "2"
    assert service.exists("OLD")
    assert {row.name for row in service.list()} == {"OLD", "NAIVE"}
    service.set("OLD", "3", expires_at="")
    assert service.get("OLD") == "3"


def test_organisations_do_not_see_each_other(tmp_path: Path, service: SecretsService) -> None:
    service.set("A", "1")
    other = SecretsService("other", path=tmp_path / "own.db")
    assert not other.exists("A")
    other.set("A", "2")
    assert (service.get("A"), other.get("A")) == ("1", "2")
    assert [line.action for line in other.audit()] == ["secret.create", "secret.read"]


def test_the_key_becomes_a_passphrase(tmp_path: Path, service: SecretsService) -> None:
    service.set("A", "1")
    service.rotate_key("new-master-key")
    assert service.get("A") == "1"
    again = SecretsService("my-org", path=tmp_path / "own.db", key="new-master-key")
    assert again.get("A") == "1"
    again.rotate_key("newer")
    for key in ("new-master-key", "wrong", None):
        with pytest.raises(BackendError):
            SecretsService("my-org", path=tmp_path / "own.db", key=key).get("A")


@pytest.mark.parametrize("key", ["", " \n", "egk1_mine", "AGE-SECRET-KEY-1MINE"])
def test_a_passphrase_that_would_not_open_again_is_refused(
    service: SecretsService, key: str
) -> None:
    service.set("A", "1")
    with pytest.raises(UsageError, match="passphrase"):
        service.rotate_key(key)
    assert service.get("A") == "1"


def test_the_trail_is_asked_by_type_name_and_time(service: SecretsService) -> None:
    service.set("A", "1")
    service.set("B", "1")
    service.get("A")
    assert [line.names for line in service.audit(type="secret.read")] == [("A",)]
    assert [line.action for line in service.audit(name="B")] == ["secret.create"]
    # A period counts back from now.
    assert service.audit(until="1d") == []
    assert len(service.audit(since="1d")) == 3


def test_wrong_calls_say_what_is_wrong(service: SecretsService) -> None:
    with pytest.raises(UsageError, match="category"):
        service.set("A", "1", category="secret")
    with pytest.raises(UsageError, match="no date"):
        service.set("A", "1", expires_at="soon")
    for value in (b"1", 1, None, "\ud800"):
        with pytest.raises(UsageError, match="value of A is no text"):
            service.set("A", value)  # type: ignore[arg-type] # a program without types
    with pytest.raises(UsageError, match="no period"):
        service.set("A", "1", rotate_every="often")
    with pytest.raises(UsageError, match="id"):
        SecretsService("")
    assert not service.exists("A")
