"""`envguard scan --explain`: the incident sheet, and the way to it."""

from __future__ import annotations

import json
import subprocess
from typing import TYPE_CHECKING, Any

import pytest

from tests.cli.program import Done, call
from tests.detection.samples import expand
from tests.jobs.scans import OWN_RULES

if TYPE_CHECKING:
    from pathlib import Path

    from tests.conftest import Repository

TOKEN, OTHER = (expand("{github:ghp_}", seed).decode() for seed in range(2))
LEAK = f'TOKEN = "{TOKEN}"\n'


def fingerprint(root: Path, *arguments: str) -> str:
    found = call("scan", *arguments, "--format", "json", cwd=root).report["findings"]
    return str(found[0]["fingerprint"])


def sheet(root: Path, *arguments: str) -> Any:
    done = call("scan", *arguments, "--format", "json", cwd=root)
    assert done.code == 0, done
    assert TOKEN not in done.out
    return done.report


def steps(report: Any) -> dict[str, list[str]]:
    return {step["name"]: step["commands"] for step in report["steps"]}


def text(root: Path, *arguments: str) -> str:
    done = call("scan", *arguments, cwd=root)
    assert (done.code, done.err) == (0, ""), done
    assert TOKEN not in done.out
    assert all(len(line) <= 80 for line in done.out.splitlines())
    return done.out


def test_the_last_commit_is_amended(repository: Repository) -> None:
    repository.commit({"README.md": "text\n"})
    first = repository.commit({"a.py": f"# one\n{LEAK}"})
    name = fingerprint(repository.root)
    report = sheet(repository.root, "--explain", name)
    assert report["schema"] == 1
    assert report["finding"]["fingerprint"] == name
    assert (report["finding"]["path"], report["finding"]["line"]) == ("a.py", 2)
    assert report["finding"]["commit"] == first
    assert report["finding"]["author"] == "Ada <ada@example.com>"
    assert report["pushed"] is False
    assert [(o["path"], o["line"]) for o in report["at_head"]] == [("a.py", 2)]
    assert list(steps(report)) == ["revoke", "replace", "remove", "amend", "check"]
    assert steps(report)["amend"][:2] == ["git add a.py", "git commit --amend --no-edit"]
    assert steps(report)["amend"][-1] == "git gc --prune=now"
    assert steps(report)["replace"] == ["envguard rotate GITHUB_TOKEN"]
    shown = text(repository.root, "--explain", name[:6])
    assert shown.startswith("GitHub token\n")
    for told in (
        f"fingerprint  {name}",
        "where        a.py:2:10",
        f"since        {first[:12]}",
        "Ada <ada@example.com>",
        "at HEAD      a.py:2",
        "pushed to    nothing that is known here",
        "https://github.com/settings/tokens",
        "reflog",
    ):
        assert told in shown, told


def test_what_is_typed_after_amending_forgets_the_commit_and_keeps_the_stash(
    repository: Repository,
) -> None:
    repository.commit({"-a.py": "text\n"})
    old = repository.commit({"-a.py": LEAK})
    commands = steps(sheet(repository.root, "--explain", fingerprint(repository.root)))["amend"]
    assert commands[0] == "git add ./-a.py"
    repository.write("-a.py", "kept\n")
    repository.git("stash")
    repository.write("-a.py", "import os\n")
    for command in commands:
        subprocess.run(command, shell=True, cwd=repository.root, check=True, capture_output=True)  # noqa: S602 - as it is typed
    assert "stash@{0}" in repository.git("stash", "list")
    assert old not in repository.git("log", "-g", "--format=%H", "HEAD")


def test_an_older_commit_is_rebased(repository: Repository) -> None:
    repository.commit({"README.md": "text\n"})
    first = repository.commit({"a.py": LEAK})
    repository.commit({"b.py": LEAK, "a.py": "import os\n"})
    report = sheet(repository.root, "--explain", fingerprint(repository.root))
    assert steps(report)["amend"][0] == f"git rebase -i {first[:12]}^"
    assert "git rebase --continue" in steps(report)["amend"]
    assert [(o["path"], o["line"]) for o in report["copies"]] == [("a.py", 1), ("b.py", 1)]
    assert [(o["path"], o["line"]) for o in report["at_head"]] == [("b.py", 1)]
    (amend,) = (step for step in report["steps"] if step["name"] == "amend")
    assert "1 more that have it" in " ".join(amend["texts"])


def test_the_first_commit_of_all_is_rebased_from_the_root(repository: Repository) -> None:
    repository.commit({"a.py": LEAK})
    repository.commit({"b.txt": "text\n"})
    report = sheet(repository.root, "--explain", fingerprint(repository.root))
    assert steps(report)["amend"][0] == "git rebase -i --root"


def test_a_commit_of_another_branch_is_rebased_there(repository: Repository) -> None:
    repository.commit({"b.txt": "text\n"})
    repository.git("switch", "-q", "-c", "side")
    first = repository.commit({"a.py": LEAK})
    repository.git("switch", "-q", "main")
    report = sheet(repository.root, "--explain", fingerprint(repository.root, "--history"))
    assert steps(report)["amend"][:2] == ["git switch side", f"git rebase -i {first[:12]}^"]
    assert report["at_head"] == []
    assert "remove" not in steps(report)


def test_a_message_is_reworded(repository: Repository) -> None:
    repository.commit({"b.txt": "text\n"}, f"with {TOKEN}")
    name = fingerprint(repository.root, "--history")
    assert steps(sheet(repository.root, "--explain", name))["amend"][0] == "git commit --amend"
    repository.commit({"c.txt": "text\n"})
    assert "`reword`" in text(repository.root, "--explain", name)


