"""The recording layer finds what it is there for: a file that a loss of power could tear."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from envguard.core.files import private_directory, write_atomically
from tests.faults.disk import Recording, Sync, Tree, put, without
from tests.faults.recorder import recording

OLD, NEW = b"old content, rather long\n", b"the new content\n"


def record(root: Path, act: Callable[[], object]) -> Recording:
    with recording(root) as made:
        act()
    return made


def held(tree: Tree, path: str) -> bytes | None:
    found = tree.get(path)
    return found[1] if isinstance(found, tuple) else None


def outcomes(made: Recording, path: str = "file") -> set[bytes | None]:
    return {held(tree, path) for _, tree in made.crashes()}


def test_the_last_state_without_losses_is_what_is_on_the_disk(tmp_path: Path) -> None:
    (tmp_path / "kept").mkdir()
    (tmp_path / "kept" / "file").write_bytes(OLD)

    def act() -> None:
        (tmp_path / "folder" / "deep").mkdir(parents=True)
        (tmp_path / "folder" / "a").write_text("text")
        with (tmp_path / "folder" / "a").open("ab") as file:
            file.write(b" more")
        (tmp_path / "folder" / "a").chmod(0o600)
        os.truncate(tmp_path / "kept" / "file", 3)
        os.link(tmp_path / "folder" / "a", tmp_path / "b")
        (tmp_path / "folder" / "a").replace(tmp_path / "folder" / "c")
        (tmp_path / "folder" / "deep").rmdir()
        (tmp_path / "gone").touch()
        (tmp_path / "gone").unlink()

    made = record(tmp_path, act)
    before = sorted((str(p.relative_to(tmp_path)), p.stat().st_mode) for p in tmp_path.rglob("*"))
    *_, last = made.crashes_at(len(made.operations))  # where everything is kept
    put({}, tmp_path)
    put(last, tmp_path)
    after = sorted((str(p.relative_to(tmp_path)), p.stat().st_mode) for p in tmp_path.rglob("*"))
    assert after == before
    assert (tmp_path / "folder" / "c").read_bytes() == b"text more"
    assert (tmp_path / "b").read_bytes() == b"text more"
    assert (tmp_path / "kept" / "file").read_bytes() == OLD[:3]


def test_what_is_written_in_place_may_be_anything_until_it_is_synced(tmp_path: Path) -> None:
    file = tmp_path / "file"
    file.write_bytes(OLD)
    half = NEW[: len(NEW) // 2]
    made = record(tmp_path, lambda: file.write_bytes(NEW))
    assert outcomes(made) == {OLD, b"", half, NEW, half + OLD[len(half) :], NEW + OLD[len(NEW) :]}


def test_a_synced_file_may_lack_its_name_until_its_folder_is_synced(tmp_path: Path) -> None:
    def act(*, folder: bool) -> None:
        with (tmp_path / "file").open("wb") as file:
            file.write(NEW)
            file.flush()
            os.fsync(file.fileno())
        if folder:
            descriptor = os.open(tmp_path, os.O_RDONLY)
            os.fsync(descriptor)
            os.close(descriptor)

    def last(made: Recording) -> set[bytes | None]:
        return {held(tree, "file") for tree in made.crashes_at(len(made.operations))}

    assert last(record(tmp_path, lambda: act(folder=False))) == {None, NEW}
    (tmp_path / "file").unlink()
    assert last(record(tmp_path, lambda: act(folder=True))) == {NEW}


@given(
    old=st.none() | st.binary(max_size=40),
    new=st.binary(max_size=40),
    mode=st.none() | st.sampled_from([0o600, 0o644]),
)
@settings(max_examples=30, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_a_file_written_atomically_is_old_or_new_after_any_crash(
    tmp_path: Path, old: bytes | None, new: bytes, mode: int | None
) -> None:
    put({} if old is None else {"file": (0o640, old)}, tmp_path)
    made = record(tmp_path, lambda: write_atomically(tmp_path / "file", new, mode=mode))
    assert outcomes(made) == {old, new}
    # Once it has returned, the new one.
    assert {held(tree, "file") for tree in made.crashes_at(len(made.operations))} == {new}


def test_each_sync_of_an_atomic_write_is_needed(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(OLD)
    made = record(tmp_path, lambda: write_atomically(tmp_path / "file", NEW))
    assert sum(isinstance(operation, Sync) for operation in made.operations) == 2
    # Without that of the file the rename may come first: the file is empty, or torn.
    torn = without(made, lambda number, _: number == 0)
    assert outcomes(torn) == {OLD, NEW, b"", NEW[: len(NEW) // 2]}
    # Without that of the folder the write may be undone after it has returned.
    undone = without(made, lambda number, _: number == 1)
    assert outcomes(undone) == {OLD, NEW}
    last = undone.crashes_at(len(undone.operations))
    assert {held(tree, "file") for tree in last} == {OLD, NEW}


def test_a_sync_that_the_program_leaves_out_is_noticed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The same by breaking the program itself."""
    (tmp_path / "file").write_bytes(OLD)
    monkeypatch.setattr("envguard.core.files.sync_directory", lambda _: None)
    made = record(tmp_path, lambda: write_atomically(tmp_path / "file", NEW))
    last = made.crashes_at(len(made.operations))
    assert {held(tree, "file") for tree in last} == {OLD, NEW}


def test_a_private_folder_is_there_after_a_crash_with_all_that_is_above_it(tmp_path: Path) -> None:
    made = record(tmp_path, lambda: private_directory(tmp_path / "a" / "b" / "c"))
    last = list(made.crashes_at(len(made.operations)))
    assert [sorted(tree) for tree in last] == [["a", "a/b", "a/b/c"]]


def test_an_opaque_file_is_what_it_was_when_something_else_happened(tmp_path: Path) -> None:
    store = tmp_path / "x.db"
    store.write_bytes(b"0")
    with recording(tmp_path, lambda path: path.endswith(".db")) as made:
        store.write_bytes(b"1")
        write_atomically(tmp_path / "file", NEW)
        store.unlink()
        write_atomically(tmp_path / "file", OLD)
    seen = {(held(tree, "x.db"), held(tree, "file")) for _, tree in made.crashes()}
    assert seen == {(b"1", None), (b"1", NEW), (None, NEW), (None, OLD)}
