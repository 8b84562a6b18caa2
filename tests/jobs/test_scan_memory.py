"""A scan of the history that remembers: less is read, and nothing else differs."""

from __future__ import annotations

import random
import shutil
from collections.abc import Callable, Collection
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from envguard.core.rule import Confidence
from envguard.jobs.cache import clear
from envguard.jobs.scan import memory, objects, told
from envguard.jobs.scan.request import Mode, Result
from envguard.jobs.scan.state import Scan
from envguard.sources import deltas, history, listed, object_files, unpack
from envguard.sources.git import Git
from tests.jobs.scans import Scanner, compared, counted, leak, token, unsure

if TYPE_CHECKING:
    from tests.conftest import Repository

HISTORY = Mode.HISTORY


@pytest.fixture
def scan(tmp_path: Path) -> Scanner:
    """With a cache of its own."""
    return Scanner(tmp_path / "cache")


@pytest.fixture
def contents(monkeypatch: pytest.MonkeyPatch) -> Callable[[], list[bytes]]:
    """The texts of blobs that were read since the last call."""
    seen: list[bytes] = []
    read = object_files.ObjectFiles.read

    def spy(store: object_files.ObjectFiles, task: int) -> object:
        for found in read(store, task):
            if found.kind == unpack.BLOB and found.text is not None:
                seen.append(found.text)
            yield found

    monkeypatch.setattr(object_files.ObjectFiles, "read", spy)

    def taken() -> list[bytes]:
        found = seen.copy()
        seen.clear()
        return found

    return taken


def compare(scan: Scanner, repository: Repository) -> Result:
    """That a scan with what is remembered gives what one without gives; returns it."""
    fast, slow = (scan(repository.root, HISTORY, cache=cache) for cache in (True, False))
    assert compared(fast) == compared(slow)
    return fast


def test_what_was_looked_at_is_not_read_again(
    scan: Scanner, repository: Repository, contents: Callable[[], list[bytes]]
) -> None:
    repository.commit({"clean": "clean\n", "leak": leak()})
    repository.git("gc", "--quiet")
    scan(repository.root, HISTORY)
    assert sorted(contents()) == [leak().encode(), b"clean\n"]
    repository.commit({"new": "new\n"})
    scan(repository.root, HISTORY)
    assert contents() == [b"new\n"]
    for packing in (["repack"], ["gc", "--prune=now"], ["repack", "-a", "-d", "-f"]):
        repository.git(*packing, "--quiet")
        assert len(scan(repository.root, HISTORY).findings) == 1
        assert contents() == []