def test_what_was_pushed_is_not_amended_but_revoked(repository: Repository) -> None:
    first = repository.commit({"a.py": LEAK})
    repository.git("update-ref", "refs/remotes/origin/main", first)
    repository.git("tag", "v1")
    report = sheet(repository.root, "--explain", fingerprint(repository.root))
    assert report["pushed"] is True
    assert report["finding"]["pushed_to"] == ["origin/main", "v1"]
    assert "amend" not in steps(report)
    shown = text(repository.root, "--explain", fingerprint(repository.root))
    assert "pushed to    origin/main, v1" in shown
    assert "does not take it back" in " ".join(shown.split())


def test_what_is_staged_is_taken_out_of_the_index(repository: Repository) -> None:
    repository.commit({"b.txt": "text\n"})
    repository.write("a b.py", LEAK)
    repository.git("add", "a b.py")
    report = sheet(repository.root, "--explain", fingerprint(repository.root, "--staged"))
    assert steps(report)["amend"] == ["git restore --staged 'a b.py'"]
    assert report["finding"]["commit"] is None


def test_what_is_in_a_file_only_is_taken_out_of_it(repository: Repository) -> None:
    repository.write("a.py", LEAK)
    repository.write("b.py", LEAK)
    report = sheet(repository.root, "--explain", fingerprint(repository.root))
    assert list(steps(report)) == ["revoke", "replace", "remove", "check"]
    assert [(o["path"], o["line"]) for o in report["copies"]] == [("a.py", 1), ("b.py", 1)]


def test_outside_a_repository_the_files_are_looked_at(tmp_path: Path) -> None:
    (tmp_path / "a.py").write_text(LEAK)
    shown = text(tmp_path, "--explain", fingerprint(tmp_path))
    assert "in no commit that was looked at" in shown


def test_a_finding_of_low_confidence_is_found_too(repository: Repository) -> None:
    own = repository.write(
        "own.toml", OWN_RULES.replace('confidence = "high"', 'confidence = "low"')
    )
    repository.commit({"a.txt": "ACME-12345678\n"})
    rules = ("--rules", str(own))
    name = fingerprint(repository.root, "a.txt", *rules, "--min-confidence", "low")
    assert call("scan", *rules, cwd=repository.root).code == 0
    report = sheet(repository.root, *rules, "--explain", name)
    assert (report["finding"]["rule"], report["finding"]["path"]) == ("acme-key", "a.txt")


def test_a_known_value_is_replaced_under_its_own_key(repository: Repository) -> None:
    repository.write(".gitignore", ".env\n")
    repository.write(".env", f"DEPLOY_TOKEN={TOKEN}\n")
    repository.write("a.py", LEAK)
    name = fingerprint(repository.root, "a.py")
    report = sheet(repository.root, "--known", "--explain", name)
    assert report["finding"]["title"] == "GitHub token, value of DEPLOY_TOKEN"
    assert steps(report)["replace"] == ["envguard rotate DEPLOY_TOKEN"]


def test_a_leak_in_an_env_file_is_migrated(repository: Repository) -> None:
    repository.commit({"app/.env": f"TOKEN={TOKEN}\n"})
    report = sheet(repository.root, "--explain", fingerprint(repository.root, "--history"))
    assert steps(report)["replace"][0] == "envguard migrate app/.env"


def test_the_sheet_goes_to_a_file(repository: Repository) -> None:
    repository.commit({"a.py": LEAK})
    name = fingerprint(repository.root)
    printed = text(repository.root, "--explain", name)
    done = call("scan", "--explain", name, "-o", "sheet", cwd=repository.root)
    assert (done.code, done.out) == (0, "")
    assert (repository.root / "sheet").read_text() == printed


def test_an_unknown_fingerprint_is_not_found(repository: Repository) -> None:
    repository.commit({"a.py": LEAK})
    done = call("scan", "--explain", "0" * 32, cwd=repository.root)
    done.says(5, "there is no finding with this fingerprint", "envguard scan --history")


def test_what_is_no_fingerprint_is_an_error(tmp_path: Path) -> None:
    for wrong in ("xyz", "", "abc", "0" * 33):
        call("scan", "--explain", wrong, cwd=tmp_path).says(2, "--explain takes a fingerprint")


def test_a_beginning_that_several_have_is_an_error(tmp_path: Path) -> None:
    from envguard.core.errors import UsageError
    from envguard.core.finding import Finding
    from envguard.core.rule import Confidence, Severity
    from envguard.jobs.scan.incident import chosen

    one = Finding(
        *("r", "t", Severity.LOW, Confidence.LOW, "a", 1, 1, 1, 2, "***", "abcd" + "0" * 28, "")
    )
    two = one._replace(fingerprint="abcd" + "1" * 28)
    assert chosen([one, two, one], "abcd0") == [one, one]
    with pytest.raises(UsageError, match="2 fingerprints begin with abcd"):
        chosen([one, two], "abcd")


def test_text_of_the_tree_is_escaped(repository: Repository) -> None:
    repository.commit({"a\x1b[32m.py": LEAK})
    repository.git("commit", "-q", "--amend", "--no-edit", "--author", "A\x1b[31mda <a@b.c>")
    shown = text(repository.root, "--explain", fingerprint(repository.root))
    assert "\x1b" not in shown


def test_a_sheet_is_json_by_itself(repository: Repository) -> None:
    repository.commit({"a.py": LEAK})
    done: Done = call(
        "scan", "--explain", fingerprint(repository.root), "-f", "json", cwd=repository.root
    )
    assert json.loads(done.out)["finding"]["rule"] == "github-token"
