"""What an auditor asks of a store."""

from __future__ import annotations

import sqlite3

import pytest

from envguard.backends.local import LocalBackend
from envguard.core.backend import About
from envguard.core.errors import BackendError, UsageError
from envguard.core.secret import Secret
from envguard.jobs import audit
from envguard.jobs.secrets import place
from envguard.store import records
from tests.jobs.project import Project


@pytest.fixture
def store(project: Project) -> LocalBackend:
    where = place.Place(project.root / "own.db")
    found = place.opened(where, project.config, project.profile, project.settings)
    assert isinstance(found, LocalBackend)
    return found


def write(store: LocalBackend, name: str, value: str, about: About | None = None) -> None:
    with store.open(create=True) as opened:
        opened.write(name, Secret(value), about=about or About())


def change(store: LocalBackend, statement: str) -> None:
    connection = sqlite3.connect(store.path)
    connection.execute(statement)
    connection.commit()
    connection.close()


def chosen(store: LocalBackend, **wanted: object) -> list[str]:
    lines = audit.log(store, audit.Filter(**wanted))  # type: ignore[arg-type] # by name
    return [f"{line.action} {' '.join(line.names)}" for _, line in lines]


def test_lines_are_chosen_by_action_name_actor_and_time(store: LocalBackend) -> None:
    write(store, "A", "1")
    write(store, "B", "2")
    store.read([store.locate("A")])
    store.delete(store.locate("B"))
    everything = ["secret.create A", "secret.create B", "secret.read A", "secret.delete B"]
    assert chosen(store) == everything
    assert chosen(store, action="secret") == everything
    assert chosen(store, action="secret.read") == ["secret.read A"]
    assert chosen(store, action="secr") == []
    assert chosen(store, name="B") == ["secret.create B", "secret.delete B"]
    assert chosen(store, actor="user:") == everything
    assert chosen(store, actor="nobody") == []
    assert chosen(store, since="2999-01-01T00:00:00Z") == []
    assert chosen(store, until="2999-01-01T00:00:00Z") == everything
    assert chosen(store, limit=1) == ["secret.delete B"]


def test_a_head_that_was_kept_proves_what_came_after(store: LocalBackend) -> None:
    write(store, "A", "1")
    kept = audit.head(store)
    write(store, "A", "2")
    found = audit.verify(store, kept)
    assert (found.lines, found.problem) == (2, None)
    assert found.head == audit.head(store)
    assert audit.verify(store, "9:00").problem == (
        "the trail has 2 lines, and had 9: it was cut or replaced"
    )
    assert "another one" in str(audit.verify(store, "1:00").problem)
    for text in ("", "x", "1:xyz", "1.5:00"):
        with pytest.raises(UsageError, match="no head"):
            audit.verify(store, text)


def test_the_first_line_that_is_wrong_is_named(store: LocalBackend) -> None:
    for number in range(5):
        write(store, "A", str(number))
    change(store, "UPDATE trail SET body = zeroblob(100) WHERE number = 3")
    found = audit.verify(store)
    assert found.lines == 2
    assert "line 3" in str(found.problem)
    with pytest.raises(BackendError, match="damaged"):
        audit.log(store, audit.Filter())
    with pytest.raises(UsageError, match="line 3"):
        audit.head(store)


def test_a_review_names_what_nobody_reads_and_what_has_expired(
    store: LocalBackend, monkeypatch: pytest.MonkeyPatch
) -> None:
    for module in ("store", "opened"):
        monkeypatch.setattr(f"envguard.store.{module}.now", lambda: "2025-01-01T00:00:00Z")
    write(store, "OLD", "1")
    write(store, "READ", "2")
    write(store, "LATE", "3", About(expires_at="2025-06-01T00:00:00Z"))
    store.read([store.locate("OLD")])
    for module in ("store", "opened"):
        monkeypatch.setattr(f"envguard.store.{module}.now", records.now)
    store.read([store.locate("READ")])
    write(store, "NEW", "4")
    found = audit.review(store)
    assert found.unread == [("LATE", ""), ("OLD", "2025-01-01")]
    assert found.expired == ["LATE"]
    assert [(read, wrote) for _, read, wrote in found.actors] == [(1, 1)]
    assert found.access.home == "file"
    assert found.access.mode.startswith("-rw-------")


def test_what_a_run_got_elsewhere_was_not_read_here(
    store: LocalBackend, monkeypatch: pytest.MonkeyPatch
) -> None:
    for module in ("store", "opened"):
        monkeypatch.setattr(f"envguard.store.{module}.now", lambda: "2025-01-01T00:00:00Z")
    write(store, "A", "1")
    for module in ("store", "opened"):
        monkeypatch.setattr(f"envguard.store.{module}.now", records.now)
    store.record("run", ["A"], "from aws:")
    assert audit.review(store).unread == [("A", "")]
    store.record("run", ["A"])
    assert audit.review(store).unread == []


def test_syslog_lines_are_rfc_5424(store: LocalBackend) -> None:
    line = records.Line(
        "2026-01-01T00:00:00Z", 'user:a"b]c\\d', "host:/x", "secret.read", "ns", ("A", "B"), "é\n"
    )
    (said,) = audit.as_syslog([(7, line)])
    assert said == (
        "<110>1 2026-01-01T00:00:00Z host envguard - secret.read "
        '[envguard@32473 number="7" actor="user:a\\"b\\]c\\\\d" place="host:/x" namespace="ns" '
        'names="A B" detail="é"]'
    )


def test_only_the_embedded_store_has_a_trail() -> None:
    with pytest.raises(UsageError, match="embedded store"):
        audit.log(object(), audit.Filter())  # type: ignore[arg-type] # some other backend
