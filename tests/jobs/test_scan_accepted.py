"""Scans of a repository with a baseline: known values are silent, wherever they stand."""

from __future__ import annotations

from pathlib import Path

import pytest

from envguard.core.errors import ConfigError, UsageError
from envguard.detection.baseline import file
from envguard.detection.baseline.entries import Baseline, Entry, State, entry_of
from envguard.jobs.scan.request import Mode, Result
from tests.conftest import Repository
from tests.jobs.scans import Scanner, leak, places, token

NOW, PAST = "2026-11-21T10:00:00Z", "2020-01-01T00:00:00Z"
# A value that is easy to guess, and one that stands in its place.
WEAK, OTHER = "s3cr3t" + "pw9x", "t1ger" + "pw77z"


def url(password: str) -> str:
    return f'url = "postgres://ada:{password}@db.example.org/shop"\n'


def accept(repository: Repository, scan: Scanner, **more: object) -> Baseline:
    """A baseline of all that the files of a repository hold."""
    request: dict[str, object] = {"salt": "shop", "baselined": False}
    findings = scan(repository.root, **request).findings
    entries = [entry_of(found, NOW)._replace(**more) for found in findings]
    return kept(repository, entries)


def kept(repository: Repository, entries: list[Entry], salt: str = "shop") -> Baseline:
    baseline = Baseline(salt).with_entries(entries)
    repository.write(file.FILE_NAME, file.render(baseline))
    return baseline


def notes(result: Result) -> list[str]:
    return [note for note in result.coverage.notes if file.FILE_NAME in note]


@pytest.fixture
def known(repository: Repository, scan: Scanner) -> Repository:
    """A repository with a token and a weak password, both in its baseline."""
    repository.commit({"a.py": "import os\n" + leak(1) + url(WEAK)})
    accept(repository, scan, state=State.ACCEPTED)
    repository.commit()
    return repository


def test_what_is_known_is_silent_in_every_mode(known: Repository, scan: Scanner) -> None:
    assert scan(known.root, Mode.TREE).findings == ()
    assert scan(known.root, Mode.HISTORY).findings == ()
    assert scan(known.root, Mode.HISTORY, cache=False).findings == ()
    known.write("b.py", leak(1))
    known.git("add", "b.py")
    assert scan(known.root, Mode.STAGED).findings == ()
    known.commit()
    assert scan(known.root, Mode.RANGE, range="HEAD~1..HEAD").findings == ()
    with (known.root / "a.py").open("rb") as stdin:
        assert scan(known.root, Mode.STDIN, stdin=stdin, name="a.py").findings == ()


def test_nothing_reappears_after_a_move_or_another_format(known: Repository, scan: Scanner) -> None:
    known.git("mv", "a.py", "settings.py")
    assert scan(known.root).findings == ()
    assert scan(known.root, Mode.STAGED).findings == ()
    text = f"\n\nTOKEN = (\n    '{token(1)}'\n)\nx = 1; {url(WEAK)}"
    known.commit({"settings.py": text})
    assert scan(known.root).findings == ()
    assert scan(known.root, Mode.HISTORY).findings == ()
    assert scan(known.root, Mode.RANGE, range="HEAD~1..HEAD").findings == ()


def test_nothing_reappears_after_a_rebase_or_a_squash(known: Repository, scan: Scanner) -> None:
    known.git("switch", "-q", "-c", "topic", "HEAD~1")
    known.commit({"b.py": "x = 1\n" + leak(1)})
    known.commit({"b.py": leak(1)})
    known.git("rebase", "-q", "main")
    assert scan(known.root, Mode.RANGE, range="main..topic").findings == ()
    assert scan(known.root, Mode.HISTORY).findings == ()
    known.git("switch", "-q", "main")
    known.git("merge", "-q", "--squash", "topic")
    known.git("commit", "-q", "-m", "topic")
    known.git("branch", "-q", "-D", "topic")
    assert scan(known.root, Mode.HISTORY).findings == ()
    assert scan(known.root).findings == ()


