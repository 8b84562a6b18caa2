"""scan --history: one finding for each credential, and where it came from."""

from __future__ import annotations

import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from envguard.core.errors import UsageError
from envguard.core.finding import Unseen
from envguard.core.rule import Confidence
from envguard.jobs.scan.request import Mode
from envguard.sources.door import GitError
from envguard.sources.git import find
from envguard.sources.log import Log
from envguard.sources.recorded import Recorded
from tests.jobs.scans import Scanner, authors, check_lines, happened, leak, places, token, unsure

if TYPE_CHECKING:
    from tests.conftest import Repository

HISTORY = Mode.HISTORY


def test_a_value_is_one_finding_with_all_that_happened_to_it(
    scan: Scanner, repository: Repository
) -> None:
    first = repository.commit({"a.py": "import os\n" + leak()})
    repository.commit({"b.py": leak()})
    repository.commit({"a.py": "import os\n"})
    repository.commit({"a.py": "import os\n\n\n" + leak()})
    repository.commit({"b.py": None})
    result = scan(repository.root, HISTORY)
    (finding,) = result.findings
    assert (finding.path, finding.line, finding.commit) == ("a.py", 2, first)
    assert (finding.author, finding.date) == authors(repository.root, first)
    assert happened(finding) == [
        ("introduced", "a.py", 2),
        ("introduced", "b.py", 1),
        ("removed", "a.py", None),
        ("introduced", "a.py", 4),
        ("removed", "b.py", None),
        ("head", "a.py", 4),
    ]
    assert finding.in_head is True
    check_lines(repository.root, finding, token())


def test_coverage_counts_as_git_does(scan: Scanner, repository: Repository) -> None:
    for number in range(5):
        repository.commit({"a.txt": f"{number}\n", "same.txt": "same\n"})
    repository.git("checkout", "-q", "-b", "side", "HEAD~2")
    repository.commit({"side.txt": "side\n"})
    coverage = scan(repository.root, HISTORY).coverage
    assert coverage.commits == int(repository.git("rev-list", "--all", "--count"))
    listed = repository.git("cat-file", "--batch-check", "--batch-all-objects").splitlines()
    blobs = [line.split() for line in listed if " blob " in line]
    assert coverage.blobs == len(blobs)
    assert coverage.bytes == sum(int(size) for _, _, size in blobs)
    assert coverage.complete


def test_a_value_that_is_gone_from_head_is_found(scan: Scanner, repository: Repository) -> None:
    repository.commit({"a.py": leak()})
    repository.commit({"a.py": None})
    (finding,) = scan(repository.root, HISTORY).findings
    assert finding.in_head is False
    assert happened(finding) == [("introduced", "a.py", 1), ("removed", "a.py", None)]


def test_every_branch_and_tag_counts(scan: Scanner, repository: Repository) -> None:
    repository.commit({"a.txt": "text\n"})
    repository.git("checkout", "-q", "-b", "side")
    repository.commit({"side.py": leak(1)})
    repository.git("checkout", "-q", "--detach", "main")
    repository.commit({"tagged.py": leak(2)})
    repository.git("tag", "v1")
    repository.git("checkout", "-q", "main")
    result = scan(repository.root, HISTORY)
    assert places(result) == [("side.py", 1), ("tagged.py", 1)]
    assert [finding.in_head for finding in result.findings] == [False, False]


def test_a_moved_file_is_gone_here_and_come_there(scan: Scanner, repository: Repository) -> None:
    repository.commit({"a.py": leak()})
    repository.git("mv", "a.py", "b.py")
    repository.commit()
    (finding,) = scan(repository.root, HISTORY).findings
    assert finding.path == "a.py"
    assert sorted(happened(finding)) == [
        ("head", "b.py", 1),
        ("introduced", "a.py", 1),
        ("introduced", "b.py", 1),
        ("removed", "a.py", None),
    ]


@pytest.fixture
def cloned(repository: Repository, tmp_path: Path) -> Repository:
    """A repository with a remote that has its branch `main` and its tag `v1`."""
    repository.commit({"a.txt": "text\n"})
    repository.commit({"pushed.py": leak(1)})
    repository.git("tag", "v1")
    subprocess.run(["git", "init", "-q", "--bare", str(tmp_path / "origin")], check=True)
    repository.git("remote", "add", "origin", str(tmp_path / "origin"))
    repository.git("push", "-q", "origin", "main", "v1")
    repository.git("fetch", "-q", "origin")
    repository.commit({"local.py": leak(2)})
    return repository