@pytest.mark.parametrize("is_gone", [False, True])
def test_a_new_clone_in_another_place_is_the_same_repository(
    scan: Scanner,
    repository: Repository,
    tmp_path: Path,
    contents: Callable[[], list[bytes]],
    is_gone: bool,
) -> None:
    for number in range(40):  # one of them is then few enough to be asked for by itself
        repository.commit({"clean": f"{number}\n", "leak.py": leak(number // 20)})
    repository.git("checkout", "--quiet", "-b", "a-side")
    repository.commit({"side.txt": "side\n"})
    repository.git("checkout", "--quiet", "main")
    first, second = tmp_path / "first", tmp_path / "second"
    repository.git("clone", "--quiet", "--no-local", str(repository.root), str(first))
    scan(first, HISTORY)
    contents()
    repository.commit({"new": "new\n"})
    if is_gone:  # as branches that were merged
        repository.git("branch", "--quiet", "-D", "a-side")
    repository.git("clone", "--quiet", "--no-local", str(repository.root), str(second))
    if is_gone:
        shutil.rmtree(first)
    found = scan(second, HISTORY)
    assert contents() == [b"new\n"]
    assert compared(found) == compared(scan(second, HISTORY, cache=False))
    assert len(list(scan.folders.cache.glob("history-*"))) == (1 if is_gone else 2)
    contents()
    scan(second, HISTORY)
    assert contents() == []


def test_a_clone_without_what_was_pruned_counts_what_it_has(
    scan: Scanner, repository: Repository, tmp_path: Path, contents: Callable[[], list[bytes]]
) -> None:
    repository.commit({"a": "1", "leak.py": leak()})
    repository.git("checkout", "--quiet", "-b", "side")
    repository.commit({"gone": "gone\n"})
    repository.git("repack", "--quiet", "-a", "-d")
    scan(repository.root, HISTORY)
    repository.git("checkout", "--quiet", "main")
    repository.git("branch", "--quiet", "-D", "side")
    repository.git("reflog", "expire", "--expire=now", "--all")
    repository.git("gc", "--quiet", "--prune=now")
    contents()
    found = scan(repository.root, HISTORY)
    assert contents() == []
    assert compared(found) == compared(scan(repository.root, HISTORY, cache=False))


def test_the_result_is_the_same_with_and_without_memory(
    scan: Scanner, repository: Repository
) -> None:
    """A random history: leaks come, go and move, branches, merges, tags, packs and rewriting."""
    choice = random.Random(11)  # noqa: S311 - no secret
    repository.commit({"start": "start"})
    for step in range(14):
        path = f"file{choice.randrange(4)}.py"
        text = "\n" * choice.randrange(3) + "".join(
            leak(seed) for seed in range(4) if choice.random() < 0.4
        )
        repository.commit({path: text, "other": f"{step}\n"})
        match step % 7:
            case 1:
                repository.git("gc", "--quiet")
            case 2:
                repository.git("checkout", "--quiet", "-b", f"branch{step}", "HEAD~1")
            case 3:
                repository.git("tag", "--annotate", "-m", leak(9), f"tag{step}")
            case 4:
                repository.git("merge", "--quiet", "-X", "ours", "-m", "merge", "branch2")
            case 5:
                repository.git("repack", "--quiet")
            case 6:
                repository.git("commit", "--quiet", "--amend", "-m", f"says {leak(8)}")
        compare(scan, repository)
    assert len(compare(scan, repository).findings) >= 4


def test_history_that_was_rewritten_is_forgotten(scan: Scanner, repository: Repository) -> None:
    repository.commit({"a": "1"})
    second = repository.commit({"leak.py": leak()})
    assert compare(scan, repository).findings[0].commit == second
    repository.git("reset", "--quiet", "--hard", "HEAD~1")
    repository.git("reflog", "expire", "--expire=now", "--all")
    assert compare(scan, repository).findings == ()
    repository.git("gc", "--quiet", "--prune=now")
    assert compare(scan, repository).coverage.blobs == 1


def test_other_rules_and_another_minimum_begin_anew(
    scan: Scanner, repository: Repository, tmp_path: Path
) -> None:
    line, _, path = unsure(scan)
    repository.commit({path: f"own-0123456789abcdef\n{line}"})
    assert compare(scan, repository).findings == ()
    rules = tmp_path / "own.toml"
    rules.write_text(
        '[[rule]]\nid = "own"\ntitle = "Own"\nseverity = "high"\nconfidence = "high"\n'
        'pattern = "own-[0-9a-f]{16}"\nanchor = "own-[0-9a-f]{16}"\n'
        'source = "https://example.com"\nrevoke = "https://example.com"\n'
        'examples = ["own-0123456789abcdef", "own-fedcba9876543210"]\n'
        'non_examples = ["own-", "own-xyz"]\n'
    )
    (found,) = scan(repository.root, HISTORY, rules=(rules,)).findings
    assert found.rule == "own"
    assert scan(repository.root, HISTORY, minimum=Confidence.LOW).findings


def test_a_change_of_the_program_begins_anew(
    scan: Scanner,
    repository: Repository,
    contents: Callable[[], list[bytes]],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    repository.commit({"a": "a"})
    repository.git("gc", "--quiet")
    scan(repository.root, HISTORY)
    contents()
    monkeypatch.setattr(memory, "_code", lambda: "other")
    scan(repository.root, HISTORY)
    assert contents() == [b"a"]


@pytest.mark.parametrize("damage", [b"", b"\0", b"x" * 100])
def test_a_damaged_memory_is_passed_over(
    scan: Scanner, repository: Repository, damage: bytes
) -> None:
    repository.commit({"leak.py": leak()})
    scan(repository.root, HISTORY)
    (file,) = scan.folders.cache.glob("history-*")
    file.write_bytes(file.read_bytes()[:40] + damage)
    assert len(compare(scan, repository).findings) == 1


def test_nothing_of_a_scan_that_missed_something_is_kept(
    scan: Scanner, repository: Repository
) -> None:
    repository.commit({"a": "1", "b": "2"})
    name = repository.git("rev-parse", "HEAD:b")
    file = repository.root / ".git/objects" / name[:2] / name[2:]
    file.chmod(0o600)
    file.write_bytes(b"damaged")
    assert not scan(repository.root, HISTORY).coverage.complete
    assert not list(scan.folders.cache.glob("history-*"))
    assert not scan(repository.root, HISTORY).coverage.complete


def test_no_value_is_kept(scan: Scanner, repository: Repository) -> None:
    repository.commit({"leak.py": leak(), "pass.env": "DB_PASSWORD=correct-horse-9\n"})
    repository.git("tag", "--annotate", "-m", leak(3), "v1")
    scan(repository.root, HISTORY)
    (file,) = scan.folders.cache.glob("history-*")
    content = file.read_bytes()
    for value in (token(), token(3), "correct-horse-9"):
        assert value.encode() not in content
    assert file.stat().st_mode & 0o777 == 0o600


@pytest.mark.parametrize("packed", [False, True])
def test_large_contents_are_counted_once_and_read_again_where_something_was_found(
    scan: Scanner, repository: Repository, monkeypatch: pytest.MonkeyPatch, packed: bool
) -> None:
    for module in (deltas, history, listed, object_files, unpack):
        monkeypatch.setattr(module, "LARGE", 500)
    repository.commit({"big.txt": "x\n" * 400, "leak.py": "\n" * 600 + leak()})
    if packed:
        repository.git("gc", "--quiet")
    for _ in range(3):
        (finding,) = compare(scan, repository).findings
        assert (finding.path, finding.line) == ("leak.py", 601)
        repository.commit({"more": str(random.random())})  # noqa: S311


@pytest.mark.parametrize("workers", [1, 4])
@pytest.mark.parametrize("packed", [False, True])
def test_every_way_of_reading_gives_the_same(
    scan: Scanner,
    repository: Repository,
    monkeypatch: pytest.MonkeyPatch,
    packed: bool,
    workers: int,
) -> None:
    for number in range(12):
        repository.commit({f"{number % 3}.py": leak(number) + "\n" * number, "same": "same"})
    repository.git("tag", "--annotate", "-m", leak(40), "v1")
    plain = scan(repository.root, HISTORY, cache=False, workers=1)
    assert len(plain.findings) == 13
    if packed:
        repository.git("gc", "--quiet")
    monkeypatch.setattr(object_files, "PART", 100)
    monkeypatch.setattr(object_files, "_LOOSE_FILES", 3)
    monkeypatch.setattr(listed, "_TASK", 3)
    monkeypatch.setattr(objects, "_FEW_TASKS", 0)
    for fast in (True, False):
        monkeypatch.setattr(deltas, "IS_FAST", fast)
        found = scan(repository.root, HISTORY, cache=False, workers=workers)
        assert found.findings == plain.findings
        assert counted(found.coverage) == counted(plain.coverage)


def test_what_older_rules_saw_is_removed_and_all_of_it_by_request(
    scan: Scanner, repository: Repository, monkeypatch: pytest.MonkeyPatch
) -> None:
    repository.commit({"a": "a"})
    scan(repository.root, HISTORY)
    monkeypatch.setattr(memory, "_code", lambda: "other")
    scan(repository.root, HISTORY)
    assert len(list(scan.folders.cache.glob("history-*"))) == 1
    assert clear(scan.folders)[0] == 3  # with the compiled rules
    assert clear(scan.folders) == (0, 0)
    assert list(scan.folders.cache.iterdir()) == []


def test_what_two_packs_hold_is_found_when_one_of_them_is_gone(
    scan: Scanner, repository: Repository
) -> None:
    repository.commit({"leak.py": leak()})
    repository.git("repack", "--quiet", "-d")
    folder = repository.root / ".git/objects/pack"
    (first,) = folder.glob("*.pack")
    repository.commit({f"file{number}": f"{number}" for number in range(9)})
    compare(scan, repository)
    repository.git("-c", "core.bigFileThreshold=1", "repack", "--quiet", "-a")
    assert len(list(folder.glob("*.pack"))) == 2
    compare(scan, repository)
    for file in folder.glob(f"{first.stem}.*"):
        file.unlink()
    assert len(scan(repository.root, HISTORY).findings) == 1


def test_a_content_is_read_again_only_where_a_new_path_could_make_it_a_finding(
    scan: Scanner, repository: Repository, monkeypatch: pytest.MonkeyPatch
) -> None:
    weak, likely, unlikely = unsure(scan)
    repository.commit({unlikely: weak, "leak.py": leak()})
    assert len(scan(repository.root, HISTORY).findings) == 1
    again: list[str] = []
    look_again = told.look_again

    def spy(scan: Scan, git: Git, names: Collection[str]) -> objects.Objects:
        again.extend(names)
        return look_again(scan, git, names)

    monkeypatch.setattr(told, "look_again", spy)
    repository.commit({"moved.py": leak(), "leak.py": None})
    assert len(scan(repository.root, HISTORY).findings) == 1
    assert again == []
    repository.commit({likely: weak})
    assert len(compare(scan, repository).findings) == 2
    assert again == [repository.git("rev-parse", f"HEAD:{likely}")]


def test_a_memory_that_does_not_hold_is_passed_over(
    scan: Scanner, repository: Repository, monkeypatch: pytest.MonkeyPatch
) -> None:
    weak, likely, unlikely = unsure(scan)
    repository.commit({unlikely: weak})
    assert scan(repository.root, HISTORY).findings == ()
    repository.commit({likely: weak})
    nothing = objects.Objects({}, [], {}, {}, interrupted=False)
    monkeypatch.setattr(told, "look_again", lambda *_: nothing)
    (finding,) = scan(repository.root, HISTORY).findings
    assert finding.path == likely
