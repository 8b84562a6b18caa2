"""A migration to AWS that is killed at any call loses nothing, and the same command ends it."""

from __future__ import annotations

import signal
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.jobs.moved import BEFORE, VALUES, Shop
from tests.jobs.test_migrate_killed import KILLED
from tests.servers.moto import Caller

# The server ends each connection after its answer, so that this is before each call of AWS, too.
KILLED_AT_CALLS = KILLED.replace('"os.link"', '"os.link", "socket.connect"')
JSON, EACH, SSM = "aws://eu-west-1/{}", "aws://eu-west-1/{}?layout=each", "aws-ssm://eu-west-1/{}"


@pytest.fixture(scope="module")
def cache(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The compiled rules, for all of these tests."""
    return tmp_path_factory.mktemp("cache")


def shop(folder: Path, caller: Caller, url: str, cache: Path) -> Shop:
    """A project whose .env goes to a place of its own there."""
    return Shop(folder, url.format(f"{caller.key}/{folder.name}"), caller.environ(), cache)


def kill_at_calls(folder: Path, cache: Path, caller: Caller, url: str) -> int:
    """Kills at every call; returns how many times that was before the end."""
    for name in ("first", "whole"):  # the first one also fills the cache
        done = shop(folder / name, caller, url, cache).run(KILLED_AT_CALLS, str(10**6))
        assert done.returncode == 0, done.stderr
    total = int(done.stderr.split("calls ")[1])
    for number in range(1, total + 1):
        killed_and_ended(shop(folder / str(number), caller, url, cache), number)
    return total


def killed_and_ended(one: Shop, number: int) -> None:
    assert one.run(KILLED_AT_CALLS, str(number)).returncode == -signal.SIGKILL
    one.assert_nothing_is_lost()
    one.envguard(*one.command)
    one.assert_moved()


def test_killed_at_one_call(tmp_path: Path, cache: Path, aws: str) -> None:
    killed_and_ended(shop(tmp_path / "shop", Caller(aws), JSON, cache), 40)


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
    one = shop(tmp_path / "shop", Caller(aws), url, cache)
    one.envguard(*one.command)
    assert one.given() == VALUES
    (migration,) = one.envguard("migrate", "list", "--format", "json").report["migrations"]
    one.envguard("migrate", "rollback", migration["id"])
    assert one.env.read_text() == BEFORE
    listed = one.envguard("secrets", "list", "--backend", one.url, "--format", "json")
    assert listed.report["secrets"] == []


def test_a_service_that_fails_in_between_leaves_the_file(
    tmp_path: Path, cache: Path, aws: str
) -> None:
    caller = Caller(aws)
    one = shop(tmp_path / "shop", caller, JSON, cache)
    command = one.command
    for fault in ("denied", "cut", "broken"):
        caller.faults({"kind": fault, "action": "CreateSecret"})
        one.envguard(*command, code=4)
        assert one.env.read_text() == BEFORE
        command = ("migrate", "resume")
    caller.faults()
    one.envguard(*command)
    assert one.given() == VALUES