def test_a_finding_says_where_it_was_pushed(scan: Scanner, cloned: Repository) -> None:
    local, pushed = scan(cloned.root, HISTORY).findings
    assert (local.path, local.pushed_to) == ("local.py", ())
    assert (pushed.path, pushed.pushed_to) == ("pushed.py", ("origin/main", "v1"))


def test_a_value_that_was_pushed_in_a_later_commit_was_pushed(
    scan: Scanner, cloned: Repository
) -> None:
    cloned.git("checkout", "-q", "-b", "other", "v1")
    cloned.commit({"again.py": leak(2)})
    cloned.git("push", "-q", "origin", "other")
    finding = next(f for f in scan(cloned.root, HISTORY).findings if len(f.occurrences) == 3)
    assert finding.pushed_to == ("origin/other",)


def test_a_marker_at_head_allows_all_of_the_past(scan: Scanner, repository: Repository) -> None:
    repository.commit({"a.py": leak()})
    repository.commit({"a.py": f"{leak().rstrip()}  # envguard:allow\n"})
    result = scan(repository.root, HISTORY)
    assert result.findings == ()
    assert result.coverage.notes == ["1 allowed by inline markers"]


def test_a_marker_of_the_past_allows_nothing(scan: Scanner, repository: Repository) -> None:
    repository.commit({"a.py": f"{leak().rstrip()}  # envguard:allow\n"})
    repository.commit({"a.py": leak()})
    assert places(scan(repository.root, HISTORY)) == [("a.py", 1)]


def test_a_marker_in_one_of_two_files_allows_nothing(scan: Scanner, repository: Repository) -> None:
    repository.commit({"a.py": f"{leak().rstrip()}  # envguard:allow\n", "b.py": leak()})
    assert len(scan(repository.root, HISTORY).findings) == 1


def test_what_no_ref_reaches_is_a_note(scan: Scanner, repository: Repository) -> None:
    repository.commit({"a.txt": "text\n"})
    repository.commit({"gone.py": leak(1)}, f"with {token(2)}")
    repository.git("reset", "-q", "--hard", "HEAD~1")
    result = scan(repository.root, HISTORY)
    assert result.findings == ()
    remedy = (
        "revoke what was ever pushed; `git reflog expire --expire=now HEAD BRANCH` and then "
        "`git gc --prune=now` remove what is not staged"
    )
    assert result.coverage.notes == [
        f"1 more (github-token) in objects that no branch or tag reaches: {remedy}",
        f"1 more in messages of commits that no branch or tag reaches: {remedy}",
    ]
    branch = repository.git("symbolic-ref", "--short", "HEAD").strip()
    for line in remedy.split("`")[1::2]:
        repository.git(*line.replace("BRANCH", branch).split()[1:])
    assert scan(repository.root, HISTORY).coverage.notes == []


def test_a_staged_value_that_no_commit_has_is_a_note(scan: Scanner, repository: Repository) -> None:
    repository.commit({"a.txt": "text\n"})
    repository.write("a.txt", leak())
    repository.git("add", "a.txt")
    result = scan(repository.root, HISTORY)
    assert result.findings == ()
    assert len(result.coverage.notes) == 1


def test_messages_of_commits_and_tags_are_looked_at(scan: Scanner, repository: Repository) -> None:
    commit = repository.commit({"a.txt": "text\n"}, f"login\n\nwith {token(1)}\n")
    repository.git("tag", "-a", "v1", "-m", f"release with {token(2)}")
    first, second = scan(repository.root, HISTORY).findings
    assert (first.path, first.line, first.column) == ("(commit message)", 3, 6)
    assert (first.author, first.date) == authors(repository.root, commit)
    assert (second.path, second.line) == ("(tag message)", 1)
    assert [first.commit, second.commit] == [commit, commit]
    check_lines(repository.root, first, token(1))


