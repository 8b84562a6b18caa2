"""A store that somebody without its key has changed, or a disk has."""

# ruff: noqa: S608 - the statements are the attack

from __future__ import annotations

import contextlib
import random
import shutil
import sqlite3
import tempfile
from collections.abc import Callable, Iterator, Mapping
from hashlib import sha256
from pathlib import Path

import pytest

from envguard.core.backend import About, Metadata
from envguard.core.errors import BackendError, ExpiredError
from envguard.core.secret import Secret
from envguard.store import passphrase, rotation
from envguard.store.keys import KeySource
from envguard.store.store import Store

Opener = Callable[..., Store]
Tamper = Callable[[str], None]
Row = tuple[object, ...]

NAMES = ("A", "B", "GONE", "NEVER", "OLD")
WANTED = [*((name, None) for name in NAMES), ("A", 1), ("A", 3)]

LINES = 7
"""Lines of the trail that are there before anything is asked."""

SHOP = "namespace = (SELECT namespace FROM head GROUP BY namespace ORDER BY count(*) DESC)"


@pytest.fixture
def filled(open_store: Opener, path: Path) -> Path:
    """A store with two namespaces, closed; A has two versions, GONE is deleted."""
    with open_store("shop") as store:
        store.write("A", Secret("first"))
        store.write("A", Secret("second"), about=About(description="text"))
        store.write("B", Secret("other"), token="t")
        store.write("GONE", Secret("gone"))
        store.delete("GONE")
        store.write("OLD", Secret("expired"), about=About(expires_at="2020-01-01T00:00:00Z"))
        rotation.rotate(store)
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
        "trail": lambda store: store.trail()[:LINES],  # asking adds lines to it
        "list": lambda store: store.list(),
        "versions": lambda store: store.versions("A"),
        "retired": lambda store: store.retired(),
    }
    for name, version in WANTED:
        questions[f"{name}@{version}"] = lambda store, n=name, v=version: store.fetch([(n, v)])
    try:
        store = Store.open(path, key=key, namespace=namespace)
    except BackendError as error:
        assert_helps(error, path, key)
        return found
    with store:
        for question, ask in questions.items():
            try:
                found[question] = ask(store)
            except ExpiredError as error:
                found[question] = error.what
            except BackendError as error:
                assert_helps(error, path, key)
    return found


def assert_helps(error: BackendError, path: Path, key: KeySource) -> None:
    """An error names the file, and a way out."""
    assert str(path) in error.what or str(key.file) in error.what
    assert error.hint


def shrink(path: Path) -> None:
    """Packs the store into small pages, so that most of its bytes mean something."""
    connection = sqlite3.connect(path, isolation_level=None)
    for statement in ("journal_mode = DELETE", "page_size = 512"):
        connection.execute(f"PRAGMA {statement}")
    connection.execute("VACUUM")
    connection.execute("PRAGMA journal_mode = WAL")
    connection.close()


def asked_of(copies: Mapping[str, bytes], folder: Path, given: KeySource) -> dict[str, object]:
    """What a store answers whose files have these contents, in a folder of its own."""
    for file in folder.iterdir():
        file.unlink()
    for name, held in copies.items():
        (folder / name).write_bytes(held)
    shutil.copy(given.file, folder / "store.key")
    return answers(folder / "store.db", KeySource(folder / "store.key"))


def flipped(content: bytes, at: int) -> bytes:
    changed = bytearray(content)
    changed[at] ^= 1 << at % 8
    return bytes(changed)


@pytest.mark.parametrize("step", [23, pytest.param(1, marks=pytest.mark.prove)])
def test_a_flipped_byte_never_changes_an_answer(
    filled: Path, key: KeySource, memory: Path, figure: Callable[[str], None], step: int
) -> None:
    shrink(filled)
    whole = filled.read_bytes()
    expected = asked_of({"store.db": whole}, memory, key)
    assert len(expected) == len(WANTED) + 4
    tried = range(0, len(whole), step)
    refused = 0
    for at in tried:
        found = asked_of({"store.db": flipped(whole, at)}, memory, key)
        for question, answer in found.items():
            assert answer == expected[question], f"byte {at}: {question}"
        refused += len(found) < len(expected)
    # About a quarter means something: far fewer refusals would say that nothing is verified.
    assert refused > len(tried) / 5
    figure(f"{len(tried)} bytes flipped, {refused} refused")


