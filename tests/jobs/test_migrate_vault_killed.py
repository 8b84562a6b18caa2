"""A migration to Vault whose process is killed at any call of the server loses nothing, and
`migrate resume` ends it."""

from __future__ import annotations

import signal
from collections.abc import Callable
from pathlib import Path
from secrets import token_hex

import pytest

from tests.jobs.moved import VALUES, Shop
from tests.servers.vault import Vault

# Ends itself just before or just after its Nth call, or says at its end how many there were.
KILLED = """
import atexit, os, signal, sys
number, after, calls = int(sys.argv.pop(1)), sys.argv.pop(1) == "after", 0
from envguard.backends.vaultkv.client import VaultClient
call = VaultClient.call

def ended(*given, **more):
    global calls
    calls += 1
    if calls == number and not after:
        os.kill(os.getpid(), signal.SIGKILL)
    answer = call(*given, **more)
    if calls == number:
        os.kill(os.getpid(), signal.SIGKILL)
    return answer

VaultClient.call = ended
atexit.register(lambda: print("calls", calls, file=sys.stderr))
sys.argv[0] = "envguard"
from envguard.cli.main import main
main()
"""


@pytest.fixture(scope="module")
def cache(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The compiled rules, for all of these tests."""
    return tmp_path_factory.mktemp("cache")


def shop(folder: Path, vault: Vault, cache: Path) -> Shop:
    """A project whose .env goes to a path of its own there."""
    own = {"VAULT_ADDR": vault.address, "VAULT_TOKEN": vault.root}
    return Shop(folder, f"vault://secret/killed-{token_hex(6)}", own, cache)


def calls_of(one: Shop) -> int:
    """How many calls a whole migration makes."""
    return int(one.run(KILLED, "0", "before").stderr.split("calls ")[1])


def killed_and_ended(one: Shop, number: int, when: str) -> None:
    assert one.run(KILLED, str(number), when).returncode == -signal.SIGKILL
    one.assert_nothing_is_lost()
    begun = one.envguard("migrate", "list", "--format", "json").report["migrations"]
    one.envguard(*(("migrate", "resume") if begun else one.command))
    one.assert_moved()


def test_killed_at_the_call_that_writes(tmp_path: Path, cache: Path, vault: Vault) -> None:
    one = shop(tmp_path / "whole", vault, cache)
    total = calls_of(one)
    assert one.given() == VALUES and total > 6
    killed_and_ended(shop(tmp_path / "shop", vault, cache), total - 2, "after")


@pytest.mark.prove
@pytest.mark.parametrize("when", ["before", "after"])
def test_killed_at_every_call(
    tmp_path: Path, cache: Path, vault: Vault, figure: Callable[[str], None], when: str
) -> None:
    total = calls_of(shop(tmp_path / "whole", vault, cache))
    for number in range(1, total + 1):
        killed_and_ended(shop(tmp_path / str(number), vault, cache), number, when)
    figure(f"vault: killed at {total} calls, {when} each")
