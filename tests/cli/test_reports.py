"""`envguard scan --format`: every form over a hostile tree and its history, from end to end."""

from __future__ import annotations

import csv
import io
import json
import os
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING
from xml.etree import ElementTree

import pytest

from envguard.reports.registry import FORMATS
from tests.cli.program import call
from tests.detection.samples import expand
from tests.reports.test_github import COMMAND
from tests.reports.test_html import Reader

if TYPE_CHECKING:
    from tests.conftest import Repository

TOKEN = expand("{github:ghp_}").decode()
OTHER = expand("{github:gho_}").decode()
LEAK = f'TOKEN = "{TOKEN}"\n'
NAMES = [
    b"a\nb\r\x1b[31mred",
    b"\n::error file=x::pwned",
    b"=cmd()|'!A0.py",
    b"<script>alert(1)<",
    b"]]>.xml",
    b"\xff\xfe\x9b.bin.py",
    "\u202e\u2028\U0001f512\u0085.py".encode(),
    b"a%0A,b:c.py",
    b"-" + b"x" * 200,
    b"::error file=x::pwned",
    b"##vso[task.prependpath]x",
    b"##[add-mask]x",
]
AUTHOR = "=Eve\x1b[2J <script>]]>\u202e::error::"
RULE = """
[[rule]]
id = "our-token"
title = "=1+1 <script>]]> \\u001b[31m ::error:: \\n [x](javascript:0) {{{{rows}}}}"
severity = "high"
confidence = "high"
pattern = '''our_(?P<secret>[a-z0-9]{{24}})'''
anchor = '''our_[a-z0-9]{{24}}'''
source = "https://example.com"
revoke = "javascript:alert(1)"
examples = []
non_examples = []
"""
SCANS = {"tree": [], "history": ["--history"], "range": ["--range", "HEAD~2..HEAD"]}


@pytest.fixture
def hostile(repository: Repository, monkeypatch: pytest.MonkeyPatch) -> Repository:
    monkeypatch.setenv("GIT_AUTHOR_NAME", AUTHOR)
    repository.commit({"README": "x\n"})
    for name in NAMES:
        (Path(os.fsdecode(os.fsencode(repository.root) + b"/" + name))).write_text(LEAK)
    ours = "our_" + "k3v9x2m7q4w8z1n6b5t0" + "r2d4"
    repository.commit({"gone.py": f'T = "{OTHER}"\nOURS = "{ours}"\n'}, "add\x1b[31m")
    repository.commit({"gone.py": f'OURS = "{ours}"\n', "new.py": LEAK})
    (repository.root.parent / "ours.toml").write_text(RULE.format())
    return repository


def is_report(form: str, text: str) -> None:
    """Whether a reader of that form takes it."""
    match form:
        case "json" | "sarif" | "gitlab":
            json.loads(text)
        case "junit":
            assert ElementTree.fromstring(text.encode()).find(".//failure") is not None  # noqa: S314
        case "csv":
            rows = list(csv.reader(io.StringIO(text, newline=""), strict=True))
            assert len({len(row) for row in rows}) == 1
            assert not [c for row in rows for c in row if c.startswith(tuple("=+-@\t\r"))]
        case "github":
            for line in text.removesuffix("\n").split("\n"):
                assert COMMAND.fullmatch(line), line
        case "html":
            read = Reader(text)
            assert (read.tags.count("script"), read.loading) == (1, [])
            assert all((link or "").startswith("https://") for link in read.links)


@pytest.mark.parametrize("scan", SCANS)
def test_no_name_of_the_tree_breaks_a_report(scan: str, hostile: Repository) -> None:
    for form in FORMATS:
        arguments = ["scan", *SCANS[scan], "--rules", "../ours.toml", "-f", form]
        done = call(*arguments, cwd=hostile.root)
        assert done.code == 1, (form, done)
        assert TOKEN not in done.out
        assert OTHER not in done.out
        ends = "\r\n" if form == "csv" else "\n"
        strange = {c for c in done.out if not c.isprintable()} - set(ends)
        assert strange == set(), (form, strange)
        # What the log of a CI system would carry out: GitHub's runner, Azure's agent.
        if form != "github":
            assert not [line for line in done.out.splitlines() if line.lstrip().startswith("::")]
            assert "##[" not in done.out
            assert "##vso[" not in done.out + done.err
        assert ("our-token" in done.out) is (form != "github")
        is_report(form, done.out)