@pytest.mark.parametrize("step", [17, pytest.param(1, marks=pytest.mark.prove)])
def test_a_flipped_byte_of_the_log_is_an_older_store_and_refused(
    filled: Path, key: KeySource, memory: Path, figure: Callable[[str], None], step: int
) -> None:
    shrink(filled)
    with Store.open(filled, key=key, namespace="shop") as store:
        store.write("A", Secret("third"), about=About(description="newer"))
        store.delete("B")
        names = ("store.db", "store.db-wal")
        copies = {name: filled.with_name(name).read_bytes() for name in names}
    copies["store.seen"] = key.seen.read_bytes()
    log = copies["store.db-wal"]
    expected = asked_of(copies, memory, key)
    assert expected["A@None"] == {("A", None): Secret("third")}
    refused = 0
    changes = [flipped(log, at) for at in range(0, len(log), step)]
    changes += [log[:size] for size in range(0, len(log), 512)]
    for number, changed in enumerate(changes):
        found = asked_of({**copies, "store.db-wal": changed}, memory, key)
        for question, answer in found.items():
            assert answer == expected[question], f"change {number}: {question}"
        refused += len(found) < len(expected)
    assert refused > len(changes) / 2
    figure(f"{len(changes)} changes of the log, {refused} refused")


@pytest.mark.parametrize("count", [40, pytest.param(3000, marks=pytest.mark.prove)])
def test_random_bytes_of_a_large_store(
    filled: Path, key: KeySource, memory: Path, figure: Callable[[str], None], count: int
) -> None:
    with Store.open(filled, key=key, namespace="shop") as store:
        store.write_many({f"KEY_{n}": Secret(f"value {n}") for n in range(1000)})
    whole = filled.read_bytes()
    expected = asked_of({"store.db": whole}, memory, key)
    chance = random.Random(3)  # noqa: S311 - places to damage
    refused = 0
    for _ in range(count):
        changed = bytearray(whole)
        at = chance.randrange(len(whole) - 64)
        changed[at : at + chance.choice((1, 1, 8, 64))] = chance.randbytes(
            chance.choice((1, 1, 8, 64))
        )
        found = asked_of({"store.db": bytes(changed[: len(whole)])}, memory, key)
        for question, answer in found.items():
            assert answer == expected[question], f"byte {at}: {question}"
        refused += len(found) < len(expected)
    assert refused > count / 5
    figure(f"{count} places of a store of {len(whole)} bytes, {refused} refused")


def test_a_changed_memory_of_what_was_seen_says_nothing(filled: Path, key: KeySource) -> None:
    expected = answers(filled, key)
    old = filled.read_bytes()
    with Store.open(filled, key=key, namespace="shop") as store:
        store.write("A", Secret("third"))
    newest, seen = filled.read_bytes(), key.seen.read_bytes()
    for changed in (*(flipped(seen, at) for at in range(len(seen))), seen[:25], b"", seen + b"x"):
        key.seen.write_bytes(changed)
        found = answers(filled, key)
        assert found["A@None"] == {("A", None): Secret("third")}
        filled.write_bytes(newest)
    key.seen.write_bytes(seen)
    filled.write_bytes(old)
    assert answers(filled, key) == {}
    # What was remembered is whole again after the next look at the store.
    key.seen.write_bytes(seen + b"x")
    filled.write_bytes(newest)
    assert answers(filled, key).keys() == expected.keys()
    assert len(key.seen.read_bytes()) == len(seen)


