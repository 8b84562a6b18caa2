"""`envguard migrate` for many files, reviewed plans, other backends, and broken-off migrations."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import pytest

from tests.cli.program import call
from tests.cli.terminal import answer
from tests.conftest import Repository
from tests.jobs.project import random_value

ONE, TWO, THREE = (random_value(seed) for seed in (1, 2, 3))
SERVICES = ("services/api/.env", "services/web/.env")
TO = ("--to", "local:")


@pytest.fixture
def shop(repository: Repository) -> Repository:
    repository.write("services/api/.env", f"DB_PASSWORD={ONE}\nAPI_KEY={TWO}\n")
    repository.write("services/web/.env", f"DEBUG=true\nDB_PASSWORD={ONE}\nAPI_KEY={THREE}\n")
    return repository


def text(shop: Repository, name: str) -> str:
    return (shop.root / name).read_text()


def test_services_are_one_plan_with_one_undo(shop: Repository) -> None:
    before = [text(shop, name) for name in SERVICES]
    done = call("migrate", *SERVICES, *TO, "--yes", cwd=shop.root)
    assert done.code == 0, done.err
    for told in (
        "services/api/.env: 2 moved, 0 were there",
        "services/web/.env: 1 moved, 1 were there",
        "3 moved, 1 were there; the files hold references",
        "services/web/.env.example written",
    ):
        assert told in done.err
    assert text(shop, SERVICES[1]) == (
        "DEBUG=true\nDB_PASSWORD=secret:DB_PASSWORD\nAPI_KEY=secret:WEB_API_KEY\n"
    )
    shown = call(
        "run",
        "--env-file",
        ".env",
        "--",
        "sh",
        "-c",
        "echo $API_KEY",
        cwd=shop.root / "services/web",
    )
    assert shown.out.strip() == THREE
    migration = done.err.partition("migrate rollback ")[2].split()[0]
    back = call("migrate", "rollback", migration, cwd=shop.root)
    assert (back.code, [text(shop, name) for name in SERVICES]) == (0, before)
    assert "the backend is as it was, for 3 names" in back.err
    assert call("secrets", "list", cwd=shop.root).out == ""


def test_sharing_is_chosen_by_an_option(shop: Repository) -> None:
    done = call("migrate", *SERVICES, *TO, "--yes", "--no-share", cwd=shop.root)
    assert done.code == 0
    assert "DB_PASSWORD=secret:WEB_DB_PASSWORD\n" in text(shop, SERVICES[1])
    both = call("migrate", *SERVICES, *TO, "--share", "--no-share", cwd=shop.root)
    both.says(2, "exclude each other")


def test_a_plan_is_reviewed_and_applied(shop: Repository) -> None:
    plan = call("migrate", *SERVICES, *TO, "--plan", "--format", "json", cwd=shop.root)
    assert plan.code == 0
    for value in (ONE, TWO, THREE):
        assert value not in plan.out
    shop.write("plan.json", plan.out)
    assert "secret:" not in text(shop, SERVICES[0])
    shop.write("services/web/.env", text(shop, SERVICES[1]) + "X=1\n")
    refused = call("migrate", "--plan-file", "plan.json", "--yes", cwd=shop.root)
    refused.says(2, "services/web/.env has changed", "plan it again")
    shop.write("services/web/.env", text(shop, SERVICES[1]).removesuffix("X=1\n"))
    done = call("migrate", "--plan-file", "plan.json", "--yes", cwd=shop.root)
    assert done.code == 0, done.err
    assert "API_KEY=secret:API_API_KEY" in text(shop, SERVICES[0])
    listed = call("migrate", "list", "--format", "json", cwd=shop.root).report
    assert listed["migrations"][0]["id"] == json.loads(plan.out)["id"]
    again = call("migrate", "--plan-file", "plan.json", "--yes", cwd=shop.root)
    again.says(2, "was applied before")


@pytest.mark.parametrize(
    ("words", "code", "what"),
    [
        (("--plan-file", "none.json"), 2, "none.json cannot be read"),
        (("--plan-file", "services/web/.env"), 2, "is no plan"),
        (("x", "--plan-file", "p"), 2, "a plan names its files itself"),
        (("--from", "local:"), 2, "where to?"),
        (("--from", "local:", "--to", "local:"), 2, "both origin and target"),
        (("resume",), 5, "no migration was interrupted"),
        (("resume", "20200101-000000-abcdef"), 5, "there is no migration"),
        ((".env.example", "--to", "local:"), 2, "is an example"),
    ],
)
def test_a_wrong_call_does_nothing(
    shop: Repository, words: tuple[str, ...], code: int, what: str
) -> None:
    call("secrets", "set", "OTHER", "x" * 9, "--store", "s.db", cwd=shop.root)
    shop.write(".env", "A=1\n")
    before = [text(shop, name) for name in SERVICES]
    call("init", "--yes", cwd=shop.root)
    call("migrate", *words, "--yes", cwd=shop.root).says(code, what)
    assert [text(shop, name) for name in SERVICES] == before


def test_a_store_moves_to_another_one(shop: Repository, tmp_path: Path) -> None:
    other = f"local://{tmp_path}/other.db"
    shop.write(".env", f"A_KEY={ONE}\n")
    assert call("migrate", *TO, "--yes", cwd=shop.root).code == 0
    done = call("migrate", "--from", "local:", "--to", other, "--yes", cwd=shop.root)
    assert done.code == 0, done.err
    assert "A_KEY" in done.out
    assert ONE not in done.out + done.err
    assert text(shop, ".env") == "A_KEY=secret:A_KEY\n"
    assert call("secrets", "list", "--backend", other, cwd=shop.root).out.startswith("A_KEY")
    assert call("run", "--", "sh", "-c", "echo $A_KEY", cwd=shop.root).out == f"{ONE}\n"


def test_each_key_is_asked_for_on_a_terminal(shop: Repository) -> None:
    shop.write(".env", f"A_KEY={ONE}\nB_KEY={TWO}\nDEBUG=yes\n")
    answers = {
        "move A_KEY (secret: named like a secret)? [Y/n/a] ": "n",
        "move B_KEY (secret: named like a secret)? [Y/n/a] ": "",
        "move DEBUG (configuration: a plain setting)? [y/N/a] ": "y",
        "move 2 to local:? [y/N] ": "y",
    }
    code, shown = answer(["migrate", *TO], answers, cwd=shop.root)
    assert code == 0, shown
    assert text(shop, ".env") == f"A_KEY={ONE}\nB_KEY=secret:B_KEY\nDEBUG=secret:DEBUG\n"


def test_sharing_is_asked_for_and_the_proposals_are_taken_at_once(shop: Repository) -> None:
    answers = {
        "services/api/.env: move DB_PASSWORD": "a",
        "hold one value as DB_PASSWORD: keep it as one secret? [Y/n] ": "n",
        "move 4 to local:? [y/N] ": "n",
    }
    code, shown = answer(["migrate", *SERVICES, *TO], answers, cwd=shop.root)
    assert code == 2
    assert "secret:WEB_DB_PASSWORD" in shown
    assert "nothing was moved" in shown
    assert max(map(len, shown.replace("\r", "").split("\n"))) <= 120
    assert "secret:" not in text(shop, SERVICES[0])


def test_what_remains_is_written_to_a_file(shop: Repository) -> None:
    shop.commit()
    done = call("migrate", *SERVICES, *TO, "--yes", "--checklist", "todo.md", cwd=shop.root)
    assert done.code == 1  # the index still holds the values
    left = text(shop, "todo.md")
    assert "[ ] the next commit would hold" in left
    assert (shop.root / "todo.md").stat().st_mode & 0o777 == 0o600
    for value in (ONE, TWO, THREE):
        assert value not in left + done.err


def test_a_compose_file_gets_references(shop: Repository) -> None:
    shop.write(
        "docker-compose.yml",
        "services:\n"
        f"  web:\n    image: x\n    environment:\n      API_KEY: {ONE}\n      DEBUG: 'true'\n"
        f"  db:\n    image: x\n    environment:\n      - POSTGRES_PASSWORD={TWO}\n",
    )
    done = call("migrate", "docker-compose.yml", *TO, "--yes", cwd=shop.root)
    assert done.code in (0, 1), done.err
    edited = text(shop, "docker-compose.yml")
    assert "API_KEY: secret:API_KEY\n" in edited
    assert "- POSTGRES_PASSWORD=secret:POSTGRES_PASSWORD\n" in edited
    assert not (shop.root / "docker-compose.yml.example").exists()
    assert "envguard run" in done.err
    assert sys.platform == "win32" or ONE not in edited


def test_only_files_that_get_an_example_are_told_to_git(shop: Repository) -> None:
    shop.write("config.yml", f"environment:\n  API_KEY: {ONE}\n")
    done = call("migrate", "config.yml", *TO, "--yes", cwd=shop.root)
    assert done.code == 0, done.err
    assert "config.yml.example" not in text(shop, ".gitignore")


def test_a_folder_is_called_a_folder(shop: Repository) -> None:
    done = call("migrate", "services/api", *TO, "--plan", cwd=shop.root)
    done.says(2, "services/api is a folder", "services/api/.env")


def test_a_list_of_what_remains_is_never_an_empty_file(shop: Repository) -> None:
    done = call("migrate", *SERVICES, *TO, "--yes", "--checklist", "todo.md", cwd=shop.root)
    assert done.code == 0, done.err
    assert text(shop, "todo.md") == "nothing remains to be done\n"


@pytest.mark.parametrize(
    ("names", "folder", "words"),
    [
        ((".env",), ".", "run -- COMMAND"),
        (("../.env",), "services", "run -- COMMAND"),
        ((".env", "services/api/.env"), ".", "run -- COMMAND"),
        (("services/api/.env",), ".", "run --env-file services/api/.env -- COMMAND"),
        ((".env",), "services/web", "run --env-file .env -- COMMAND"),
        ((".env.production",), ".", "run --profile production -- COMMAND"),
        (("config.yml",), ".", "run --env-file config.yml -- COMMAND"),
    ],
)
def test_the_next_step_reads_what_was_migrated(
    shop: Repository, names: tuple[str, ...], folder: str, words: str
) -> None:
    for name in (".env", ".env.production"):
        shop.write(name, f"OTHER_KEY={ONE}\n")
    shop.write("config.yml", f"environment:\n  API_KEY: {ONE}\n")
    assert call("init", "--yes", "--no-hook", cwd=shop.root).code == 0
    done = call("migrate", *names, *TO, "--yes", cwd=shop.root / folder)
    assert done.code == 0, done.err
    assert f"next: envguard {words}\n" in done.err.replace("envguard: next", "next")
    step = words.replace("COMMAND", "true").split()
    assert call(*step, cwd=shop.root / folder).code == 0
