"""The hooks for a push: a real `git push` to a bare repository, refused or let through."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import pytest

from tests.cli.program import call
from tests.conftest import Repository
from tests.jobs.scans import leak, token

# Where git and sh are, and no envguard.
BARE_PATH = "/usr/bin:/bin"
MARKED = f"{leak().rstrip()}  # envguard:allow\n"


class Pushed(NamedTuple):
    """How a push ended, with all that was said, as the user reads it."""

    code: int
    said: str

    @property
    def passed(self) -> bool:
        return self.code == 0

    def refused(self, *texts: str) -> None:
        """Checks that the hook refused it, and said these."""
        assert self.code == 1, self.said
        for text in texts:
            assert text in self.said, self.said
        assert token() not in self.said


def push(repository: Repository, *arguments: str) -> Pushed:
    """A push by a git that finds no envguard in its PATH."""
    done = subprocess.run(
        ["git", "push", "--quiet", "origin", *arguments],
        cwd=repository.root,
        env={**os.environ, "PATH": BARE_PATH},
        capture_output=True,
        check=False,
    )
    said = os.fsdecode(done.stdout + done.stderr)
    # git fills what the other side says with blanks.
    return Pushed(done.returncode, "\n".join(line.rstrip() for line in said.splitlines()))


@pytest.fixture
def server(make_repository: Callable[..., Repository]) -> Repository:
    """A bare repository."""
    return make_repository("server.git", "--bare")


@pytest.fixture
def work(repository: Repository, server: Repository) -> Repository:
    """A clone of it, whose first commit is there; no hook yet."""
    repository.git("remote", "add", "origin", str(server.root))
    repository.commit({"README": "x\n"})
    assert push(repository, "main").passed
    return repository


def guard(repository: Repository, type: str) -> None:
    done = call("hook", "install", "--type", type, cwd=repository.root)
    assert "installed" in done.err, done


def test_a_server_refuses_a_leak_and_lets_a_clean_push_pass(
    work: Repository, server: Repository
) -> None:
    guard(server, "pre-receive")
    head = work.commit({"a.py": "x = 1\n"})
    assert push(work, "main") == Pushed(0, "")
    work.commit({"a.py": leak()})
    work.commit({"a.py": "x = 1\n"}, "take it out again")
    push(work, "main").refused("remote:   a.py:1:10", "remote: refused: take the value out")
    assert server.git("rev-parse", "main") == head


@pytest.mark.prove  # without a cache each push takes seconds
class TestTheServer:
    """pre-receive."""

    @pytest.fixture(autouse=True)
    def guarded(self, server: Repository) -> None:
        guard(server, "pre-receive")

    def test_a_new_branch_is_looked_at_from_where_it_parts(self, work: Repository) -> None:
        work.git("checkout", "-qb", "topic")
        work.commit({"a.py": leak()})
        push(work, "topic").refused("1 finding in 1 commit")
        work.git("reset", "-q", "--hard", "main")
        assert push(work, "topic") == Pushed(0, "")  # no commit that is not there already
        assert push(work, "--delete", "topic") == Pushed(0, "")

    def test_a_forced_push_is_looked_at(self, work: Repository) -> None:
        work.commit({"a.py": "x = 1\n"})
        assert push(work, "main").passed
        work.git("commit", "-q", "--amend", "-m", "another")
        assert push(work, "--force", "main").passed
        work.write("a.py", leak())
        work.git("commit", "-q", "-a", "--amend", "-m", "a third")
        push(work, "--force", "main").refused("a.py:1:10")

    def test_a_tag_is_looked_at_with_its_message(self, work: Repository) -> None:
        work.git("tag", "-a", "v1", "-m", f"log in with {token()}")
        push(work, "v1").refused("(tag message):1")
        work.git("tag", "-f", "-a", "v1", "-m", "the first")
        assert push(work, "v1").passed
        work.git("checkout", "-q", "--detach")
        work.commit({"a.py": leak()})
        work.git("tag", "-a", "v2", "-m", "the second")
        work.git("tag", "v3")
        push(work, "v2").refused("a.py:1:10")
        push(work, "v3").refused("a.py:1:10")

    def test_a_tag_of_a_file_is_refused_as_nothing_can_be_said_of_it(
        self, work: Repository
    ) -> None:
        work.git("tag", "file", work.git("hash-object", "-w", str(work.write("x", leak()))))
        done = push(work, "file")
        assert not done.passed
        assert "refs/tags/file shall name a single file" in done.said

    def test_all_refs_of_a_push_stand_or_fall_together(self, work: Repository) -> None:
        work.git("checkout", "-qb", "clean")
        work.commit({"a.py": "x = 1\n"})
        work.git("checkout", "-qb", "bad", "main")
        work.commit({"b.py": leak()})
        push(work, "clean", "bad").refused("b.py:1:10", "in 2 commits")

    @pytest.mark.parametrize(
        ("files", "told"),
        [
            ({"envguard.toml": '[scan]\nexclude = ["**"]\n'}, "remote: note: envguard.toml is"),
            ({"pyproject.toml": '[tool.envguard.scan]\nexclude = ["**"]\n'}, "note: pyproject"),
            ({"a.py": MARKED}, "note: a.py:1 stands behind a marker that comes with it"),
        ],
    )
    def test_no_push_excuses_its_own_leak(
        self, files: dict[str, str], told: str, work: Repository
    ) -> None:
        work.commit({"a.py": leak(), **files})
        push(work, "main").refused("a.py:1:10", told)

    def test_no_push_takes_its_own_leak_into_the_baseline(self, work: Repository) -> None:
        work.write("a.py", leak())
        assert call("baseline", "create", cwd=work.root).code == 0
        work.commit()
        assert call("scan", cwd=work.root).code == 0
        push(work, "main").refused("a.py:1:10", "note: .envguard-baseline.json is changed by these")
        # Where it was taken in before, it counts.
        work.git("reset", "-q", "--soft", "HEAD~1")
        work.git("rm", "-q", "--cached", "a.py")
        work.git("commit", "-q", "-m", "the baseline alone")
        assert push(work, "main").passed
        work.commit({"a.py": leak()})
        assert push(work, "main").passed

    def test_what_the_default_branch_allows_is_allowed(self, work: Repository) -> None:
        work.commit({"envguard.toml": '[scan]\nexclude = ["fixtures/**"]\n'})
        assert push(work, "main").passed
        work.commit({"fixtures/a.py": leak()})
        assert push(work, "main").passed

    def test_another_branch_cannot_prepare_an_excuse(self, work: Repository) -> None:
        work.git("checkout", "-qb", "topic")
        work.commit({"envguard.toml": '[scan]\nexclude = ["**"]\n'})
        assert push(work, "topic").passed
        work.commit({"a.py": leak()})
        push(work, "topic").refused("a.py:1:10")

    def test_markers_count_where_the_server_accepts_them(
        self, work: Repository, server: Repository
    ) -> None:
        hook = server.root / "hooks/pre-receive"
        hook.write_text(hook.read_text().replace("hook run", "hook run --accept-markers"))
        work.commit({"a.py": MARKED})
        assert push(work, "main").passed

    def test_a_damaged_server_refuses_and_says_why(
        self, work: Repository, server: Repository
    ) -> None:
        blob = work.git("rev-parse", "HEAD:README")
        (server.root / "objects" / blob[:2] / blob[2:]).unlink()
        work.commit({"a": "x\n"})  # the same content
        done = push(work, "main")
        assert not done.passed

    def test_a_hook_that_takes_too_long_refuses(self, work: Repository, server: Repository) -> None:
        hook = server.root / "hooks/pre-receive"
        hook.write_text(hook.read_text().replace("hook run", "hook run --time-limit 1"))
        big = "".join(f"line {number} of a long text\n" for number in range(1_500_000))
        work.commit({f"{n}.txt": f"{n}\n{big}" for n in range(8)})
        done = push(work, "main")
        assert not done.passed
        assert "not everything could be looked at in 1 seconds" in done.said

    def test_a_server_without_a_default_branch_says_that_no_configuration_counts(
        self, work: Repository, server: Repository
    ) -> None:
        server.git("symbolic-ref", "HEAD", "refs/heads/gone")
        work.commit({"a.py": leak()})
        push(work, "main").refused("git symbolic-ref HEAD refs/heads/main")

    def test_the_hook_from_before_reads_the_same(
        self, work: Repository, server: Repository
    ) -> None:
        call("hook", "uninstall", cwd=server.root)
        before = server.write("hooks/pre-receive", "#!/bin/sh\ncat\nexit 1\n")
        before.chmod(0o755)
        guard(server, "pre-receive")
        tip = work.commit({"a": "x\n"})
        push(work, "main").refused(
            f"remote: {server.git('rev-parse', 'main')} {tip} refs/heads/main"
        )

    def test_the_status_knows_it(self, server: Repository) -> None:
        rows = call("hook", "status", "--format", "json", cwd=server.root).report["hooks"]
        assert [row["guards"] for row in rows] == [False, False, True]


class TestTheClient:
    """pre-push."""

    @pytest.fixture(autouse=True)
    def guarded(self, work: Repository) -> None:
        guard(work, "pre-push")

    def test_a_leak_is_refused_and_a_clean_push_passes(self, work: Repository) -> None:
        work.commit({"a.py": "x = 1\n"})
        assert push(work, "main") == Pushed(0, "")
        work.commit({"a.py": leak()})
        work.commit({"a.py": "x = 1\n"}, "take it out again")
        push(work, "main").refused("a.py:1:10", "refused: take the value out")

    def test_a_push_without_anything_new_passes(self, work: Repository) -> None:
        work.git("checkout", "-qb", "topic")
        assert push(work, "topic").passed
        work.commit({"a.py": leak()})
        assert push(work, "main").passed
        assert push(work, "--delete", "topic").passed

    def test_a_new_branch_and_a_forced_push_are_looked_at(self, work: Repository) -> None:
        work.git("checkout", "-qb", "topic")
        work.commit({"a.py": leak()})
        push(work, "topic").refused("1 finding in 1 commit")
        work.write("a.py", "x = 1\n")
        work.git("commit", "-q", "-a", "--amend", "-m", "clean")
        assert push(work, "topic").passed
        work.write("a.py", leak(1))
        work.git("commit", "-q", "-a", "--amend", "-m", "bad")
        push(work, "--force", "topic").refused("1 finding in 1 commit")

    def test_the_first_push_of_all_looks_at_everything(
        self, work: Repository, make_repository: Callable[..., Repository]
    ) -> None:
        work.commit({"a.py": leak()})
        work.commit({"a.py": "x = 1\n"})
        work.git("remote", "set-url", "origin", str(make_repository("empty.git", "--bare").root))
        work.git("update-ref", "-d", "refs/remotes/origin/main")
        push(work, "main").refused("1 finding in 3 commits")

    def test_what_somebody_else_pushed_meanwhile_does_not_matter(
        self, work: Repository, server: Repository, tmp_path: Path
    ) -> None:
        other = Repository(tmp_path / "other")
        other.git("pull", "-q", str(server.root), "main")
        other.commit({"b": "b\n"})
        other.git("push", "-q", str(server.root), "main")
        work.commit({"a.py": leak()})
        push(work, "--force", "main").refused("1 finding in 1 commit")

    def test_a_marker_passes_and_is_told_to_whom_asks(self, work: Repository) -> None:
        work.commit({"a.py": MARKED})
        assert push(work, "main").passed

    def test_a_shallow_clone_that_cannot_tell_refuses(
        self, work: Repository, server: Repository, tmp_path: Path
    ) -> None:
        work.commit({"a": "a\n"})
        assert push(work, "main").passed
        work.git("clone", "-q", "--depth", "1", f"file://{server.root}", str(tmp_path / "shallow"))
        shallow = Repository(tmp_path / "shallow")
        guard(shallow, "pre-push")
        shallow.commit({"b": "b\n"})
        assert push(shallow, "main").passed
        shallow.git("update-ref", "-d", "refs/remotes/origin/main")
        shallow.git("symbolic-ref", "-d", "refs/remotes/origin/HEAD")
        done = push(shallow, "HEAD:refs/heads/other")
        assert not done.passed
        assert "this shallow clone does not hold all of what is pushed" in done.said
        assert "git fetch --unshallow" in done.said

    def test_a_content_that_is_missing_refuses(self, work: Repository) -> None:
        work.commit({"a.py": "x = 1\n"})
        blob = work.git("rev-parse", "HEAD:a.py")
        (work.root / ".git/objects" / blob[:2] / blob[2:]).unlink()
        done = push(work, "main")
        assert not done.passed
        assert f"a.py: git object {blob[:12]} is missing" in done.said
        assert "refused: not everything that is pushed could be looked at" in done.said

    def test_a_hook_of_another_tool_that_ate_the_input_is_no_pass(self, work: Repository) -> None:
        work.commit({"a.py": leak()})
        done = call("hook", "run", "--type", "pre-push", cwd=work.root)
        assert done.code == 1
        assert "a.py:1:10" in done.out


def test_what_git_does_not_say_is_an_error(repository: Repository) -> None:
    repository.commit({"a": "a\n"})
    for name in ("pre-push", "pre-receive"):
        done = call("hook", "run", "--type", name, cwd=repository.root, stdin=b"one two\n")
        done.says(2, "a line that git does not give to this hook")
    gone = f"{'0' * 40} {'1' * 40} refs/heads/x\n".encode()
    done = call("hook", "run", "--type", "pre-receive", cwd=repository.root, stdin=gone)
    done.says(2, "object 111111111111, which refs/heads/x shall name, is missing")
