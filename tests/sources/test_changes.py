from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from envguard.core.finding import Coverage
from envguard.sources.changes import LOG_OPTIONS, read_changes, read_entries, read_log
from envguard.sources.door import GitError
from envguard.sources.git import Git

if TYPE_CHECKING:
    from tests.conftest import Repository

A, B, C, NULL = b"a" * 40, b"b" * 40, b"c" * 40, b"0" * 40


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.data())
def test_a_log_reads_the_same_however_it_is_cut(
    repository: Repository, git: Git, data: st.DataObject
) -> None:
    if git.resolve("HEAD") is None:
        repository.commit({"a": "1", "b": "1"})
        repository.git("checkout", "--quiet", "-b", "side")
        repository.commit({"a": "2"})
        repository.git("checkout", "--quiet", "main")
        repository.commit({"b": "2"})
        repository.commit({}, "nothing")
        repository.git("merge", "--quiet", "--no-commit", "side")
        repository.commit({"c": "evil"})
        repository.git("checkout", "--quiet", "-b", "clean", "HEAD~1")
        repository.git("merge", "--quiet", "side", "-m", "clean merge")
    output = git.run("log", "--all", *LOG_OPTIONS, "--no-renames")
    whole = list(read_log(git, [output]))
    assert len(whole) == int(repository.git("rev-list", "--all", "--count"))
    cuts = sorted(data.draw(st.lists(st.integers(0, len(output)), max_size=8)))
    pieces = [output[a:b] for a, b in zip([0, *cuts], [*cuts, len(output)], strict=True)]
    assert list(read_log(git, pieces)) == whole
    wanted = {str(change.new) for commit in whole for change in commit.changes if change.new}
    chosen = data.draw(st.sets(st.sampled_from(sorted(wanted))))
    only = list(read_log(git, pieces, frozenset(blob.encode() for blob in chosen)))
    assert [(commit.commit, commit.changes) for commit in only] == [
        (commit.commit, kept)
        for commit in whole
        if (kept := tuple(c for c in commit.changes if chosen & {c.new, *c.old}))
    ]


def test_each_kind_of_entry_is_read() -> None:
    fields = [
        *(b":000000 100644 " + NULL + b" " + A + b" A", b"added"),
        *(b":100644 000000 " + A + b" " + NULL + b" D", b"deleted"),
        *(b":100644 100755 " + A + b" " + B + b" R087", b"from", b"to"),
        *(b":100644 100644 " + A + b" " + A + b" C100", b"original", b"copy"),
        *(b"::100644 000000 100644 " + A + b" " + NULL + b" " + C + b" MA", b"merged"),
        *(
            b":::100644 100644 120000 100644 " + A + b" " + A + b" " + B + b" " + C + b" MRM",
            b"octopus",
        ),
        *(b":160000 160000 " + A + b" " + B + b" M", b"module"),
        *(b":160000 100644 " + A + b" " + B + b" T", b"was a module"),
    ]
    coverage = Coverage()
    found = {change.path: (change.old, change.new) for change in read_changes(fields, coverage)}
    a, b, c = A.decode(), B.decode(), C.decode()
    assert found == {
        "added": ((), a),
        "deleted": ((a,), None),
        "to": ((a,), b),
        "copy": ((a,), a),
        "merged": ((a,), c),
        "octopus": ((a, b), c),
        "was a module": ((), b),
    }
    assert [unseen.path for unseen in coverage.excluded] == ["module"]


@pytest.mark.parametrize(
    "fields",
    [[b"no colon"], [b":100644 100644 " + A], [b":100644 100644 " + A + b" " + B + b" R100", b"a"]],
)
def test_what_is_no_diff_is_an_error_and_never_passed_over(fields: list[bytes]) -> None:
    with pytest.raises(GitError):
        list(read_entries(fields))


def test_what_is_no_log_is_an_error_and_never_passed_over(git: Git) -> None:
    with pytest.raises(GitError):
        list(read_log(git, [b"\0\0something\0"]))
    assert list(read_log(git, [])) == []
