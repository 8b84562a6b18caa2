from __future__ import annotations

import os
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from envguard.core.errors import EnvguardError
from envguard.launch.command import CommandNotExecutableError, CommandNotFoundError, find

pytestmark = pytest.mark.skipif(os.name == "nt", reason="POSIX rules")

Make = Callable[[str, int], Path]


@pytest.fixture
def make(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Make:
    """Makes `tmp_path/NAME` with a mode; the current folder is `tmp_path`."""
    monkeypatch.chdir(tmp_path)

    def make(name: str, mode: int) -> Path:
        path = tmp_path / name
        path.parent.mkdir(exist_ok=True)
        path.write_text("#!/bin/sh\n")
        path.chmod(mode)
        return path

    return make


def test_the_first_folder_of_the_childs_path_wins(make: Make, tmp_path: Path) -> None:
    first, second = make("a/tool", 0o755), make("b/tool", 0o755)
    assert find("tool", {"PATH": f"{tmp_path}/a:{tmp_path}/b"}) == str(first)
    assert find("tool", {"PATH": f"{tmp_path}/none:{tmp_path}/b"}) == str(second)


def test_the_path_of_the_caller_does_not_matter(
    make: Make, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    make("a/tool", 0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}/a")
    with pytest.raises(CommandNotFoundError):
        find("tool", {"PATH": "/nowhere"})


def test_a_command_with_a_slash_is_taken_as_it_is(make: Make, tmp_path: Path) -> None:
    path = make("a/tool", 0o755)
    for command in ("./a/tool", "a/tool", str(path), "a/../a/tool"):
        assert find(command, {"PATH": ""}) == command


@pytest.mark.parametrize("path", ["", ":/nowhere", "/nowhere:", "/nowhere::/nowhere", "."])
def test_an_empty_entry_of_the_path_is_the_current_folder(make: Make, path: str) -> None:
    make("tool", 0o755)
    assert find("tool", {"PATH": path}) == "./tool"


def test_without_a_path_the_systems_default_applies(make: Make) -> None:
    assert find("sh", {}) in ("/bin/sh", "/usr/bin/sh")


def test_a_file_that_is_not_executable_gives_way_to_a_later_one(make: Make, tmp_path: Path) -> None:
    make("a/tool", 0o644)
    (tmp_path / "b/tool").mkdir(parents=True)
    path = make("c/tool", 0o755)
    assert find("tool", {"PATH": f"{tmp_path}/a:{tmp_path}/b:{tmp_path}/c"}) == str(path)


@pytest.mark.parametrize(
    ("command", "error", "code"),
    [
        ("missing", CommandNotFoundError, 127),
        ("./missing", CommandNotFoundError, 127),
        ("", CommandNotFoundError, 127),
        ("folder", CommandNotFoundError, 127),
        ("./folder", CommandNotExecutableError, 126),
        ("plain", CommandNotExecutableError, 126),
        ("./plain", CommandNotExecutableError, 126),
    ],
)
def test_what_cannot_start_is_told_apart_as_in_a_shell(
    make: Make, tmp_path: Path, command: str, error: type[EnvguardError], code: int
) -> None:
    make("plain", 0o644)
    (tmp_path / "folder").mkdir()
    with pytest.raises(error) as caught:
        find(command, {"PATH": str(tmp_path)})
    assert caught.value.exit_code == code
    assert caught.value.hint
    if command:
        shell = ["bash", "-c", 'PATH=$1; "$2"', "bash", str(tmp_path), command]
        assert subprocess.run(shell, check=False, stderr=subprocess.DEVNULL).returncode == code


def test_a_program_in_the_current_folder_is_hinted_at(make: Make) -> None:
    make("tool", 0o755)
    with pytest.raises(CommandNotFoundError) as caught:
        find("tool", {"PATH": "/nowhere"})
    assert caught.value.hint == "type ./tool"


def test_a_strange_name_cannot_steer_the_terminal() -> None:
    with pytest.raises(CommandNotFoundError) as caught:
        find("a\x1b[2J\nb", {"PATH": "/nowhere"})
    assert caught.value.what.isprintable()
