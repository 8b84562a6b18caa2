"""Commits that would excuse themselves: told, and where it is asked for not honoured."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from envguard.jobs.scan.request import Mode
from tests.jobs.scans import OWN_RULES, Scanner, leak, places, token

if TYPE_CHECKING:
    from tests.conftest import Repository

MARKED = f"{leak().rstrip()}  # envguard:allow\n"


@pytest.fixture
def branch(repository: Repository) -> Repository:
    repository.commit({"a.txt": "one\n", "old.py": MARKED})
    repository.git("tag", "base")
    return repository


def strictly(scan: Scanner, branch: Repository) -> tuple[list[tuple[str, int]], list[str]]:
    result = scan(branch.root, Mode.RANGE, range="base..HEAD", markers=False)
    return places(result), result.coverage.notes


def test_a_new_marker_excuses_nothing(scan: Scanner, branch: Repository) -> None:
    branch.commit({"new.py": f"{leak(1).rstrip()}  # envguard:allow\n"})
    found, notes = strictly(scan, branch)
    assert found == [("new.py", 1)]
    assert notes == [
        "new.py:1 stands behind a marker that comes with it, and such a marker excuses nothing"
    ]


def test_a_marker_that_was_there_counts_wherever_its_line_goes(
    scan: Scanner, branch: Repository
) -> None:
    branch.commit({"old.py": f"# a comment\n{MARKED}"})
    branch.git("mv", "old.py", "moved.py")
    branch.commit()
    assert strictly(scan, branch) == ([], [])


def test_a_marker_that_came_in_two_steps_is_new(scan: Scanner, branch: Repository) -> None:
    branch.commit({"new.py": f"{leak(1).rstrip()}  # envguard:allow\n"})
    branch.commit({"new.py": f"# more\n{leak(1).rstrip()}  # envguard:allow\n"})
    assert strictly(scan, branch)[0] == [("new.py", 1)]


def test_another_value_behind_a_marker_that_was_there_is_new(
    scan: Scanner, branch: Repository
) -> None:
    branch.commit({"old.py": MARKED.replace(token(), token(2))})
    assert strictly(scan, branch)[0] == [("old.py", 1)]


def test_a_marker_in_a_message_excuses_nothing(scan: Scanner, branch: Repository) -> None:
    branch.commit({"b.txt": "text\n"}, f"login\n\nwith {token(1)} # envguard:allow\n")
    assert strictly(scan, branch)[0] == [("(commit message)", 3)]
    result = scan(branch.root, Mode.RANGE, range="base..HEAD")
    assert places(result) == []


@pytest.mark.parametrize(
    ("files", "told"),
    [
        ({"envguard.toml": ""}, ["envguard.toml"]),
        ({"sub/envguard.toml": "", ".gitleaksignore": "x\n"}, [".gitleaksignore", "sub/envguard"]),
        ({"pyproject.toml": "[tool.envguard.scan]\n"}, ["pyproject.toml"]),
        ({"pyproject.toml": "[project]\n"}, []),
        ({"own.toml": OWN_RULES}, []),
        ({".secrets.baseline": "{}\n", ".envguard-baseline.json": ""}, [".envguard-b", ".secrets"]),
    ],
)
def test_files_that_say_what_is_no_finding_are_named_when_they_change(
    files: dict[str, str], told: list[str], scan: Scanner, branch: Repository
) -> None:
    branch.commit(dict(files))
    _, notes = strictly(scan, branch)
    base = branch.git("rev-parse", "base")[:12]
    about = f"is changed by these commits, which are judged by that of commit {base}"
    changed = [note for note in notes if note.endswith(about)]
    assert len(changed) == len(told)
    for note, start in zip(changed, told, strict=True):
        assert note.startswith(start)


def test_a_table_that_is_taken_out_of_a_file_is_named(scan: Scanner, branch: Repository) -> None:
    branch.commit({"pyproject.toml": "[tool.envguard.scan]\n"})
    branch.git("tag", "--force", "base")
    branch.commit({"pyproject.toml": "[project]\n"})
    assert strictly(scan, branch)[1][0].startswith("pyproject.toml is changed")


def test_files_that_the_configuration_names_are_among_them(
    scan: Scanner, branch: Repository
) -> None:
    config = '[scan]\nrules = ["own.toml"]\nbaseline = "known.json"\n'
    branch.commit({"envguard.toml": config, "own.toml": OWN_RULES})
    branch.git("tag", "--force", "base")
    branch.commit({"own.toml": f"# changed\n{OWN_RULES}"})
    assert strictly(scan, branch)[1][0].startswith("own.toml is changed")
