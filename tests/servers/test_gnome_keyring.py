"""The OS keyring, a real one: as a backend, and as the home of a store's key."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

import pytest

from tests.cli.program import Done, call
from tests.servers.gnome_keyring import missing, session

pytestmark = pytest.mark.skipif(bool(missing()), reason=missing())

VALUE = "päss\nword " + "x" * 3000


def secrets(folder: Path, environ: Mapping[str, str], *words: str, stdin: str = "") -> Done:
    return call("secrets", *words, cwd=folder, env=environ, stdin=stdin.encode())


def test_values_are_in_the_keyring_and_a_locked_one_is_an_error(tmp_path: Path) -> None:
    place = ("--backend", "keyring:envguard test")
    with session(tmp_path, unlocked=True) as environ:
        assert secrets(tmp_path, environ, "set", "EMPTY", "", *place).code == 0
        for name, value in (("A", VALUE), ("GONE", "1")):
            done = secrets(tmp_path, environ, "set", name, *place, stdin=value)
            assert done.code == 0, done.err
        assert secrets(tmp_path, environ, "delete", "GONE", "--yes", *place).code == 0
        listed = secrets(tmp_path, environ, "list", "--format", "json", *place).report["secrets"]
        assert [row["name"] for row in listed] == ["A", "EMPTY"]
        ask = "import keyring; print(keyring.get_password('envguard test', 'A'), end='')"
        theirs = subprocess.check_output([sys.executable, "-c", ask], env=dict(environ))
        assert theirs.decode() == VALUE
    with session(tmp_path, unlocked=True) as environ:
        assert secrets(tmp_path, environ, "get", "A", "--reveal", *place).out == VALUE
        assert secrets(tmp_path, environ, "get", "EMPTY", "--reveal", *place).out == ""
        secrets(tmp_path, environ, "get", "GONE", *place).says(5)
    with session(tmp_path, unlocked=False) as environ:
        for words in (("get", "A"), ("get", "NONE"), ("list",), ("set", "A", "2"), ("exists", "A")):
            secrets(tmp_path, environ, *words, *place).says(4, "the OS keyring is locked")


def test_the_key_of_a_store_is_in_the_keyring_and_a_locked_one_makes_no_second(
    tmp_path: Path,
) -> None:
    store = ("-f", "own.db")
    with session(tmp_path, unlocked=True) as environ:
        done = secrets(tmp_path, environ, *store, "key", "new", "--home", "keyring")
        assert (done.code, "kept in: keyring" in done.err) == (0, True), done.err
        assert secrets(tmp_path, environ, *store, "set", "A", "1").code == 0
        key = secrets(tmp_path, environ, *store, "key", "export").out
    assert not (tmp_path / "own.db.key").exists()
    with session(tmp_path, unlocked=False) as environ:
        for words in (("get", "A"), ("set", "B", "2"), ("list",), ("rotate-key",)):
            secrets(tmp_path, environ, *store, *words).says(4, "the OS keyring is locked")
        secrets(tmp_path, environ, "-f", "new.db", "key", "new", "--home", "keyring").says(4)
        assert not (tmp_path / "new.db").exists()
        given = {**environ, "ENVGUARD_KEY": key}
        assert secrets(tmp_path, given, *store, "get", "A", "--reveal").out == "1"
    assert not (tmp_path / "own.db.key").exists()
    with session(tmp_path, unlocked=True) as environ:
        assert secrets(tmp_path, environ, *store, "get", "A", "--reveal").out == "1"
        assert secrets(tmp_path, environ, *store, "key", "export").out == key