def test_a_value_in_a_file_and_in_messages_is_one_finding(
    scan: Scanner, repository: Repository
) -> None:
    first = repository.commit({"a.txt": "text\n"}, f"early {token()}")
    repository.commit({"a.py": leak()}, "a file")
    last = repository.commit({"b.txt": "text\n"}, f"late {token()}")
    (finding,) = scan(repository.root, HISTORY).findings
    assert finding.path == "a.py"
    assert happened(finding) == [
        ("introduced", "a.py", 1),
        ("head", "a.py", 1),
        ("introduced", "(commit message)", 1),
        ("introduced", "(commit message)", 1),
    ]
    assert [o.commit for o in finding.occurrences[2:]] == [first, last]
    check_lines(repository.root, finding, token())


def test_a_value_only_in_messages_is_one_finding_at_the_first(
    scan: Scanner, repository: Repository, cloned: Repository
) -> None:
    first = repository.commit(message=f"one {token(3)}")
    second = repository.commit(message=f"two {token(3)}")
    repository.git("push", "-q", "origin", "main")
    (finding,) = (f for f in scan(repository.root, HISTORY).findings if "message" in f.path)
    assert finding.commit == first
    assert [o.commit for o in finding.occurrences] == [first, second]
    assert finding.pushed_to == ("origin/main",)


def test_what_is_excluded_is_listed(scan: Scanner, repository: Repository) -> None:
    repository.commit(
        {
            "vendor/a.py": leak(1),
            "b.py": leak(2),
            "envguard.toml": '[scan]\nexclude = ["vendor/"]\n',
        }
    )
    result = scan(repository.root, HISTORY)
    assert places(result) == [("b.py", 1)]
    assert result.coverage.excluded == [Unseen("vendor/", "excluded by configuration")]
    assert result.coverage.complete


def test_a_value_that_also_stands_outside_the_excluded_folder_is_found_there(
    scan: Scanner, repository: Repository
) -> None:
    repository.commit({"vendor/a.py": leak()})
    repository.commit({"b.py": leak()})
    assert places(scan(repository.root, HISTORY, exclude=("vendor/",))) == [("b.py", 1)]


def test_the_path_counts_for_the_confidence(scan: Scanner, repository: Repository) -> None:
    line, likely, unlikely = unsure(scan)
    repository.commit({unlikely: line})
    assert scan(repository.root, HISTORY).findings == ()
    (finding,) = scan(repository.root, HISTORY, minimum=Confidence.LOW).findings
    assert finding.confidence is Confidence.LOW
    repository.commit({likely: line})
    (finding,) = scan(repository.root, HISTORY).findings
    assert finding.path == likely
    assert finding.confidence >= Confidence.MEDIUM


def test_a_weak_sight_does_not_hide_a_strong_one_of_the_same_value(
    scan: Scanner, repository: Repository
) -> None:
    text = 'expect(password, "s3cr3tX1Y2z3")\npassword = "s3cr3tX1Y2z3"\n'
    repository.commit({"app.py": text})
    assert (
        places(scan(repository.root)) == places(scan(repository.root, HISTORY)) == [("app.py", 2)]
    )


def test_a_bare_repository_and_a_git_folder_can_be_named(
    scan: Scanner, make_repository: Callable[..., Repository], tmp_path: Path
) -> None:
    repository = make_repository()
    repository.commit({"a.py": leak()})
    bare = tmp_path / "bare.git"
    subprocess.run(["git", "clone", "-q", "--bare", str(repository.root), str(bare)], check=True)
    for place in (bare, repository.root / ".git", repository.root):
        result = scan(tmp_path, HISTORY, paths=(place,))
        assert places(result) == [("a.py", 1)]
        assert result.findings[0].in_head is True


def test_binary_contents_are_looked_at(scan: Scanner, repository: Repository) -> None:
    repository.commit({"a.bin": b"\0\1\2" + token().encode() + b"\0"})
    assert places(scan(repository.root, HISTORY)) == [("a.bin", 1)]


def test_no_commits_are_an_error(scan: Scanner, repository: Repository) -> None:
    with pytest.raises(UsageError, match="has no commits yet"):
        scan(repository.root, HISTORY)


