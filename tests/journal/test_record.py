from __future__ import annotations

import hashlib
import json
import stat
from itertools import product
from pathlib import Path
from typing import Any

import pytest

from envguard.core.errors import BackendError, NotFoundError, UsageError
from envguard.core.plan import Action
from envguard.core.reference import Reference
from envguard.journal.record import (
    Record,
    RecordedFile,
    RecordedStep,
    RecordedWrite,
    Standing,
    State,
)
from envguard.journal.records import Records

BEFORE, AFTER = b"A=plain\n", b"A=secret:A\n"
STEP = {"key": "A", "line": 1, "action": "move", "reference": ["secret", "A", None, None]}
FILE = {
    "path": "/srv/.env",
    "profile": "dev",
    "alias": None,
    "layers": [],
    "before_digest": "a",
    "after_digest": "b",
    "steps": [STEP],
}


@pytest.fixture
def records(tmp_path: Path) -> Records:
    return Records(tmp_path / "data/backups", bytes(range(32)))


@pytest.fixture
def file(records: Records) -> RecordedFile:
    steps = (
        RecordedStep("A", 1, Action.MOVE, Reference("secret", "A")),
        RecordedStep("B", 2, Action.LINK, Reference("prod", "db", "password", "2")),
    )
    digests = (records.digest(BEFORE), records.digest(AFTER))
    return RecordedFile(Path("/srv/.env\udc80"), "dev", None, (".env",), steps, *digests)


@pytest.fixture
def record(file: RecordedFile) -> Record:
    other = RecordedFile(Path("/srv/web/.env"), "prod", "prod", (), (), "a", "b")
    return Record(
        id="m1",
        backend="local:",
        root=Path("/srv"),
        config=Path("/srv/envguard.toml"),
        project="shop-1",
        profile="dev",
        files=(file, other),
        writes=(RecordedWrite("A", "7", "8"), RecordedWrite("C", None, None, "OLD")),
        origin="local:///old.db",
        follows=True,
    )


def test_a_record_comes_back_as_it_was(records: Records, record: Record) -> None:
    records.save(record)
    assert records.load("m1") == record
    later = record.advanced(State.REWRITTEN)
    records.save(later)
    assert records.load("m1") == later
    assert stat.S_IMODE(records.file("m1").stat().st_mode) == 0o600
    assert stat.S_IMODE(records.folder.stat().st_mode) == 0o700


def test_a_record_holds_no_value_and_no_plain_hash(records: Records, record: Record) -> None:
    records.save(record)
    text = records.file("m1").read_text()
    assert "plain" not in text
    assert hashlib.sha256(BEFORE).hexdigest() not in text
    assert Records(records.folder, bytes(32)).digest(BEFORE) not in text


def test_a_migration_only_goes_forward(record: Record) -> None:
    order = list(State)
    for old, new in product(order, order):
        start = record.advanced(old)
        if order.index(new) < order.index(old):
            with pytest.raises(ValueError, match="does not go from"):
                start.advanced(new)
        else:
            assert start.advanced(new).state is new


@pytest.mark.parametrize(
    ("content", "standing"),
    [
        (BEFORE, Standing.BEFORE),
        (AFTER, Standing.AFTER),
        (AFTER + b"\n", Standing.CHANGED),
        (b"", Standing.CHANGED),
        (None, Standing.GONE),
    ],
)
def test_a_file_is_compared_with_before_and_after(
    records: Records, file: RecordedFile, content: bytes | None, standing: Standing
) -> None:
    assert records.standing(file, content) is standing


def test_another_key_recognises_no_file(records: Records, file: RecordedFile) -> None:
    other = Records(records.folder, bytes(32))
    assert other.standing(file, AFTER) is Standing.CHANGED


def test_a_missing_record_is_not_found(records: Records) -> None:
    with pytest.raises(NotFoundError):
        records.load("m1")
    assert records.list() == ()
    assert records.forget("m1") is False


def test_records_are_listed_and_forgotten(records: Records, record: Record) -> None:
    records.save(record)
    (records.folder / "m1.egb").touch()
    assert records.list() == ("m1",)
    assert records.forget("m1") is True
    assert records.list() == ()
    assert (records.folder / "m1.egb").exists()


@pytest.mark.parametrize(
    "change",
    [
        {"schema": 2},
        {"id": "m2"},
        {"root": 1},
        {"backend": None},
        {"origin": 1},
        {"writes": [{}]},
        {"writes": [{"name": "A", "held": 1, "version": None, "key": None}]},
        {"files": None},
        {"files": [{}]},
        {"files": [{**FILE, "path": 1}]},
        {"files": [{**FILE, "layers": [1]}]},
        {"files": [{**FILE, "before_digest": 1}]},
        {"files": [{**FILE, "steps": [{**STEP, "key": 1}]}]},
        {"files": [{**FILE, "steps": [{**STEP, "line": "x"}]}]},
        {"files": [{**FILE, "steps": [{**STEP, "action": "odd"}]}]},
        {"files": [{**FILE, "steps": [{**STEP, "reference": []}]}]},
        {"files": [{**FILE, "steps": [{**STEP, "reference": [1, "A", None, None]}]}]},
        {"files": [{**FILE, "steps": [{**STEP, "reference": None}]}]},
        {"state": "unheard of"},
    ],
)
def test_a_damaged_record_is_refused_by_its_name(
    records: Records, record: Record, change: dict[str, Any]
) -> None:
    records.save(record)
    file = records.file("m1")
    whole = {**json.loads(file.read_text()), "files": [FILE]}
    file.write_text(json.dumps(whole))
    assert records.load("m1").files[0].path == Path("/srv/.env")
    file.write_text(json.dumps({**whole, **change}))
    with pytest.raises(BackendError) as caught:
        records.load("m1")
    assert str(file) in caught.value.what


@pytest.mark.parametrize("text", [b"", b"{", b"[]", b"null", b"\xff", b"[" * 100_000])
def test_a_record_that_is_no_json_is_refused(records: Records, record: Record, text: bytes) -> None:
    records.save(record)
    records.file("m1").write_bytes(text)
    with pytest.raises(BackendError):
        records.load("m1")


def test_an_id_is_never_a_way_out_of_the_folder(records: Records) -> None:
    with pytest.raises(UsageError):
        records.load("../m1")