def test_a_new_secret_in_a_known_line_is_reported(known: Repository, scan: Scanner) -> None:
    known.write("a.py", "import os\n" + leak(2) + url(OTHER))
    assert places(scan(known.root)) == [("a.py", 2), ("a.py", 3)]
    known.write("a.py", f'import os\nTOKEN = "{token(1)}", "{token(3)}"\n')
    (finding,) = scan(known.root).findings
    assert (finding.line, finding.column) == (2, 54)
    known.git("add", "a.py")
    assert [f.column for f in scan(known.root, Mode.STAGED).findings] == [54]
    known.commit()
    found = scan(known.root, Mode.RANGE, range="HEAD~1..HEAD").findings
    assert [f.column for f in found] == [54]
    assert [f.column for f in scan(known.root, Mode.HISTORY).findings] == [54]


def test_a_note_says_how_many_are_known_and_who_has_not_looked(
    repository: Repository, scan: Scanner
) -> None:
    repository.write("a.py", leak(1) + leak(2))
    baseline = accept(repository, scan)
    first, second = baseline.entries.values()
    kept(repository, [first, second._replace(state=State.FALSE_POSITIVE)])
    assert notes(scan(repository.root)) == [
        f"2 known by {file.FILE_NAME}, 1 of them not reviewed: envguard baseline audit"
    ]


def test_what_has_expired_is_reported_with_what_was_decided(
    repository: Repository, scan: Scanner
) -> None:
    repository.write("a.py", leak(1))
    accept(repository, scan, state=State.ROTATE, until=PAST, who="Ada", reason="next week")
    result = scan(repository.root)
    (finding,) = result.findings
    assert finding.state == "expired"
    told = "rotate by Ada until 2020-01-01: next week"
    assert dict(finding.details)["baseline"] == told
    assert notes(result) == [f"1 expired in {file.FILE_NAME}: envguard baseline audit"]


def test_what_is_known_is_reported_where_all_is_asked_for(known: Repository, scan: Scanner) -> None:
    found = scan(known.root, baselined=False).findings
    assert [finding.state for finding in found] == ["accepted", "accepted"]


def test_entries_without_a_finding_are_told_by_a_scan_of_everything(
    known: Repository, scan: Scanner
) -> None:
    known.write("a.py", url(WEAK))
    gone = f"1 entry of {file.FILE_NAME} without a finding: envguard baseline prune"
    assert gone in notes(scan(known.root))
    for part in ({"paths": (known.root / "a.py",)}, {"exclude": ("b.py",)}):
        assert gone not in notes(scan(known.root, **part))
    (known.root / "sub").mkdir()
    known.write("sub/b.py", "x = 1\n")
    assert gone not in notes(scan(known.root / "sub"))


def test_a_scan_that_finds_nothing_tells_so_too(known: Repository, scan: Scanner) -> None:
    known.write("a.py", "x = 1\n")
    told = f"2 entries of {file.FILE_NAME} without a finding: envguard baseline prune"
    assert notes(scan(known.root)) == [told]


def test_what_only_the_history_had_is_missed_by_a_scan_of_the_history(
    repository: Repository, scan: Scanner
) -> None:
    repository.commit({"a.py": leak(1)})
    accept(repository, scan, is_past=True)
    repository.commit({"a.py": "x = 1\n"})
    assert notes(scan(repository.root)) == []
    assert "known by" in notes(scan(repository.root, Mode.HISTORY))[0]
    kept(repository, [Entry("0" * 32, is_past=True)])
    (note,) = notes(scan(repository.root, Mode.HISTORY))
    assert note.endswith("without a finding: envguard baseline prune --history")


