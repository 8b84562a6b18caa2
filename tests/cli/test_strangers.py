"""What somebody runs into who does not know the program: each time it says what is the matter."""

from __future__ import annotations

import fcntl
import os
import subprocess
from pathlib import Path

import pytest
import tomlkit

from tests.cli.program import PROGRAM, call
from tests.cli.terminal import answer
from tests.conftest import Repository
from tests.jobs.project import random_value

ONE, TWO = random_value(1), random_value(2)
MIGRATE = ("migrate", ".env", "--to", "local:", "--yes")
LETTERS = "kqzjwvhxbfpdmtgrlsncykqzjwvhxb"


@pytest.fixture
def shop(repository: Repository) -> Repository:
    repository.write(".env", f"DEBUG=true\nAPI_KEY={ONE}\n")
    return repository


def migrated(shop: Repository, *words: str) -> str:
    """Migrates; the id of the migration."""
    done = call(*(words or MIGRATE), cwd=shop.root)
    assert done.code == 0, done.err
    return done.err.partition("migrate rollback ")[2].split()[0]


def test_a_folder_with_a_env_of_its_own_is_told_which_one_is_read(shop: Repository) -> None:
    migrated(shop)
    inner = shop.write("web/.env", "DEBUG=false\n")
    run = ("run", "--", "sh", "-c", "echo $DEBUG")
    done = call(*run, cwd=inner.parent)
    assert done.out == "true\n"
    assert f"reading {shop.root}/.env, not {inner}" in done.err
    assert "--env-file .env" in done.err
    assert call("-q", *run, cwd=inner.parent).err == ""
    assert call(*run, cwd=shop.root).err == ""
    chosen = call("run", "--env-file", ".env", "--", "sh", "-c", "echo $DEBUG", cwd=inner.parent)
    assert (chosen.out, chosen.err) == ("false\n", "")


def test_every_problem_of_a_backend_is_in_one_error(shop: Repository) -> None:
    migrated(shop)
    shop.write(
        ".env", "A=secret:API_KEY#field\nB=secret:NONE\nC=secret:API_KEY@new\nD=secret:\nE=1\n"
    )
    done = call("run", "--", "true", cwd=shop.root)
    done.says(
        125,
        "D (",
        "secret: names no secret",
        "A: secret:API_KEY is no JSON object",
        "B: there is no secret:NONE",
        "C: secret:API_KEY@new names no version",
    )


def test_a_store_that_is_gone_is_not_an_empty_one(shop: Repository, own_world: Path) -> None:
    migrated(shop)
    for file in (own_world / ".local/share/envguard").glob("store.db*"):
        file.unlink()
    for words in (("secrets", "get", "API_KEY"), ("secrets", "list")):
        call(*words, cwd=shop.root).says(4, "is gone, and its key", "put a backup of store.db back")
    call("run", "--", "true", cwd=shop.root).says(125, "is gone, and its key")


def test_a_value_that_is_built_from_others_is_told_with_what_to_do(shop: Repository) -> None:
    shop.write(".env", f"PORT=1\nAPI_SECRET={ONE}${{PORT}}\n")
    done = call(*MIGRATE, "--checklist", "todo.txt", cwd=shop.root)
    assert done.code == 0
    told = (shop.root / "todo.txt").read_text()
    for text in (done.err, told):
        assert "API_SECRET stays there" in text
        assert "built from ${PORT}: write its value out, then: envguard migrate" in text
        assert "--only API_SECRET" in text
        assert ONE not in text


def test_a_doubtful_value_is_named_and_asked_about(shop: Repository) -> None:
    shop.write(".env", f"UPSTREAM={LETTERS}\nAPI_KEY={ONE}\n")
    plan = call("migrate", ".env", "--to", "local:", "--plan", cwd=shop.root)
    assert "unsure: looks like it could be a" in plan.out
    done = call(*MIGRATE, cwd=shop.root)
    assert "UPSTREAM looks like it could be a secret: envguard migrate" in done.err
    assert f"UPSTREAM={LETTERS}\n" in (shop.root / ".env").read_text()
    assert LETTERS not in (shop.root / ".env.example").read_text()
    code, shown = answer(
        ["migrate", ".env", "--to", "local:"], {"UPSTREAM (unsure": "", "[y/N]": "y"}, cwd=shop.root
    )
    assert code == 0, shown
    assert "y: move it, n: leave it, a: this one and all the rest as proposed" in shown
    assert "UPSTREAM=secret:UPSTREAM\n" in (shop.root / ".env").read_text()


