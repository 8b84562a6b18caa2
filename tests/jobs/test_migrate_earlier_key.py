"""What a migration wrote down under a key that is retired by now is still read."""

from __future__ import annotations

import json
import shutil

import pytest

from envguard.core.errors import BackendError
from envguard.jobs.migrate import undo
from envguard.jobs.migrate.carry import finish
from envguard.jobs.migrate.resume import resume
from envguard.jobs.secrets import keeping
from envguard.journal.record import State
from tests.jobs.project import Project, random_value
from tests.jobs.test_migrate_resume import interrupted

ONE = random_value(1)
TEXT = f"A_KEY={ONE} # one\r\nB=2".encode()


@pytest.fixture
def full(project: Project) -> Project:
    project.env.write_bytes(TEXT)
    return project


def rotate(project: Project, times: int = 1) -> None:
    for _ in range(times):
        keeping.rotate_key(project.local(), None, None)


@pytest.mark.parametrize("times", [1, 2])
def test_it_is_rolled_back_after_the_key_was_changed(full: Project, times: int) -> None:
    migration = full.migrate().id
    finish(migration, full.settings)
    rotate(full, times)
    done = undo.rollback(migration, full.settings)
    assert (done.files, done.taken_back, done.remains, done.stays) == (
        (full.env,),
        ("A_KEY",),
        (),
        (),
    )
    assert done.given == (full.root / "envguard.toml",)
    assert full.env.read_bytes() == TEXT
    assert [record.state for record in undo.migrations(full.settings)[0]] == [State.ROLLED_BACK]


@pytest.mark.parametrize("when", ["planned", "unrecorded", "between"])
def test_it_is_finished_after_the_key_was_changed(full: Project, when: str) -> None:
    migration = interrupted(full, [full.env], when)
    rotate(full)
    assert resume(migration, full.settings) is not None
    finish(migration, full.settings)
    assert full.given()["A_KEY"] == ONE
    rotate(full)
    undo.rollback(migration, full.settings)
    assert full.env.read_bytes() == TEXT


def test_a_record_that_does_not_name_its_key_is_opened_by_its_backups(full: Project) -> None:
    migration = full.migrate().id
    record = full.journal / f"{migration}.json"
    data = json.loads(record.read_text())
    assert data.pop("key") == key_id(full)
    record.write_text(json.dumps(data))
    rotate(full, 2)
    undo.rollback(migration, full.settings)
    assert full.env.read_bytes() == TEXT


def test_a_retired_key_is_found_beside_where_the_store_is_lost(full: Project) -> None:
    migration = full.migrate().id
    rotate(full)
    for file in full.settings.folders.data.glob("store.db*"):
        file.unlink()
    undo.rollback(migration, full.settings)
    assert full.env.read_bytes() == TEXT


def test_a_forgotten_key_is_named_and_a_copy_of_it_helps(full: Project) -> None:
    migration = full.migrate().id
    old = keeping.export_key(full.local())
    name = key_id(full)
    rotate(full)
    opened = keeping.opened_by_retired(full.local(), full.settings)
    assert list(opened) == [name]
    assert f"{migration}.0.egb" in opened[name]
    keeping.forget_retired(full.local())
    after = full.env.read_bytes()
    with pytest.raises(BackendError, match=name) as refused:
        undo.rollback(migration, full.settings)
    assert f"ENVGUARD_KEY=KEY envguard migrate rollback {migration}" in refused.value.hint
    assert full.env.read_bytes() == after
    assert full.given()["A_KEY"] == ONE
    # That key opens the backups, and not the store: the file is given back all the same.
    full.environ = {**full.environ, "ENVGUARD_KEY": old.reveal()}
    with pytest.raises(BackendError, match="does not open the store"):
        undo.rollback(migration, full.settings)
    assert full.env.read_bytes() == TEXT


def test_what_is_listed_and_forgotten_needs_no_key(full: Project) -> None:
    migration = full.migrate().id
    shutil.rmtree(full.settings.folders.config)
    assert [record.id for record in undo.migrations(full.settings)[0]] == [migration]


def key_id(project: Project) -> str:
    found = project.local().find_key()
    assert found is not None
    return found.id
