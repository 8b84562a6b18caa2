"""Both ways to read an object store give the same: every object once."""

from __future__ import annotations

import os
import random
import shutil
import subprocess
import tracemalloc
import zlib
from collections import Counter
from collections.abc import Callable
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from envguard.sources import deltas, listed, object_files, unpack
from envguard.sources.door import GitError
from envguard.sources.git import Git
from envguard.sources.known import Known
from envguard.sources.listed import Listed
from envguard.sources.object_files import ObjectFiles, open_store
from envguard.sources.packs import NotReadableError, Pack
from envguard.sources.stored import BLOB, At, Store
from envguard.sources.unpack import Unpacker

if TYPE_CHECKING:
    from tests.conftest import Repository

Opened = Callable[..., Git]
Clone = Callable[..., Path]


def read(store: Store) -> Counter[tuple[str, int, bytes | None]]:
    """Id, kind and text of each object that a store gives."""
    found: dict[At, tuple[int, bytes | None]] = {}
    for task in range(store.tasks):
        for one in store.read(task):
            assert (task, one.place) not in found
            found[task, one.place] = one.kind, one.text
    names = store.names(found)
    return Counter((names[at], kind, text) for at, (kind, text) in found.items())


def assert_same(git: Git) -> Counter[tuple[str, int, bytes | None]]:
    """That both ways agree; gives what is there."""
    in_process, listed = read(ObjectFiles(git)), read(Listed(git))
    assert in_process == listed
    assert set(in_process.values()) <= {1}
    return in_process


def texts(found: Counter[tuple[str, int, bytes | None]]) -> set[bytes]:
    return {text for _, kind, text in found if kind == BLOB and text is not None}


@pytest.fixture
def versions(repository: Repository) -> list[bytes]:
    """Thirty versions of a file, so that packs hold changes of changes, and other contents."""
    choice = random.Random(7)  # noqa: S311 - no secret
    lines = [f"line {number} {choice.random()}\n" for number in range(2000)]
    made = []
    for number in range(30):
        lines[choice.randrange(2000)] = f"changed in {number}\n"
        lines.insert(choice.randrange(2000), f"new in {number}\n")
        made.append("".join(lines).encode())
        repository.commit({"file": made[-1], f"other{number}": os.urandom(300), "empty": ""})
    repository.git("tag", "--annotate", "-m", "a tag", "v1")
    return made


def loose_objects(repository: Repository) -> int:
    return int(repository.git("count-objects").split()[0])


def test_loose_objects_and_packs_give_the_same_objects(
    repository: Repository, git: Git, versions: list[bytes]
) -> None:
    loose = assert_same(git)
    assert loose_objects(repository)
    assert set(versions) <= texts(loose)
    repository.git("gc", "--quiet", "--aggressive")
    assert not loose_objects(repository)
    assert assert_same(git) == loose


def test_objects_in_several_packs_and_loose_ones_come_once(
    repository: Repository, git: Git, versions: list[bytes]
) -> None:
    everything = assert_same(git)
    repository.git("repack", "--quiet", "-a")  # keeps the loose ones
    repository.commit({"later": "1"})
    repository.git("repack", "--quiet")
    pack = next((repository.root / ".git/objects/pack").glob("*.pack"))
    repository.commit({"last": "2"})
    repository.git("repack", "--quiet", "-a", "--keep-pack", pack.name)
    assert len(list(pack.parent.glob("*.idx"))) >= 2
    assert len(assert_same(git)) == len(everything) + 4  # two commits, two contents


def test_changes_that_name_their_base_are_read(
    repository: Repository, git: Git, versions: list[bytes]
) -> None:
    everything = assert_same(git)
    repository.git("config", "repack.useDeltaBaseOffset", "false")
    repository.git("repack", "--quiet", "-a", "-d", "-f")
    assert assert_same(git) == everything


def test_small_parts_need_texts_of_other_parts(
    repository: Repository, git: Git, versions: list[bytes], monkeypatch: pytest.MonkeyPatch
) -> None:
    repository.git("gc", "--quiet")
    whole = assert_same(git)
    monkeypatch.setattr(object_files, "PART", 1)
    monkeypatch.setattr(unpack, "_KEPT", 100_000)
    assert ObjectFiles(git).tasks > 60
    assert assert_same(git) == whole


