"""`envguard audit`: what a person and a collector of logs get of the trail."""

from __future__ import annotations

import json
import sqlite3
from pathlib import Path

import pytest

from tests.cli.program import Done, call
from tests.jobs.project import random_value
from tests.store.expire import expire

VALUE = random_value(1, 24)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder with a store, in which A was written, read twice and B written and deleted."""
    call("secrets", "-f", "a.db", "set", "A", VALUE, cwd=tmp_path)
    call("secrets", "-f", "a.db", "get", "A", "--reveal", cwd=tmp_path)
    call("secrets", "-f", "a.db", "set", "B", VALUE, cwd=tmp_path)
    call("secrets", "-f", "a.db", "delete", "B", "--yes", cwd=tmp_path)
    return tmp_path


def audit(folder: Path, *words: str, env: dict[str, str] | None = None) -> Done:
    done = call("audit", words[0], "-f", "a.db", *words[1:], cwd=folder, env=env)
    assert VALUE not in done.out + done.err
    return done


def actions(folder: Path, *words: str) -> list[str]:
    lines = audit(folder, "log", "--format", "json", *words).report["lines"]
    return [f"{line['action']} {' '.join(line['names'])}" for line in lines]


def test_the_log_says_who_did_what_when_and_from_where(folder: Path) -> None:
    shown = audit(folder, "log").out.splitlines()
    assert "secret.create  A" in shown[0]
    assert "secret.delete  B" in shown[-1]
    assert "user:" in shown[0]
    row = audit(folder, "log", "--format", "json").report["lines"][0]
    assert (row["number"], row["action"], row["names"]) == (1, "secret.create", ["A"])
    assert row["place"].endswith(f":{folder}")
    assert row["time"].endswith("Z")


def test_lines_are_chosen(folder: Path) -> None:
    assert actions(folder, "--type", "secret.delete") == ["secret.delete B"]
    assert actions(folder, "--type", "secret", "--limit", "1") == ["secret.delete B"]
    assert set(actions(folder, "--name", "A")) == {"secret.create A", "secret.read A"}
    assert actions(folder, "--actor", "nobody") == []
    everything = actions(folder)
    # A period counts back: what was done in the last day, and before that.
    assert actions(folder, "--since", "1d") == everything
    assert actions(folder, "--until", "1d") == []
    assert actions(folder, "--since", "2999-01-01") == []
    none = audit(folder, "log", "--until", "2020-01-01")
    assert (none.code, none.out) == (0, "")
    assert "no line" in none.err


def test_a_ci_job_is_named(folder: Path) -> None:
    job = {"GITHUB_ACTIONS": "true", "GITHUB_REPOSITORY": "me/shop", "GITHUB_RUN_ID": "7"}
    call("secrets", "-f", "a.db", "get", "A", cwd=folder, env=job)
    assert actions(folder, "--actor", "ci:github me/shop 7") == ["secret.read A"]


def test_it_is_exported_line_by_line_and_as_syslog(folder: Path) -> None:
    count = len(actions(folder))
    lines = audit(folder, "log", "--format", "jsonl").out.splitlines()
    assert [json.loads(line)["number"] for line in lines] == list(range(1, count + 1))
    said = audit(folder, "log", "--format", "syslog").out.splitlines()
    assert len(said) == count
    assert all(line.startswith("<110>1 2") for line in said)


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (("--limit", "0"), "no number of lines"),
        (("--limit", "x"), "no number of lines"),
        (("--since", "soon"), "no date"),
        (("--until", "99999y"), "no date"),
    ],
)
def test_a_wrong_filter_is_named(folder: Path, words: tuple[str, ...], message: str) -> None:
    audit(folder, "log", *words).says(2, message)


def test_a_kept_head_shows_a_store_that_was_replaced(folder: Path) -> None:
    assert audit(folder, "verify").code == 0
    head = audit(folder, "head").out.strip()
    call("secrets", "-f", "a.db", "get", "A", cwd=folder)
    assert audit(folder, "verify", "--head", head).code == 0
    report = audit(folder, "verify", "--format", "json").report
    assert (report["problem"], report["lines"]) == (None, int(head.partition(":")[0]) + 1)
    audit(folder, "verify", "--head", "nonsense").says(2, "no head", "envguard audit head")
    number = int(head.partition(":")[0])
    cut = audit(folder, "verify", "--head", f"{number + 9}:00")
    assert cut.code == 1
    assert "was cut or replaced" in cut.out


def test_a_line_that_was_changed_is_named(folder: Path) -> None:
    connection = sqlite3.connect(folder / "a.db")
    connection.execute("UPDATE trail SET body = zeroblob(100) WHERE number = 2")
    connection.commit()
    connection.close()
    found = audit(folder, "verify")
    assert found.code == 1
    assert "line 2" in found.out
    report = audit(folder, "verify", "--format", "json")
    assert (report.code, report.report["lines"]) == (1, 1)
    assert audit(folder, "head").code == 2
    assert audit(folder, "log").code == 4


def test_a_review_names_the_key_who_used_it_and_what_has_expired(folder: Path) -> None:
    call("secrets", "-f", "a.db", "set", "OLD", VALUE, cwd=folder)
    expire(folder / "a.db", "OLD")
    shown = audit(folder, "review")
    assert "a.db.key" in shown.out
    assert "-rw-------" in shown.out
    assert "in 90 days: user:" in shown.out
    assert "expired: OLD" in shown.out
    assert "envguard rotation status" in shown.err
    report = audit(folder, "review", "--format", "json").report
    assert report["access"]["home"] == "file"
    assert (report["expired"], report["unread"]) == (["OLD"], [])


@pytest.mark.parametrize("verb", ["log", "verify", "head", "review"])
def test_without_a_store_it_says_how_one_is_made(tmp_path: Path, verb: str) -> None:
    audit(tmp_path, verb).says(4, "there is no store", "envguard secrets set NAME")
    assert not list(tmp_path.iterdir())
