from __future__ import annotations

import stat
import subprocess
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from envguard.core.errors import UsageError
from envguard.workspace import gitignore

if TYPE_CHECKING:
    from tests.conftest import Repository

ALL = b".env\n.env.*\n!.env.example\n.env.envguard-*\n"
IGNORED = (".env", ".env.local", ".env.production", ".env.envguard-abc")

FILES = [
    b"",
    b"node_modules/\n",
    b"node_modules/",
    b".env",
    b".env*\n",
    b"!.env\n",
    b".env\n!.env\n",
    b"!.env.example\n",
    b"!.env.example\n.env.*\n",
    b"!.env.example\n.env*\n*.log\n",
    b".env.*\n!.env.*\n",
    b"/.env\n!/.env\n",
    b"*\n!.env*\n",
    b"/*\n!/src\n",
    b"**/.env\n",
    b".env  \n",
    b"# .env\n",
    b".env.*\n.env\n.env.envguard-*\n",
    b"\xef\xbb\xbf.env\n",
    b"caf\xe9\n",
]


def ignored(repository: Repository, name: str) -> bool:
    done = subprocess.run(
        ["git", "check-ignore", "--quiet", "--no-index", name], cwd=repository.root, check=False
    )
    return done.returncode == 0


@pytest.mark.parametrize("existing", FILES)
def test_git_ignores_what_it_should_whatever_was_there(
    repository: Repository, existing: bytes
) -> None:
    repository.write(".gitignore", gitignore.plan(existing))
    assert [name for name in IGNORED if not ignored(repository, name)] == []
    assert not ignored(repository, ".env.example")
    assert ignored(repository, "src/.env.example") is ignored(repository, "src/file")
    assert ignored(repository, "src/.env")


@pytest.mark.parametrize("existing", [b".env\n!.env.sample\n", b".env.*\n!.env.sample\n!/.env.x\n"])
def test_exceptions_of_the_repository_stay_exceptions(
    repository: Repository, existing: bytes
) -> None:
    repository.write(".gitignore", gitignore.plan(existing))
    assert not ignored(repository, ".env.sample")


def test_a_new_file_has_the_lines_in_their_order() -> None:
    assert gitignore.plan(b"") == ALL


def test_what_is_there_is_not_added_again() -> None:
    assert gitignore.plan(b"x\n.env\n") == b"x\n.env\n.env.*\n!.env.example\n.env.envguard-*\n"
    assert gitignore.plan(ALL + b"*.log\n") == ALL + b"*.log\n"


def test_a_line_without_its_end_gets_one() -> None:
    assert gitignore.plan(b"x", [".env"]) == b"x\n.env\n"


def test_windows_line_ends_stay() -> None:
    assert gitignore.plan(b"x\r\n.env\r\n", [".env", "b"]) == b"x\r\n.env\r\nb\r\n"


lines = st.sampled_from(
    [".env", "!.env", ".env.*", "!.env.*", "!.env.example", "!.env.sample", ".env*", "*", "", "#"]
)


@given(st.lists(lines), st.sampled_from(["\n", "\r\n"]), st.booleans())
def test_planning_only_appends_and_is_stable(own: list[str], end: str, final: bool) -> None:
    existing = (end.join(own) + (end if final else "")).encode()
    planned = gitignore.plan(existing)
    assert planned.startswith(existing)
    assert gitignore.plan(planned) == planned


@given(st.binary(max_size=30))
def test_any_bytes_are_kept(existing: bytes) -> None:
    assert gitignore.plan(existing).startswith(existing)


def test_writing_makes_the_file_once(tmp_path: Path) -> None:
    file = tmp_path / ".gitignore"
    assert gitignore.write(file) is True
    assert file.read_bytes() == ALL
    assert stat.S_IMODE(file.stat().st_mode) == 0o644
    assert gitignore.write(file) is False


def test_writing_keeps_the_mode_of_the_file(tmp_path: Path) -> None:
    file = tmp_path / ".gitignore"
    file.write_bytes(b"x\n")
    file.chmod(0o664)
    gitignore.write(file)
    assert stat.S_IMODE(file.stat().st_mode) == 0o664


def test_a_folder_or_a_symlink_is_refused(tmp_path: Path) -> None:
    (tmp_path / "folder").mkdir()
    (tmp_path / "link").symlink_to(tmp_path / "target")
    for name in ("folder", "link"):
        with pytest.raises(UsageError):
            gitignore.write(tmp_path / name)
    assert not (tmp_path / "target").exists()
