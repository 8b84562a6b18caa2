"""A tree looked at by several processes: the same result as by one, at the same places."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from envguard.core.document import LARGE
from envguard.core.finding import Coverage
from envguard.jobs.scan import parts
from envguard.jobs.scan.carried import WorkerLostError
from envguard.jobs.scan.request import Result
from tests.jobs import scans
from tests.jobs.scans import Scanner, leak, places

if TYPE_CHECKING:
    from tests.conftest import Repository


def told(result: Result) -> tuple[object, ...]:
    coverage = result.coverage
    return (
        result.findings,
        coverage.files,
        coverage.bytes,
        coverage.excluded,
        coverage.skipped,
        coverage.notes,
    )


@pytest.fixture
def tree(repository: Repository) -> Path:
    """Something of everything: findings, markers, links, notes, what is not tracked."""
    files: dict[str, str | bytes | None] = {
        f"folder{n % 7}/file{n:03}.py": f"# {n}\n" * n + (leak(n) if n % 5 == 0 else "")
        for n in range(150)
    }
    files["folder1/allowed.py"] = leak(200).rstrip() + "  # envguard:allow\n"
    files["a.utf16"] = ("\ufeff" + leak(201)).encode("utf-16-le")
    files["sub/.secrets.baseline"] = '{"plugins_used": [{"name": "X", "path": "file://x.py"}]}'
    files[".gitignore"] = ".env\n"
    files["vendor/x.py"] = leak(202)
    repository.commit(files)
    (repository.root / "folder2/link").symlink_to("file002.py")
    for n in range(5):
        repository.write(f"new/file{n}.py", leak(300 + n))
    repository.write(".env", "A=1\n")
    return repository.root


@pytest.mark.parametrize("workers", [2, 4, 64])
def test_any_number_of_workers_gives_the_same_result(
    scan: Scanner, tree: Path, workers: int
) -> None:
    alone = scan(tree, workers=1, exclude=("vendor/**",))
    assert told(scan(tree, workers=workers, exclude=("vendor/**",))) == told(alone)
    assert len(alone.findings) == 30 + 5 + 1
    assert len(alone.coverage.notes) == 3
    assert alone.coverage.excluded


def test_workers_are_started_where_there_is_much_to_do(
    scan: Scanner, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("envguard.jobs.scan.workers.usable_processors", lambda: 2)
    forks: list[int] = []
    monkeypatch.setattr(os, "fork", counted(os.fork, forks))
    (tmp_path / "a.py").write_text(leak())
    assert places(scan(tmp_path)) == [("a.py", 1)]
    assert not forks
    for n in range(500):
        (tmp_path / f"file{n}.py").touch()
    assert places(scan(tmp_path)) == [("a.py", 1)]
    assert len(forks) == 2
    assert places(scan(tmp_path, workers=1)) == [("a.py", 1)]
    assert len(forks) == 2


def test_few_files_with_much_in_them_are_shared_out_too(
    scan: Scanner, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("envguard.jobs.scan.workers.usable_processors", lambda: 2)
    forks: list[int] = []
    monkeypatch.setattr(os, "fork", counted(os.fork, forks))
    for n in range(3):
        (tmp_path / f"file{n}.txt").write_bytes(b"a word\n" * 500_000 + leak(n).encode())
    assert [line for _, line in places(scan(tmp_path))] == [500_001] * 3
    assert len(forks) == 2


def counted(fork: Callable[[], int], forks: list[int]) -> Callable[[], int]:
    def count() -> int:
        forks.append(1)
        return fork()

    return count


@pytest.mark.parametrize("workers", [1, 2])
def test_a_large_file_is_scanned_to_its_end(scan: Scanner, tmp_path: Path, workers: int) -> None:
    line = b"some words, and more\n"
    count = LARGE // len(line) + 1
    text = leak(1).encode() + line * count + leak(2).encode()
    (tmp_path / "large.txt").write_bytes(text)
    (tmp_path / "small.txt").write_text(leak(3))
    result = scan(tmp_path, workers=workers)
    expected = [("large.txt", 1), ("large.txt", count + 2), ("small.txt", 1)]
    assert places(result) == expected
    assert (result.coverage.files, result.coverage.bytes) == (2, len(text) + len(leak(3)))


def test_an_unreadable_rest_of_a_large_file_makes_the_scan_incomplete(
    scan: Scanner, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "large.txt").write_bytes(leak(1).encode() + b"x\n" * LARGE)
    whole = os.read
    reads: list[int] = []

    def read(descriptor: int, size: int) -> bytes:
        reads.append(size)
        if len(reads) > 3:
            raise OSError(5, "Input/output error")
        return whole(descriptor, size)

    monkeypatch.setattr("envguard.sources.reading.os.read", read)
    result = scan(tmp_path, workers=1)
    assert places(result) == [("large.txt", 1)]
    assert [unseen.reason for unseen in result.coverage.skipped] == ["input/output error"]


@pytest.mark.parametrize("workers", [1, 2])
def test_progress_grows_to_the_whole_tree(
    scan: Scanner, tree: Path, workers: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(parts, "_EVERY", 0.0)
    seen: list[tuple[int, int]] = []

    def progress(coverage: Coverage) -> None:
        seen.append((coverage.files, coverage.bytes))

    monkeypatch.setattr(scans, "progress", progress)
    result = scan(tree, workers=workers)
    assert seen == sorted(seen)
    assert len(seen) > 2
    assert seen[-1][0] <= result.coverage.files
    assert seen[-1][0] > result.coverage.files // 2


def test_a_worker_that_is_lost_is_an_error_of_the_scan(
    scan: Scanner, tree: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def ends(*_: object) -> None:
        os._exit(3)

    monkeypatch.setattr(parts, "read", ends)
    with pytest.raises(WorkerLostError):
        scan(tree, workers=2)
