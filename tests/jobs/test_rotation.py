"""What is due for a new value, and how it gets one."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone
from pathlib import Path

import pytest

from envguard.backends.local import LocalBackend
from envguard.core.backend import About
from envguard.core.config import Folders
from envguard.core.dates import FORMAT, parse
from envguard.core.errors import NotFoundError, UsageError
from envguard.core.expected import Expected
from envguard.core.secret import Secret
from envguard.jobs.rotation import passwords, status, steps
from envguard.jobs.secrets import place
from tests.detection.samples import expand
from tests.jobs.project import Project


@pytest.fixture
def store(project: Project) -> LocalBackend:
    where = place.Place(project.root / "own.db")
    settings = project.settings._replace(allow_expired=True)
    found = place.opened(where, project.config, project.profile, settings)
    assert isinstance(found, LocalBackend)
    return found


@pytest.fixture
def folders(tmp_path: Path) -> Folders:
    return Folders(tmp_path / "c", tmp_path / "d", tmp_path / "cache")


def days_ago(days: int) -> str:
    return (datetime.now(timezone.utc) - timedelta(days=days)).strftime(FORMAT)


def write(
    store: LocalBackend,
    name: str,
    monkeypatch: pytest.MonkeyPatch,
    age: int,
    about: About = About(),  # noqa: B008 - frozen
) -> None:
    with monkeypatch.context() as patch, store.open(create=True) as opened:
        patch.setattr("envguard.store.store.now", lambda: days_ago(age))
        patch.setattr("envguard.store.snapshot.now", lambda: days_ago(age))
        opened.write(name, Secret(f"{name} {age}"), about=about)


@pytest.mark.parametrize(
    ("name", "every"),
    [
        ("OPENAI_API_KEY", "90d"),
        ("ANTHROPIC_KEY", "90d"),
        ("HF_API_TOKEN", "90d"),
        ("DB_PASSWORD", "30d"),
        ("POSTGRES_PASSWORD", "30d"),
        ("DATABASE_URL", "30d"),
        ("GOOGLE_APPLICATION_CREDENTIALS", "90d"),
        ("STRIPE_KEY", ""),
        ("LOG_LEVEL", ""),
    ],
)
def test_names_have_periods_by_default(name: str, every: str) -> None:
    assert status.policy(name, None, {})[0] == every


def test_the_secret_wins_over_the_configuration_and_that_over_the_name() -> None:
    expected = {"DB_PASSWORD": Expected(rotate_every="7d")}
    assert status.policy("DB_PASSWORD", "3d", expected) == ("3d", "the secret")
    assert status.policy("DB_PASSWORD", None, expected) == ("7d", "[secrets]")
    assert status.policy("DB_PASSWORD", None, {})[0] == "30d"


def test_the_most_urgent_is_first(store: LocalBackend, monkeypatch: pytest.MonkeyPatch) -> None:
    write(store, "PLAIN", monkeypatch, 400)
    write(store, "DB_PASSWORD", monkeypatch, 31)
    write(store, "REDIS_PASSWORD", monkeypatch, 20)
    write(store, "MYSQL_PASSWORD", monkeypatch, 5)
    write(store, "CERT", monkeypatch, 300, About(expires_at=days_ago(-20)))
    write(store, "GONE", monkeypatch, 5, About(expires_at=days_ago(1)))
    rows = status.status(store, {})
    assert [(row.name, row.state) for row in rows] == [
        ("GONE", "expired"),
        ("CERT", "overdue"),
        ("DB_PASSWORD", "overdue"),
        ("REDIS_PASSWORD", "soon"),
        ("MYSQL_PASSWORD", "ok"),
        ("PLAIN", "ok"),
    ]
    assert not status.is_in_order(rows)
    assert rows[-1].due == ""
    assert status.is_in_order(rows[3:])


def test_a_description_does_not_count_as_a_new_value(
    store: LocalBackend, monkeypatch: pytest.MonkeyPatch
) -> None:
    write(store, "DB_PASSWORD", monkeypatch, 31)
    store.describe(store.locate("DB_PASSWORD"), About(description="text"))
    (row,) = status.status(store, {})
    assert row.state == "overdue"


def test_a_rotation_writes_verifies_and_moves_the_date_on(
    store: LocalBackend, folders: Folders, monkeypatch: pytest.MonkeyPatch
) -> None:
    about = About(expires_at=days_ago(1), rotate_every="10d")
    write(store, "DB_PASSWORD", monkeypatch, 11, about)
    done = steps.rotate(store, "DB_PASSWORD", Secret("new"), {}, folders)
    assert done.version == "2"
    left = parse(done.expires_at) - datetime.now(timezone.utc)
    assert timedelta(days=9, hours=23) < left <= timedelta(days=10)
    (row,) = status.status(store, {})
    assert row.state == "soon"  # in ten days
    steps.done(store, "DB_PASSWORD")
    with store.open() as opened:
        actions = [line.action for _, line, _ in opened.trail()]
    assert [a for a in actions if a.startswith("rotate.")] == [
        "rotate.update",
        "rotate.verify",
        "rotate.done",
    ]


def test_the_provider_of_the_old_value_is_named(store: LocalBackend, folders: Folders) -> None:
    token = expand("{github:ghp_}").decode()
    with store.open(create=True) as opened:
        opened.write("TOKEN", Secret(token))
    done = steps.rotate(store, "TOKEN", Secret("new"), {}, folders)
    assert "GitHub" in done.provider.title
    assert done.provider.revoke.startswith("https://github.com/")


def test_what_cannot_be_rotated_says_why(store: LocalBackend, folders: Folders) -> None:
    with pytest.raises(NotFoundError, match="no secret A"):
        steps.rotate(store, "A", Secret("new"), {}, folders)
    with store.open(create=True) as opened:
        opened.write("A", Secret("same"))
    with pytest.raises(UsageError, match="already"):
        steps.rotate(store, "A", Secret("same"), {}, folders)
    with pytest.raises(NotFoundError, match="no secret B"):
        steps.done(store, "B")


def test_passwords_have_one_of_each_kind_and_need_no_escape() -> None:
    seen = {passwords.generate().reveal() for _ in range(200)}
    assert len(seen) == 200
    for found in seen:
        assert len(found) == 32
        assert found.isalnum()
        assert any(c.islower() for c in found)
        assert any(c.isupper() for c in found)
        assert any(c.isdigit() for c in found)
    signs = passwords.generate(20, symbols=True).reveal()
    assert set(signs) & set(passwords.SYMBOLS)
    assert not set(signs) & set("\"'$`\\ &|;<>()")
    for length in (0, 15, 5000):
        with pytest.raises(UsageError):
            passwords.generate(length)