def test_what_only_a_tag_names_is_found(scan: Scanner, repository: Repository) -> None:
    repository.commit({"a.txt": "text\n"})
    file = repository.write("key", "\n" + leak(1))
    blob = repository.git("hash-object", "-w", str(file))
    repository.git("tag", "key", blob)
    repository.git("tag", "-a", "-m", "of a tag", "again", "key")
    repository.write("sub/other.py", leak(2))
    repository.git("add", "sub")
    repository.git("tag", "tree", repository.git("write-tree"))
    repository.git("reset", "-q", "--hard")
    for _ in range(2):  # the second time it is remembered
        result = scan(repository.root, HISTORY)
        first, second = result.findings
        assert (first.path, first.line, first.commit) == ("(tag again)", 2, None)
        assert happened(first) == [("introduced", "(tag again)", 2)]
        assert first.pushed_to == ("again",)
        assert (second.path, second.line, second.commit) == ("sub/other.py", 1, None)
        assert (second.in_head, second.pushed_to) == (False, ("tree",))
        assert result.coverage.notes == []
        assert result.coverage.complete


def test_a_tag_of_a_tag_holds_what_its_commit_holds(scan: Scanner, cloned: Repository) -> None:
    cloned.git("tag", "-a", "-m", "one", "one", "v1")
    cloned.git("tag", "-a", "-m", "two", "two", "one")
    cloned.git("tag", "-a", "-m", "three", "three", "two")
    finding = next(f for f in scan(cloned.root, HISTORY).findings if f.path == "pushed.py")
    assert finding.pushed_to == ("origin/main", "one", "three", "two", "v1")


def test_what_stands_at_head_is_found_where_git_cannot_list_the_commits(
    scan: Scanner, repository: Repository
) -> None:
    first = repository.commit({"a.py": leak(1), "gone.py": leak(2), "tests/t.py": "x"})
    repository.commit({"b.txt": "text", "gone.py": None})
    repository.commit({"b.txt": "more text"})
    (repository.root / ".git/objects" / first[:2] / first[2:]).unlink()
    result = scan(repository.root, HISTORY)
    (finding,) = result.findings
    assert (finding.path, finding.commit, finding.in_head) == ("a.py", None, True)
    assert happened(finding) == [("head", "a.py", 1)]
    assert not result.coverage.complete
    (note,) = result.coverage.notes
    assert note.startswith("1 more (github-token) in objects of which it is not known who")


def test_findings_are_kept_where_the_files_of_head_cannot_be_listed(
    scan: Scanner, repository: Repository
) -> None:
    repository.commit({"a.py": leak()})
    repository.commit({"a.py": "", "folder/b.py": ""})
    tree = repository.git("rev-parse", "HEAD:folder")
    (repository.root / ".git/objects" / tree[:2] / tree[2:]).unlink()
    # The log stops at the last commit, so nothing is known of the first.
    result = scan(repository.root, HISTORY)
    reasons = [unseen.reason for unseen in result.coverage.skipped]
    assert [reason.partition(":")[0] for reason in reasons] == [
        "git cannot list all commits",
        "git cannot list the files of HEAD",
    ]


def test_ctrl_c_while_git_lists_the_commits_gives_what_was_found(
    scan: Scanner, repository: Repository, monkeypatch: pytest.MonkeyPatch
) -> None:
    repository.commit({"a.py": leak(1)}, f"says {token(2)}")

    def press(log: Log) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(Log, "finish", press)
    result = scan(repository.root, HISTORY)
    assert result.interrupted
    assert not result.coverage.complete
    blob = repository.git("rev-parse", "HEAD:a.py")
    assert places(result) == [(f"(blob {blob[:12]})", 1), ("(commit message)", 1)]


def test_a_log_that_is_cut_off_anywhere_gives_what_is_before(
    scan: Scanner, repository: Repository, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As on a disk that is full."""
    repository.commit({"a.py": leak(1)})
    repository.commit({"b.py": leak(2)})
    chunks = Recorded.chunks

    def whole(recorded: Recorded) -> bytes:
        return b"".join(chunks(recorded))

    monkeypatch.setattr(Log, "finish", lambda log: log._recorded.finish() and GitError("full", ""))
    for lost in range(0, 200, 3):
        monkeypatch.setattr(
            Recorded, "chunks", lambda recorded, lost=lost: iter([whole(recorded)[: -lost - 1]])
        )
        result = scan(repository.root, HISTORY)
        assert "git cannot list all commits: full" in [u.reason for u in result.coverage.skipped]
        assert "b.py" in {finding.path for finding in result.findings} or lost > 100


def test_more_commits_than_a_command_line_takes_are_asked_about(repository: Repository) -> None:
    commit = repository.commit({"a": "a"})
    git = find(repository.root)
    assert git is not None
    with Log(git) as log:
        assert [about.commit for about in log.about([commit] * 60_000)] == [commit]
