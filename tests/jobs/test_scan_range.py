"""scan --range and --since: what commits add, by the rules of their base."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from envguard.core.config import load
from envguard.core.errors import UsageError
from envguard.core.finding import Unseen
from envguard.jobs.scan.request import Mode, Result
from tests.jobs.scans import OWN_RULES, Scanner, authors, check_lines, happened, leak, places, token

if TYPE_CHECKING:
    from tests.conftest import Repository

MARKED = f"{leak().rstrip()}  # envguard:allow\n"

HARMLESS_RULES = OWN_RULES.replace("ACME-[0-9]{8}", "NOTHING-[0-9]{8}")
ACME = "id ACME-12345678\n"


@pytest.fixture
def branch(repository: Repository) -> Repository:
    """A repository with a tag `base`, on which the tests commit."""
    repository.commit({"a.txt": "one\n", "old.py": leak(9)})
    repository.git("tag", "base")
    return repository


@pytest.fixture
def added(scan: Scanner, branch: Repository) -> Result:
    """What a branch adds that brings a token in and takes it out again."""
    branch.commit({"sub/new.py": "import os\n" + leak()}, "add")
    branch.commit({"sub/new.py": "import os\n"}, "take away")
    return scan(branch.root, Mode.RANGE, range="base..HEAD")


def test_what_was_added_and_taken_away_again_is_found(added: Result, branch: Repository) -> None:
    (finding,) = added.findings
    commit = branch.git("rev-parse", "HEAD~1")
    assert (finding.path, finding.line, finding.commit) == ("sub/new.py", 2, commit)
    assert (finding.author, finding.date) == authors(branch.root, commit)
    assert happened(finding) == [
        ("introduced", "sub/new.py", 2),
        ("removed", "sub/new.py", None),
    ]
    assert finding.in_head is None
    assert added.coverage.commits == 2
    assert added.coverage.complete
    check_lines(branch.root, finding, token())


def test_what_stood_there_before_is_not_found(scan: Scanner, branch: Repository) -> None:
    branch.commit({"old.py": "# a comment\n" + leak(9)})
    branch.commit({"other.txt": "text\n"})
    assert scan(branch.root, Mode.RANGE, range="base..HEAD").findings == ()


def test_since_is_a_range_to_head(scan: Scanner, branch: Repository) -> None:
    branch.commit({"new.py": leak()})
    assert places(scan(branch.root, Mode.RANGE, since="base")) == [("new.py", 1)]


def test_one_value_in_two_places_is_one_finding(scan: Scanner, branch: Repository) -> None:
    branch.commit({"x.py": "\n" + leak()})
    branch.commit({"y.py": leak()})
    (finding,) = scan(branch.root, Mode.RANGE, range="base..HEAD").findings
    assert happened(finding) == [("introduced", "x.py", 2), ("introduced", "y.py", 1)]
    check_lines(branch.root, finding, token())


def test_what_a_merge_brings_is_found_once(scan: Scanner, branch: Repository) -> None:
    branch.git("checkout", "-q", "-b", "side", "base")
    branch.commit({"side.py": leak(1)})
    branch.git("checkout", "-q", "main")
    branch.commit({"main.py": leak(2)})
    branch.git("merge", "-q", "--no-ff", "-m", "merge", "side")
    result = scan(branch.root, Mode.RANGE, range="base..HEAD")
    assert places(result) == [("main.py", 1), ("side.py", 1)]
    for finding, value in zip(result.findings, (token(2), token(1)), strict=True):
        check_lines(branch.root, finding, value)


def test_an_evil_merge_is_seen(scan: Scanner, branch: Repository) -> None:
    branch.git("checkout", "-q", "-b", "side", "base")
    branch.commit({"a.txt": "side\n"})
    branch.git("checkout", "-q", "main")
    branch.commit({"a.txt": "main\n"})
    branch.git("merge", "-q", "--no-commit", "side", check=False)
    branch.commit({"a.txt": "both\n" + leak()}, "merge")
    (finding,) = scan(branch.root, Mode.RANGE, range="base..HEAD").findings
    assert (finding.path, finding.line) == ("a.txt", 2)
    assert finding.commit == branch.git("rev-parse", "HEAD")
    check_lines(branch.root, finding, token())


def test_a_commit_message_is_looked_at(scan: Scanner, branch: Repository) -> None:
    branch.commit({"b.txt": "text\n"}, f"login\n\nwith {token(1)}\n")
    branch.commit({"c.py": leak(2)}, f"see {token(2)}")
    first, second = scan(branch.root, Mode.RANGE, range="base..HEAD").findings
    assert (first.path, first.line) == ("(commit message)", 3)
    assert happened(second) == [("introduced", "c.py", 1), ("introduced", "(commit message)", 1)]
    check_lines(branch.root, first, token(1))
    check_lines(branch.root, second, token(2))
    branch.git("tag", "later")
    branch.commit({"d.txt": "text\n"})
    assert scan(branch.root, Mode.RANGE, range="later..HEAD").findings == ()


def test_a_marker_that_the_range_adds_is_noted(scan: Scanner, branch: Repository) -> None:
    branch.commit({"new.py": MARKED})
    result = scan(branch.root, Mode.RANGE, range="base..HEAD")
    assert result.findings == ()
    assert result.coverage.notes == ["new.py:1 is allowed by a marker that stands in this range"]


def test_a_marker_from_before_the_range_is_not_noted(scan: Scanner, branch: Repository) -> None:
    branch.commit({"new.py": MARKED})
    branch.git("tag", "later")
    branch.commit({"new.py": "# a comment\n" + MARKED})
    result = scan(branch.root, Mode.RANGE, range="later..HEAD")
    assert (result.findings, result.coverage.notes) == ((), [])


def test_a_marker_does_not_excuse_a_value_that_stood_without_it(
    scan: Scanner, branch: Repository
) -> None:
    branch.commit({"new.py": leak()})
    branch.commit({"new.py": MARKED})
    assert places(scan(branch.root, Mode.RANGE, range="base..HEAD")) == [("new.py", 1)]


@pytest.mark.parametrize(
    "name", ["envguard.toml", "pyproject.toml", "sub/envguard.toml", "sub/pyproject.toml"]
)
@pytest.mark.parametrize("before", [None, ""])
def test_a_range_cannot_exclude_its_own_leak(
    name: str, before: str | None, scan: Scanner, branch: Repository
) -> None:
    """Neither by a new file nor by a change, at the top or nearer to where the scan is called."""
    branch.write("sub/.keep", "")
    table = "tool.envguard.scan" if "pyproject" in name else "scan"
    if before is not None:
        branch.commit({name: before})
        branch.git("tag", "--force", "base")
    branch.commit({"new.py": leak(), name: f'[{table}]\nexclude = ["**"]\n'})
    for folder in (branch.root, branch.root / "sub"):
        result = scan(folder, Mode.RANGE, range="base..HEAD")
        assert places(result) == [("new.py", 1)]
        assert result.coverage.excluded == []


def test_a_range_cannot_take_the_configuration_of_its_base_away(
    scan: Scanner, branch: Repository
) -> None:
    branch.commit({"envguard.toml": '[scan]\nexclude = ["vendor/"]\nrules = ["own.toml"]\n'})
    branch.commit({"own.toml": OWN_RULES.replace("ACME-12345678", "")})
    branch.git("tag", "--force", "base")
    branch.commit({"new.txt": ACME, "vendor/x.py": leak(), "envguard.toml": None, "own.toml": None})
    result = scan(branch.root, Mode.RANGE, range="base..HEAD")
    assert [(f.rule, f.path) for f in result.findings] == [("acme-key", "new.txt")]
    assert result.coverage.excluded == [Unseen("vendor/", "excluded by configuration")]


def test_rule_files_come_from_the_base(scan: Scanner, branch: Repository) -> None:
    config = '[scan]\nrules = ["../rules/own.toml"]\n'
    branch.commit({"sub/envguard.toml": config, "rules/own.toml": OWN_RULES})
    branch.git("tag", "--force", "base")
    branch.commit({"rules/own.toml": HARMLESS_RULES, "new.txt": ACME})
    result = scan(branch.root / "sub", Mode.RANGE, range="base..HEAD")
    assert [f.rule for f in result.findings if f.path == "new.txt"] == ["acme-key"]
    # By a link in place of the folder, too, and when the file is gone.
    outside = branch.root.parent / "outside"
    outside.mkdir()
    (outside / "own.toml").write_text(HARMLESS_RULES)
    branch.commit({"rules/own.toml": None})
    (branch.root / "rules").rmdir()
    assert scan(branch.root / "sub", Mode.RANGE, range="base..HEAD").findings
    (branch.root / "rules").symlink_to(outside)
    branch.commit()
    result = scan(branch.root / "sub", Mode.RANGE, range="base..HEAD")
    assert [f.rule for f in result.findings if f.path == "new.txt"] == ["acme-key"]


def test_a_rule_file_that_the_base_lacks_is_an_error(scan: Scanner, branch: Repository) -> None:
    branch.commit({"envguard.toml": '[scan]\nrules = ["own.toml"]\n'})
    branch.git("tag", "--force", "base")
    branch.commit({"own.toml": OWN_RULES, "new.txt": ACME})
    with pytest.raises(UsageError, match=r"commit [0-9a-f]{12} has no such file"):
        scan(branch.root, Mode.RANGE, range="base..HEAD")


def test_a_configuration_that_is_named_comes_from_the_base_where_it_is_in_the_repository(
    scan: Scanner, branch: Repository
) -> None:
    named = branch.root / "ci" / "scan.toml"
    branch.commit({"ci/scan.toml": '[scan]\nexclude = ["vendor/"]\n'})
    branch.git("tag", "--force", "base")
    branch.commit({"ci/scan.toml": '[scan]\nexclude = ["**"]\n', "vendor/x.py": leak(1)})
    branch.commit({"new.py": leak(2)})
    result = scan(branch.root, Mode.RANGE, range="base..HEAD", config=named)
    assert places(result) == [("new.py", 1)]
    assert result.coverage.excluded == [Unseen("vendor/", "excluded by configuration")]


def test_a_configuration_from_outside_is_the_users_own(
    scan: Scanner, branch: Repository, tmp_path: Path
) -> None:
    (tmp_path / "own.toml").write_text(OWN_RULES)
    (tmp_path / "mine.toml").write_text('[scan]\nexclude = ["vendor/"]\nrules = ["own.toml"]\n')
    branch.commit({"vendor/x.py": leak(1), "new.txt": ACME})
    config = tmp_path / "mine.toml"
    result = scan(branch.root, Mode.RANGE, range="base..HEAD", config=config)
    assert [(f.rule, f.path) for f in result.findings] == [("acme-key", "new.txt")]
    assert load(branch.root, config).scan.exclude == ("vendor/",)


def test_a_link_to_the_repository_changes_nothing(
    scan: Scanner, branch: Repository, tmp_path: Path
) -> None:
    branch.commit({"new.py": leak(), "envguard.toml": '[scan]\nexclude = ["**"]\n'})
    (tmp_path / "link").symlink_to(branch.root)
    result = scan(tmp_path / "link", Mode.RANGE, range="base..HEAD")
    assert places(result) == [("new.py", 1)]
    result = scan(
        branch.root,
        Mode.RANGE,
        range="base..HEAD",
        config=tmp_path / "link" / "envguard.toml",
    )
    assert places(result) == [("new.py", 1)]


def test_a_range_of_another_repository_can_be_named(
    scan: Scanner, branch: Repository, tmp_path: Path
) -> None:
    branch.commit({"new.py": leak(), "envguard.toml": '[scan]\nexclude = ["**"]\n'})
    (tmp_path / "here").mkdir()
    result = scan(tmp_path / "here", Mode.RANGE, range="base..HEAD", paths=(branch.root,))
    assert places(result) == [("new.py", 1)]


def test_a_path_that_is_no_utf8_is_found(scan: Scanner, branch: Repository) -> None:
    name = os.fsdecode(b"new\xff.py")
    branch.commit({name: leak()})
    assert places(scan(branch.root, Mode.RANGE, range="base..HEAD")) == [(name, 1)]


def test_a_range_without_commits_is_an_error(scan: Scanner, branch: Repository) -> None:
    with pytest.raises(UsageError, match="holds no commits"):
        scan(branch.root, Mode.RANGE, range="HEAD..base")
