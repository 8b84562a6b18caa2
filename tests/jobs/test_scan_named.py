"""Scans with what other tools know: `.gitleaksignore`, `.secrets.baseline`, gitleaks' reports."""

from __future__ import annotations

import hashlib
import json

import pytest

from envguard.jobs.scan.request import Mode, Result
from tests.conftest import Repository
from tests.jobs.scans import Scanner, leak, places, token

IGNORE = ".gitleaksignore"
BY_PLACE = f"envguard baseline import {IGNORE}"


def is_noted(result: Result) -> bool:
    return any(BY_PLACE in note for note in result.coverage.notes)


def test_a_place_that_gitleaks_ignores_is_silent_and_noted(
    repository: Repository, scan: Scanner
) -> None:
    repository.write("sub/a.py", "x = 1\n" + leak(1) + leak(2))
    repository.write(IGNORE, "sub/a.py:github-pat:2\n")
    result = scan(repository.root)
    assert places(result) == [("sub/a.py", 3)]
    assert is_noted(result)
    assert places(scan(repository.root / "sub")) == [("a.py", 3)]
    repository.git("add", "--all")
    assert places(scan(repository.root, Mode.STAGED)) == [("sub/a.py", 3)]
    repository.commit()
    assert places(scan(repository.root, Mode.HISTORY)) == [("sub/a.py", 3)]


def test_a_place_of_another_kind_of_credential_is_not_silent(
    repository: Repository, scan: Scanner
) -> None:
    repository.write("a.py", leak(1))
    repository.write(IGNORE, "a.py:stripe-access-token:1\n")
    assert places(scan(repository.root)) == [("a.py", 1)]


def test_a_place_in_a_commit_is_a_value_wherever_it_is_now(
    repository: Repository, scan: Scanner
) -> None:
    commit = repository.commit({"a.py": leak(1)})
    repository.commit({"a.py": "x = 1\n\n" + leak(1) + leak(2)})
    repository.write(IGNORE, f"{commit}:a.py:github-pat:1\n")
    result = scan(repository.root)
    assert places(result) == [("a.py", 4)]
    assert not is_noted(result)
    assert [f.line for f in scan(repository.root, Mode.HISTORY).findings] == [4]


def test_a_new_value_at_a_place_of_the_base_is_reported_in_a_range(
    repository: Repository, scan: Scanner
) -> None:
    repository.commit({"a.py": leak(1), IGNORE: "a.py:github-pat:1\n"})
    repository.commit({"a.py": leak(2)})
    assert places(scan(repository.root, Mode.RANGE, range="HEAD~1..HEAD")) == [("a.py", 1)]
    repository.commit({"a.py": "x = 1\n" + leak(1)})
    repository.git("update-ref", "refs/heads/base", "HEAD~2")
    result = scan(repository.root, Mode.RANGE, range="base..HEAD")
    assert {finding.preview for finding in result.findings} == {"ghp_********" + token(2)[-2:]}


def test_a_range_that_brings_its_own_ignores_is_refused(
    repository: Repository, scan: Scanner
) -> None:
    repository.commit({"a.py": "x = 1\n"})
    repository.commit({"a.py": leak(1), IGNORE: "a.py:github-pat:1\n"})
    result = scan(repository.root, Mode.RANGE, range="HEAD~1..HEAD")
    assert places(result) == [("a.py", 1)]
    assert any(note.startswith(f"{IGNORE} is changed") for note in result.coverage.notes)


def test_a_baseline_of_detect_secrets_counts_by_its_hashes(
    repository: Repository, scan: Scanner
) -> None:
    sha1 = hashlib.sha1(token(1).encode(), usedforsecurity=False).hexdigest()
    row = {"type": "GitHub Token", "hashed_secret": sha1, "line_number": 1}
    data = {"version": "1.5.0", "results": {"a.py": [row]}}
    known = repository.root.parent / ".secrets.baseline"
    known.write_text(json.dumps(data))
    repository.write("a.py", "x = 1\n" + leak(1) + leak(2))
    assert places(scan(repository.root, baseline=known)) == [("a.py", 3)]
    repository.write("envguard.toml", '[scan]\nbaseline = "../.secrets.baseline"\n')
    assert places(scan(repository.root)) == [("a.py", 3)]


def test_a_baseline_of_detect_secrets_that_is_not_used_is_told(
    repository: Repository, scan: Scanner
) -> None:
    repository.write(".secrets.baseline", '{"version": "1.5.0", "results": {}}')
    told = ".secrets.baseline is not used (to use it: envguard baseline import)"
    assert told not in scan(repository.root).coverage.notes
    repository.write("a.py", leak(1))
    assert told in scan(repository.root).coverage.notes
    repository.write(IGNORE, "b.py:github-pat:1\n")
    assert told not in scan(repository.root).coverage.notes


def test_what_is_known_by_its_beginning_alone_is_reported(
    repository: Repository, scan: Scanner
) -> None:
    """detect-secrets hashes no more of some tokens and of private keys."""
    sha1 = hashlib.sha1(b"ghp", usedforsecurity=False).hexdigest()
    row = {"type": "GitHub Token", "hashed_secret": sha1, "line_number": 1}
    known = repository.root.parent / ".secrets.baseline"
    known.write_text(json.dumps({"version": "1.5.0", "results": {"a.py": [row]}}))
    repository.write("a.py", leak(1))
    result = scan(repository.root, baseline=known)
    assert places(result) == [("a.py", 1)]
    assert any("1 only in part known" in note for note in result.coverage.notes)


@pytest.mark.parametrize("has_commit", [True, False])
def test_a_report_of_gitleaks_counts_by_its_values(
    repository: Repository, scan: Scanner, has_commit: bool
) -> None:
    commit = repository.commit({"a.py": leak(1)})
    row = {"RuleID": "github-pat", "File": "a.py", "StartLine": 1, "Secret": token(1)}
    row["Commit"] = commit if has_commit else ""
    known = repository.write("known.json", json.dumps([row]))
    repository.write("a.py", leak(2) + leak(1))
    repository.git("add", "a.py")
    result = scan(repository.root, paths=(repository.root / "a.py",), baseline=known)
    assert places(result) == [("a.py", 1)]


def test_what_is_ignored_is_reported_where_all_is_asked_for(
    repository: Repository, scan: Scanner
) -> None:
    repository.write("a.py", leak(1))
    repository.write(IGNORE, "a.py:github-pat:1\n")
    assert [f.state for f in scan(repository.root, baselined=False).findings] == ["ignored"]
