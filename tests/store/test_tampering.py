"""A store that somebody without its key has changed, or a disk has."""

# ruff: noqa: S608 - the statements are the attack

from __future__ import annotations

import contextlib
import sqlite3
import tempfile
from collections.abc import Callable, Iterator
from hashlib import sha256
from pathlib import Path

import pytest

from envguard.core.backend import Metadata
from envguard.core.errors import BackendError
from envguard.core.secret import Secret
from envguard.store.keys import KeySource
from envguard.store.store import Store

Opener = Callable[..., Store]
Tamper = Callable[[str], None]
Row = tuple[object, ...]

WANTED = [("A", None), ("A", 1), ("A", 3), ("B", None), ("GONE", None), ("NEVER", None)]

SHOP = "namespace = (SELECT namespace FROM head GROUP BY namespace ORDER BY count(*) DESC)"


@pytest.fixture
def filled(open_store: Opener, path: Path) -> Path:
    """A store with two namespaces, closed; A has two versions, GONE is deleted."""
    with open_store("shop") as store:
        store.write("A", Secret("first"))
        store.write("A", Secret("second"), description="text")
        store.write("B", Secret("other"), token="t")
        store.write("GONE", Secret("gone"))
        store.delete("GONE")
    with open_store("bank") as store:
        store.write("A", Secret("of the bank"))
    return path


@pytest.fixture
def memory() -> Iterator[Path]:
    """A folder whose files are not synced to a disk, where the system has one."""
    with tempfile.TemporaryDirectory(dir=next(Path("/").glob("dev/shm"), None)) as folder:
        yield Path(folder)


def rows(path: Path, statement: str) -> list[Row]:
    connection = sqlite3.connect(path)
    found = connection.execute(statement).fetchall()
    connection.close()
    return found


def answers(path: Path, key: KeySource, namespace: str = "shop") -> dict[str, object]:
    """What a store says to each question; a question that it refuses is left out."""
    found: dict[str, object] = {}
    questions: dict[str, Callable[[Store], object]] = {
        "list": lambda store: store.list(),
    }
    for name, version in WANTED:
        questions[f"{name}@{version}"] = lambda store, n=name, v=version: store.fetch([(n, v)])
    try:
        store = Store.open(path, key=key, namespace=namespace)
    except BackendError:
        return found
    with store:
        for question, ask in questions.items():
            with contextlib.suppress(BackendError):
                found[question] = ask(store)
    return found


def shrink(path: Path) -> None:
    """Packs the store into small pages, so that most of its bytes mean something."""
    connection = sqlite3.connect(path, isolation_level=None)
    for statement in ("journal_mode = DELETE", "page_size = 512"):
        connection.execute(f"PRAGMA {statement}")
    connection.execute("VACUUM")
    connection.execute("PRAGMA journal_mode = WAL")
    connection.close()


def test_a_flipped_byte_never_changes_an_answer(filled: Path, key: KeySource, memory: Path) -> None:
    shrink(filled)
    whole = filled.read_bytes()
    expected = answers(filled, key)
    assert len(expected) == len(WANTED) + 1
    path = memory / "store.db"
    refused = 0
    for at in range(len(whole)):
        flipped = bytearray(whole)
        flipped[at] ^= 1 << at % 8
        path.write_bytes(flipped)
        found = answers(path, key)
        for question, answer in found.items():
            assert answer == expected[question], f"byte {at}: {question}"
        refused += len(found) < len(expected)
        for file in memory.iterdir():
            file.unlink()
    # About a quarter means something: far fewer refusals would say that nothing is verified.
    assert refused > len(whole) / 5


