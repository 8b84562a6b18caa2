"""`envguard run` with 100 references to AWS are as few calls as it allows."""

from __future__ import annotations

from pathlib import Path

import pytest

from envguard.core.reference import Reference
from envguard.core.secret import Secret
from tests.backends.aws_world import REGION, World
from tests.cli.program import call
from tests.cli.referring import KEYS, referring


@pytest.fixture
def world(aws: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> World:
    return World(aws, tmp_path, monkeypatch)


def shop(world: World, folder: Path, layout: str) -> None:
    """A project whose 100 keys are in AWS."""
    values = {Reference("secret", key): Secret(f"value of {key}") for key in KEYS}
    world.open(layout).write_all(values, token="t1")
    url = f"aws://{REGION}/{world.prefix}{layout}"
    referring(folder, url, KEYS)
    world.caller.calls()


@pytest.mark.parametrize(
    ("layout", "calls"),
    [("", ["GetSecretValue"]), ("?layout=each", ["BatchGetSecretValue"] * 5)],
)
def test_100_references_are_as_few_calls_as_aws_allows(
    world: World, tmp_path: Path, layout: str, calls: list[str]
) -> None:
    shop(world, tmp_path, layout)
    done = call("run", "--", "env", cwd=tmp_path)
    assert done.code == 0, done.err
    assert {f"{key}=value of {key}" for key in KEYS} <= set(done.out.splitlines())
    assert world.caller.calls() == calls