@pytest.mark.parametrize("step", [61, pytest.param(1, marks=pytest.mark.prove)])
def test_what_the_store_says_of_its_key_cannot_be_changed(
    filled: Path, key: KeySource, monkeypatch: pytest.MonkeyPatch, step: int
) -> None:
    monkeypatch.setattr(passphrase, "LOG2_N", 15)
    with Store.open(filled, key=key, namespace="shop") as store:
        rotation.rotate(store, "passphrase", Secret("phrase"))
    given = KeySource(key.file, Secret("phrase"))
    expected = answers(filled, given)
    assert expected
    (body,) = (row[0] for row in rows(filled, "SELECT body FROM store"))
    assert isinstance(body, bytes)
    changes = [flipped(body, at) for at in range(0, len(body), step)]
    changes += [
        body.replace(b"scrypt$15$", parameters)
        for parameters in (b"scrypt$14$", b"scrypt$16$", b"scrypt$21$", b"scrypt$99$", b"$")
    ]
    changes += [body.replace(b'"passphrase"', b'"file"'), body.replace(b'"passphrase"', b'"none"')]
    whole = filled.read_bytes()
    for changed in changes:
        filled.write_bytes(whole)
        with contextlib.closing(sqlite3.connect(filled)) as connection, connection:
            connection.execute("UPDATE store SET body = ?", (changed,))
        assert answers(filled, KeySource(key.file, Secret("phrase"))) == {}


def test_truncated_anywhere_a_store_is_damaged(filled: Path, key: KeySource) -> None:
    whole = filled.read_bytes()
    expected = answers(filled, key)
    whole = filled.read_bytes()
    for size in range(0, len(whole), 512):
        filled.write_bytes(whole[:size])
        found = answers(filled, key)
        assert len(found) < len(expected)
        assert all(answer == expected[question] for question, answer in found.items())


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
        "INSERT INTO namespace SELECT randomblob(16), name, body, buckets, mac FROM namespace"
        " LIMIT 1",
        # The same bytes, taken apart at another place.
        "UPDATE head SET mac = substr(tag, 16) || mac, tag = substr(tag, 1, 15)",
        "UPDATE namespace SET mac = substr(tag, 16) || mac, tag = substr(tag, 1, 15)",
        "DROP TABLE head",
        "DROP TABLE value",
        "UPDATE namespace SET buckets = x''",
        "UPDATE namespace SET buckets = substr(buckets, 34)",
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
    assert len(found) < len(expected)
    assert all(answer == expected[question] for question, answer in found.items())


def test_a_damaged_store_is_not_written_over(filled: Path, key: KeySource, tamper: Tamper) -> None:
    tamper(f"DELETE FROM head WHERE {SHOP}")
    before = rows(filled, "SELECT * FROM head UNION ALL SELECT *, 1 FROM store")
    with Store.open(filled, key=key, namespace="shop", create=True) as store:
        for name in ("A", "B", "GONE"):
            with pytest.raises(BackendError, match="damaged"):
                store.write(name, Secret("again"))
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
    left = answers(filled, key)
    # Where the store's own row cannot be written no value is given out, as no line says so.
    assert left.items() <= expected.items() if table == "store" else left == expected


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


def test_a_digest_that_was_computed_anew_is_refused(
    filled: Path, key: KeySource, tamper: Tamper
) -> None:
    empty = sha256(b"").hexdigest()
    tamper(
        "DELETE FROM namespace; UPDATE store SET body = CAST("
        f"json_set(CAST(body AS TEXT), '$.namespaces', 0, '$.digest', '{empty}') AS BLOB)"
    )
    assert answers(filled, key) == {}


def test_heads_that_were_removed_with_their_buckets_are_not_absent(
    filled: Path, key: KeySource, tamper: Tamper
) -> None:
    tamper("DELETE FROM head; UPDATE namespace SET buckets = x''")
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
        ("OLD", 1, ""),
    ]
    assert all(isinstance(found, Metadata) for found in listed)