@pytest.mark.parametrize(
    "script",
    [
        "DELETE FROM head",
        f"DELETE FROM head WHERE tag = (SELECT max(tag) FROM head WHERE {SHOP})",
        "DELETE FROM namespace",
        "DELETE FROM store",
        "UPDATE head SET body = zeroblob(90)",
        "UPDATE head SET mac = zeroblob(32)",
        "UPDATE head SET mac = 7",
        "UPDATE head SET tag = CAST(tag AS TEXT)",
        "UPDATE namespace SET body = '{}'",
        "UPDATE namespace SET name = x'00'",
        "UPDATE store SET body = '{}'",
        "UPDATE store SET body = '[1]'",
        "INSERT INTO head SELECT namespace, randomblob(16), mac, body FROM head"
        f" WHERE {SHOP} LIMIT 1",
        "INSERT INTO namespace SELECT randomblob(16), name, body, mac FROM namespace LIMIT 1",
        # The same bytes, taken apart at another place.
        "UPDATE head SET mac = substr(tag, 16) || mac, tag = substr(tag, 1, 15)",
        "UPDATE namespace SET mac = substr(tag, 16) || mac, tag = substr(tag, 1, 15)",
        "DROP TABLE head",
        "DROP TABLE value",
        "DROP INDEX head_mac",
        "DELETE FROM value",
        "UPDATE value SET version = version + 10",
        "UPDATE value SET token = x'0102'",
        "UPDATE value SET body = substr(body, 1, 20)",
        "UPDATE value SET body = 7",
    ],
)
def test_rows_that_were_changed_are_refused(
    filled: Path, key: KeySource, tamper: Tamper, script: str
) -> None:
    expected = answers(filled, key)
    tamper(script)
    found = answers(filled, key)
    assert "A@None" not in found
    assert all(answer == expected[question] for question, answer in found.items())


def test_a_damaged_store_is_not_written_over(filled: Path, key: KeySource, tamper: Tamper) -> None:
    tamper(f"DELETE FROM head WHERE tag = (SELECT max(tag) FROM head WHERE {SHOP})")
    before = rows(filled, "SELECT * FROM head UNION ALL SELECT *, 1 FROM store")
    with Store.open(filled, key=key, namespace="shop", create=True) as store:
        for change in (lambda: store.write("C", Secret("new")), lambda: store.delete("B")):
            with pytest.raises(BackendError, match="damaged"):
                change()
        with pytest.raises(BackendError, match="damaged"):
            store.check()
    assert rows(filled, "SELECT * FROM head UNION ALL SELECT *, 1 FROM store") == before


@pytest.mark.parametrize("table", ["value", "head", "namespace", "store"])
def test_a_write_that_a_trigger_swallows_is_not_acknowledged(
    filled: Path, key: KeySource, tamper: Tamper, table: str
) -> None:
    expected = answers(filled, key)
    for event in ("INSERT", "UPDATE"):
        tamper(
            f"CREATE TRIGGER {table}_{event} BEFORE {event} ON {table}"
            " BEGIN SELECT RAISE(IGNORE); END"
        )
    with (
        Store.open(filled, key=key, namespace="shop") as store,
        pytest.raises(BackendError, match="damaged"),
    ):
        store.write("A", Secret("third"))
    assert answers(filled, key) == expected


def test_values_and_heads_swapped_between_names_are_refused(
    filled: Path, key: KeySource, tamper: Tamper
) -> None:
    expected = answers(filled, key)
    for table in ("value", "head"):
        tamper(
            f"CREATE TEMP TABLE old AS SELECT * FROM {table};"
            f"UPDATE {table} SET body = (SELECT body FROM old"
            f" WHERE old.namespace = {table}.namespace AND old.tag <> {table}.tag LIMIT 1)"
            f" WHERE EXISTS (SELECT 1 FROM old"
            f" WHERE old.namespace = {table}.namespace AND old.tag <> {table}.tag)"
        )
    found = answers(filled, key)
    assert "B@None" not in found
    assert all(answer == expected[question] for question, answer in found.items())


def test_rows_of_another_namespace_are_refused(
    filled: Path, key: KeySource, tamper: Tamper
) -> None:
    one, other = (f"x'{tag.hex()}'" for (tag,) in rows(filled, "SELECT tag FROM namespace"))
    for table, column in [("head", "namespace"), ("value", "namespace"), ("namespace", "tag")]:
        swap = (
            f"UPDATE {table} SET {column} = zeroblob(16) WHERE {column} = {one};"
            f"UPDATE {table} SET {column} = {one} WHERE {column} = {other};"
            f"UPDATE {table} SET {column} = {other} WHERE {column} = zeroblob(16)"
        )
        tamper(swap)
        for namespace in ("shop", "bank"):
            assert "A@None" not in answers(filled, key, namespace), table
    # Whole namespaces are swapped by now, row by row.
    for namespace in ("shop", "bank"):
        assert "A@None" not in answers(filled, key, namespace)


