"""A migration is taken back byte for byte, or says what it keeps."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import pytest

from envguard.core.errors import BackendError, NotFoundError, UsageError
from envguard.core.reference import Reference
from envguard.core.secret import Secret
from envguard.jobs.migrate import carry, journals, undo
from envguard.jobs.migrate.request import Conflict
from envguard.journal.record import State
from tests.jobs.project import Project, random_value

ONE, TWO = random_value(1), random_value(2)
TEXT = f"\ufeffA_KEY='{ONE}' # one\r\n\r\nB=2".encode()


@pytest.fixture
def full(project: Project) -> Project:
    project.env.write_bytes(TEXT)
    project.env.chmod(0o640)
    return project


def test_a_rollback_gives_file_and_backend_back(full: Project) -> None:
    outcome = full.migrate()
    full.env.chmod(0o600)
    assert full.env.read_bytes() != TEXT
    done = undo.rollback(outcome.id, full.settings)
    made = full.root / "envguard.toml"
    assert done == undo.Undone((full.env,), (), ("A_KEY",), (), (made,), ())
    assert (full.env.read_bytes(), full.env.stat().st_mode & 0o7777) == (TEXT, 0o640)
    assert full.stored("A_KEY") is None
    states = [record.state for record in undo.migrations(full.settings)[0]]
    assert states == [State.ROLLED_BACK]
    again = undo.rollback(outcome.id, full.settings)
    assert (again.files, again.taken_back, again.remains) == (done.files, done.taken_back, ())
    assert full.migrate().moved == 1


def test_a_file_that_was_removed_comes_back(full: Project) -> None:
    outcome = full.migrate()
    full.env.unlink()
    undo.rollback(outcome.id, full.settings)
    assert (full.env.read_bytes(), full.env.stat().st_mode & 0o7777) == (TEXT, 0o640)


def test_a_file_that_was_changed_is_kept_and_the_old_one_put_beside_it(full: Project) -> None:
    outcome = full.migrate()
    changed = full.env.read_bytes() + b"\r\nNEW=1\r\n"
    full.env.write_bytes(changed)
    for _ in range(2):
        done = undo.rollback(outcome.id, full.settings)
        ((kept, beside),) = done.beside
        assert (kept, done.files) == (full.env, ())
        # What the kept file refers to must stay.
        assert done.remains == (f"A_KEY stays in the backend: {full.env} still refers to it",)
        assert full.stored("A_KEY") == ONE
        assert (beside.read_bytes(), beside.stat().st_mode & 0o7777) == (TEXT, 0o600)
        assert beside.parent == full.root
        assert full.env.read_bytes() == changed
    # It is no leftover of ours that the next migration sweeps away.
    full.env.write_bytes(TEXT)
    full.migrate()
    assert beside.exists()


def test_a_rollback_needs_the_key_and_not_the_store(full: Project) -> None:
    outcome = full.migrate()
    data = full.settings.folders.data
    for file in data.glob("store.db*"):
        file.unlink()
    undo.rollback(outcome.id, full.settings)
    assert full.env.read_bytes() == TEXT
    assert not list(data.glob("store.db*"))
    outcome = full.migrate()
    after = full.env.read_bytes()
    (full.settings.folders.config / "store.key").unlink()
    with pytest.raises(BackendError, match=r"the key of .*store\.db is missing"):
        undo.rollback(outcome.id, full.settings)
    assert full.env.read_bytes() == after


def test_a_rollback_uses_the_key_of_the_store_that_was_migrated_into(full: Project) -> None:
    outcome = full.migrate(to=f"local://{full.root.parent / 'own.db'}")
    shutil.rmtree(full.root / "envguard.toml", ignore_errors=True)
    (full.root / "envguard.toml").unlink()
    undo.rollback(outcome.id, full.settings)
    assert full.env.read_bytes() == TEXT


def test_a_damaged_backup_changes_nothing(full: Project) -> None:
    outcome = full.migrate()
    backup = full.journal / f"{outcome.id}.0.egb"
    content = backup.read_bytes()
    backup.write_bytes(content[:-1] + bytes([content[-1] ^ 1]))
    after = full.env.read_bytes()
    with pytest.raises(BackendError, match="is damaged"):
        undo.rollback(outcome.id, full.settings)
    assert full.env.read_bytes() == after


@pytest.mark.parametrize("place", ["no folder", "a folder", "a link"])
def test_a_place_that_cannot_be_written_is_an_error(full: Project, place: str) -> None:
    outcome = full.migrate()
    after = full.env.read_bytes()
    full.env.unlink()
    if place == "no folder":
        shutil.rmtree(full.root)
    elif place == "a folder":
        full.env.mkdir()
    else:
        elsewhere = full.root / "elsewhere"
        elsewhere.write_bytes(after)
        full.env.symlink_to(elsewhere)
    with pytest.raises(UsageError) as refused:
        undo.rollback(outcome.id, full.settings)
    assert ONE not in refused.value.what
    if place == "a link":
        assert (full.root / "elsewhere").read_bytes() == after


def test_migrations_are_listed_and_forgotten_without_the_key(full: Project) -> None:
    outcome = full.migrate()
    (full.settings.folders.config / "store.key").unlink()
    listed, damaged = undo.migrations(full.settings)
    assert [(r.id, r.files[0].path, r.backend, r.state) for r in listed] == [
        (outcome.id, full.env, "local:", State.REWRITTEN)
    ]
    assert damaged == []
    carry.finish(outcome.id, full.settings)
    assert undo.migrations(full.settings)[0][0].state is State.DONE
    assert len(journals.files(outcome.id, full.settings)) == 2
    journals.forget(outcome.id, full.settings)
    assert journals.files(outcome.id, full.settings) == []
    assert list(full.journal.iterdir()) == []
    with pytest.raises(NotFoundError):
        undo.rollback(outcome.id, full.settings)


def test_a_damaged_record_does_not_hide_the_others(full: Project) -> None:
    first = full.migrate().id
    full.env.write_bytes(TEXT)
    full.migrate()
    (full.journal / f"{first}.json").write_text("{}")
    listed, damaged = undo.migrations(full.settings)
    assert (len(listed), damaged) == (1, [first])


def test_looking_at_an_empty_journal_makes_nothing(project: Project) -> None:
    assert undo.migrations(project.settings) == ([], [])
    assert journals.files("x", project.settings) == []
    with pytest.raises(NotFoundError):
        undo.rollback("x", project.settings)
    for name in ("../x", "", "a/b"):
        with pytest.raises(UsageError):
            journals.files(name, project.settings)
    assert not Path(project.environ["HOME"], ".local").exists()


def overwritten(full: Project) -> tuple[str, Path]:
    """A migration that wrote over the value of an earlier one."""
    full.migrate()
    other = full.root / ".env.test"
    other.write_text(f"A_KEY={TWO}\n")
    planned = full.plan(other, on_conflict=lambda _: Conflict.OVERWRITE)
    return full.apply(planned).id, other


def test_a_rollback_writes_the_older_version_again(full: Project) -> None:
    migration, other = overwritten(full)
    assert full.stored("A_KEY") == TWO
    for _ in range(2):
        done = undo.rollback(migration, full.settings)
        assert (done.taken_back, done.remains) == (("A_KEY",), ())
        assert full.stored("A_KEY") == ONE
        assert other.read_text() == f"A_KEY={TWO}\n"
    assert [v.id for v in full.local().versions(Reference("secret", "A_KEY"))] == ["1", "2", "3"]


@pytest.mark.parametrize("change", ["written", "deleted"])
def test_what_somebody_changed_since_is_kept(full: Project, change: str) -> None:
    migration, other = overwritten(full)
    reference = Reference("secret", "A_KEY")
    if change == "written":
        full.backend().write(reference, Secret("theirs"), token="t")
    else:
        full.backend().delete(reference)
    done = undo.rollback(migration, full.settings)
    assert done.remains == ("A_KEY stays in the backend: it was changed since",)
    assert full.stored("A_KEY") == ("theirs" if change == "written" else None)
    assert other.read_text() == f"A_KEY={TWO}\n"


def test_a_new_name_that_somebody_deleted_is_as_it_was(full: Project) -> None:
    outcome = full.migrate()
    full.backend().delete(Reference("secret", "A_KEY"))
    assert undo.rollback(outcome.id, full.settings).remains == ()


def test_a_value_that_another_file_refers_to_since_stays(full: Project) -> None:
    outcome = full.migrate()
    other = full.root / ".env.test"
    other.write_text(f"A_KEY={ONE}\n")
    second = full.migrate(other)
    done = undo.rollback(outcome.id, full.settings)
    assert full.env.read_bytes() == TEXT
    assert done.remains == (f"A_KEY stays in the backend: {other} still refers to it",)
    undo.rollback(second.id, full.settings)
    assert undo.rollback(outcome.id, full.settings).remains == ()
    assert full.stored("A_KEY") is None


def test_what_an_interrupted_rollback_left_is_swept(full: Project) -> None:
    outcome = full.migrate()
    left = full.root / ".env.envguard-0123abcd"
    left.write_bytes(TEXT)
    os.utime(left, (0, 0))
    undo.rollback(outcome.id, full.settings)
    assert not left.exists()


def test_a_backup_without_a_record_is_told_and_forgotten(full: Project) -> None:
    outcome = full.migrate()
    assert journals.unrecorded(full.settings) == []
    (full.journal / f"{outcome.id}.json").unlink()
    assert journals.unrecorded(full.settings) == [outcome.id]
    journals.forget(outcome.id, full.settings)
    assert list(full.journal.iterdir()) == []
