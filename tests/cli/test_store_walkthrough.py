"""A small team's whole way with a store of its own, as it is typed."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.cli.program import Done, call
from tests.jobs.project import random_value
from tests.store.expire import expire

TOKEN, DATABASE, KEY = (random_value(number, 24) for number in (1, 2, 3))
HOOK, SMTP = random_value(4, 24), random_value(5, 24)

CONFIG = """
environment:
  API_KEY: secret:API_KEY
  HOME_FOLDER: env:HOME
  NOTE: file:note.txt
  MODE: plain text
"""
SHOW = "import os; print(*(os.environ.get(k) for k in ('API_KEY', 'NOTE', 'MODE')), sep='|')"
PROGRAM = """
import sys
from envguard import SecretsService
from envguard.core.errors import ExpiredError
service = SecretsService(org_id="my-org", path=sys.argv[1])
service.set(name="CERT", value="c", description="web", category="credential", expires_at="1d")
assert [(row.name, row.category) for row in service.list()] == [("CERT", "credential")]
service.set(name="OLD", value="o", expires_at="2020-01-01")
try:
    service.get("OLD")
except ExpiredError:
    print("expired")
service.rotate_key("new-master-key")
print(service.get("CERT"))
print([line.action for line in service.audit(type="secret.create")])
service.delete("CERT")
print(service.exists("CERT"))
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    place = tmp_path / "shop"
    place.mkdir()
    return place


def test_the_walk_through(folder: Path, tmp_path: Path) -> None:
    def secrets(*words: str, stdin: bytes = b"", env: dict[str, str] | None = None) -> Done:
        return call("secrets", "-f", "team.db", *words, cwd=folder, stdin=stdin, env=env)

    # Three values, each in another way.
    assert secrets("set", "TELEGRAM_BOT_TOKEN", TOKEN).code == 0
    assert secrets("set", "DATABASE_PASSWORD", stdin=f"{DATABASE}\n".encode()).code == 0
    assert secrets("set", "API_KEY", KEY, "--category", "api_key").code == 0
    # Two from the environment, without the prefix.
    given = {"SECRET_SLACK_WEBHOOK": HOOK, "SECRET_SMTP_PASSWORD": SMTP}
    assert secrets("import", "--prefix", "SECRET_", env=given).err.startswith("2 written")
    # Masked, listed, there, gone.
    masked = secrets("get", "API_KEY")
    assert KEY not in masked.out
    assert "***" in masked.out
    assert secrets("get", "API_KEY", "--reveal").out == KEY
    names = [row["name"] for row in secrets("list", "--format", "json").report["secrets"]]
    assert names == [
        *("API_KEY", "DATABASE_PASSWORD", "SLACK_WEBHOOK", "SMTP_PASSWORD", "TELEGRAM_BOT_TOKEN"),
    ]
    assert secrets("exists", "SMTP_PASSWORD").code == 0
    assert secrets("delete", "SMTP_PASSWORD", "--yes").code == 0
    assert secrets("exists", "SMTP_PASSWORD").code == 5

    # A program gets them from a config.yml.
    (folder / "config.yml").write_text(CONFIG)
    (folder / "note.txt").write_text("a note\n")
    (folder / "envguard.toml").write_text(
        f'[project]\nname = "shop"\nid = "shop-1"\n[profiles.dev]\n'
        f'backend = "local://{folder}/team.db"\n'
    )

    def run() -> str:
        words = ("run", "--env-file", "config.yml", "--", sys.executable, "-c", SHOW)
        done = call(*words, cwd=folder)
        assert done.code == 0, done.err
        return done.out.strip()

    # Of a store by its path, a project sees its own namespace.
    assert call("trust", "--yes", "--env-file", "config.yml", ".", cwd=folder).code == 0
    assert call("secrets", "set", "API_KEY", KEY, cwd=folder).code == 0
    assert run() == f"{KEY}|a note|plain text"
    # A new value, and the next run has it.
    assert call("rotate", "API_KEY", cwd=folder, stdin=b"rotated\n").code == 0
    assert run() == "rotated|a note|plain text"

    # A backup, a lost store, and the store is back.
    (tmp_path / "phrase").write_text("correct horse battery staple\n")
    phrase = ("--passphrase-file", str(tmp_path / "phrase"))
    assert secrets("backup", "team.backup", *phrase).code == 0
    for file in folder.glob("team.db*"):
        file.unlink()
    lost = secrets("get", "API_KEY", "--reveal")
    assert lost.code in (4, 5)
    assert secrets("restore", "team.backup", *phrase, "--yes").code == 0
    assert secrets("get", "API_KEY", "--reveal").out == KEY
    assert run() == "rotated|a note|plain text"

    # A second user gets the key.
    assert secrets("key", "export", "-o", "handed").code == 0
    assert (folder / "handed").stat().st_mode & 0o777 == 0o600
    there = tmp_path / "second"
    there.mkdir()
    os.rename(folder / "team.db", there / "team.db")  # noqa: PTH104 - it is copied by somebody
    theirs = ("secrets", "-f", "team.db")
    assert call(*theirs, "get", "API_KEY", cwd=there).code == 4
    handed = (folder / "handed").read_bytes()
    assert call(*theirs, "key", "import", cwd=there, stdin=handed).code == 0
    assert call(*theirs, "get", "API_KEY", "--reveal", cwd=there).out == KEY
    # What was done is in the trail, and the trail is whole.
    assert call("audit", "verify", "-f", "team.db", cwd=there).code == 0
    actions = call("audit", "log", "-f", "team.db", "--format", "jsonl", cwd=there).out
    for action in ("secret.create", "secret.delete", '"run"', "rotate.update", "store.restore"):
        assert action in actions
    for value in (TOKEN, DATABASE, KEY, HOOK, SMTP):
        assert value not in actions


def test_an_expired_secret_stops_the_run(folder: Path) -> None:
    (folder / "envguard.toml").write_text('[project]\nname = "shop"\nid = "shop-1"\n')
    assert call("trust", "--yes", ".", cwd=folder).code == 0
    assert call("secrets", "set", "API_KEY", KEY, cwd=folder).code == 0
    (folder / ".env").write_text("API_KEY=secret:API_KEY\n")
    store = Path(os.environ["HOME"], ".local/share/envguard/store.db")
    key = Path(os.environ["HOME"], ".config/envguard/store.key")
    expire(store, "API_KEY", "shop-1", key)
    words = ("--", sys.executable, "-c", "import os; print(os.environ['API_KEY'])")
    done = call("run", *words, cwd=folder)
    done.says(125, "[expired]", "API_KEY has expired")
    assert call("run", "--allow-expired", *words, cwd=folder).out == f"{KEY}\n"


def test_the_same_as_a_program(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM, str(tmp_path / "own.db")],
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout.splitlines() == [
        "expired",
        "c",
        "['secret.create', 'secret.create']",
        "False",
    ]
