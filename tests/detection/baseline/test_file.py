"""`.envguard-baseline.json`: read as it was written, and told what is wrong with it."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from envguard.core.errors import ConfigError
from envguard.detection.baseline import file
from envguard.detection.baseline.entries import Baseline, Entry, State, joined
from tests.conftest import Repository

NAME = file.FILE_NAME
TEXTS = st.text(st.characters(codec="utf-8"), max_size=20)
ENTRIES = st.builds(
    Entry,
    fingerprint=st.text("0123456789abcdef", min_size=32, max_size=32),
    state=st.sampled_from(State),
    rule=TEXTS,
    path=TEXTS,
    reason=TEXTS,
    who=TEXTS,
    at=st.sampled_from(["", "2026-11-21T10:00:00Z"]),
    until=st.sampled_from(["", "2027-01-31T00:00:00Z"]),
    is_past=st.booleans(),
)


def entry(digit: str, state: State = State.ACCEPTED) -> Entry:
    return Entry(digit * 32, state, "github-token", f"src/{digit}.py", at="2026-11-21T10:00:00Z")


def made(*entries: Entry) -> Baseline:
    return Baseline("shop-1", joined(entries))


@given(st.lists(ENTRIES, max_size=6), TEXTS)
def test_what_is_written_is_read(entries: list[Entry], salt: str) -> None:
    baseline = Baseline(salt, joined(entries))
    text = file.render(baseline)
    assert text.isascii()
    assert file.read(text, NAME) == baseline
    assert len(text.splitlines()) == len(baseline.entries) + 2


def test_a_path_that_is_no_utf8_is_kept() -> None:
    odd = entry("a")._replace(path="caf\udce9.py")
    assert file.read(file.render(made(odd)), NAME).entries["a" * 32].path == "caf\udce9.py"


def test_the_file_is_json_with_a_schema() -> None:
    data = json.loads(file.render(made(entry("a"))))
    assert data["schema"] == 1
    assert data["salt"] == "shop-1"
    assert data["entries"][0] == {
        "fingerprint": "a" * 32,
        "state": "accepted",
        "rule": "github-token",
        "path": "src/a.py",
        "at": "2026-11-21T10:00:00Z",
    }


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("", "is no JSON in line 1"),
        ("{", "is no JSON in line 1"),
        ("[]", "is no baseline that this version reads"),
        ('{"schema": 2, "salt": "", "entries": []}', "is no baseline that this version reads"),
        ('{"schema": 1, "entries": []}', "has no salt or no entries"),
        ('{"schema": 1, "salt": "x", "entries": {}}', "has no salt or no entries"),
        ('{"schema": 1, "salt": "x", "entries": [1]}', "the entry in line 2 is wrong"),
        ("[" * 100_000, "is no JSON"),
    ],
)
def test_what_is_wrong_is_told_with_the_name_of_the_file(text: str, told: str) -> None:
    with pytest.raises(ConfigError) as caught:
        file.read(text, "sub/" + NAME)
    assert told in caught.value.what
    assert caught.value.what.startswith("sub/" + NAME)


@pytest.mark.parametrize(
    "change",
    [
        {"fingerprint": "hunter2"},
        {"fingerprint": None},
        {"state": "fine"},
        {"until": "tomorrow"},
        {"path": 1},
    ],
)
def test_a_wrong_entry_is_told_by_its_line(change: dict[str, object]) -> None:
    rows = json.loads(file.render(made(entry("a"), entry("b"))))
    rows["entries"][1] |= change
    with pytest.raises(ConfigError, match="the entry in line 3 is wrong"):
        file.read(json.dumps(rows), NAME)


def test_marks_of_a_conflict_are_told_as_such() -> None:
    text = file.render(made(entry("a"))).replace('{"fing', '<<<<<<< HEAD\n{"fing', 1)
    with pytest.raises(ConfigError, match="merge conflict") as caught:
        file.read(text, NAME)
    assert "<<<<<<<" in caught.value.hint


def branches(repository: Repository, base: Baseline, ours: Baseline, theirs: Baseline) -> Baseline:
    """What git makes of the baselines of two branches."""
    attribute = f"/{NAME} {file.MERGE}\n"
    repository.commit({NAME: file.render(base), ".gitattributes": attribute})
    repository.git("switch", "-q", "-c", "other")
    repository.commit({NAME: file.render(theirs)})
    repository.git("switch", "-q", "main")
    repository.commit({NAME: file.render(ours)})
    repository.git("merge", "-q", "--no-edit", "other")
    return file.read((repository.root / NAME).read_text(), NAME)


def test_two_branches_merge_into_the_entries_of_both(repository: Repository) -> None:
    base = made(entry("5"))
    ours, theirs = made(entry("5"), entry("6")), made(entry("5"), entry("7"), entry("1"))
    merged = branches(repository, base, ours, theirs)
    assert merged == made(entry("1"), entry("5"), entry("6"), entry("7"))


def test_both_branches_may_fill_an_empty_one(repository: Repository) -> None:
    merged = branches(repository, made(), made(entry("2"), entry("4")), made(entry("3")))
    assert merged == made(entry("2"), entry("3"), entry("4"))


def test_both_branches_may_decide_about_the_same_entry(repository: Repository) -> None:
    late = entry("5", State.ROTATE)._replace(at="2026-11-22T10:00:00Z", reason="it is real")
    early = entry("5", State.FALSE_POSITIVE)._replace(reason="a test")
    merged = branches(repository, made(entry("5", State.UNREVIEWED)), made(early), made(late))
    assert merged == made(late)


def test_branches_that_both_begin_one_merge(repository: Repository) -> None:
    repository.commit({".gitattributes": f"/{NAME} {file.MERGE}\n"})
    repository.git("switch", "-q", "-c", "other")
    repository.commit({NAME: file.render(made(entry("1"), entry("9")))})
    repository.git("switch", "-q", "main")
    repository.commit({NAME: file.render(made(entry("4")))})
    repository.git("merge", "-q", "--no-edit", "other")
    merged = file.read(Path(repository.root / NAME).read_text(), NAME)
    assert merged == made(entry("1"), entry("4"), entry("9"))


def test_an_end_long_ago_is_one() -> None:
    row = {"fingerprint": "a" * 32, "state": "accepted", "until": "0999-01-01T00:00:00Z"}
    text = json.dumps({"schema": 1, "salt": "x", "entries": [row]})
    (entry,) = file.read(text, "known").entries.values()
    assert entry.has_expired("2026-01-01T00:00:00Z")
