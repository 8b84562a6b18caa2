"""Archives and databases are looked into in every mode; what cannot be is never read as clean."""

from __future__ import annotations

import bz2
import gzip
import io
import os
import resource
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from envguard.jobs.scan.request import Mode
from envguard.sources.archives import DEEPEST
from tests.conftest import Repository
from tests.detection.disguises import FOURTEEN, MORE, in_tar, in_zip
from tests.jobs.scans import Scanner, token

NAMED = FOURTEEN | MORE
GITHUB = token().encode()


@pytest.fixture
def scan(tmp_path: Path) -> Scanner:
    return Scanner(tmp_path / "user")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    made = tmp_path / "files"
    made.mkdir()
    return made


@pytest.mark.parametrize("disguise", NAMED)
def test_a_token_in_each_disguise_is_one_finding(
    scan: Scanner, folder: Path, disguise: str
) -> None:
    name, disguised = NAMED[disguise]
    (folder / name).write_bytes(disguised(GITHUB))
    result = scan(folder)
    assert [(f.rule, f.path) for f in result.findings] == [("github-token", name)]
    assert result.coverage.complete


def test_the_finding_names_the_way_to_the_member_and_the_place_in_it(
    scan: Scanner, folder: Path
) -> None:
    inner = in_zip(b"\n  " + GITHUB, "deep/app.ini")
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w") as archive:
        archive.writestr("lib/inner.jar", gzip.compress(inner))
    (folder / "app.war").write_bytes(target.getvalue())
    (found,) = scan(folder).findings
    assert found.decoded == "zip: lib/inner.jar, gzip, zip: deep/app.ini"
    assert (found.path, found.line, found.column) == ("app.war", 3, 3)


def test_what_is_encoded_in_a_member_names_both(scan: Scanner, folder: Path) -> None:
    (folder / "a.zip").write_bytes(in_zip(GITHUB.hex().encode(), "a.txt"))
    assert [f.decoded for f in scan(folder).findings] == ["zip: a.txt, hex"]


def test_control_characters_in_the_name_of_a_member_are_escaped(
    scan: Scanner, folder: Path
) -> None:
    (folder / "a.tar").write_bytes(in_tar(GITHUB, "a\x1b[31m.txt"))
    assert [f.decoded for f in scan(folder).findings] == ["tar: a\\x1b[31m.txt"]


def test_archives_are_looked_into_in_every_mode(scan: Scanner, repository: Repository) -> None:
    base = repository.commit({"a.zip": in_zip(b"nothing yet")})
    repository.commit({"a.zip": in_zip(GITHUB)})
    history = scan(repository.root, Mode.HISTORY).findings
    since = scan(repository.root, Mode.RANGE, range=f"{base}..HEAD").findings
    piped = scan(
        repository.root, Mode.STDIN, stdin=io.BytesIO(in_zip(GITHUB)), name="a.zip"
    ).findings
    repository.write("b.zip", in_zip(GITHUB))
    repository.git("add", "b.zip")
    staged = scan(repository.root, Mode.STAGED).findings
    for findings, path in (
        (history, "a.zip"),
        (since, "a.zip"),
        (piped, "a.zip"),
        (staged, "b.zip"),
    ):
        assert [(f.path, f.decoded) for f in findings] == [(path, "zip: config/app.ini")]


def test_what_an_archive_held_before_is_not_new(scan: Scanner, repository: Repository) -> None:
    repository.commit({"a.zip": in_zip(GITHUB)})
    repository.write("a.zip", in_zip(GITHUB + b"\nmore"))
    repository.git("add", "a.zip")
    assert scan(repository.root, Mode.STAGED).findings == ()


def test_an_old_archive_that_is_damaged_leaves_the_scan_complete(
    scan: Scanner, repository: Repository
) -> None:
    repository.commit({"a.zip": in_zip(b"x")[:-9]})
    repository.write("a.zip", in_zip(b"x"))
    repository.git("add", "a.zip")
    assert scan(repository.root, Mode.STAGED).coverage.complete


@pytest.mark.parametrize("size", [100, 20 << 20])
def test_what_cannot_be_unpacked_makes_the_scan_incomplete(
    scan: Scanner, folder: Path, size: int
) -> None:
    """Also of a file that is not held as a whole."""
    content = b"\n" + GITHUB + b"\n" + os.urandom(size)
    (folder / "a.gz").write_bytes(gzip.compress(content, 1)[:-20])
    result = scan(folder)
    assert [(u.path, u.reason) for u in result.coverage.skipped] == [
        ("a.gz", "it is damaged: it ends too early")
    ]
    assert [f.line for f in result.findings] == [2]


def test_a_damaged_member_is_named_and_the_others_are_looked_into(
    scan: Scanner, folder: Path
) -> None:
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w") as archive:
        archive.writestr("bad.bz2", bz2.compress(os.urandom(999))[:-50])
        archive.writestr("good.txt", GITHUB)
    (folder / "a.zip").write_bytes(target.getvalue())
    result = scan(folder)
    assert [u.path for u in result.coverage.skipped] == ["a.zip!bad.bz2"]
    assert [f.decoded for f in result.findings] == ["zip: good.txt"]


