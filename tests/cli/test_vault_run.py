"""`envguard run` with 100 references to Vault, whose every answer takes 50 ms longer."""

from __future__ import annotations

import time
from pathlib import Path

import pytest

from envguard.core.reference import Reference
from envguard.core.secret import Secret
from envguard.testing.faulty import Faulty, faulty
from tests.backends.vault_world import World
from tests.cli.program import call
from tests.servers.vault import Vault

KEYS = [f"KEY_{number}" for number in range(100)]


def shop(world: World, folder: Path, behind: str) -> None:
    """A project whose 100 keys are in Vault."""
    values = {Reference("secret", key): Secret(f"value of {key}") for key in KEYS}
    world.open(behind).write_all(values, token="t1")
    url = f"vault://secret/{world.path}{behind}"
    (folder / "envguard.toml").write_text(
        f'[project]\nname = "shop"\nid = "shop-1"\n[profiles.dev]\nbackend = "{url}"\n'
    )
    (folder / ".env").write_text("".join(f"{key}=secret:{key}\n" for key in KEYS))
    assert call("trust", "--yes", cwd=folder).code == 0


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


@pytest.mark.prove
@pytest.mark.parametrize("behind", ["", "?layout=each"])
def test_100_references_at_a_service_50_ms_away_take_less_than_600_ms(
    vault: Vault, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, behind: str
) -> None:
    monkeypatch.delenv("PYTHONDONTWRITEBYTECODE", raising=False)
    world = World(vault, tmp_path)
    shop(world, tmp_path, behind)
    with faulty(vault.address) as proxy:
        proxy.delay = 0.05
        took = []
        for _ in range(8):  # the first one compiles
            before = time.perf_counter()
            done = call("run", "--", "true", cwd=tmp_path, env=environ(world, proxy))
            took.append(time.perf_counter() - before)
            assert done.code == 0, done.err
    assert min(took) < 0.6, took
