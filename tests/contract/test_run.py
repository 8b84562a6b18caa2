"""`envguard run` with each service: its values, and what is said where there are none."""

from __future__ import annotations

import json
import math
import os
import sys
import time
from collections.abc import Callable
from contextlib import AbstractContextManager
from pathlib import Path

import pytest

from envguard.core.backend import Batch
from envguard.core.secret import Secret
from envguard.testing.contract import Home
from envguard.testing.faulty import Fault, Faulty, faulty
from tests.cli.program import Done, call
from tests.contract.homes import HOMES

SERVICES = [
    *("aws", "aws-each", "aws-ssm", "gcp", "gcp-json", "vault", "vault-each"),
    *("kubernetes", "kubernetes-each", "azure", "azure-json"),
]
ONE_OF_EACH = pytest.mark.parametrize(
    "home", ["aws", "aws-ssm", "gcp", "vault", "kubernetes", "azure"], indirect=True
)
SHOW = (
    "import json, os\n"
    "print(json.dumps({k: v for k, v in os.environ.items() if k.startswith('KEY_')}))"
)
DELAY = 0.05  # seconds that each answer takes longer


@pytest.fixture(params=SERVICES)
def home(request: pytest.FixtureRequest, tmp_path: Path) -> Home:
    return HOMES[request.param](request, tmp_path)


def written(home: Home, **values: str) -> None:
    backend = home.open()
    secrets = {backend.locate(key): Secret(text) for key, text in values.items()}
    if isinstance(backend, Batch):
        backend.write_all(secrets, token="t1")
    else:
        for ref, value in secrets.items():
            backend.write(ref, value, token="t1")


def proxy(home: Home) -> AbstractContextManager[Faulty]:
    """What stands before the service; with TLS where its clients want nothing else."""
    azure = getattr(home, "azure", None)
    return faulty(home.endpoint, None if azure is None else azure.folder / "server.pem")


def run(home: Home, folder: Path, endpoint: str, *keys: str) -> Done:
    """Runs a program that shows its keys, in a project of its own with this backend."""
    url, environ = home.program(endpoint)
    project = folder / "project"
    project.mkdir(exist_ok=True)
    (project / "envguard.toml").write_text(f'[profiles.dev]\nbackend = "{url}"\n')
    (project / ".env").write_text("".join(f"{key}=secret:{key}\n" for key in keys))
    words = ("run", "--trust", "--", sys.executable, "-c", SHOW)
    own = {"PATH": "/usr/bin:/bin", "HOME": str(folder), **environ}
    return call(*words, cwd=project, env=own)


def test_a_program_gets_the_values_of_a_service(home: Home, tmp_path: Path) -> None:
    values = {"KEY_A": "ünïcödé 🔑", "KEY_B": "two\nlines\n", "KEY_C": "secret:KEY_A"}
    written(home, **values)
    with proxy(home) as through:
        done = run(home, tmp_path, through.url, *values)
        assert (done.code, done.err) == (0, "")
        assert json.loads(done.out) == values


@ONE_OF_EACH
def test_without_one_of_its_values_no_program_is_started(home: Home, tmp_path: Path) -> None:
    written(home, KEY_A="kanarienvogel")
    with proxy(home) as through:
        done = run(home, tmp_path, through.url, "KEY_A", "KEY_NONE")
    done.says(125, "KEY_NONE")
    assert "kanarienvogel" not in done.out + done.err


@ONE_OF_EACH
def test_a_service_that_breaks_off_starts_no_program(home: Home, tmp_path: Path) -> None:
    written(home, KEY_A="kanarienvogel")
    with proxy(home) as through:
        through.faults[:] = [Fault(cut=20)] * 100
        done = run(home, tmp_path, through.url, "KEY_A")
    done.says(125)
    assert "kanarienvogel" not in done.out + done.err


@pytest.mark.prove
def test_a_hundred_values_of_a_service_50_ms_away_take_at_most_0_6_s(
    home: Home, tmp_path: Path, figure: Callable[[str], None]
) -> None:
    """A machine with other work would fail by the clock: what counts is what the program computes,
    and for how many answers, one after the other, it waits."""
    if home.name == "aws-ssm":
        pytest.skip("40 writes a second: its quota")
    values = {f"KEY_{number}": f"value {number}" for number in range(100)}
    written(home, **values)
    counted, taken = [], []
    with proxy(home) as through:
        through.delay = DELAY
        for _ in range(5):
            through.calls[:], through.most_at_once = [], 0
            cpu, before = os.times(), time.perf_counter()
            done = run(home, tmp_path, through.url, *values)
            taken.append(round(time.perf_counter() - before, 2))
            assert json.loads(done.out) == values, done.err
            after = os.times()
            computed = sum(after[2:4]) - sum(cpu[2:4])
            rounds = math.ceil(len(through.calls) / through.most_at_once)
            counted.append(round(computed + rounds * DELAY, 2))
    figure(f"{home.name}: 100 values 50 ms away: {min(counted)} s, by the clock {min(taken)} s")
    assert min(counted) <= 0.6, (counted, taken)
