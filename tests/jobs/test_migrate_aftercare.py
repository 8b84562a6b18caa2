from __future__ import annotations

import subprocess
import time
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from envguard.core.errors import ExitCode, UsageError
from envguard.core.secret import Secret
from envguard.jobs.migrate.aftercare import Aftercare, aftercare
from envguard.jobs.migrate.checklist import render, write
from tests.jobs.project import detector, random_value

if TYPE_CHECKING:
    from tests.conftest import Repository

ONE, TWO = random_value(1), random_value(2)
# Assembled here: nothing that looks like a token stands in this file. The checksum is not needed.
STRIPE = "sk" + "_live_" + random_value(3, 24)
MOVED = {"API_KEY": ONE, "DB_PASSWORD": TWO, "PIN": "1234", "ENVIRONMENT": "production"}


def look(
    repository: Repository, *files: str, moved: Mapping[str, str] = MOVED, remains: str = ""
) -> Aftercare:
    found = aftercare(
        [repository.root.resolve() / name for name in files or (".env",)],
        {key: Secret(value) for key, value in moved.items()},
        detector(),
        [remains] if remains else [],
        folder=repository.root.resolve(),
    )
    text = repr(found) + render(found)
    assert not [value for value in moved.values() if len(value) > 10 and value in text]
    return found


@pytest.fixture
def shop(repository: Repository) -> Repository:
    """A repository whose .env holds references by now."""
    repository.commit({".gitignore": ".env\n.env.*\n", "README": "x\n"})
    repository.write(".env", "API_KEY=secret:API_KEY\n")
    return repository


def test_where_nothing_is_left_nothing_is_told_but_what_was_not_looked_for(
    shop: Repository,
) -> None:
    found = look(shop)
    assert found.exit_code is ExitCode.OK
    assert render(found) == (
        "[ ] 2 not looked for, too short or a plain word: PIN, ENVIRONMENT;"
        " do you use them elsewhere?\n"
    )
    assert render(look(shop, moved={"API_KEY": ONE})) == ""


def test_a_value_in_the_history_must_be_rotated(shop: Repository, tmp_path: Path) -> None:
    leaked = shop.commit({"a.py": f"key = '{STRIPE}'\n", "b.py": ONE})
    gone = shop.commit({"a.py": "import os\n", "b.py": "\n"})
    remote = tmp_path / "remote.git"
    subprocess.run(["git", "init", "--quiet", "--bare", remote], check=True)
    shop.git("remote", "add", "origin", str(remote))
    shop.git("push", "--quiet", "origin", f"{leaked}:refs/heads/main")
    kept = shop.commit({"c.py": TWO})
    shop.commit({"c.py": "\n"})
    found = look(shop, moved={"DB_PASSWORD": TWO, "STRIPE_KEY": STRIPE, "API_KEY": ONE})
    # What was pushed comes first.
    assert [rotation.key for rotation in found.rotations] == [
        "STRIPE_KEY",
        "API_KEY",
        "DB_PASSWORD",
    ]
    stripe, _, password = found.rotations
    assert stripe.revoke.startswith("https://")
    assert "Stripe" in stripe.title
    assert stripe.pushed_to == ("origin/main",)
    assert password.pushed_to == ()
    assert [trace.commit for trace in password.seen] == [kept]
    assert found.exit_code is ExitCode.OK
    lines = render(found).splitlines()
    assert lines[0] == (
        f"[ ] rotate STRIPE_KEY ({stripe.title}): pushed to origin/main; revoke it: {stripe.revoke}"
    )
    assert lines[1].startswith(f"      since {leaked[:12]}  a.py  ")
    assert "[ ] rotate DB_PASSWORD: in git, not seen in a remote branch" in lines
    assert gone[:12] not in render(found)


@pytest.mark.parametrize(
    ("before", "staged", "on_disk", "command"),
    [
        (None, f"A={ONE}\n", f"A={ONE}\n", "git rm --cached .env"),
        (None, f"A={ONE}\n", "A=secret:A\n", "git rm --cached -f .env"),
        (f"A={ONE}\n", f"A={ONE}\n", "A=secret:A\n", "git rm --cached .env"),
        ("A=\n", f"A={ONE}\n", "A=secret:A\n", "git rm --cached -f .env"),
    ],
)
def test_a_staged_env_file_ends_in_exit_1_with_the_command(
    shop: Repository, before: str | None, staged: str, on_disk: str, command: str
) -> None:
    if before is not None:
        shop.commit({".env": before})
    shop.write(".env", staged)
    shop.git("add", "--force", ".env")
    shop.write(".env", on_disk)
    found = look(shop)
    assert [(s.path, s.keys, s.command) for s in found.staged] == [(".env", ("API_KEY",), command)]
    assert found.exit_code is ExitCode.FINDINGS
    assert f"[ ] the next commit would hold API_KEY: {command}\n" in render(found)
    subprocess.run(["sh", "-c", command], cwd=shop.root, check=True, capture_output=True)
    assert look(shop).exit_code is ExitCode.OK


