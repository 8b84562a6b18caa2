"""scan --staged: what the next commit adds."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import pytest

from envguard.core.finding import Unseen
from envguard.jobs.scan.request import Mode
from tests.jobs.scans import Scanner, leak, places

if TYPE_CHECKING:
    from tests.conftest import Repository

STAGED = Mode.STAGED


def stage(repository: Repository, files: dict[str, str | None]) -> None:
    for path, text in files.items():
        if text is None:
            repository.git("rm", "-q", "--cached", path)
            (repository.root / path).unlink()
        else:
            repository.write(path, text)
            repository.git("add", path)


def test_what_is_staged_is_found_where_the_index_has_it(
    scan: Scanner, repository: Repository
) -> None:
    repository.commit({"a.py": "one\n"})
    stage(repository, {"a.py": "one\n\n" + leak(1), "sub/b.py": leak(2)})
    repository.write("a.py", "the work tree says something else\n")
    repository.write("new.py", leak(3))
    result = scan(repository.root, STAGED)
    assert places(result) == [("a.py", 3), ("sub/b.py", 1)]
    assert (result.coverage.files, result.coverage.blobs) == (2, 2)
    for finding in result.findings:
        line = repository.git("show", f":{finding.path}").splitlines()[finding.line - 1]
        assert line[finding.column - 1 : finding.end_column - 1] in leak(1) + leak(2)


def test_before_the_first_commit_everything_is_new(scan: Scanner, repository: Repository) -> None:
    stage(repository, {"a.py": leak()})
    assert places(scan(repository.root, STAGED)) == [("a.py", 1)]


def test_what_head_has_in_the_same_file_is_not_new(scan: Scanner, repository: Repository) -> None:
    repository.commit({"a.py": leak(1)})
    stage(repository, {"a.py": "# moved down\n" + leak(1) + leak(2)})
    assert places(scan(repository.root, STAGED)) == [("a.py", 3)]


def test_what_comes_from_a_folder_that_is_left_out_is_new(
    scan: Scanner, repository: Repository
) -> None:
    config = '[scan]\nexclude = ["samples/**"]\n'
    lines = "".join(f"line {number}\n" for number in range(50))
    repository.commit({"envguard.toml": config, "samples/a.py": lines + leak()})
    repository.git("mv", "samples/a.py", "a.py")
    assert places(scan(repository.root, STAGED)) == [("a.py", 51)]
    base = repository.git("rev-parse", "HEAD").strip()
    repository.git("commit", "-q", "-m", "moved")
    assert places(scan(repository.root, Mode.RANGE, range=f"{base}..HEAD")) == [("a.py", 51)]
    repository.git("mv", "a.py", "b.py")
    assert places(scan(repository.root, STAGED)) == []


def test_the_same_value_in_another_file_is_new(scan: Scanner, repository: Repository) -> None:
    repository.commit({"a.py": leak()})
    stage(repository, {"b.py": "import a\n" + leak()})
    assert places(scan(repository.root, STAGED)) == [("b.py", 2)]


def test_a_renamed_file_brings_nothing_new_but_what_it_adds(
    scan: Scanner, repository: Repository
) -> None:
    body = "".join(f"line {number}\n" for number in range(50))
    repository.commit({"a.py": body + leak(1)})
    stage(repository, {"a.py": None, "b.py": body + leak(1)})
    assert scan(repository.root, STAGED).findings == ()
    stage(repository, {"b.py": body + leak(1) + leak(2)})
    assert places(scan(repository.root, STAGED)) == [("b.py", 52)]


def test_a_second_copy_of_a_value_that_head_has_in_the_file_is_not_new(
    scan: Scanner, repository: Repository
) -> None:
    repository.commit({"a.py": leak()})
    stage(repository, {"a.py": leak() + leak()})
    assert scan(repository.root, STAGED).findings == ()


def test_a_removed_value_is_no_finding(scan: Scanner, repository: Repository) -> None:
    repository.commit({"a.py": leak()})
    stage(repository, {"a.py": "import os\n"})
    assert scan(repository.root, STAGED).findings == ()


def test_a_marker_allows_and_is_noted(scan: Scanner, repository: Repository) -> None:
    stage(repository, {"a.py": f"{leak().rstrip()}  # envguard:allow\n"})
    result = scan(repository.root, STAGED)
    assert result.findings == ()
    assert result.coverage.notes == ["a.py:1 is allowed by a marker"]


def test_taking_a_marker_away_is_no_new_value(scan: Scanner, repository: Repository) -> None:
    repository.commit({"a.py": f"{leak().rstrip()}  # envguard:allow\n"})
    stage(repository, {"a.py": leak()})
    assert scan(repository.root, STAGED).findings == ()


def test_what_is_excluded_is_listed(scan: Scanner, repository: Repository) -> None:
    repository.commit({"envguard.toml": '[scan]\nexclude = ["vendor/"]\n'})
    stage(repository, {"vendor/a.py": leak(1), "vendor/b.py": leak(2), "c.txt": "text\n"})
    result = scan(repository.root, STAGED)
    assert result.findings == ()
    assert result.coverage.complete
    assert result.coverage.excluded == [Unseen("vendor/", "excluded by configuration")]


@pytest.mark.parametrize("below", ["", "sub"])
def test_the_whole_index_counts_wherever_we_stand(
    below: str, scan: Scanner, repository: Repository
) -> None:
    stage(repository, {"a.py": leak(1), "sub/b.py": leak(2)})
    assert places(scan(repository.root / below, STAGED)) == [("a.py", 1), ("sub/b.py", 1)]


def test_nothing_staged_is_empty_and_a_removal_is_not(
    scan: Scanner, repository: Repository
) -> None:
    repository.commit({"a.py": leak()})
    assert scan(repository.root, STAGED).empty
    stage(repository, {"a.py": None})
    result = scan(repository.root, STAGED)
    assert (result.empty, result.findings) == (False, ())


def test_a_staged_submodule_is_left_out_and_said_so(
    scan: Scanner, make_repository: Callable[..., Repository]
) -> None:
    inner, outer = make_repository("inner"), make_repository("outer")
    inner.commit({"leak.py": leak()})
    outer.commit({"a.txt": "text\n"})
    outer.git("-c", "protocol.file.allow=always", "submodule", "add", "-q", str(inner.root), "lib")
    result = scan(outer.root, STAGED)
    assert result.findings == ()
    assert [unseen.path for unseen in result.coverage.excluded] == ["lib"]
    assert not result.empty
