"""Two branches of a repository, each with changes to one file for age."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from envguard.core.errors import BackendError
from tests.backends.members import User
from tests.conftest import Repository

pytest.importorskip("pyrage", reason="the extra `age` is not installed")

Change = Callable[[User], object]


class Team:
    """One clone, in which two people work one after the other."""

    def __init__(self, root: Path, repository: Repository) -> None:
        self.repository = repository
        self.ada = User(root / "ada", repository.root)
        assert self.ada.recipient
        self.ada.backend.kept.make("ada")
        for name in ("B", "D", "F"):
            self.ada.set(name, f"old {name}")
        repository.commit(message="base")
        self.base = repository.git("rev-parse", "HEAD")

    def merge(self, ours: Change, theirs: Change) -> bool:
        """Both changes on branches of their own, and the one merged into the other; whether git
        could."""
        self.repository.git("checkout", "--quiet", "-b", "theirs")
        theirs(self.ada)
        self.repository.commit(message="theirs")
        self.repository.git("checkout", "--quiet", "-b", "ours", self.base)
        ours(self.ada)
        self.repository.commit(message="ours")
        said = self.repository.git("merge", "-m", "merged", "theirs", check=False)
        return "CONFLICT" not in said

    def get(self) -> dict[str, str]:
        """All that the file holds."""
        return self.ada.get(*(row.name for row in self.ada.backend.list()))


@pytest.fixture
def team(tmp_path: Path, repository: Repository) -> Team:
    return Team(tmp_path, repository)


def test_changes_to_neighbouring_names_are_merged(team: Team) -> None:
    assert team.merge(lambda u: u.set("B", "new B"), lambda u: u.set("D", "new D"))
    assert team.get() == {"B": "new B", "D": "new D", "F": "old F"}


def test_names_that_are_added_and_taken_out_in_different_places_are_merged(team: Team) -> None:
    assert team.merge(lambda u: (u.set("A", "1"), u.delete("D")), lambda u: u.set("G", "2"))
    assert team.get() == {"A": "1", "B": "old B", "F": "old F", "G": "2"}
    team.ada.set("H", "3")
    assert list(team.get()) == ["A", "B", "F", "G", "H"]


def test_one_name_that_both_changed_is_for_people_to_decide(team: Team) -> None:
    assert not team.merge(lambda u: u.set("D", "ours"), lambda u: u.set("D", "theirs"))
    for action in (lambda: team.ada.get("B"), lambda: team.ada.set("B", "1")):
        with pytest.raises(BackendError, match=r"secrets\.age:\d+ is in the middle of a merge"):
            action()
    team.repository.git("checkout", "--quiet", "--theirs", "secrets.age")
    assert team.get()["D"] == "theirs"


def test_with_union_two_names_in_one_place_are_merged_and_one_name_is_still_no_guess(
    team: Team,
) -> None:
    team.repository.commit({".gitattributes": "*.age merge=union\n"}, "union")
    team.base = team.repository.git("rev-parse", "HEAD")
    assert team.merge(lambda u: u.set("E1", "ours"), lambda u: u.set("E2", "theirs"))
    assert team.get()["E1"] == "ours"
    assert team.get()["E2"] == "theirs"
    team.base = team.repository.git("rev-parse", "HEAD")
    team.repository.git("branch", "--quiet", "-D", "theirs")
    team.repository.git("checkout", "--quiet", "--detach")
    team.repository.git("branch", "--quiet", "-D", "ours")
    assert team.merge(lambda u: u.set("D", "ours"), lambda u: u.set("D", "theirs"))
    with pytest.raises(BackendError, match="a second line for D"):
        team.get()


def test_a_name_that_one_branch_reads_stays_while_the_other_adds_a_recipient(
    team: Team, tmp_path: Path
) -> None:
    from envguard.backends.agefile.recipients import add_recipient
    from envguard.backends.agefile.text import Recipient

    bob = User(tmp_path / "bob", team.repository.root)
    added = Recipient(bob.recipient, "bob")
    assert team.merge(lambda u: u.get("B"), lambda u: add_recipient(u.backend.kept, added))
    assert bob.get("B", "D") == {"B": "old B", "D": "old D"}
