"""No command shows or writes a value: known ones are planted, and looked for in every form.

Every command of the command line must have a scenario here; each is carried out in each of its
formats, quiet and with --verbose, and again with faults put into it.
"""

from __future__ import annotations

import base64
import json
import os
import signal
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import NoReturn
from urllib.parse import quote

import pytest

from envguard.core.secret import Secret
from tests.canary.planted import PASSWORD, TOKEN, VALUES, leaks
from tests.canary.scenarios import SCENARIOS
from tests.canary.world import Call, World
from tests.cli.commands import COMMANDS, choices


def ways(name: str, number: int) -> Iterator[tuple[str, ...]]:
    """Options that the call of a command with this number is tried with: none, and formats in
    turn, so that each call has one and each format a call."""
    yield ()
    formats, calls = choices(name, "--format"), len(SCENARIOS[name])
    for at, chosen in enumerate(formats):
        if at % calls == number or at == number % len(formats):
            yield ("--format", chosen, "--verbose")


def failing_reveal(after: int) -> Callable[[Secret], str]:
    """Opens this many secrets, then fails with the value in its mouth."""
    count = 0
    reveal = Secret.reveal

    def fail(secret: Secret) -> str:
        nonlocal count
        count += 1
        value = reveal(secret)
        if count > after:
            raise RuntimeError(f"cannot use {value!r}", value, secret) from ValueError(value)
        return value

    return fail


def failing_system(*arguments: object) -> NoReturn:
    raise OSError(28, "No space left on device") from ValueError(TOKEN, arguments)


@contextmanager
def fault(name: str) -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        match name:
            case "reveal at once" | "reveal later":
                after = 0 if name == "reveal at once" else 3
                patch.setattr(Secret, "reveal", failing_reveal(after))
            case "disk":
                patch.setattr(os, "replace", failing_system)
            case _:
                assert name == "none"
        yield


FAULTS = ("none", "reveal at once", "reveal later", "disk")


@pytest.fixture(scope="module")
def planted(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    with pytest.MonkeyPatch.context() as patch:
        for name in list(os.environ):
            if name.startswith(("GIT_", "ENVGUARD_", "XDG_", "PRE_COMMIT")):
                patch.delenv(name)
        for role in ("AUTHOR", "COMMITTER"):
            patch.setenv(f"GIT_{role}_NAME", "Ada")
            patch.setenv(f"GIT_{role}_EMAIL", "ada@example.com")
        patch.setenv("GIT_CONFIG_NOSYSTEM", "1")
        world = World(tmp_path_factory.mktemp("canary"))
        world.plant()
        yield world


def migration(world: World) -> str:
    """The id of the migration that a scenario made."""
    code, out, err = world.call(Call(["migrate", "list", "--format", "json"]))
    assert code == 0, err
    return str(json.loads(out)["migrations"][-1]["id"])


def fingerprint(world: World) -> str:
    """The name of the first finding in the files."""
    code, out, err = world.call(Call(["scan", "--format", "json"]))
    assert code == 1, err
    return str(json.loads(out)["findings"][0]["fingerprint"])


def check(world: World, name: str, step: Call, way: Sequence[str], kind: str) -> int | None:
    """Carries a call out in a fresh world and looks for the values; returns the exit code."""
    world.reset()
    step.before(world)
    given = {"MIGRATION": migration, "FINGERPRINT": fingerprint}
    arguments = [given[a](world) if a in given else a for a in step.arguments]
    # Options of ours go before the words: what follows `run --` is the child's.
    full = step._replace(arguments=[*name.split(), *way, *arguments])
    with fault(kind):
        code, out, err = world.call(full)
    about = (name, step.arguments, way, kind)
    assert leaks(out) == set(), (about, "standard output")
    assert leaks(err) == set(), (about, "standard error")
    for file, found in world.written():
        assert file in step.kept or found == set(), (about, file)
    assert b"Traceback" not in err, about
    return code


@pytest.mark.parametrize("name", COMMANDS)
def test_no_command_shows_or_writes_a_value(name: str, planted: World) -> None:
    assert name in SCENARIOS, f"write a scenario for {name}"
    for number, step in enumerate(SCENARIOS[name]):
        for way in ways(name, number):
            assert check(planted, name, step, way, "none") == step.code, (step.arguments, step.code)


@pytest.mark.parametrize("kind", FAULTS[1:])
@pytest.mark.parametrize("name", COMMANDS)
def test_no_command_shows_or_writes_a_value_when_it_fails(
    name: str, kind: str, planted: World
) -> None:
    for step in SCENARIOS[name]:
        check(planted, name, step, ["--verbose"], kind)


def test_a_program_that_is_started_leaves_our_signals_as_they_were(planted: World) -> None:
    assert check(planted, "run", Call(["--", "true"]), [], "none") is None
    assert signal.getsignal(signal.SIGPIPE) is signal.SIG_IGN


def test_the_faults_are_felt(planted: World) -> None:
    cases = [
        ("secrets set", Call(["NEW", PASSWORD]), "reveal at once", 70),
        ("scan", Call(), "reveal at once", 70),
        ("migrate", Call([".env", "--to", "local:", "--yes"]), "reveal later", 70),
        ("run", Call(["--", "true"]), "reveal at once", 125),
    ]
    for name, step, kind, code in cases:
        assert check(planted, name, step, [], kind) == code, name


def test_every_scenario_is_of_a_command() -> None:
    assert set(SCENARIOS) == set(COMMANDS)


def test_a_value_that_is_meant_to_be_seen_is_found(planted: World) -> None:
    """The search works: on what `--reveal` prints, and on a file that has a new value."""
    planted.reset()
    _, out, _ = planted.call(Call(["secrets", "get", "--reveal", "TOKEN"]))
    assert ("token", "raw") in leaks(out)
    (planted.root / "new.txt").write_bytes(PASSWORD.encode().hex().encode())
    # That it was read is a line in the trail of the store.
    held = {file: found for file, found in planted.written() if found}
    assert held == {"shop/new.txt": {("password", "hex")}}


@pytest.mark.parametrize("around", ["", "x", "xy", "xyz"])
@pytest.mark.parametrize(
    "encode",
    [
        lambda raw: raw,
        lambda raw: raw[3:17],
        base64.b64encode,
        base64.urlsafe_b64encode,
        lambda raw: raw.hex().encode(),
        lambda raw: raw.hex().upper().encode(),
        lambda raw: quote(raw, safe="").encode(),
        lambda raw: json.dumps(raw.decode()).encode(),
        lambda raw: raw[::-1],
    ],
)
def test_the_search_knows_every_form(around: str, encode: Callable[[bytes], bytes]) -> None:
    for value, parts in VALUES.items():
        for part in parts:
            text = f"{around}{part}{around}" if around else part
            assert any(found == value for found, _ in leaks(encode(text.encode()))), value
    assert leaks(encode(b"nothing of all that stands in here, and it is long enough")) == set()
