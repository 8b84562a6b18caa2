"""A migration to Vault whose process is killed at any call of the server loses nothing, and
`migrate resume` ends it."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from secrets import token_hex

import dotenv
import pytest

from tests.cli.program import Done, call
from tests.jobs.project import random_value
from tests.servers.vault import Vault

VALUES = {f"KEY_{number}": random_value(number) for number in range(4)}
TEXT = "".join(f"{key}='{value}'\n" for key, value in VALUES.items())
MOVED = {key: f"secret:{key}" for key in VALUES}

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


class Shop:
    """A project whose .env goes to Vault, in a home with a key for its backups."""

    def __init__(self, folder: Path, vault: Vault, cache: Path) -> None:
        folder.mkdir()
        self.folder, self.env = folder, folder / ".env"
        own = {"VAULT_ADDR": vault.address, "VAULT_TOKEN": vault.root}
        self.environ = {**own, "HOME": str(folder), "XDG_CACHE_HOME": str(cache)}
        url = f"vault://secret/killed-{token_hex(6)}"
        self.command = ("migrate", "--all", "--yes", "--to", url)
        self.envguard("init", "--yes", "--name", "shop")
        self.envguard("secrets", "key", "new", "--backend", "local:")
        self.env.write_text(TEXT)

    def envguard(self, *words: str) -> Done:
        done = call(*words, cwd=self.folder, env=self.environ)
        assert done.code == 0, done.err
        return done

    def killed(self, number: int, when: str = "before") -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, "-c", KILLED, str(number), when, *self.command],
            cwd=self.folder,
            env={**os.environ, **self.environ},
            capture_output=True,
            text=True,
            check=False,
        )

    def given(self) -> object:
        return self.envguard("export", "--format", "json").report


def killed_and_ended(shop: Shop, number: int, when: str) -> None:
    assert shop.killed(number, when).returncode == -signal.SIGKILL
    read = dotenv.dotenv_values(shop.env)
    assert read in (VALUES, MOVED)
    if read == MOVED:
        assert shop.given() == VALUES
    begun = shop.envguard("migrate", "list", "--format", "json").report["migrations"]
    shop.envguard(*(("migrate", "resume") if begun else shop.command))
    assert dotenv.dotenv_values(shop.env) == MOVED
    assert shop.given() == VALUES


def test_killed_at_the_call_that_writes(tmp_path: Path, cache: Path, vault: Vault) -> None:
    shop = Shop(tmp_path / "whole", vault, cache)
    total = int(shop.killed(0).stderr.split("calls ")[1])
    assert shop.given() == VALUES and total > 6
    killed_and_ended(Shop(tmp_path / "shop", vault, cache), total - 2, "after")


@pytest.mark.prove
@pytest.mark.parametrize("when", ["before", "after"])
def test_killed_at_every_call(
    tmp_path: Path, cache: Path, vault: Vault, figure: Callable[[str], None], when: str
) -> None:
    total = int(Shop(tmp_path / "whole", vault, cache).killed(0).stderr.split("calls ")[1])
    for number in range(1, total + 1):
        killed_and_ended(Shop(tmp_path / str(number), vault, cache), number, when)
    figure(f"vault: killed at {total} calls, {when} each")
