"""`envguard run` with 100 references to Vault are as few calls as it allows."""

from __future__ import annotations

from pathlib import Path

import pytest

from envguard.core.reference import Reference
from envguard.core.secret import Secret
from envguard.testing.faulty import Faulty, faulty
from tests.backends.vault_world import World
from tests.cli.program import call
from tests.cli.referring import KEYS, referring
from tests.servers.vault import Vault


def shop(world: World, folder: Path, behind: str) -> None:
    """A project whose 100 keys are in Vault."""
    values = {Reference("secret", key): Secret(f"value of {key}") for key in KEYS}
    world.open(behind).write_all(values, token="t1")
    url = f"vault://secret/{world.path}{behind}"
    referring(folder, url, KEYS)


def environ(world: World, proxy: Faulty) -> dict[str, str]:
    return {"VAULT_ADDR": proxy.url, "VAULT_TOKEN": world.vault.root}


@pytest.mark.parametrize(
    ("behind", "calls"), [("", 2), ("?kv=2", 1), ("?layout=each", 101), ("?layout=each&kv=2", 100)]
)
def test_100_references_are_one_call_for_each_secret(
    vault: Vault, tmp_path: Path, behind: str, calls: int
) -> None:
    world = World(vault, tmp_path)
    shop(world, tmp_path, behind)
    with faulty(vault.address) as proxy:
        done = call("run", "--", "env", cwd=tmp_path, env=environ(world, proxy))
        assert done.code == 0, done.err
        assert {f"{key}=value of {key}" for key in KEYS} <= set(done.out.splitlines())
        assert len(proxy.calls) == calls
