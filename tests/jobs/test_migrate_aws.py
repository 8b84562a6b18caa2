"""A migration to AWS that is killed at any call loses nothing, and the same command ends it."""

from __future__ import annotations

import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import dotenv
import pytest

from tests.cli.program import Done, call
from tests.jobs.project import random_value
from tests.jobs.test_migrate_killed import KILLED
from tests.servers.moto import Caller

VALUES = {f"KEY_{number}": random_value(number) for number in range(4)}
TEXT = "".join(f"{key}='{value}'\n" for key, value in VALUES.items())
# The server ends each connection after its answer, so that this is before each call of AWS, too.
KILLED_AT_CALLS = KILLED.replace('"os.link"', '"os.link", "socket.connect"')
JSON, EACH, SSM = "aws://eu-west-1/{}", "aws://eu-west-1/{}?layout=each", "aws-ssm://eu-west-1/{}"


@pytest.fixture(scope="module")
def cache(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The compiled rules, for all of these tests."""
    return tmp_path_factory.mktemp("cache")


class Shop:
    """A project whose .env goes to AWS, in a home with a key for its backups."""

    def __init__(self, folder: Path, caller: Caller, url: str, cache: Path) -> None:
        self.folder = folder
        folder.mkdir()
        self.environ = {**caller.environ(), "HOME": str(folder), "XDG_CACHE_HOME": str(cache)}
        self.url = url.format(f"{caller.key}/{folder.name}")
        self.command = ("migrate", "--all", "--yes", "--to", self.url)
        self.env = folder / ".env"
        self.envguard("init", "--yes", "--name", "shop")
        self.envguard("secrets", "key", "new", "--backend", "local:")
        self.env.write_text(TEXT)

    def envguard(self, *words: str, code: int = 0) -> Done:
        done = call(*words, cwd=self.folder, env=self.environ)
        assert done.code == code, done.err
        return done

    def killed_at(self, number: int) -> subprocess.CompletedProcess[str]:
        import os

        return subprocess.run(
            [sys.executable, "-c", KILLED_AT_CALLS, str(number), *self.command],
            cwd=self.folder,
            env={**os.environ, **self.environ},
            capture_output=True,
            text=True,
            check=False,
        )

    def given(self) -> object:
        return self.envguard("export", "--format", "json").report

    def nothing_is_lost(self) -> None:
        read = dotenv.dotenv_values(self.env)
        if read != VALUES:
            assert read == {key: f"secret:{key}" for key in VALUES}
            assert self.given() == VALUES


def kill_at_calls(folder: Path, cache: Path, caller: Caller, url: str) -> int:
    """Kills at every call; returns how many times that was before the end."""
    for name in ("first", "whole"):  # the first one also fills the cache
        done = Shop(folder / name, caller, url, cache).killed_at(10**6)
        assert done.returncode == 0, done.stderr
    total = int(done.stderr.split("calls ")[1])
    for number in range(1, total + 1):
        killed_and_ended(Shop(folder / str(number), caller, url, cache), number)
    return total


def killed_and_ended(shop: Shop, number: int) -> None:
    assert shop.killed_at(number).returncode == -signal.SIGKILL
    shop.nothing_is_lost()
    shop.envguard(*shop.command)
    assert dotenv.dotenv_values(shop.env) == {key: f"secret:{key}" for key in VALUES}
    assert shop.given() == VALUES


def test_killed_at_one_call(tmp_path: Path, cache: Path, aws: str) -> None:
    killed_and_ended(Shop(tmp_path / "shop", Caller(aws), JSON, cache), 40)


@pytest.mark.prove
@pytest.mark.timeout(1800)
@pytest.mark.parametrize("url", [JSON, EACH, SSM])
def test_killed_at_every_call(
    tmp_path: Path, cache: Path, aws: str, figure: Callable[[str], None], url: str
) -> None:
    count = kill_at_calls(tmp_path, cache, Caller(aws), url)
    figure(f"{url}: killed at {count} calls")
    assert count > 40


@pytest.mark.parametrize(
    "url", [JSON, *(pytest.param(u, marks=pytest.mark.prove) for u in (EACH, SSM))]
)
def test_a_migration_to_aws_is_taken_back(tmp_path: Path, cache: Path, aws: str, url: str) -> None:
    shop = Shop(tmp_path / "shop", Caller(aws), url, cache)
    shop.envguard(*shop.command)
    assert shop.given() == VALUES
    (migration,) = shop.envguard("migrate", "list", "--format", "json").report["migrations"]
    shop.envguard("migrate", "rollback", migration["id"])
    assert shop.env.read_text() == TEXT
    listed = shop.envguard("secrets", "list", "--backend", shop.url, "--format", "json")
    assert listed.report["secrets"] == []


def test_a_service_that_fails_in_between_leaves_the_file(
    tmp_path: Path, cache: Path, aws: str
) -> None:
    caller = Caller(aws)
    shop = Shop(tmp_path / "shop", caller, JSON, cache)
    command = shop.command
    for fault in ("denied", "cut", "broken"):
        caller.faults({"kind": fault, "action": "CreateSecret"})
        shop.envguard(*command, code=4)
        assert shop.env.read_text() == TEXT
        command = ("migrate", "resume")
    caller.faults()
    shop.envguard(*command)
    assert shop.given() == VALUES
