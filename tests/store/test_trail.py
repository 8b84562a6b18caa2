"""What the trail says, and that it cannot be changed without being noticed."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from pathlib import Path

import pytest

from envguard.core.actor import Actor
from envguard.core.backend import About
from envguard.core.errors import BackendError, ExpiredError
from envguard.core.secret import Secret
from envguard.store.keys import KeySource
from envguard.store.store import Store

Opener = Callable[..., Store]


def said(store: Store) -> list[tuple[str, tuple[str, ...]]]:
    return [(line.action, line.names) for _, line, _ in store.trail()]


def test_each_change_and_each_value_given_out_is_a_line(open_store: Opener) -> None:
    store = open_store()
    store.write("A", Secret("1"))
    store.write("A", Secret("2"), token="t")
    store.write("A", Secret("2"), token="t")  # nothing is done
    store.write_many({"B": Secret("3"), "A": Secret("4")})
    store.read(["A", "B", "NEVER"])
    store.read(["NEVER"])
    store.fetch([("A", 1)], action="run")
    store.describe("A", About(category="token"))
    store.describe("A", About(category="token"))
    store.delete("A")
    store.delete("A")
    assert said(store) == [
        ("secret.create", ("A",)),
        ("secret.update", ("A",)),
        ("secret.create", ("B",)),
        ("secret.update", ("A",)),
        ("secret.read", ("A", "B")),
        ("run", ("A",)),
        ("secret.update", ("A",)),
        ("secret.delete", ("A",)),
    ]
    assert store.trail()[6][1].detail == "described: category"


def test_a_line_says_who_from_where_and_in_which_namespace(path: Path, key: KeySource) -> None:
    actor = Actor("user:ada", "host:/work")
    with Store.open(path, key=key, namespace="shop", create=True, actor=actor) as store:
        store.write("A", Secret("1"))
    with Store.open(path, key=key, namespace="bank") as store:
        store.write("B", Secret("2"))
        lines = [line for _, line, _ in store.trail()]
    assert [(line.actor, line.place, line.namespace) for line in lines] == [
        ("user:ada", "host:/work", "shop"),
        ("unknown", "", "bank"),
    ]
    assert all(len(line.time) == len("2026-01-01T00:00:00Z") for line in lines)


def test_no_name_and_no_value_stands_in_the_file(path: Path, open_store: Opener) -> None:
    store = open_store("a-namespace")
    store.write("THE_NAME", Secret("the value"), about=About(description="the text"))
    store.read(["THE_NAME"])
    store.close()
    content = path.read_bytes()
    for text in (b"THE_NAME", b"the value", b"the text", b"a-namespace", b"secret.read"):
        assert text not in content


def test_an_expired_value_is_not_given_out_and_no_line_says_so(open_store: Opener) -> None:
    store = open_store()
    store.write("OLD", Secret("1"), about=About(expires_at="2020-01-01T00:00:00Z"))
    store.write("NEW", Secret("2"), about=About(expires_at="2999-01-01T00:00:00Z"))
    with pytest.raises(ExpiredError, match="OLD has expired") as caught:
        store.read(["NEW", "OLD"])
    assert caught.value.exit_code == 6
    assert [action for action, _ in said(store)] == ["secret.create", "secret.create"]
    assert store.read(["NEW"]) == {"NEW": Secret("2")}
    found = store.fetch([("OLD", None)], allow_expired=True)
    assert found == {("OLD", None): Secret("1")}
    assert store.trail()[-1][1].detail == "expired: OLD"
    store.describe("OLD", About(expires_at=""))
    assert store.read(["OLD"]) == {"OLD": Secret("1")}


@pytest.mark.parametrize(
    "change",
    [
        "DELETE FROM trail WHERE number = 3",
        "DELETE FROM trail WHERE number = 2",
        "DELETE FROM trail WHERE number = 1",
        "DELETE FROM trail",
        "UPDATE trail SET body = (SELECT body FROM trail WHERE number = 1) WHERE number = 2",
        "UPDATE trail SET body = zeroblob(200) WHERE number = 2",
        "INSERT INTO trail SELECT 4, body FROM trail WHERE number = 3",
        "UPDATE trail SET number = 9 WHERE number = 3",
    ],
)
def test_a_trail_that_was_changed_is_refused(
    path: Path, key: KeySource, open_store: Opener, change: str
) -> None:
    store = open_store()
    for number in range(3):
        store.write("A", Secret(str(number)))
    store.close()
    connection = sqlite3.connect(path)
    connection.execute(change)
    connection.commit()
    connection.close()
    with Store.open(path, key=key, namespace="shop") as store:
        for look in (store.trail, store.check):
            with pytest.raises(BackendError, match="damaged"):
                look()


def test_a_purged_secret_leaves_nothing_but_its_line(path: Path, open_store: Opener) -> None:
    store = open_store()
    store.write("A", Secret("first"))
    store.write("A", Secret("second"))
    assert store.delete("A", purge=True)
    assert not store.delete("A", purge=True)
    assert store.versions("A") == ()
    assert store.fetch([("A", 1), ("A", 2)]) == {}
    connection = sqlite3.connect(path)
    assert connection.execute("SELECT count(*) FROM value").fetchone() == (0,)
    connection.close()
    assert Path(f"{path}-wal").stat().st_size == 0
    assert store.write("A", Secret("third")) == 3
    assert store.fetch([("A", None), ("A", 1)]) == {("A", None): Secret("third")}
    store.check()


def test_a_deleted_secret_is_purged_later(open_store: Opener) -> None:
    store = open_store()
    store.write("A", Secret("first"))
    store.delete("A")
    assert store.delete("A", purge=True)
    assert said(store)[-1] == ("secret.delete", ("A",))
    store.check()
