"""A `.secrets.baseline` of ours, in the hands of detect-secrets itself."""

from __future__ import annotations

import hashlib
import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from envguard.core.errors import ConfigError, UsageError
from envguard.detection.baseline.entries import Baseline, State, entry_of
from envguard.detection.plugins import library
from envguard.jobs.baseline import secrets_file
from tests.conftest import Repository
from tests.detection.samples import ALNUM, expand, letters, seeded
from tests.jobs.scans import Scanner, leak, token

NOW = "2026-11-21T10:00:00Z"
PASSWORD = letters(seeded("quoted"), ALNUM, 14) + "-9"
URL = letters(seeded("url"), ALNUM, 12)


@pytest.fixture
def filled(repository: Repository) -> Repository:
    repository.commit(
        {
            "a.py": f'import os\n{leak(1)}api_password = "{PASSWORD}"\n',
            "deploy.yml": f"db:\n  url: postgres://ada:{URL}@db.example.org/shop\n",
            "id_rsa": expand("{pem:RSA PRIVATE KEY}", 1),
        }
    )
    return repository


def write(
    repository: Repository,
    scan: Scanner,
    ours: Baseline | None = None,
    before: dict[str, Any] | None = None,
) -> dict[str, Any]:
    ours = ours or Baseline("shop")
    found = scan(repository.root, salt=ours.salt, baselined=False).findings
    done = secrets_file.write(found, repository.root, ours, before, NOW)
    data: dict[str, Any] = json.loads(done.text)
    assert done.results == sum(map(len, data["results"].values()))
    return data


def audit(repository: Repository, data: dict[str, Any]) -> list[dict[str, Any]]:
    """What `detect-secrets audit --report` says of the file."""
    file = repository.root.parent / "known"
    file.write_text(json.dumps(data))
    program = [str(Path(sys.executable).with_name("detect-secrets")), "audit", "--report"]
    told = subprocess.check_output([*program, str(file)], cwd=repository.root)
    results: list[dict[str, Any]] = json.loads(told)["results"]
    return results


def label(data: dict[str, Any], value: str) -> Any:
    sha1 = hashlib.sha1(value.encode(), usedforsecurity=False).hexdigest()
    rows = [row for found in data["results"].values() for row in found]
    return {row.get("is_secret") for row in rows if row["hashed_secret"] == sha1}


def test_its_audit_finds_every_value_again(filled: Repository, scan: Scanner) -> None:
    results = audit(filled, write(filled, scan))
    told = {(r["filename"], r["secrets"]): set(r["types"]) for r in results}
    # Of such a token its plugin keeps these letters alone.
    assert told["a.py", "ghp"] == {"GitHub Token"}
    assert token(1) in {value for _, value in told}
    assert told["a.py", PASSWORD] >= {"Secret Keyword"}
    assert told["deploy.yml", URL] == {"Basic Auth Credentials"}
    assert told["id_rsa", "BEGIN " + "RSA PRIVATE KEY"] == {"Private Key"}
    assert {r["category"] for r in results} == {"UNVERIFIED"}


def test_labels_of_both_sides_are_kept(filled: Repository, scan: Scanner) -> None:
    found = scan(filled.root, salt="shop", baselined=False).findings
    states = {"github-token": State.FALSE_POSITIVE, "database-url": State.ACCEPTED}
    entries = [
        entry_of(one, NOW)._replace(state=states[one.rule]) for one in found if one.rule in states
    ]
    ours = Baseline("shop").with_entries(entries)
    data = write(filled, scan, ours)
    assert label(data, token(1)) == {False}
    assert label(data, URL) == {True}
    assert label(data, PASSWORD) == {None}
    categories = {r["secrets"]: r["category"] for r in audit(filled, data)}
    assert categories[token(1)] == "VERIFIED_FALSE"
    assert categories[URL] == "VERIFIED_TRUE"
    # What was decided in the file itself comes before what we know.
    for found_there in data["results"].values():
        for row in found_there:
            row["is_secret"] = True
    filled.commit({"a.py": f'{leak(1)}api_password = "{PASSWORD}"\n'})
    again = write(filled, scan, ours, data)
    assert label(again, token(1)) == label(again, PASSWORD) == {True}
    assert {row["line_number"] for row in again["results"]["a.py"]} == {1, 2}


def test_results_that_are_not_ours_stay_while_their_files_do(
    filled: Repository, scan: Scanner
) -> None:
    data = write(filled, scan)
    row = {"type": "Public IP (ipv4)", "hashed_secret": "a" * 40, "line_number": 7}
    data["results"]["a.py"].append(row)
    data["results"]["gone.py"] = [row]
    again = write(filled, scan, None, data)
    assert "gone.py" not in again["results"]
    assert "a" * 40 in [row["hashed_secret"] for row in again["results"]["a.py"]]


def test_without_detect_secrets_the_types_are_guessed(
    filled: Repository, scan: Scanner, monkeypatch: pytest.MonkeyPatch
) -> None:
    found = scan(filled.root).findings

    def missing() -> str:
        raise ConfigError("detect-secrets is not installed", "install it")

    with monkeypatch.context() as patch:
        patch.setattr(library, "version", missing)
        done = secrets_file.write(found, filled.root, Baseline(), None, NOW)
    assert done.unseen is None
    told = {(r["filename"], r["secrets"]) for r in audit(filled, json.loads(done.text))}
    assert told >= {("a.py", PASSWORD), ("deploy.yml", URL)}


def test_no_value_is_written(filled: Repository, scan: Scanner) -> None:
    text = json.dumps(write(filled, scan))
    assert not any(value in text for value in (token(1), PASSWORD, URL))


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"version": "1", "results": {"a": [1]}}'])
def test_a_file_that_is_none_of_theirs_is_not_written_over(tmp_path: Path, text: str) -> None:
    (tmp_path / "known").write_text(text)
    with pytest.raises(UsageError, match="no baseline of detect-secrets"):
        secrets_file.read(tmp_path / "known")
    with pytest.raises(UsageError, match="there is no file"):
        secrets_file.read(tmp_path / "gone")
