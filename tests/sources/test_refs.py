"""Refs, and which of them contain a commit; also step by step."""

from __future__ import annotations

import random
from typing import TYPE_CHECKING

from envguard.sources.git import Git
from envguard.sources.refs import Behind, Ref, containing, refs

if TYPE_CHECKING:
    from tests.conftest import Repository


def test_a_ref_names_what_is_behind_all_tags(repository: Repository, git: Git) -> None:
    commit = repository.commit({"a": "1"})
    blob = repository.git("rev-parse", "HEAD:a")
    repository.git("tag", "-a", "-m", "1", "one")
    repository.git("tag", "-a", "-m", "2", "two", "one")
    repository.git("tag", "-a", "-m", "3", "three", "two")
    repository.git("tag", "content", blob)
    repository.git("update-ref", "refs/remotes/origin/main", commit)
    repository.git("symbolic-ref", "refs/remotes/origin/HEAD", "refs/remotes/origin/main")
    assert refs(git) == [
        Ref("refs/heads/main", "commit", commit, ""),
        Ref("refs/remotes/origin/HEAD", "commit", commit, "refs/remotes/origin/main"),
        Ref("refs/remotes/origin/main", "commit", commit, ""),
        Ref("refs/tags/content", "blob", blob, ""),
        Ref("refs/tags/one", "commit", commit, ""),
        Ref("refs/tags/three", "commit", commit, ""),
        Ref("refs/tags/two", "commit", commit, ""),
    ]
    assert [ref.short for ref in refs(git) if ref.is_shared][1:3] == ["origin/main", "content"]


def test_a_name_may_hold_what_other_texts_take_for_the_end_of_a_line(
    repository: Repository, git: Git
) -> None:
    repository.commit({"a": "1\n"})
    names = ["refs/heads/a\u2028b", "refs/heads/c\u0085d"]
    for name in names:
        repository.git("update-ref", name, "HEAD")
    assert {*names} <= {ref.name for ref in refs(git)}


def test_step_by_step_the_same_refs_contain_a_commit(repository: Repository, git: Git) -> None:
    """With what was known before, in a history with merges, and with as little as is kept."""
    choice = random.Random(3)  # noqa: S311 - no secret
    commits = [repository.commit({"f": "0"})]
    past: Behind | None = None
    seen: set[str] = set()
    for number in range(1, 30):
        repository.git("checkout", "--quiet", "--detach", choice.choice(commits[-6:]))
        if number % 4 == 0:
            repository.git("merge", "--quiet", "-s", "ours", "-m", "m", commits[-1])
            commits.append(repository.git("rev-parse", "HEAD"))
        else:
            commits.append(repository.commit({f"f{number}": f"{number}"}))
        kind = choice.choice(["refs/tags/t", "refs/remotes/origin/b"])
        repository.git("update-ref", f"{kind}{number % 9}", choice.choice(commits))
        repository.git("update-ref", "refs/heads/all", commits[-1])
        repository.git("tag", f"z{number}", commits[-1])
        listed = repository.git("rev-list", "--topo-order", "--reverse", "--parents", "--all")
        new = [line.split() for line in listed.splitlines() if line.partition(" ")[0] not in seen]
        wanted = choice.sample(commits, choice.randrange(len(commits)))
        found, past = containing(git, wanted, None, new, past)
        assert found == containing(git, wanted)[0]
        past = past.newest([ref.target for ref in refs(git)])
        seen.update(line.partition(" ")[0] for line in listed.splitlines())