def test_reports_of_a_history_tell_what_left(hostile: Repository) -> None:
    for form in set(FORMATS) - {"text"}:
        done = call("scan", "--history", "-f", form, cwd=hostile.root)
        assert "gone.py" in done.out, form


def test_a_report_is_replaced_whole_or_not_at_all(hostile: Repository, tmp_path: Path) -> None:
    file = tmp_path / "report"
    for form in FORMATS:
        file.write_text("old")
        before = file.stat().st_ino
        done = call("scan", "-f", form, "-o", str(file), cwd=hostile.root)
        assert (done.code, done.out) == (1, "")
        assert file.stat().st_ino != before
        assert file.read_bytes() != b"old"
        assert [path.name for path in tmp_path.iterdir() if path.name.startswith(".env")] == []
    link = tmp_path / "link"
    link.symlink_to(file)
    call("scan", "-f", "sarif", "-o", str(link), cwd=hostile.root).says(2, "is a symbolic link")


@pytest.mark.parametrize("form", [form for form in FORMATS if form not in ("text", "json")])
def test_an_incomplete_scan_says_so_in_every_form(
    form: str, make_repository: Callable[..., Repository]
) -> None:
    origin = make_repository("origin")
    for number in range(3):
        origin.commit({"a.txt": f"{number}\n"})
    shallow = make_repository("shallow")
    shallow.git("fetch", "--quiet", "--depth", "1", origin.root.as_uri(), "main:other")
    shallow.git("checkout", "--quiet", "other")
    done = call("scan", "--history", "-f", form, cwd=shallow.root)
    assert done.code == 2
    assert "shallow" in done.out + done.err
    assert ("shallow" in done.out) is (form != "csv")


def test_the_advice_of_a_rule_is_told(repository: Repository) -> None:
    repository.commit({"a.py": LEAK})
    done = call("scan", "-f", "sarif", cwd=repository.root)
    (rule,) = json.loads(done.out)["runs"][0]["tool"]["driver"]["rules"]
    assert rule["help"]["text"].startswith("Revoke it")
    assert rule["helpUri"].startswith("https://github.com/")


def test_rules_of_the_tree_that_cannot_be_read_leave_the_report_whole(
    repository: Repository,
) -> None:
    """A range is scanned with the rules of its beginning; its end may have broken ones."""
    repository.commit({"x": "x\n"})
    repository.commit(
        {"a.py": LEAK, "r.toml": "=", "envguard.toml": '[scan]\nrules = ["r.toml"]\n'}
    )
    done = call("scan", "--range", "HEAD~1..HEAD", "-f", "sarif", cwd=repository.root)
    assert done.code == 1, done
    (rule,) = json.loads(done.out)["runs"][0]["tool"]["driver"]["rules"]
    assert rule["help"]["text"].startswith("Revoke it")


def test_explain_reports_one_finding_in_the_forms_of_other_programs(
    repository: Repository,
) -> None:
    repository.commit({"a.py": LEAK, "b.py": f'T = "{OTHER}"\n'})
    found = call("scan", "-f", "json", cwd=repository.root).report["findings"]
    chosen = next(f["fingerprint"] for f in found if f["path"] == "a.py")
    done = call("scan", "--explain", chosen, "-f", "sarif", cwd=repository.root)
    assert done.code == 0
    (result,) = json.loads(done.out)["runs"][0]["results"]
    assert result["partialFingerprints"]["envguard/v1"] == chosen


def test_the_forms_are_completed(tmp_path: Path) -> None:
    env = {
        "_ENVGUARD_COMPLETE": "complete_bash",
        "COMP_WORDS": "envguard scan --format s",
        "COMP_CWORD": "3",
    }
    done = call(cwd=tmp_path, env=env)
    assert done.out.split() == ["sarif"]
    everything = call(cwd=tmp_path, env={**env, "COMP_WORDS": "envguard scan --format "})
    assert everything.out.split() == list(FORMATS)
