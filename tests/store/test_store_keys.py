from __future__ import annotations

import copy
import os
import pickle
import stat
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from envguard.core.errors import BackendError
from envguard.core.secret import Secret
from envguard.store.creation import create_key_file
from envguard.store.keys import KeySource, RootKey, parse_key, read_key_file


@given(st.binary(min_size=32, max_size=32))
def test_a_key_is_read_back_from_its_text(raw: bytes) -> None:
    text = RootKey(raw).text().reveal()
    assert len(text) == 53
    assert parse_key(f"  {text}\n").reveal() == raw


@given(st.integers(5, 52), st.characters(codec="ascii"))
def test_a_typing_error_in_a_key_is_found(at: int, typed: str) -> None:
    text = RootKey(bytes(range(32))).text().reveal()
    changed = text[:at] + typed + text[at + 1 :]
    if changed.strip() == text:
        return
    with pytest.raises(BackendError, match="typing error"):
        parse_key(changed)


def test_the_text_is_base64_of_the_key_and_its_crc32() -> None:
    # The CRC-32 of 32 zero bytes is 190A55AD.
    assert RootKey(bytes(32)).text().reveal() == "egk1_" + "A" * 43 + "ZClWt"


def test_a_text_that_is_no_key_is_not_quoted() -> None:
    with pytest.raises(BackendError) as caught:
        parse_key("correct horse")
    assert "not kept under a passphrase" in caught.value.what
    assert "horse" not in caught.value.what + caught.value.hint
    with pytest.raises(BackendError, match="typing error"):
        parse_key("egk1_short")


def test_a_key_shows_nothing_of_itself() -> None:
    key = RootKey(b"k" * 32)
    for shown in (repr(key), str(key), f"{key}"):
        assert shown == "RootKey(********)"
    for leak in (pickle.dumps, copy.copy, copy.deepcopy):
        with pytest.raises(TypeError):
            leak(key)
    assert key.id != RootKey(b"l" * 32).id
    assert len(key.id) == 16


def test_a_key_file_is_private_and_is_read_back(tmp_path: Path) -> None:
    file = tmp_path / "deep" / "config" / "store.key"
    key = create_key_file(file)
    assert read_key_file(file) == key
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert stat.S_IMODE(file.parent.stat().st_mode) == 0o700
    assert [entry.name for entry in file.parent.iterdir()] == ["store.key"]


def test_a_key_file_that_is_there_is_never_replaced(tmp_path: Path) -> None:
    file = tmp_path / "store.key"
    first = create_key_file(file)
    assert create_key_file(file) == first


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o620, 0o666])
def test_a_key_file_open_to_others_is_refused(tmp_path: Path, mode: int) -> None:
    file = tmp_path / "store.key"
    create_key_file(file)
    file.chmod(mode)
    with pytest.raises(BackendError, match="others may read") as caught:
        read_key_file(file)
    assert caught.value.hint == f"chmod 600 {file}"


def test_a_key_file_is_not_followed_through_a_link(tmp_path: Path) -> None:
    create_key_file(tmp_path / "other.key")
    (tmp_path / "store.key").symlink_to("other.key")
    with pytest.raises(BackendError, match="symbolic link"):
        read_key_file(tmp_path / "store.key")


@pytest.mark.parametrize("content", [b"", b"egk1_", b"x" * 32, b"egk1_" + b"A" * 49, b"\xff" * 999])
def test_a_key_file_of_another_length_is_refused(tmp_path: Path, content: bytes) -> None:
    file = tmp_path / "store.key"
    file.write_bytes(content)
    file.chmod(0o600)
    with pytest.raises(BackendError, match="length of a key"):
        read_key_file(file)


def test_a_key_file_that_is_no_file_is_refused(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe", 0o600)
    with pytest.raises(BackendError, match="not a regular file"):
        read_key_file(tmp_path / "pipe")
    (tmp_path / "folder").mkdir()
    with pytest.raises(BackendError, match="not a regular file"):
        read_key_file(tmp_path / "folder")


def test_a_given_key_is_the_only_one_tried(tmp_path: Path) -> None:
    file = tmp_path / "store.key"
    assert KeySource(file).find() is None
    kept = create_key_file(file)
    given_key = RootKey.new()
    assert KeySource(file).find() == kept
    assert KeySource(file, given_key.text()).find() == given_key
    with pytest.raises(BackendError):
        KeySource(file, Secret("egk1_wrong")).find()