def test_no_text_is_kept_beyond_the_limit(
    repository: Repository, git: Git, versions: list[bytes], monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = assert_same(git)
    repository.git("gc", "--quiet")
    monkeypatch.setattr(unpack, "_KEPT", 1)
    assert assert_same(git) == whole


def test_borrowed_objects_are_read(
    repository: Repository, clone: Clone, opened: Opened, versions: list[bytes]
) -> None:
    repository.git("gc", "--quiet")
    borrowed = opened(clone(repository, f"--reference={repository.root}", "--shared"))
    assert not list((borrowed.top / ".git/objects").glob("pack/*.pack"))
    assert texts(assert_same(borrowed)) >= set(versions)


def test_a_linked_work_tree_has_the_objects_of_its_repository(
    repository: Repository, opened: Opened, tmp_path: Path, versions: list[bytes]
) -> None:
    repository.git("worktree", "add", "--quiet", "--detach", str(tmp_path / "linked"))
    assert texts(assert_same(opened(tmp_path / "linked"))) >= set(versions)


def test_sha256_repositories_are_read(tmp_path: Path, opened: Opened) -> None:
    folder = tmp_path / "sha256"
    subprocess.run(["git", "init", "-q", "--object-format=sha256", folder], check=True)
    for number in range(3):
        (folder / "file").write_text("line\n" * 500 + str(number))
        subprocess.run(["git", "add", "-A"], cwd=folder, check=True)
        subprocess.run(["git", "commit", "-q", "-m", "m"], cwd=folder, check=True)
    loose = assert_same(opened(folder))
    subprocess.run(["git", "gc", "-q"], cwd=folder, check=True)
    assert assert_same(opened(folder)) == loose
    assert all(len(name) == 64 for name, _, _ in loose)


@pytest.mark.parametrize("packed", [False, True])
def test_large_objects_are_left_to_git(
    repository: Repository, git: Git, monkeypatch: pytest.MonkeyPatch, packed: bool
) -> None:
    for module in (listed, object_files, unpack, deltas):
        monkeypatch.setattr(module, "LARGE", 1000)
    repository.commit({"small": b"s" * 999, "large": b"l" * 1000})
    repository.commit({"large": b"l" * 990 + b"changed!!!!"})
    if packed:
        repository.git("gc", "--quiet")
    found = assert_same(git)
    left = [name for name, kind, text in found if text is None and kind == BLOB]
    assert len(left) == 2
    assert texts(found) == {b"s" * 999}


def test_a_damaged_object_is_left_to_git(
    repository: Repository, git: Git, versions: list[bytes]
) -> None:
    repository.git("gc", "--quiet")
    (pack,) = (repository.root / ".git/objects/pack").glob("*.pack")
    whole = read(ObjectFiles(git))
    content = bytearray(pack.read_bytes())
    # A byte in the middle of each of a few objects.
    offsets = Pack(pack.with_suffix(".idx"), 20).offsets
    hurt = {number: (offsets[number] + offsets[number + 1]) // 2 for number in (40, 60, 100)}
    for at in hurt.values():
        content[at] ^= 0xFF
    pack.chmod(0o600)
    pack.write_bytes(content)
    found = read(ObjectFiles(git))
    given = {one for one in found if one[2] is not None}
    assert given < set(whole)
    assert {name for name, _, _ in found} >= {name for name, _, _ in whole}
    assert any(text is None for _, _, text in found)


def test_a_pack_that_cannot_be_told_apart_is_left_to_git_as_a_whole(
    repository: Repository, git: Git, versions: list[bytes]
) -> None:
    repository.git("gc", "--quiet")
    (pack,) = (repository.root / ".git/objects/pack").glob("*.pack")
    content = bytearray(pack.read_bytes())
    found = Pack(pack.with_suffix(".idx"), 20)
    content[found.offsets[50]] = 0x50  # a kind that git does not have
    pack.chmod(0o600)
    pack.write_bytes(content)
    assert all(text is None or kind for _, kind, text in read(ObjectFiles(git)))


@pytest.mark.parametrize("size", [0, 4, 1100, -1, -30])
def test_an_index_that_is_cut_off_is_for_git(repository: Repository, git: Git, size: int) -> None:
    repository.commit({"a": "1"})
    repository.git("gc", "--quiet")
    (index,) = (repository.root / ".git/objects/pack").glob("*.idx")
    content = index.read_bytes()
    index.chmod(0o600)
    index.write_bytes(content[:size])
    with pytest.raises(NotReadableError):
        Pack(index, 20)
    assert isinstance(open_store(git), Listed)


def test_an_index_of_another_pack_is_for_git(repository: Repository, git: Git) -> None:
    repository.commit({"a": "1"})
    repository.git("gc", "--quiet")
    (index,) = (repository.root / ".git/objects/pack").glob("*.idx")
    pack = index.with_suffix(".pack")
    pack.chmod(0o600)
    pack.write_bytes(b"PACK\0\0\0\2" + (7).to_bytes(4, "big") + pack.read_bytes()[12:])
    with pytest.raises(NotReadableError):
        Pack(index, 20).parts(1000)
    with pytest.raises(GitError, match="cannot be accessed"):  # as git says
        open_store(git)


def test_a_partial_clone_is_for_git(
    repository: Repository, clone: Clone, opened: Opened, versions: list[bytes]
) -> None:
    partial = opened(clone(repository, "--filter=blob:none", "--no-checkout"))
    assert isinstance(open_store(partial), Listed)


def test_the_objects_of_a_push_that_waits_are_for_git(
    repository: Repository, opened: Opened, monkeypatch: pytest.MonkeyPatch
) -> None:
    repository.commit({"a": "1"})
    monkeypatch.setenv("GIT_DIR", str(repository.root / ".git"))
    monkeypatch.setenv("GIT_OBJECT_DIRECTORY", str(repository.root / ".git/objects"))
    monkeypatch.chdir(repository.root)
    assert isinstance(open_store(opened(repository.root)), Listed)


def test_without_a_compiled_part_git_reads(
    repository: Repository, git: Git, monkeypatch: pytest.MonkeyPatch
) -> None:
    repository.commit({"a": "1"})
    repository.git("gc", "--quiet")
    monkeypatch.setattr(deltas, "IS_FAST", False)
    assert isinstance(open_store(git), Listed)


def test_an_empty_repository_has_nothing(git: Git) -> None:
    assert not assert_same(git)


def test_unreachable_contents_are_read(repository: Repository, git: Git) -> None:
    repository.commit({"a": "1"})
    file = repository.root.parent / "text"
    file.write_text("nobody has it")
    name = repository.git("hash-object", "-w", str(file))
    assert (name, BLOB, b"nobody has it") in assert_same(git)


def test_the_ids_of_a_pack_are_found_by_offset_and_offsets_by_id(
    repository: Repository, versions: list[bytes]
) -> None:
    repository.git("gc", "--quiet")
    (index,) = (repository.root / ".git/objects/pack").glob("*.idx")
    pack = Pack(index, 20)
    names = pack.names()
    assert len(names) == pack.count
    assert all(pack.find(name) == offset for offset, name in names.items())
    some = pack.offsets[3:6]
    assert pack.names(some) == {offset: names[offset] for offset in some}
    assert pack.find(b"\0" * 20) is None
    assert pack.find(b"\xff" * 20) is None
    listed = repository.git("cat-file", "--batch-all-objects", "--batch-check=%(objectname)")
    assert sorted(name.hex() for name in names.values()) == listed.split()


def test_a_part_tells_its_objects_in_their_order(
    repository: Repository, versions: list[bytes]
) -> None:
    repository.git("gc", "--quiet")
    (index,) = (repository.root / ".git/objects/pack").glob("*.idx")
    pack = Pack(index, 20)
    parts = pack.parts(2000)
    assert [part.first for part in parts[1:]] == [part.last for part in parts[:-1]]
    offsets = [found.place for part in parts for found in Unpacker(pack, part).objects()]
    assert offsets == sorted(offsets)
    everything = set(offsets)
    skipped = [
        found.place for part in parts for found in Unpacker(pack, part).objects(set(offsets[::2]))
    ]
    assert set(skipped) == everything - set(offsets[::2])


def test_packs_of_every_name_are_read(
    repository: Repository, git: Git, versions: list[bytes]
) -> None:
    repository.git("gc", "--quiet")
    whole = assert_same(git)
    for file in (repository.root / ".git/objects/pack").glob("pack-*"):
        file.rename(file.with_name(f"prefetch-1-{file.name}"))
    assert assert_same(git) == whole


def test_a_pack_that_is_also_in_a_borrowed_folder_comes_once(
    repository: Repository, opened: Opened, tmp_path: Path, versions: list[bytes]
) -> None:
    repository.git("gc", "--quiet")
    shutil.copytree(repository.root, tmp_path / "copy")
    folder = repository.root / ".git/objects"
    (tmp_path / "copy/.git/objects/info/alternates").write_text(f"{folder}\n")
    copy = opened(tmp_path / "copy")
    assert_same(copy)
    assert len(ObjectFiles(copy).packs) == 1


def test_a_file_that_is_named_nearly_like_an_object_is_passed_by(
    repository: Repository, git: Git
) -> None:
    repository.commit({"a": "a"})
    whole = assert_same(git)
    repository.write(f".git/objects/ab/{'z' * 38}", "")
    assert assert_same(git) == whole


def test_an_index_without_its_pack_is_for_git(
    repository: Repository, git: Git, versions: list[bytes]
) -> None:
    repository.git("gc", "--quiet")
    (pack,) = (repository.root / ".git/objects/pack").glob("*.pack")
    checksum = Pack(pack.with_suffix(".idx"), 20).checksum
    pack.unlink()
    seen = Known(frozenset([checksum]), 1, 1, {}, tuple)
    with pytest.raises(FileNotFoundError):
        ObjectFiles(git, seen)


@pytest.mark.skipif(not Path("/proc/self/fd").is_dir(), reason="counts open files on Linux")
def test_packs_that_are_left_to_git_are_closed(
    repository: Repository, git: Git, versions: list[bytes]
) -> None:
    repository.git("gc", "--quiet")
    repository.commit({"later": "1"})
    repository.git("repack", "--quiet")
    small = min(
        (repository.root / ".git/objects/pack").glob("*.pack"), key=lambda f: f.stat().st_size
    )
    small.chmod(0o600)
    small.write_bytes(b"none")
    before = len([*Path("/proc/self/fd").iterdir()])
    assert isinstance(open_store(git), Listed)
    assert len([*Path("/proc/self/fd").iterdir()]) == before


@pytest.mark.parametrize("place", [0, 12, 1 << 31, 1 << 40])
def test_wide_offsets_that_lead_nowhere_are_for_git(
    repository: Repository, git: Git, versions: list[bytes], place: int
) -> None:
    """A table of 8-byte offsets that is missing, cut, or leads beyond the pack."""
    repository.git("gc", "--quiet")
    (index,) = (repository.root / ".git/objects/pack").glob("*.idx")
    content = bytearray(index.read_bytes())
    count = Pack(index, 20).count
    at = 8 + 1024 + count * 24
    content[at : at + 4] = (1 << 31).to_bytes(4, "big")
    table = {0: b"", 12: b"cut"}.get(place, place.to_bytes(8, "big"))
    content[len(content) - 40 : len(content) - 40] = table
    index.chmod(0o600)
    index.write_bytes(content)
    with pytest.raises(NotReadableError):
        ObjectFiles(git)


@pytest.mark.parametrize(
    "header",
    [b"\x60\xff\xff\xff\x7f", b"\xd0", b"\x80\x00"],
    ids=["a change of what stands before the pack", "a kind that is none", "no kind"],
)
def test_a_header_that_says_nonsense_is_left_to_git(
    repository: Repository, git: Git, versions: list[bytes], header: bytes
) -> None:
    repository.git("gc", "--quiet")
    (pack,) = (repository.root / ".git/objects/pack").glob("*.pack")
    offset = Pack(pack.with_suffix(".idx"), 20).offsets[5]
    whole = read(ObjectFiles(git))
    content = bytearray(pack.read_bytes())
    content[offset : offset + len(header)] = header
    pack.chmod(0o600)
    pack.write_bytes(content)
    found = read(ObjectFiles(git))
    assert {one for one in found if one[2] is not None} < set(whole)
    assert {name for name, _, _ in found} >= {name for name, _, _ in whole}


def test_a_loose_object_that_is_longer_than_it_says_is_not_unpacked(
    repository: Repository, git: Git
) -> None:
    repository.commit({"a": "a"})
    bomb = zlib.compress(b"blob 5\0" + bytes(64 << 20))
    repository.write(f".git/objects/ab/{'a' * 38}", bomb)
    store = ObjectFiles(git)
    tracemalloc.start()
    found = read(store)
    assert tracemalloc.get_traced_memory()[1] < 8 << 20
    tracemalloc.stop()
    assert [text for name, _, text in found if name.startswith("ab" + "a" * 38)] == [None]


def test_a_wrong_byte_in_an_index_hides_nothing(repository: Repository, git: Git) -> None:
    repository.commit({"a": "1", "b": "2"})
    repository.git("gc", "--quiet")
    (index,) = (repository.root / ".git/objects/pack").glob("*.idx")
    content = bytearray(index.read_bytes())
    index.chmod(0o600)
    for at in range(0, len(content), 31):
        content[at] ^= 1
        index.write_bytes(content)
        with pytest.raises(NotReadableError):
            ObjectFiles(git)
        content[at] ^= 1
    content[-60] ^= 1  # in an offset: git itself does not see it
    index.write_bytes(content)
    store = open_store(git)
    assert isinstance(store, Listed)
    assert [text.partition(".")[2] for text in store.damaged] == ["idx is damaged"]


@pytest.mark.parametrize("size", [10, 40 << 10])
def test_an_object_in_a_pack_that_is_longer_than_it_says_is_not_unpacked(
    repository: Repository, git: Git, size: int
) -> None:
    repository.commit({"a": os.urandom(100 << 10), "b": "text"})
    repository.git("gc", "--quiet")
    (pack,) = (repository.root / ".git/objects/pack").glob("*.pack")
    ends = dict(pairwise(Pack(pack.with_suffix(".idx"), 20).offsets))
    offset = max(ends, key=lambda offset: ends[offset] - offset)
    bomb = _entry(BLOB, size) + zlib.compress(bytes(64 << 20))
    content = bytearray(pack.read_bytes())
    content[offset : offset + len(bomb)] = bomb
    pack.chmod(0o600)
    pack.write_bytes(content)
    tracemalloc.start()
    assert [one.text for one in ObjectFiles(git).read(0) if one.place == offset] == [None]
    assert tracemalloc.get_traced_memory()[1] < 8 << 20
    tracemalloc.stop()


def _entry(kind: int, size: int) -> bytes:
    """The header of an object in a pack."""
    head = bytearray([kind << 4 | size & 15])
    size >>= 4
    while size:
        head[-1] |= 128
        head.append(size & 127)
        size >>= 7
    return bytes(head)


def test_of_a_pack_that_is_known_by_its_names_only_the_new_objects_are_read(
    repository: Repository, git: Git, versions: list[bytes]
) -> None:
    repository.git("gc", "--quiet")
    first = ObjectFiles(git)
    everything = read(first)
    blobs = [text for _, kind, text in everything if kind == BLOB and text is not None]
    tables = [pack.table for pack in first.packs]
    checksums = frozenset(pack.checksum for pack in first.packs)
    seen = Known(checksums, len(blobs), sum(map(len, blobs)), {}, lambda: tables)
    for new in ({"new": "new"}, {f"more{number}": f"{number}" for number in range(40)}):
        repository.commit(new)
        repository.git("gc", "--quiet")
        store = ObjectFiles(git, seen)
        found = read(store)
        assert found <= read(ObjectFiles(git))
        assert texts(found) == {text.encode() for text in new.values()}
        assert store.counted == (len(blobs), sum(map(len, blobs)))
        blobs += [*texts(found)]
        seen = seen._replace(blobs=len(blobs), size=sum(map(len, blobs)), packs=frozenset([b""]))
        tables = [pack.table for pack in store.packs]
    lost = seen._replace(tables=lambda: [*tables, b"x" * 20])
    assert ObjectFiles(git, lost).counted == (len(blobs), sum(map(len, blobs)))
    assert ObjectFiles(git, seen._replace(tables=tuple)).known is None
