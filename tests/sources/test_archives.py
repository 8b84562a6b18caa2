"""What is packed is read member by member; what claims too much or is damaged says so."""

from __future__ import annotations

import bz2
import gzip
import io
import lzma
import os
import sqlite3
import tarfile
import tracemalloc
import zipfile
import zlib
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from envguard.sources import archives
from envguard.sources.archives import (
    ArchiveError,
    Budget,
    Kind,
    LimitError,
    kind_of,
    members,
    peeked,
)

FILES = {"a.txt": b"alpha\n", "folder/b.bin": bytes(range(256)) * 40, "empty": b""}


def zipped(files: dict[str, bytes], method: int = zipfile.ZIP_DEFLATED) -> bytes:
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w", method) as archive:
        for name, content in files.items():
            archive.writestr(name, content)
        archive.writestr("folder/", b"")
    return target.getvalue()


def tarred(files: dict[str, bytes], form: int = tarfile.PAX_FORMAT) -> bytes:
    target = io.BytesIO()
    with tarfile.open(fileobj=target, mode="w", format=form) as archive:
        folder = tarfile.TarInfo("folder")
        folder.type = tarfile.DIRTYPE
        archive.addfile(folder)
        for name, content in files.items():
            info = tarfile.TarInfo(name)
            info.size = len(content)
            archive.addfile(info, io.BytesIO(content))
    return target.getvalue()


def in_pieces(content: bytes, size: int) -> Iterator[bytes]:
    return (content[at : at + size] for at in range(0, len(content), size))


def read(content: bytes, size: int = 1000) -> tuple[dict[str, bytes], list[tuple[str, str]]]:
    """The members by their names, and what was skipped."""
    kind = kind_of(content)
    assert kind is not None
    skipped: list[tuple[str, str]] = []
    found = members(kind, in_pieces(content, size), Budget(), lambda *about: skipped.append(about))
    return {member.name: b"".join(member.pieces) for member in found}, skipped


@pytest.mark.parametrize(
    "pack",
    [
        zipped,
        lambda files: zipped(files, zipfile.ZIP_STORED),
        lambda files: zipped(files, zipfile.ZIP_BZIP2),
        lambda files: zipped(files, zipfile.ZIP_LZMA),
        tarred,
        lambda files: tarred(files, tarfile.GNU_FORMAT),
        lambda files: tarred(files, tarfile.USTAR_FORMAT),
    ],
    ids=["zip", "stored", "zip bzip2", "zip lzma", "pax", "gnu", "ustar"],
)
@pytest.mark.parametrize("size", [1, 511, 1 << 20])
def test_each_file_comes_with_its_name(
    pack: Callable[[dict[str, bytes]], bytes], size: int
) -> None:
    assert read(pack(FILES), size) == (FILES, [])


@pytest.mark.parametrize("form", [tarfile.PAX_FORMAT, tarfile.GNU_FORMAT])
def test_long_names_in_a_tar_are_whole(form: int) -> None:
    names = {"folder/" * 30 + "ä.txt": b"x", "l" * 300: b"y", "short": b"z"}
    assert read(tarred(names, form))[0] == names


def test_a_prefix_in_a_tar_is_part_of_the_name() -> None:
    name = "d" * 90 + "/" + "f" * 90
    assert read(tarred({name: b"x"}, tarfile.USTAR_FORMAT))[0] == {name: b"x"}


@pytest.mark.parametrize("pack", [gzip.compress, bz2.compress, lzma.compress])
@pytest.mark.parametrize("size", [1, 700, 1 << 20])
def test_a_stream_is_one_member_without_a_name(pack: Callable[[bytes], bytes], size: int) -> None:
    content = os.urandom(3000) + b"a" * 70_000
    assert read(pack(content), size) == ({"": content}, [])
    assert read(pack(b"one") + pack(b"two"), size) == ({"": b"onetwo"}, [])
    assert read(pack(b"one") + b"\0" * 99, size) == ({"": b"one"}, [])