def test_a_range_is_judged_by_the_baseline_of_its_base(
    repository: Repository, scan: Scanner
) -> None:
    repository.commit({"a.py": "x = 1\n"})
    repository.write("a.py", leak(1))
    accept(repository, scan, state=State.ACCEPTED)
    repository.commit()
    result = scan(repository.root, Mode.RANGE, range="HEAD~1..HEAD")
    assert places(result) == [("a.py", 1)]
    (note,) = notes(result)
    assert "is changed by these commits" in note
    # With -b, too: the file of the work tree is theirs.
    named = repository.root / file.FILE_NAME
    again = scan(repository.root, Mode.RANGE, range="HEAD~1..HEAD", baseline=named)
    assert places(again) == [("a.py", 1)]
    # Once it is in the base, it counts.
    repository.commit({"b.py": leak(1)})
    assert scan(repository.root, Mode.RANGE, range="HEAD~1..HEAD").findings == ()


def test_a_range_that_takes_the_baseline_away_is_judged_by_it(
    known: Repository, scan: Scanner
) -> None:
    known.commit({file.FILE_NAME: None, "b.py": leak(1)})
    assert scan(known.root, Mode.RANGE, range="HEAD~1..HEAD").findings == ()


def test_the_configuration_or_the_caller_names_another_file(
    repository: Repository, scan: Scanner, tmp_path: Path
) -> None:
    repository.write("a.py", leak(1))
    accept(repository, scan, state=State.ACCEPTED)
    (repository.root / file.FILE_NAME).rename(tmp_path / "other.json")
    assert len(scan(repository.root).findings) == 1
    assert scan(repository.root, baseline=tmp_path / "other.json").findings == ()
    repository.write("sec/known.json", (tmp_path / "other.json").read_text())
    repository.write("envguard.toml", '[scan]\nbaseline = "sec/known.json"\n')
    assert scan(repository.root).findings == ()


def test_a_file_that_is_named_and_not_there_is_an_error_at_once(
    repository: Repository, scan: Scanner
) -> None:
    repository.write("a.py", "x = 1\n")
    with pytest.raises(UsageError, match="there is no file"):
        scan(repository.root, baseline=repository.root / "gone.json")


def test_a_damaged_baseline_is_never_an_empty_one(known: Repository, scan: Scanner) -> None:
    known.write(file.FILE_NAME, "{")
    with pytest.raises(ConfigError, match="is no JSON"):
        scan(known.root)


@pytest.mark.parametrize("name", [file.FILE_NAME, ".gitleaksignore"])
def test_a_link_to_what_has_no_end_is_not_read(
    repository: Repository, scan: Scanner, name: str
) -> None:
    repository.write("a.py", leak(1))
    (repository.root / name).symlink_to("/dev/zero")
    with pytest.raises(ConfigError, match="is no plain file"):
        scan(repository.root)


def test_a_scan_of_a_folder_below_uses_the_baseline_at_the_top(
    repository: Repository, scan: Scanner
) -> None:
    repository.write("sub/a.py", leak(1))
    accept(repository, scan, state=State.ACCEPTED)
    assert scan(repository.root / "sub").findings == ()


def test_workers_know_the_baseline(repository: Repository, scan: Scanner) -> None:
    for number in range(4):
        repository.write(f"{number}.py", leak(number) + url(WEAK))
    accept(repository, scan, state=State.ACCEPTED)
    repository.write("new.py", leak(9))
    assert places(scan(repository.root, workers=2)) == [("new.py", 1)]


def test_a_memory_of_the_history_does_not_hold_what_is_known(
    known: Repository, scan: Scanner
) -> None:
    assert scan(known.root, Mode.HISTORY).findings == ()
    (known.root / file.FILE_NAME).unlink()
    assert len(scan(known.root, Mode.HISTORY).findings) == 2


def test_a_memory_from_before_the_baseline_does_not_count(
    repository: Repository, scan: Scanner
) -> None:
    repository.commit({"a.py": leak(1)})
    assert len(scan(repository.root, Mode.HISTORY).findings) == 1
    accept(repository, scan, state=State.ACCEPTED)
    assert scan(repository.root, Mode.HISTORY).findings == ()


def test_reports_without_fingerprints_know_the_baseline(known: Repository, scan: Scanner) -> None:
    assert scan(known.root, fingerprints=False).findings == ()
    (known.root / file.FILE_NAME).unlink()
    found = scan(known.root, fingerprints=False).findings
    assert [finding.fingerprint for finding in found] == ["", ""]