@pytest.mark.parametrize("cache", [False, True])
def test_a_damaged_archive_in_the_history_is_named_by_all_its_paths_until_they_are_excluded(
    scan: Scanner, repository: Repository, cache: bool
) -> None:
    repository.commit({"a.zip": in_zip(b"x")[:-9]})
    repository.commit({"a.zip": None, "old/b.zip": in_zip(b"x")[:-9]})

    def unseen(*exclude: str) -> list[str]:
        coverage = scan(repository.root, Mode.HISTORY, exclude=exclude, cache=cache).coverage
        assert bool(coverage.excluded) == bool(exclude)
        return sorted(unseen.path for unseen in coverage.skipped)

    assert unseen() == ["a.zip", "old/b.zip"]
    assert unseen("a.zip") == ["old/b.zip"]
    for _ in range(2):  # from here on it may be remembered
        assert unseen("*.zip") == []
    assert unseen("a.zip", "old/") == []
    repository.commit({"new.zip": in_zip(b"x")[:-9]})
    assert unseen("a.zip", "old/") == ["new.zip"]


def test_a_damaged_archive_that_no_ref_reaches_is_a_note(
    scan: Scanner, repository: Repository
) -> None:
    repository.commit({"a": "a"})
    repository.write("b.zip", in_zip(b"x")[:-9])
    repository.git("hash-object", "-w", "b.zip")
    coverage = scan(repository.root, Mode.HISTORY).coverage
    assert coverage.complete
    (note,) = coverage.notes
    assert note.startswith("1 contents that no branch or tag reaches cannot be looked into")


def test_a_token_beside_what_is_packed_is_found_too(scan: Scanner, folder: Path) -> None:
    (folder / "a.gz").write_bytes(gzip.compress(b"nothing") + b"\n" + GITHUB)
    assert [f.decoded for f in scan(folder).findings] == [None]


def test_containers_in_containers_end_somewhere(scan: Scanner, folder: Path) -> None:
    content = GITHUB
    for _ in range(DEEPEST):
        content = gzip.compress(content)
    (folder / "a.gz").write_bytes(content)
    (folder / "b.gz").write_bytes(gzip.compress(content))
    result = scan(folder)
    assert [f.path for f in result.findings] == ["a.gz"]
    assert [u.path for u in result.coverage.skipped] == ["b.gz" + "!gzip" * DEEPEST]


def test_a_large_member_is_looked_at_as_it_is_unpacked(scan: Scanner, folder: Path) -> None:
    content = bytes(range(32, 127)) * 190_000 + b"\n" + GITHUB + b"\n"
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("big.txt", os.urandom(1 << 20).hex().encode() + content)
    (folder / "a.zip").write_bytes(target.getvalue())
    (found,) = scan(folder).findings
    assert (found.decoded, found.line) == ("zip: big.txt", 2)


PROGRAM = """
import re, sys, time
from pathlib import Path
from envguard.cli.main import call
start = time.perf_counter()
code = int(call(["scan", sys.argv[1]]))
# Of this program alone: getrusage counts what the process was before it, too.
peak = int(re.search(r"VmHWM:\\s+(\\d+)", Path("/proc/self/status").read_text())[1]) // 1024
print("done", code, peak, round(time.perf_counter() - start, 1), file=sys.stderr)
"""


def zeros() -> bytes:
    """A zip of 1 GB of zeros, in 1 MB."""
    target = io.BytesIO()
    with (
        zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as archive,
        archive.open("zeros", "w", force_zip64=True) as member,
    ):
        for _ in range(1024):
            member.write(bytes(1 << 20))
    return target.getvalue()


def nested(depth: int, width: int) -> bytes:
    """Zips in a zip, as 42.zip has them."""
    content = bytes(4 << 20)
    for _ in range(depth):
        target = io.BytesIO()
        with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as archive:
            for number in range(width):
                archive.writestr(f"{number}.zip", content)
        content = target.getvalue()
    return content


@pytest.mark.prove
@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="reads memory from /proc")
@pytest.mark.parametrize("bomb", [zeros, lambda: nested(4, 16)], ids=["zeros", "nested"])
def test_a_bomb_ends_quickly_and_says_incomplete(folder: Path, bomb: object) -> None:
    assert callable(bomb)
    (folder / "bomb.zip").write_bytes(bomb())
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM, folder], capture_output=True, text=True, check=False
    )
    _, code, peak, seconds = done.stderr.splitlines()[-1].split()
    assert int(code) == 2
    assert int(peak) < 300  # MB
    assert float(seconds) < 20


def test_a_small_bomb_says_incomplete(scan: Scanner, folder: Path) -> None:
    (folder / "bomb.zip").write_bytes(nested(2, 16))
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    (unseen,) = scan(folder).coverage.skipped
    assert "200 times" in unseen.reason
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 100 << 10
