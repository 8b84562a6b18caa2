"""`.secrets.baseline`: read with its labels, and written as detect-secrets itself does."""

from __future__ import annotations

import json
from typing import Any

import pytest
from detect_secrets.core import baseline as theirs
from detect_secrets.settings import default_settings, get_settings, transient_settings

from envguard.detection.baseline import detect_secrets
from envguard.detection.baseline.detect_secrets import Row
from envguard.detection.baseline.entries import State

SHA1 = "d16d5ed136604298ca85cfe115504fde2612a895"
NOW = "2026-11-21T10:00:00Z"


def result(**more: Any) -> dict[str, Any]:
    row = {"type": "Secret Keyword", "filename": "a.py", "hashed_secret": SHA1, "line_number": 3}
    return row | {"is_verified": False} | more


def data(**more: Any) -> dict[str, Any]:
    return {"version": "1.5.0", "results": {"a.py": [result(**more)]}}


@pytest.mark.parametrize(
    ("more", "state"),
    [
        ({}, State.UNREVIEWED),
        ({"is_secret": True}, State.ROTATE),
        ({"is_secret": False}, State.FALSE_POSITIVE),
        ({"is_secret": None}, State.UNREVIEWED),
    ],
)
def test_a_label_becomes_a_state(more: dict[str, Any], state: State) -> None:
    (told,) = detect_secrets.read(data(**more))
    assert (told.path, told.line, told.sha1, told.state) == ("a.py", 3, SHA1, state)
    assert not told.is_place


@pytest.mark.parametrize("state", list(State))
def test_a_state_becomes_a_label_and_a_reviewed_one_stays_reviewed(state: State) -> None:
    (told,) = detect_secrets.read(data(is_secret=detect_secrets.label_of(state)))
    assert told.state.is_reviewed == state.is_reviewed
    assert (told.state is State.FALSE_POSITIVE) == (state is State.FALSE_POSITIVE)


def test_a_baseline_of_windows_and_one_without_lines_are_read() -> None:
    row = result()
    del row["line_number"]
    (told,) = detect_secrets.read({"version": "0.14.3", "results": {"src\\a.py": [row]}})
    assert (told.path, told.line) == ("src/a.py", 0)


@pytest.mark.parametrize("more", [{"hashed_secret": "hunter2"}, {"hashed_secret": None}])
def test_what_is_no_hash_is_refused(more: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match="no SHA-1"):
        list(detect_secrets.read(data(**more)))


def test_what_is_written_is_what_detect_secrets_reads_and_would_write() -> None:
    rows = [Row("b.py", "Private Key", SHA1, 9, True), Row("a.py", "AWS Access Key", SHA1, 1)]
    text = detect_secrets.render(rows, None, NOW)
    with transient_settings(json.loads(text)):
        loaded = theirs.load(json.loads(text), ".secrets.baseline")
        told = {(s.filename, s.type, s.secret_hash, s.line_number, s.is_secret) for _, s in loaded}
    assert told == {(row.path, row.kind, row.sha1, row.line, row.is_secret) for row in rows}
    with default_settings():
        own = get_settings().json()
    written = json.loads(text)
    assert written["plugins_used"] == own["plugins_used"]
    paths = [entry["path"] for entry in written["filters_used"]]
    assert paths == sorted(paths)
    assert {entry["path"] for entry in own["filters_used"]} <= set(paths)
    assert list(detect_secrets.rows(written)) == sorted(rows)


def test_settings_of_a_baseline_that_is_there_stay() -> None:
    before = data() | {"plugins_used": [{"name": "Mine"}], "filters_used": []}
    written = json.loads(detect_secrets.render([], before, NOW))
    assert written == before | {"results": {}, "generated_at": NOW}