def test_two_migrations_of_one_file_wait_for_each_other(shop: Repository) -> None:
    before = (shop.root / ".env").read_bytes()
    both = [
        subprocess.Popen([PROGRAM, *MIGRATE], cwd=shop.root, stderr=subprocess.PIPE, text=True)
        for _ in range(2)
    ]
    told = [process.communicate()[1] for process in both]
    codes = sorted(process.returncode for process in both)
    # The second one has seen the files before, while or after the first wrote them.
    assert codes in ([0, 0], [0, 2]), told
    if codes == [0, 2]:
        changed = ("has changed since it was read", "was written just now, by another command")
        assert any(reason in text for text in told for reason in changed), told
    first = next(text for text in told if "migrate rollback " in text)
    assert (shop.root / ".env").read_text() == "DEBUG=true\nAPI_KEY=secret:API_KEY\n"
    back = call(
        "migrate", "rollback", first.partition("migrate rollback ")[2].split()[0], cwd=shop.root
    )
    assert (back.code, (shop.root / ".env").read_bytes()) == (0, before), back.err


def test_a_migration_under_way_keeps_others_out(
    shop: Repository, own_world: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from envguard.core.config import Settings
    from envguard.core.errors import UsageError
    from envguard.jobs.migrate import journals

    folder = own_world / ".local/share/envguard"
    folder.mkdir(parents=True, mode=0o700)
    descriptor = os.open(folder / "migrate.lock", os.O_RDWR | os.O_CREAT, 0o600)
    fcntl.flock(descriptor, fcntl.LOCK_EX)
    monkeypatch.setattr(journals, "_PATIENCE", 0.1)
    settings = Settings.of(os.environ)
    with (
        pytest.raises(UsageError, match="another migration is under way"),
        journals.alone(settings),
    ):
        pass
    os.close(descriptor)
    with journals.alone(settings):
        pass


def test_a_migration_that_was_taken_back_is_not_resumed(shop: Repository) -> None:
    migration = migrated(shop)
    assert call("migrate", "rollback", migration, cwd=shop.root).code == 0
    call("migrate", "resume", migration, cwd=shop.root).says(2, "was rolled back", "migrate again")


@pytest.mark.parametrize(
    "words", [("scan", "--format", "xml"), ("migrate", "--dialect", "perl"), ("run", "--dialect=x")]
)
def test_a_wrong_choice_is_named_without_noise(words: tuple[str, ...], tmp_path: Path) -> None:
    done = call(*words, cwd=tmp_path)
    assert done.code in (2, 125)
    assert "is not one of" in done.err
    assert "Value error" not in done.err


def test_another_name_of_a_env_is_to_be_ignored_by_a_command(repository: Repository) -> None:
    repository.write("prod.settings", f"API_KEY={ONE}\n")
    done = call("migrate", "prod.settings", "--to", "local:", "--yes", cwd=repository.root)
    command = "echo /prod.settings >>.gitignore"
    assert command in done.err
    repository.root.joinpath(".gitignore").write_text("/prod.settings\n")
    assert repository.git("check-ignore", "prod.settings") == "prod.settings"


def test_the_list_gives_the_next_step_of_what_was_interrupted(
    shop: Repository, own_world: Path
) -> None:
    migration = migrated(shop)
    assert "resume" not in call("migrate", "list", cwd=shop.root).err
    record = own_world / f".local/share/envguard/journal/{migration}.json"
    record.write_text(record.read_text().replace('"done"', '"written"'))
    done = call("migrate", "list", cwd=shop.root)
    assert f"to finish it: envguard migrate resume {migration}" in done.err


def test_a_rollback_of_many_files_is_one_line(repository: Repository) -> None:
    files = [f"services/s{n}/.env" for n in range(3)]
    for number, name in enumerate(files):
        repository.write(name, f"API_KEY={random_value(number)}\n")
    migration = migrated(repository, "migrate", *files, "--to", "local:", "--yes")
    done = call("migrate", "rollback", migration, cwd=repository.root)
    assert "3 files are as they were" in done.err
    assert "services/s1/.env is as it was" not in done.err
    migration = migrated(repository, "migrate", *files, "--to", "local:", "--yes")
    done = call("-v", "migrate", "rollback", migration, cwd=repository.root)
    assert "services/s1/.env is as it was" in done.err


def test_a_rollback_gives_back_what_the_migration_made(shop: Repository) -> None:
    shop.write(".gitignore", "*.pyc\n")
    before = {p.name: p.read_bytes() for p in shop.root.iterdir() if p.is_file()}
    migration = migrated(shop)
    assert {p.name for p in shop.root.iterdir() if p.is_file()} > set(before)
    done = call("migrate", "rollback", migration, cwd=shop.root)
    assert done.code == 0, done.err
    assert {p.name: p.read_bytes() for p in shop.root.iterdir() if p.is_file()} == before
    assert "as before, or removed again: envguard.toml, .gitignore, .env.example" in done.err
    # And again.
    assert call("migrate", "rollback", migration, cwd=shop.root).code == 0
    migrated(shop)


def test_a_rollback_keeps_what_was_changed_or_is_needed(shop: Repository) -> None:
    migration = migrated(shop)
    example = shop.root / ".env.example"
    example.write_text(example.read_text() + "MINE=1\n")
    assert call("secrets", "set", "OTHER", "value", cwd=shop.root).code == 0
    done = call("migrate", "rollback", migration, cwd=shop.root)
    assert done.code == 0
    assert f"{example} was changed since, and stays" in done.err
    assert "envguard.toml stays: the backend holds more of this project" in done.err
    assert example.read_text().endswith("MINE=1\n")
    assert call("secrets", "get", "OTHER", cwd=shop.root).code == 0


def test_a_rollback_leaves_what_another_migration_needs(shop: Repository) -> None:
    migration = migrated(shop)
    shop.write(".env.test", f"TEST_KEY={TWO}\n")
    other = migrated(shop, "migrate", ".env.test", "--to", "local:", "--yes")
    done = call("migrate", "rollback", migration, cwd=shop.root)
    assert "envguard.toml stays" in done.err or "envguard.toml was changed since" in done.err
    assert call("migrate", "rollback", other, cwd=shop.root).code == 0
    assert (shop.root / ".env.test").read_text() == f"TEST_KEY={TWO}\n"


def test_a_declared_dialect_counts_for_every_command(shop: Repository) -> None:
    """`a#b` is `a` for node, and backticks are quotes."""
    shop.write(".env", f"NAME=a#b\nAPI_KEY=`{ONE}` # ours\n")
    migrated(shop, *MIGRATE, "--dialect", "node")
    assert (shop.root / ".env").read_text() == "NAME=a#b\nAPI_KEY=`secret:API_KEY` # ours\n"
    assert (shop.root / ".env.example").read_text() == (shop.root / ".env").read_text()
    see = ("--", "sh", "-c", 'echo "$NAME $API_KEY"')
    assert call("run", "--dialect", "node", *see, cwd=shop.root).out == f"a {ONE}\n"
    config = shop.root / "envguard.toml"
    whole = tomlkit.parse(config.read_text())
    whole.setdefault("profiles", {}).setdefault("dev", {})["dialect"] = "node"
    config.write_text(whole.as_string())
    assert call("run", *see, cwd=shop.root).out == f"a {ONE}\n"
    assert call("example", "--check", cwd=shop.root).code == 0
    shop.write("more.env", f"MORE=`{TWO}`\n")
    assert call("secrets", "import", "more.env", cwd=shop.root).code == 0
    assert call("secrets", "get", "--reveal", "MORE", cwd=shop.root).out == TWO
    config.write_text(config.read_text().replace('"node"', '"perl"'))
    call("run", *see, cwd=shop.root).says(125, "profiles.dev.dialect is one of python, node")


def test_the_next_step_names_the_dialect(shop: Repository) -> None:
    done = call(*MIGRATE, "--dialect", "compose", cwd=shop.root)
    assert "next: envguard run --dialect compose -- COMMAND" in done.err
    assert 'dialect = "compose" under [profiles.dev]' in done.err