@given(st.lists(st.binary(max_size=2000), max_size=5), st.integers(1, 3000))
def test_a_tar_is_read_whatever_the_pieces_are(contents: list[bytes], size: int) -> None:
    files = {f"{number}": content for number, content in enumerate(contents)}
    assert read(tarred(files), size)[0] == files


def test_members_that_are_not_read_are_passed_by() -> None:
    found = members(Kind.TAR, [tarred(FILES)], Budget(), lambda *_: None)
    assert [member.name for member in found] == list(FILES)


@pytest.mark.parametrize(
    "head", [b"", b"P", b"PK", b"text", b"BZh is no archive", b"\x1f\x8b\x01", b"S" * 300]
)
def test_what_only_begins_alike_is_no_container(head: bytes) -> None:
    assert kind_of(head) is None


def test_pieces_that_were_peeked_at_come_all() -> None:
    head, pieces = peeked([b"ab", b"cd", b"ef"], 3)
    assert (head, list(pieces)) == (b"abcd", [b"abcd", b"ef"])
    assert list(peeked([], 3)[1]) == []


DAMAGED = {
    "zip": zipped(FILES)[:-30],
    "zip of noise": b"PK\x03\x04" + b"noise" * 99,
    "gzip": gzip.compress(os.urandom(999))[:-99],
    "gzip checksum": gzip.compress(b"abc")[:-8] + bytes(8),
    "bzip2": bz2.compress(os.urandom(999))[:-99],
    "xz": lzma.compress(os.urandom(999))[:-99],
    "tar": tarred(FILES)[:9000],
    "tar header": tarred({"a": b"x" * 512}).replace(b"ustar", b"ustar", 1)[:1536] + b"\x01" * 512,
}


@pytest.mark.parametrize("content", DAMAGED.values(), ids=DAMAGED)
def test_damage_is_an_error_that_says_so(content: bytes) -> None:
    with pytest.raises(ArchiveError, match="damaged"):
        read(content)


def test_a_damaged_or_encrypted_member_is_skipped_and_the_others_are_read() -> None:
    content = bytearray(zipped({"a": b"alpha" * 99, "b": b"beta"}))
    place = content.index(b"a", 30) + 2
    content[place : place + 4] = b"\xff\xff\xff\xff"
    found, skipped = read(bytes(content))
    assert found["b"] == b"beta"
    assert [name for name, _ in skipped] == ["a"]
    encrypted = bytearray(zipped({"a": b"alpha", "b": b"beta"}))
    encrypted[encrypted.index(b"PK\x01\x02") + 8] |= 1
    found, skipped = read(bytes(encrypted))
    assert (found, skipped) == ({"b": b"beta"}, [("a", "it is encrypted")])


def quiet(content: bytes) -> None:
    """Reads everything and keeps nothing."""
    kind = kind_of(content)
    assert kind is not None
    for member in members(kind, counted(content, budget := Budget()), budget, lambda *_: None):
        for _ in member.pieces:
            pass


def counted(content: bytes, budget: Budget) -> Iterator[bytes]:
    for piece in in_pieces(content, 1 << 16):
        budget.count(len(piece))
        yield piece


def endless() -> bytes:
    """256 MB of zeros in 260 KB."""
    packer = zlib.compressobj(9, wbits=31)
    zeros = bytes(1 << 20)
    return b"".join([*(packer.compress(zeros) for _ in range(256)), packer.flush()])


BOMBS = {
    "zip": lambda: zipped({"zeros": bytes(128 << 20)}),
    "gzip": endless,
    "xz": lambda: lzma.compress(bytes(128 << 20), preset=0),
    "bzip2": lambda: bz2.compress(bytes(64 << 20)),
}


@pytest.mark.parametrize("make", BOMBS.values(), ids=BOMBS)
def test_a_bomb_is_given_up_in_little_memory(make: Callable[[], bytes]) -> None:
    bomb = make()
    tracemalloc.start()
    try:
        with pytest.raises(LimitError, match="200 times"):
            quiet(bomb)
        assert tracemalloc.get_traced_memory()[1] < 8 << 20
    finally:
        tracemalloc.stop()