@pytest.mark.parametrize(
    ("table", "columns"),
    [
        ("head", "mac, body"),
        ("head", "body"),
        ("head", "mac"),
        ("namespace", "body, mac"),
        ("namespace", "body"),
        ("store", "body, mac"),
        ("store", "body"),
    ],
)
def test_an_old_row_is_refused(
    filled: Path, key: KeySource, tamper: Tamper, table: str, columns: str
) -> None:
    tamper(f"CREATE TABLE old AS SELECT * FROM {table}")
    with Store.open(filled, key=key, namespace="shop") as store:
        store.write("A", Secret("third"))
        store.delete("B")
    same = "old.one = store.one" if table == "store" else f"old.tag = {table}.tag"
    tamper(f"UPDATE {table} SET ({columns}) = (SELECT {columns} FROM old WHERE {same})")
    assert "A@None" not in answers(filled, key)


def test_old_values_are_the_versions_that_they_were(
    filled: Path, key: KeySource, tamper: Tamper
) -> None:
    tamper("CREATE TABLE old AS SELECT * FROM value")
    with Store.open(filled, key=key, namespace="shop") as store:
        store.write("A", Secret("third"))
        store.delete("B")
    tamper("INSERT OR REPLACE INTO value SELECT * FROM old")
    found = answers(filled, key)
    assert found["A@None"] == {("A", None): Secret("third")}
    assert found["A@1"] == {("A", 1): Secret("first")}
    assert found["B@None"] == {}


@pytest.mark.parametrize(
    "change",
    [
        "UPDATE head SET mac = (SELECT mac FROM old WHERE old.tag = "
        "head.tag), body = (SELECT body FROM old WHERE old.tag = head.tag)",
        "DELETE FROM head",
    ],
)
def test_a_table_that_disagrees_with_its_index_is_refused(
    filled: Path, key: KeySource, tamper: Tamper, change: str
) -> None:
    tamper("CREATE TABLE old AS SELECT * FROM head")
    with Store.open(filled, key=key, namespace="shop") as store:
        store.write("A", Secret("third"))
        store.write("NEW", Secret("new"))
        store.delete("NEW")
    # SQLite forgets the index, changes the table, and knows the index again.
    schema = "PRAGMA writable_schema = ON; "
    tamper(
        "CREATE TABLE kept AS SELECT * FROM sqlite_master WHERE name = 'head_mac';"
        f"{schema} DELETE FROM sqlite_master WHERE name = 'head_mac'"
    )
    tamper(f"{change} WHERE tag IN (SELECT tag FROM old)")
    tamper(f"{schema} INSERT INTO sqlite_master SELECT * FROM kept")
    found = answers(filled, key)
    assert "A@None" not in found
    assert "list" not in found
    assert found["NEVER@None"] == {}


def test_a_digest_that_was_computed_anew_is_refused(
    filled: Path, key: KeySource, tamper: Tamper
) -> None:
    empty = sha256(b"").hexdigest()
    tamper(
        "DELETE FROM namespace; UPDATE store SET body = CAST("
        f"json_set(CAST(body AS TEXT), '$.namespaces', 0, '$.digest', '{empty}') AS BLOB)"
    )
    assert answers(filled, key) == {}


def test_a_namespace_s_digest_that_was_computed_anew_is_refused(
    filled: Path, key: KeySource, tamper: Tamper
) -> None:
    empty = sha256(b"").hexdigest()
    tamper(
        "DELETE FROM head; UPDATE namespace SET body = CAST("
        f"json_set(CAST(body AS TEXT), '$.heads', 0, '$.digest', '{empty}') AS BLOB)"
    )
    assert answers(filled, key) == {}


def test_a_namespace_that_was_removed_whole_is_not_absent(
    filled: Path, key: KeySource, tamper: Tamper
) -> None:
    tamper("DELETE FROM namespace; DELETE FROM head; DELETE FROM value")
    for namespace in ("shop", "bank", "never written"):
        assert answers(filled, key, namespace) == {}


def test_the_metadata_is_what_was_written(filled: Path, key: KeySource) -> None:
    listed = answers(filled, key)["list"]
    assert isinstance(listed, list)
    assert [(found.name, found.version, found.description) for found in listed] == [
        ("A", 2, "text"),
        ("B", 1, ""),
    ]
    assert all(isinstance(found, Metadata) for found in listed)
