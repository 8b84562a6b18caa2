"""`envguard baseline`: what is written, what is told, and what it exits with."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import pytest

from tests.cli.program import Done, call
from tests.cli.terminal import converse
from tests.conftest import Repository
from tests.jobs.scans import leak, token

FILE = ".envguard-baseline.json"
WEAK = "s3cr3t" + "pw9x"
URL = f'url = "postgres://ada:{WEAK}@db.example.org/shop"\n'


@pytest.fixture
def shop(repository: Repository) -> Repository:
    repository.commit({"a.py": leak(1), "b.py": URL})
    repository.git("config", "user.name", "Ada")
    return repository


def run(shop: Repository, *arguments: str, stdin: bytes = b"") -> Done:
    return call("baseline", *arguments, cwd=shop.root, stdin=stdin)


def entries(shop: Repository) -> dict[str, dict[str, Any]]:
    """The entries by the path of each."""
    rows = json.loads((shop.root / FILE).read_text())["entries"]
    return {row["path"]: row for row in rows if row is not None}


def states(shop: Repository) -> dict[str, str]:
    return {path: row["state"] for path, row in entries(shop).items()}


def test_create_makes_every_finding_silent_and_the_next_one_loud(shop: Repository) -> None:
    done = run(shop, "create")
    assert done.code == 0
    assert f"{FILE}: 2 findings taken in, 2 in all" in done.out
    assert "2 not reviewed: envguard baseline audit" in done.err
    assert f"next: git add {FILE} .gitattributes" in done.err
    assert (shop.root / ".gitattributes").read_text() == f"/{FILE} merge=union\n"
    assert states(shop) == {"a.py": "unreviewed", "b.py": "unreviewed"}
    scan = call("scan", cwd=shop.root)
    assert (scan.code, "2 known by" in scan.out) == (0, True)
    shop.write("c.py", leak(2))
    assert call("scan", cwd=shop.root).code == 1


def test_create_does_not_write_over_one(shop: Repository) -> None:
    run(shop, "create")
    run(shop, "create").says(2, "there is a baseline already", "envguard baseline update")


@pytest.mark.parametrize("verb", ["update", "prune"])
def test_what_is_not_there_is_told_with_what_makes_it(shop: Repository, verb: str) -> None:
    run(shop, verb).says(2, f"there is no baseline {FILE}", "envguard baseline create")


def test_the_salt_is_the_project_and_without_one_of_its_own(shop: Repository) -> None:
    run(shop, "create")
    first = json.loads((shop.root / FILE).read_text())["salt"]
    assert len(first) == 32
    (shop.root / FILE).unlink()
    shop.write("envguard.toml", '[project]\nid = "shop-0123456789abcdef"\n')
    run(shop, "create")
    assert json.loads((shop.root / FILE).read_text())["salt"] == "shop-0123456789abcdef"
    assert call("scan", cwd=shop.root).code == 0


def test_update_takes_in_what_is_new_and_follows_what_moved(shop: Repository) -> None:
    run(shop, "create")
    before = entries(shop)
    shop.git("mv", "a.py", "moved.py")
    shop.write("c.py", leak(2))
    done = run(shop, "update")
    assert f"{FILE}: 1 finding taken in, 1 moved, 3 in all" in done.out
    assert set(entries(shop)) == {"moved.py", "b.py", "c.py"}
    assert entries(shop)["b.py"] == before["b.py"]
    assert (run(shop, "update").out, run(shop, "update").err.count("git add")) == (
        f"{FILE}: 0 findings taken in, 3 in all\n",
        0,
    )


def test_history_is_taken_in_where_it_is_asked_for(shop: Repository) -> None:
    shop.commit({"a.py": None})
    run(shop, "create")
    assert call("scan", "--history", cwd=shop.root).code == 1
    done = run(shop, "update", "--history")
    assert "1 finding taken in" in done.out
    assert entries(shop)["a.py"]["past"] is True
    assert call("scan", "--history", cwd=shop.root).code == 0
    assert "without a finding" not in call("scan", cwd=shop.root).out


def test_prune_takes_out_what_is_gone_and_tells_it(shop: Repository) -> None:
    run(shop, "create")
    shop.write("a.py", "x = 1\n")
    done = run(shop, "prune")
    assert "github-token  a.py  unreviewed" in done.out
    assert f"{FILE}: 1 taken out, 1 left" in done.out
    assert set(entries(shop)) == {"b.py"}
    report = run(shop, "prune", "--format", "json").report
    assert report == {"schema": 1, "baseline": FILE, "removed": []}


def test_prune_keeps_what_is_there_and_too_unsure_for_a_scan(shop: Repository) -> None:
    shop.write("c.py", "password = '" + "hunter2" + "abc'\n")
    run(shop, "create", "--min-confidence", "low")
    assert set(entries(shop)) == {"a.py", "b.py", "c.py"}
    shop.write("envguard.toml", '[scan]\nmin_confidence = "high"\n')
    assert f"{FILE}: 0 taken out, 3 left" in run(shop, "prune").out


def test_prune_takes_nothing_out_where_not_all_could_be_looked_at(shop: Repository) -> None:
    run(shop, "create")
    shop.write("a.py", "x = 1\n")
    shop.write("broken.zip", b"PK\x03\x04" + b"\xff" * 40)
    run(shop, "prune").says(2, "nothing is taken out", "scan.exclude")
    assert set(entries(shop)) == {"a.py", "b.py"}


def test_import_takes_in_what_stands_at_the_top(shop: Repository) -> None:
    commit = shop.git("rev-parse", "HEAD")
    shop.write(".gitleaksignore", f"{commit}:a.py:github-pat:1\n")
    done = run(shop, "import")
    assert ".gitleaksignore: 1 finding taken in (1 accepted)" in done.out
    assert states(shop) == {"a.py": "accepted"}
    (shop.root / ".gitleaksignore").unlink()
    (found,) = call("scan", "-f", "json", cwd=shop.root).report["findings"]
    assert found["path"] == "b.py"


def test_import_needs_a_file(shop: Repository) -> None:
    run(shop, "import").says(2, "neither .secrets.baseline nor .gitleaksignore", "import")
    run(shop, "import", "gone.json").says(2, "gone.json", "ls -l")


def test_import_keeps_no_value_of_a_report(shop: Repository) -> None:
    row = {"RuleID": "github-pat", "File": "a.py", "StartLine": 1, "Secret": token(1)}
    other = row | {"File": "gone.py"}
    shop.write("known.json", json.dumps([row, other]))
    done = run(shop, "import", "known.json", "--format", "json")
    (told,) = done.report["imported"]
    assert (len(told["added"]), told["no_findings"]) == (1, 1)
    assert token(1) not in done.out + done.err + (shop.root / FILE).read_text()


def test_the_file_of_detect_secrets_is_made_and_kept_up(shop: Repository) -> None:
    done = run(shop, "create", "--format", "detect-secrets")
    assert done.code == 0
    assert ".secrets.baseline: " in done.out
    assert "plain SHA-1" in done.err
    run(shop, "create", "--format", "detect-secrets").says(
        2, "there is a baseline already", "envguard baseline update --format detect-secrets"
    )
    data = json.loads((shop.root / ".secrets.baseline").read_text())
    for row in data["results"]["b.py"]:
        row["is_secret"] = False
    shop.write(".secrets.baseline", json.dumps(data))
    assert run(shop, "update", "--format", "detect-secrets").code == 0
    run(shop, "import")
    assert states(shop) == {"a.py": "unreviewed", "b.py": "false-positive"}


def test_audit_without_a_terminal_lists_what_waits(shop: Repository) -> None:
    done = run(shop, "audit")
    assert done.code == 1
    assert "2 findings to decide about" in done.out
    assert "a.py:1  new" in done.out
    report = run(shop, "audit", "--format", "json").report
    assert [one["entry"] for one in report["waiting"]] == [None, None]
    assert not (shop.root / FILE).exists()


def test_audit_decides_by_options(shop: Repository) -> None:
    run(shop, "create")
    name = entries(shop)["a.py"]["fingerprint"]
    run(shop, "audit", name[:8], "--state", "accepted").says(2, "needs a reason", "--reason")
    run(shop, "audit", "--reason", "x").says(2, "about a decision", "--state")
    run(shop, "audit", "ffffffff", "--state", "rotate").says(5, "ffffffff", "--no-baseline")
    given = ("--state", "accepted", "--reason", "a test", "--until", "2027-01-31")
    assert run(shop, "audit", name[:8], *given).code == 0
    row = entries(shop)["a.py"]
    assert (row["reason"], row["who"], row["until"][:10]) == ("a test", "Ada", "2027-01-31")
    assert states(shop) == {"a.py": "accepted", "b.py": "unreviewed"}
    assert run(shop, "audit", "--state", "false-positive").code == 0
    assert run(shop, "audit").code == 0


def audit(shop: Repository, *typed: tuple[str, str]) -> tuple[int, str]:
    """Types each answer when its question comes, in this order."""
    return converse(["baseline", "audit"], typed, cwd=shop.root)


MENU = "[q]uit > "


def test_audit_asks_shows_what_to_do_and_goes_back(shop: Repository) -> None:
    code, shown = audit(
        shop,
        (MENU, "?"),
        (MENU, "a"),
        ("why is it accepted? ", "a test key"),
        ("no end)? ", "90d"),
        (MENU, "u"),
        (MENU, "f"),
        ("back)? ", ""),
        (MENU, "n"),
        ("say nothing)? ", "a sample"),
    )
    assert code == 0, shown
    assert "[1/2] critical  GitHub token  github-token" in shown
    assert "revoke it: https://github.com/settings/tokens" in shown
    assert "envguard scan --explain" in shown
    assert "2 of 2 done" in shown
    assert token(1) not in shown
    assert WEAK not in shown
    assert states(shop) == {"a.py": "rotate", "b.py": "false-positive"}
    assert entries(shop)["a.py"]["until"]
    assert entries(shop)["b.py"]["reason"] == "a sample"


@pytest.mark.parametrize("last", ["q", "\x04"])
def test_what_was_decided_is_kept_when_somebody_stops(shop: Repository, last: str) -> None:
    code, shown = audit(shop, (MENU, "n"), ("say nothing)? ", ""), (MENU, last))
    assert code == (0 if last == "q" else 130), shown
    assert states(shop) == {"a.py": "false-positive"}


def test_a_name_in_the_tree_cannot_steer_the_terminal(repository: Repository) -> None:
    repository.write("a\x1b[2Jb\n.py", leak(1))
    _, shown = audit(repository, (MENU, "q"))
    assert "a\\x1b[2Jb\\n.py:1" in shown
    assert "\x1b" not in shown


def test_an_entry_from_a_tree_cannot_steer_the_terminal_either(shop: Repository) -> None:
    run(shop, "create")
    rows = json.loads((shop.root / FILE).read_text())
    rows["entries"][0] |= {"reason": "\x1b[2J::error::", "who": "a\nb"}
    shop.write(FILE, json.dumps(rows))
    shop.write("a.py", "x = 1\n")
    shop.write("b.py", "x = 1\n")
    done = run(shop, "prune")
    assert "\x1b" not in done.out
    assert "\\x1b[2J" in done.out


def test_the_name_of_a_configured_file_steers_neither_terminal_nor_git(shop: Repository) -> None:
    shop.write("envguard.toml", '[scan]\nbaseline = "a\\u001b[2J\\n* filter=x \\u00e9.json"\n')
    done = [run(shop, "create"), run(shop, "audit", "--state", "rotate"), run(shop, "prune")]
    assert all("\x1b" not in one.out + one.err for one in done)
    assert all("a\\x1b[2J\\n* filter=x \u00e9.json: " in one.out for one in done)
    (name,) = (path.name for path in shop.root.glob("a*filter*"))
    asked = ("check-attr", "-z", "merge", "filter", "--", name, "a.py")
    told = shop.git(*asked).split("\0")
    assert [told[at : at + 3] for at in range(0, 12, 3)] == [
        [name, "merge", "union"],
        [name, "filter", "unspecified"],
        ["a.py", "merge", "unspecified"],
        ["a.py", "filter", "unspecified"],
    ]


@pytest.mark.parametrize("name", ["../known.json", "link/known.json", "{outside}/known.json"])
def test_a_configured_file_outside_the_repository_is_not_written(
    shop: Repository, tmp_path: Path, name: str
) -> None:
    outside = tmp_path / "outside"
    outside.mkdir()
    (shop.root / "link").symlink_to(outside)
    name = name.format(outside=outside)
    shop.write("envguard.toml", f'[scan]\nbaseline = "{name}"\n')
    run(shop, "create").says(2, "outside", f"--baseline {name}")
    assert not (shop.root / name).exists()
    assert run(shop, "create", "--baseline", name).code == 0
    assert (shop.root / name).is_file()


def test_a_folder_without_git_has_a_baseline_too(tmp_path: Path) -> None:
    (tmp_path / "a.py").write_text(leak(1))
    assert call("baseline", "create", cwd=tmp_path).code == 0
    assert not (tmp_path / ".gitattributes").exists()
    assert call("scan", cwd=tmp_path).code == 0


def test_a_call_below_the_top_is_about_the_whole(shop: Repository) -> None:
    shop.write("sub/c.py", leak(2))
    assert call("baseline", "create", cwd=shop.root / "sub").code == 0
    assert set(entries(shop)) == {"a.py", "b.py", "sub/c.py"}


def test_a_file_is_named_from_the_top_wherever_it_is_named_from(shop: Repository) -> None:
    (shop.root / "sub").mkdir()
    done = call("baseline", "create", "-b", "../known.json", cwd=shop.root / "sub")
    assert "known.json: 2 findings taken in" in done.out
    assert (shop.root / ".gitattributes").read_text() == "/known.json merge=union\n"


def test_a_folder_that_cannot_be_written_is_told(shop: Repository) -> None:
    if os.geteuid() == 0:
        (shop.root / ".gitattributes").mkdir()
        run(shop, "create").says(2, ".gitattributes cannot be read")