def test_too_many_bytes_and_members_are_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(archives, "MOST_MEMBERS", 20)
    with pytest.raises(LimitError, match="20 members"):
        quiet(zipped({str(number): b"" for number in range(21)}))
    with pytest.raises(LimitError, match="20 members"):
        quiet(tarred({str(number): b"" for number in range(21)}))
    monkeypatch.setattr(archives, "MOST_BYTES", 1 << 30)
    with pytest.raises(LimitError, match="1 GiB"):
        list(Budget(1 << 30).unpack([bytes(1 << 20)] * 1025))


def test_a_tar_with_a_lying_size_takes_no_memory() -> None:
    header = bytearray(tarred({"a": b"x"})[512:1024])
    header[124:136] = b"77777777777\0"  # 8 GiB
    header[156:157] = b"x"  # of a name
    total = sum(header[:148]) + sum(header[156:]) + 8 * 32
    header[148:156] = b"%06o\0 " % total
    with pytest.raises(ArchiveError, match="name"):
        quiet(bytes(header))
    header[156:157] = b"0"  # of a file
    header[148:156] = b"%06o\0 " % (total - ord("x") + ord("0"))
    with pytest.raises(ArchiveError, match="too early"):
        quiet(bytes(header) + b"abc")


def test_a_zip_that_is_too_large_to_be_held_is_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(archives, "HELD", 1 << 20)
    with pytest.raises(ArchiveError, match="1 MiB"):
        read(zipped({"a": os.urandom(2 << 20)}))


def database(rows: list[tuple[object, ...]], folder: Path, *first: str) -> bytes:
    file = folder / "app.db"
    opened = sqlite3.connect(file)
    for pragma in first:
        opened.execute(pragma)
    opened.execute("create table t (a, b, c)")
    opened.executemany("insert into t values (?, ?, ?)", rows)
    opened.commit()
    opened.close()
    return file.read_bytes()


@pytest.mark.parametrize("page", [512, 4096, 65536])
@pytest.mark.parametrize("encoding", ["UTF-8", "UTF-16le", "UTF-16be"])
def test_values_of_a_database_stand_apart(tmp_path: Path, page: int, encoding: str) -> None:
    rows: list[tuple[object, ...]] = [
        ("name", 7, "value"),
        (None, 1.5, "ä" * 30),
        (b"blob", "x" * 3000, "end"),  # over pages
        ("y" * 100_000, -(2**40), "last"),
        *((f"n{number}", number, "v" * (number % 90)) for number in range(500)),
    ]
    content = database(rows, tmp_path, f"pragma page_size={page}", f"pragma encoding='{encoding}'")
    lines = read(content)[0][""].decode().splitlines()
    for row in rows:
        for value in row:
            if isinstance(value, str) and value:
                assert value in lines
    assert "blob" in lines


@given(st.data())
def test_no_damage_in_a_database_is_a_bug(data: st.DataObject) -> None:
    content = bytearray(DATABASE)
    for _ in range(data.draw(st.integers(1, 20))):
        content[data.draw(st.integers(100, len(content) - 1))] = data.draw(st.integers(0, 255))
    read(bytes(content[: data.draw(st.integers(100, len(content)))]))


def _sample() -> bytes:
    opened = sqlite3.connect(":memory:")
    opened.execute("pragma page_size=512")
    opened.execute("create table t (a, b, c)")
    opened.executemany(
        "insert into t values (?, ?, ?)", [("name" * n, n, b"v" * 9 * n) for n in range(40)]
    )
    opened.commit()
    if hasattr(opened, "serialize"):
        return bytes(opened.serialize())
    return b"SQLite format 3\0" + bytes(84) + bytes(2000)  # Python 3.10 has no serialize


DATABASE = _sample()