@pytest.mark.parametrize(
    ("before", "on_disk", "command"),
    [
        (None, ONE, "git rm --cached 'a b.py'"),
        ("old\n", ONE, "git restore --staged 'a b.py'"),
        ("old\n", "by reference\n", "git add 'a b.py'"),
    ],
)
def test_any_other_staged_file_is_taken_back_to_what_head_has(
    shop: Repository, before: str | None, on_disk: str, command: str
) -> None:
    if before is not None:
        shop.commit({"a b.py": before})
    shop.write("a b.py", ONE)
    shop.git("add", "a b.py")
    shop.write("a b.py", on_disk)
    found = look(shop)
    assert [s.command for s in found.staged] == [command]
    assert found.exit_code is ExitCode.FINDINGS
    subprocess.run(["sh", "-c", command], cwd=shop.root, check=True, capture_output=True)
    assert look(shop).exit_code is ExitCode.OK


def test_what_is_committed_already_is_no_staged_change(shop: Repository) -> None:
    shop.commit({"config.py": f"x\nkey = '{ONE}'\n"})
    found = look(shop)
    assert (found.staged, found.exit_code) == ((), ExitCode.OK)
    assert "[ ] config.py:2 holds API_KEY: take it out there, too\n" in render(found)


def test_files_and_copies_that_still_hold_a_value_are_named(
    shop: Repository, tmp_path: Path
) -> None:
    shop.write(".env~", f"A={ONE}\n")
    shop.write(".env.local", f"#\nA={TWO}\nB={ONE}\n")
    shop.write(".env", f"# OLD={ONE}\n")
    other = tmp_path / "other"
    shop.git("worktree", "add", "--quiet", str(other))
    (other / ".env").write_text(ONE)
    found = look(shop)
    assert sorted((s.path, s.line, s.keys, s.is_copy) for s in found.standing) == sorted(
        [
            (".env", 1, ("API_KEY",), False),
            (".env.local", 2, ("DB_PASSWORD", "API_KEY"), False),
            (".env~", 1, ("API_KEY",), True),
            (str(other.resolve() / ".env"), 1, ("API_KEY",), False),
        ]
    )
    assert "[ ] .env~:1 holds API_KEY: remove the copy: rm '.env~'\n" in render(found)


def test_a_env_file_that_git_would_add_is_named(repository: Repository) -> None:
    repository.commit({"README": "x\n"})
    repository.write(".env", "A=secret:A\n")
    repository.write("config.yml", "environment: {}\n")
    found = look(repository, ".env", "config.yml", moved={"API_KEY": ONE})
    assert found.unignored == (".env",)
    assert render(found) == (
        "[ ] git does not ignore .env: add it to .gitignore: echo /.env >>.gitignore\n"
    )


def test_outside_a_repository_only_the_copies_are_looked_at(tmp_path: Path) -> None:
    (tmp_path / ".env").write_text("A=secret:A\n")
    (tmp_path / ".env.bak").write_text(ONE)
    found = aftercare([tmp_path / ".env"], {"A": Secret(ONE)}, detector(), folder=tmp_path)
    assert [(s.path, s.is_copy) for s in found.standing] == [(".env.bak", True)]
    assert (found.staged, found.unignored, found.rotations) == ((), (), ())


def test_what_could_not_be_read_is_told(shop: Repository, tmp_path: Path) -> None:
    shop.commit({"a": "x\n"})
    shop.commit({"a": "y\n"})
    clone = tmp_path / "clone"
    subprocess.run(
        ["git", "clone", "--quiet", "--depth", "1", f"file://{shop.root}", clone], check=True
    )
    found = aftercare([clone / ".env"], {"A": Secret(ONE)}, detector(), folder=clone)
    assert not found.coverage.complete
    assert "git fetch --unshallow" in render(found)


def test_the_list_is_written_for_its_owner_alone(shop: Repository, tmp_path: Path) -> None:
    shop.write(".env.bak", ONE)
    found = look(shop, remains="tell the team")
    file = tmp_path / "list.txt"
    write(found, file)
    assert file.read_text() == render(found)
    assert "[ ] tell the team\n" in render(found)
    assert file.stat().st_mode & 0o777 == 0o600
    with pytest.raises(UsageError, match="cannot be written"):
        write(found, tmp_path / "none" / "list.txt")


@pytest.mark.prove
def test_thousands_of_commits_take_seconds(repository: Repository) -> None:
    """6,000 commits in one stream for `git fast-import`, with a value in one of them."""
    stream = []
    for number in range(6000):
        text = "".join(f"line {number * 7 + line}\n" for line in range(200))
        text += ONE if number == 3000 else ""
        stream.append(
            f"commit refs/heads/main\ncommitter A <a@b> {1700000000 + number} +0000\ndata 1\nx\n"
            f"M 644 inline f{number % 50}.txt\ndata {len(text)}\n{text}\n"
        )
    subprocess.run(
        ["git", "fast-import", "--quiet"],
        cwd=repository.root,
        input="".join(stream).encode(),
        check=True,
    )
    repository.git("reset", "--quiet", "--hard")
    repository.write(".env", "A=secret:A\n")
    start = time.monotonic()
    found = look(repository, moved={f"KEY_{n}": random_value(n) for n in range(60)})
    assert time.monotonic() - start < 20
    (rotation,) = found.rotations
    assert rotation.key == "KEY_1"
    assert found.coverage.blobs == 6000
