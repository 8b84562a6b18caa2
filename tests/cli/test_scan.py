"""`envguard scan` and `hook run` from end to end: reports, files, exit codes."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import jsonschema
import pytest

from tests.cli.program import call
from tests.detection.samples import expand

if TYPE_CHECKING:
    from tests.conftest import Repository

TOKEN = expand("{github:ghp_}").decode()
LEAK = f'TOKEN = "{TOKEN}"\n'
SCHEMA = json.loads((Path(__file__).parents[1] / "golden" / "scan.schema.json").read_text())


@pytest.fixture
def leaking(repository: Repository) -> Repository:
    repository.commit({"a.py": LEAK, "b.txt": "text\n"})
    return repository


@pytest.mark.parametrize(
    "arguments", [["scan"], ["scan", "--history"], ["scan", "--range", "HEAD~1..HEAD"]]
)
def test_findings_are_printed_and_exit_1(arguments: list[str], leaking: Repository) -> None:
    leaking.commit({"a.py": None})
    leaking.commit({"a.py": LEAK})
    done = call(*arguments, cwd=leaking.root)
    assert (done.code, done.err) == (1, "")
    assert done.out.startswith("critical  GitHub token  github-token\n")
    assert "1 finding in" in done.out
    assert TOKEN not in done.out
    data = call(*arguments, "--format", "json", cwd=leaking.root)
    assert data.code == 1
    jsonschema.validate(data.report, SCHEMA, cls=jsonschema.Draft202012Validator)
    assert len(data.report["findings"]) == 1
    assert call(*arguments, "--exit-zero", cwd=leaking.root).code == 0


def test_a_clean_tree_exits_0(repository: Repository) -> None:
    repository.commit({"b.txt": "text\n"})
    done = call("scan", cwd=repository.root)
    assert (done.code, done.out, done.err) == (0, "no findings in 1 file, 5 B\n", "")


@pytest.mark.parametrize("format", ["text", "json"])
def test_a_report_goes_to_a_file(format: str, leaking: Repository, tmp_path: Path) -> None:
    printed = call("scan", "-f", format, cwd=leaking.root).out
    report = tmp_path / "report"
    done = call("scan", "-f", format, "-o", f"../{report.name}", cwd=leaking.root)
    assert (done.code, done.out, done.err) == (1, "", "")
    assert report.read_text() == printed
    assert report.stat().st_mode & 0o777 == 0o644
    assert call("scan", "-f", format, "-o", "-", cwd=leaking.root).out == printed


def test_standard_input_has_the_name_that_it_is_given(tmp_path: Path) -> None:
    done = call("scan", "--stdin", "--path", "x/y.py", cwd=tmp_path, stdin=LEAK.encode())
    assert done.code == 1
    assert "x/y.py:1:10" in done.out
    assert "stdin:1:10" in call("scan", "--stdin", cwd=tmp_path, stdin=LEAK.encode()).out


def test_the_cache_is_used_and_can_be_left_out(leaking: Repository, tmp_path: Path) -> None:
    env = {"XDG_CACHE_HOME": str(tmp_path / "cache")}
    assert call("scan", "--no-cache", cwd=leaking.root, env=env).code == 1
    assert not (tmp_path / "cache").exists()
    assert call("scan", cwd=leaking.root, env=env).code == 1
    (kept,) = (tmp_path / "cache" / "envguard").iterdir()
    assert kept.stat().st_mode & 0o777 == 0o600
    kept.write_bytes(b"not what we wrote")
    assert call("scan", cwd=leaking.root, env=env).code == 1


def test_a_scan_writes_nothing_into_the_tree(leaking: Repository) -> None:
    def state() -> dict[str, bytes]:
        return {str(f): f.read_bytes() for f in leaking.root.rglob("*") if f.is_file()}

    before = state()
    for arguments in ([], ["--staged"], ["--history"], ["--range", "HEAD..HEAD"]):
        call("scan", *arguments, cwd=leaking.root)
    call("hook", "run", cwd=leaking.root)
    assert state() == before


UNDER_PRE_COMMIT = {"PRE_COMMIT": "1"}
RANGE = {**UNDER_PRE_COMMIT, "PRE_COMMIT_FROM_REF": "base", "PRE_COMMIT_TO_REF": "HEAD"}


def test_the_hook_refuses_a_staged_leak_and_says_what_to_do(repository: Repository) -> None:
    repository.write("a.py", LEAK)
    repository.git("add", "a.py")
    done = call("hook", "run", cwd=repository.root)
    assert done.code == 1
    assert "a.py:1:10" in done.out
    assert "refused: move the value (envguard migrate)" in done.err
    data = call("hook", "run", "-f", "json", cwd=repository.root)
    assert len(data.report["findings"]) == 1


def test_the_hook_is_silent_where_all_is_well(leaking: Repository) -> None:
    for env in ({}, UNDER_PRE_COMMIT):
        leaking.write("new.txt", "text\n")
        leaking.git("add", "new.txt")
        done = call("hook", "run", cwd=leaking.root, env=env)
        assert (done.code, done.out, done.err) == (0, "", "")
    assert "no findings" in call("hook", "run", "-v", cwd=leaking.root).out


def test_under_pre_commit_nothing_staged_means_all_files(leaking: Repository) -> None:
    assert call("hook", "run", cwd=leaking.root).code == 0
    assert call("hook", "run", cwd=leaking.root, env=UNDER_PRE_COMMIT).code == 1


def test_under_pre_commit_a_commit_that_only_removes_is_let_through(leaking: Repository) -> None:
    leaking.git("rm", "-q", "b.txt")
    done = call("hook", "run", cwd=leaking.root, env=UNDER_PRE_COMMIT)
    assert (done.code, done.out) == (0, "")


def test_the_hook_looks_at_the_range_that_pre_commit_names(leaking: Repository) -> None:
    leaking.git("tag", "base")
    leaking.commit({"c.txt": "text\n"})
    leaking.write("staged.py", LEAK)
    leaking.git("add", "staged.py")
    assert call("hook", "run", cwd=leaking.root, env=RANGE).code == 0
    leaking.commit({"d.py": "# new\n" + LEAK})
    done = call("hook", "run", cwd=leaking.root, env=RANGE)
    assert done.code == 1
    assert "d.py:2:10" in done.out


def test_the_hook_for_env_files_names_them(repository: Repository) -> None:
    repository.write(".env", "A=1\nB=secret:B\n")
    repository.git("add", ".env")
    done = call("hook", "run", "--env", cwd=repository.root)
    assert done.code == 1
    assert done.out == ".env:1 A has a value\n"
    assert "git rm --cached .env" in done.err


def test_a_commit_in_a_linked_work_tree_is_looked_at(
    make_repository: Callable[..., Repository], tmp_path: Path
) -> None:
    main = make_repository("main")
    main.commit({"b.txt": "text\n"})
    main.git("worktree", "add", "-q", str(tmp_path / "linked"))
    (tmp_path / "linked" / "a.py").write_text(LEAK)
    main.git("-C", str(tmp_path / "linked"), "add", "a.py")
    assert call("hook", "run", cwd=tmp_path / "linked").code == 1
    assert call("hook", "run", cwd=main.root).code == 0
