"""Who can open a file for age, and who says so."""

from __future__ import annotations

from pathlib import Path

import pytest

from envguard.backends.agefile.recipients import add_recipient, remove_recipient
from envguard.backends.agefile.text import Recipient
from envguard.core.errors import BackendError, NotFoundError, TrustError, UsageError
from tests.backends.members import User, colleague, founder

pytest.importorskip("pyrage", reason="the extra `age` is not installed")


@pytest.fixture
def ada(tmp_path: Path) -> User:
    user = founder(tmp_path)
    user.set("A", "1")
    user.set("B", "2")
    return user


def proposed(user: User, key: str, label: str = "") -> None:
    """A change of the file that somebody else proposed, and that was merged."""
    text = user.file.read_text()
    line = f"# recipient: {key} {label}".rstrip()
    user.file.write_text(text.replace("# recipient", f"{line}\n# recipient", 1))


def test_one_who_is_added_reads_everything(ada: User) -> None:
    bob = colleague(ada)
    assert bob.get("A", "B") == {"A": "1", "B": "2"}
    bob.set("C", "3")
    assert ada.get("C") == {"C": "3"}


def test_one_who_is_removed_reads_nothing_that_is_there_now(ada: User) -> None:
    bob = colleague(ada)
    remove_recipient(ada.backend.kept, "bob")
    with pytest.raises(BackendError, match="no recipient"):
        bob.get("A")
    assert ada.get("A", "B") == {"A": "1", "B": "2"}
    assert bob.recipient not in ada.file.read_text()


def test_a_recipient_that_a_change_of_the_file_brings_stops_writes_and_not_reads(
    ada: User, tmp_path: Path
) -> None:
    eve = User(tmp_path / "eve", ada.tree)
    proposed(ada, eve.recipient, "ada's new laptop")
    before = ada.file.read_bytes()
    assert ada.get("A") == {"A": "1"}
    for action in (
        lambda: ada.set("C", "3"),
        lambda: ada.delete("A"),
        lambda: add_recipient(ada.backend.kept, Recipient(eve.recipient, "eve")),
        lambda: remove_recipient(ada.backend.kept, eve.recipient),
    ):
        with pytest.raises(TrustError) as caught:
            action()
        assert f"new: {eve.recipient} ada's new laptop" in caught.value.what
        assert caught.value.hint.endswith("envguard trust --backend age:secrets.age")
    assert ada.file.read_bytes() == before
    ada.trusts()
    ada.set("C", "3")
    assert eve.get("C") == {"C": "3"}
    with pytest.raises(BackendError):  # what was written before is not for her
        eve.get("A")


def test_a_recipient_who_is_taken_out_by_a_change_stops_writes(ada: User) -> None:
    bob = colleague(ada)
    lines = ada.file.read_text().splitlines(keepends=True)
    ada.file.write_text("".join(line for line in lines if bob.recipient not in line))
    with pytest.raises(TrustError, match=f"gone: {bob.recipient}"):
        ada.set("C", "3")


def test_a_file_that_came_with_a_clone_is_not_written_before_it_is_accepted(
    ada: User, tmp_path: Path
) -> None:
    bob = User(tmp_path / "bob", ada.tree)
    add_recipient(ada.backend.kept, Recipient(bob.recipient, "bob"))
    assert bob.get("A") == {"A": "1"}
    with pytest.raises(TrustError, match="new: "):
        bob.set("C", "3")
    bob.trusts()
    bob.set("C", "3")


def test_one_of_several_with_a_label_is_named_by_his_key(ada: User, tmp_path: Path) -> None:
    colleague(ada, "bob")
    carol = User(tmp_path / "carol", ada.tree)
    add_recipient(ada.backend.kept, Recipient(carol.recipient, "bob"))
    for name in ("bob", "nobody", ""):
        with pytest.raises(NotFoundError):
            remove_recipient(ada.backend.kept, name)
    remove_recipient(ada.backend.kept, carol.recipient)
    remove_recipient(ada.backend.kept, "bob")


def test_nobody_locks_himself_out(ada: User) -> None:
    for name in ("ada", ada.recipient):
        with pytest.raises(UsageError, match="your own"):
            remove_recipient(ada.backend.kept, name)


@pytest.mark.parametrize("key", ["", "age1", "bob", "ssh-ed25519 AAAA", "AGE-SECRET-KEY-1"])
def test_what_is_no_public_key_is_refused(ada: User, key: str) -> None:
    before = ada.file.read_bytes()
    with pytest.raises(UsageError, match="no public key"):
        add_recipient(ada.backend.kept, Recipient(key))
    assert ada.file.read_bytes() == before


def test_the_same_one_again_changes_the_label_alone(ada: User) -> None:
    bob = colleague(ada)
    add_recipient(ada.backend.kept, Recipient(bob.recipient, "robert"))
    held = ada.backend.kept.load()
    assert held is not None
    assert held.keys == {ada.recipient, bob.recipient}
    assert Recipient(bob.recipient, "robert") in held.recipients


def test_a_damaged_line_is_not_carried_over_to_new_recipients(ada: User, tmp_path: Path) -> None:
    eve = User(tmp_path / "eve", ada.tree)
    text = ada.file.read_text()
    ada.file.write_text(text[:-10] + "xx" + text[-8:])
    with pytest.raises(BackendError, match="B in"):
        add_recipient(ada.backend.kept, Recipient(eve.recipient))
