"""`envguard run` as it is typed: what the child is, sees and returns."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from envguard.store.keys import RootKey
from tests.cli.program import PROGRAM, call
from tests.conftest import Repository
from tests.jobs.project import random_value

SECRET = random_value(1)
SEES = "import json, os, sys; json.dump([dict(os.environ), sys.argv, os.getcwd()], sys.stdout)"


@pytest.fixture
def shop(repository: Repository) -> Repository:
    """A migrated project."""
    repository.write(".env", f"DEBUG=true\nAPI_KEY={SECRET}\n")
    assert call("migrate", "--to", "local:", "--yes", cwd=repository.root).code == 0
    return repository


def child(
    shop: Repository, *words: str, env: Mapping[str, str] | None = None
) -> tuple[dict[str, str], list[str], str]:
    done = call("run", *words, "--", sys.executable, "-c", SEES, cwd=shop.root, env=env)
    assert done.code == 0, done.err
    environ, argv, folder = json.loads(done.out)
    return environ, argv, folder


def test_the_environment_is_that_of_a_direct_start_and_the_values(shop: Repository) -> None:
    # As `call` does it: os.environ, without what C libraries have put beside it.
    command, same = [sys.executable, "-c", SEES], dict(os.environ)
    started = subprocess.run(command, cwd=shop.root, env=same, capture_output=True, check=True)
    direct: Any = json.loads(started.stdout)
    environ, argv, folder = child(shop)
    assert environ == {**direct[0], "DEBUG": "true", "API_KEY": SECRET}
    assert (argv, folder) == (direct[1], direct[2])


def test_our_key_is_not_in_it_when_it_is_what_opens_the_store(shop: Repository) -> None:
    file = Path(os.environ["HOME"], ".config/envguard/store.key")
    key = file.read_text().strip()
    file.unlink()
    shop.write(".env", (shop.root / ".env").read_text() + "LEAK=x${ENVGUARD_KEY}\n")
    environ, _, _ = child(shop, env={"ENVGUARD_KEY": key})
    assert environ["API_KEY"] == SECRET
    assert environ["LEAK"] == "x"
    assert "ENVGUARD_KEY" not in environ
    assert key not in "".join(environ.values())
    shop.write(".env", "LEAK=env:ENVGUARD_KEY\n")
    done = call("run", "--", "true", cwd=shop.root, env={"ENVGUARD_KEY": key})
    done.says(125, "[config] LEAK: env:ENVGUARD_KEY would hand out")


def test_arguments_reach_the_child_untouched(shop: Repository) -> None:
    given = ["--env-file", "-v", "--", "", "two words", "*", "$HOME", "ü", "--help", "-c"]
    for separator in (("--",), ()):
        command = [*separator, sys.executable, "-c", SEES, *given]
        done = call("run", *command, cwd=shop.root)
        assert json.loads(done.out)[1][1:] == given


def test_standard_input_passes_through_byte_for_byte(shop: Repository) -> None:
    content = bytes(range(256)) * 1000
    done = call("run", "--", "cat", cwd=shop.root, stdin=content)
    assert os.fsencode(done.out) == content


@pytest.mark.parametrize("code", [0, 1, 2, 3, 4, 5, 70, 124, 125, 126, 127, 128, 130, 255])
def test_the_exit_code_is_the_childs_own(shop: Repository, code: int) -> None:
    done = call("run", "--", "sh", "-c", f"exit {code}", cwd=shop.root)
    assert (done.code, done.out, done.err) == (code, "", "")


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGKILL, signal.SIGPIPE, signal.SIGINT])
def test_a_signal_ends_the_child_as_it_would_end_it_directly(
    shop: Repository, number: signal.Signals
) -> None:
    # The child has taken our place: our caller sees the signal itself, a shell says 128 + n.
    assert call("run", "--", "sh", "-c", f"kill -{int(number)} $$", cwd=shop.root).code == -number


def test_the_child_has_our_process_id(shop: Repository) -> None:
    command = [PROGRAM, "run", "--", "sh", "-c", "echo $$"]
    process = subprocess.Popen(command, cwd=shop.root, stdout=subprocess.PIPE, text=True)
    assert process.communicate()[0] == f"{process.pid}\n"


def test_a_command_that_cannot_start_has_the_shells_codes(shop: Repository) -> None:
    plain = shop.write("plain", "#!/bin/sh\n")
    call("run", "--", "no-such-command", cwd=shop.root).says(127, "there is no command")
    call("run", "--", "./none", cwd=shop.root).says(127, "there is no command './none'")
    call("run", "--", "./plain", cwd=shop.root).says(126, "is not executable", "chmod +x ./plain")
    plain.chmod(0o755)
    assert call("run", "--", "./plain", cwd=shop.root).code == 0
    call("run", "--", str(shop.root), cwd=shop.root).says(126, "cannot be started")


def test_what_fails_before_the_start_is_125_with_its_class(shop: Repository) -> None:
    def fails(kind: str, *texts: str, env: Mapping[str, str] | None = None) -> None:
        done = call("run", "--", "touch", "started", cwd=shop.root, env=env)
        done.says(125, f"envguard: error: [{kind}] ", *texts)

    env = shop.root / ".env"
    own = env.read_text()
    fails("backend", "does not open", env={"ENVGUARD_KEY": RootKey.new().text().reveal()})
    fails("backend", "holds no key", env={"ENVGUARD_KEY": "a passphrase"})
    fails("config", "there is no profile 'none'", env={"ENVGUARD_PROFILE": "none"})
    env.write_text("A=secret:NONE\nB=env:NONE\n")
    fails("not_found", "A: there is no secret:NONE", "B: there is no variable NONE")
    env.write_text("A=1\nB: 2\n")
    fails("usage", ".env:2 is no KEY=VALUE line")
    env.write_bytes(b"A=\xff\n")
    fails("usage", ".env:1 is not UTF-8")
    env.write_text("'a=b'=c\n")
    fails("not_started", "'a=b' cannot be the name of a variable")
    env.unlink()
    fails("usage", "there is no ", "cp .env.example .env")
    env.write_text(own)
    toml = (shop.root / "envguard.toml").read_text()
    shop.write("envguard.toml", toml + "[unknown]\n")
    fails("config", "unknown key unknown")
    shop.write("envguard.toml", toml)
    store = Path(os.environ["HOME"], ".local/share/envguard/store.db")
    content = bytearray(store.read_bytes())
    for place in range(100, len(content), 50):
        content[place] ^= 1
    store.write_bytes(content)
    fails("backend", "is damaged")
    assert not (shop.root / "started").exists()


def test_without_a_command_nothing_starts(shop: Repository) -> None:
    for words in ((), ("--",), ("--env-file", ".env")):
        done = call("run", *words, cwd=shop.root)
        done.says(125, "[usage] there is no command to run", "envguard run -- COMMAND")
    assert call("run", "--no-such-option", "--", "true", cwd=shop.root).code == 125


def test_a_tree_that_points_elsewhere_is_refused_until_it_is_trusted(shop: Repository) -> None:
    """Somebody else's namespace, and a file outside."""
    toml = (shop.root / "envguard.toml").read_text()
    identity = next(line for line in toml.splitlines() if line.startswith("id = "))
    clone = Repository(shop.root.parent / "clone")
    clone.write("envguard.toml", toml)
    clone.write(".env", "API_KEY=secret:API_KEY\nHOSTS=file:/etc/hosts\n")
    run = ("run", "--", "sh", "-c", 'echo "$API_KEY"')
    refused = call(*run, cwd=clone.root)
    refused.says(125, "[config]", "is not trusted: namespace", "file now read: /etc/hosts")
    assert refused.err.splitlines()[1].endswith(f"envguard trust {clone.root}")
    assert call("run", "--trust", *run[1:], cwd=clone.root).out == f"{SECRET}\n"
    asked = call("trust", cwd=clone.root)
    assert asked.code == 3
    for shown in ("nothing was trusted", f"belongs to {shop.root}", "file       /etc/hosts"):
        assert shown in asked.err
    assert call("trust", "--yes", str(clone.root), cwd=shop.root).code == 0
    assert call(*run, cwd=clone.root).out == f"{SECRET}\n"
    clone.write("envguard.toml", toml.replace(identity, 'id = "another"'))
    call(*run, cwd=clone.root).says(125, "has changed since it was trusted: namespace is now")
    clone.write("envguard.toml", toml)
    assert call("untrust", cwd=clone.root).code == 0
    call(*run, cwd=clone.root).says(125, "is not trusted")


def test_the_command_of_the_hint_lets_it_run(shop: Repository) -> None:
    """With a profile, a file by name, and a configuration by name."""
    toml = (shop.root / "envguard.toml").read_text()
    shop.write("envguard.toml", toml + '[profiles.prod]\nextends = "dev"\n')
    shop.write("other/ci.toml", toml)
    shop.write("other/.env", "A=secret:API_KEY\n")
    outside = shop.root.parent / "shared.env"
    outside.write_text("A=secret:API_KEY\n")
    for words in (
        ("--profile", "prod"),
        ("--env-file", str(outside)),
        ("--profile", "prod", "--env-file", str(outside)),
        ("--config", "other/ci.toml"),
    ):
        call("untrust", cwd=shop.root)
        refused = call("run", *words, "--", "true", cwd=shop.root)
        refused.says(125, "[config]", "trust")
        typed = refused.err.rpartition("type: envguard ")[2].split()
        assert call(*typed, "--yes", cwd=shop.root).code == 0
        assert call("run", *words, "--", "true", cwd=shop.root).code == 0


def test_the_options_choose_files_keys_and_what_wins(shop: Repository) -> None:
    shop.write("one.env", "A=1\nB=1\nAPI_KEY=secret:API_KEY\n")
    shop.write("two.env", "B=2\nC=${A}${API_KEY}\n")
    files = ("--env-file", "one.env", "--env-file=two.env")
    given = {"A": "outside"}
    environ, _, _ = child(shop, *files, env=given)
    assert {k: environ[k] for k in "ABC"} == {"A": "1", "B": "2", "C": f"1{SECRET}"}
    assert "DEBUG" not in environ
    environ, _, _ = child(shop, *files, "--no-override", env=given)
    assert {k: environ[k] for k in "AB"} == {"A": "outside", "B": "2"}
    environ, _, _ = child(shop, *files, "--only", "C", "--clean", env=given)
    environ.pop("LC_CTYPE", None)  # the child's own (PEP 538)
    assert environ == {"C": f"1{SECRET}"}
    environ, _, _ = child(shop, *files, "--exclude", "A", env=given)
    assert environ["A"] == "outside"


def test_a_subfolder_uses_the_projects_file(shop: Repository) -> None:
    (shop.root / "sub").mkdir()
    done = call("run", "--", "sh", "-c", "echo $API_KEY; pwd", cwd=shop.root / "sub")
    assert done.out.splitlines() == [SECRET, str(shop.root / "sub")]


def test_explain_shows_origins_and_starts_nothing(repository: Repository) -> None:
    repository.write(".env", f"A={SECRET}\nB=secret:NOT_THERE\nC=${{A}}\n")
    done = call("run", "--explain", "--", "touch", "started", cwd=repository.root)
    assert done.code == 0, done.err
    env = repository.root / ".env"
    assert [line.split() for line in done.out.splitlines()] == [
        ["KEY", "LAYER", "VALUE", "ORIGIN", "INSTEAD", "OF"],
        ["A", "file", "plain", f"{env}:1"],
        ["B", "file", "secret:NOT_THERE", f"{env}:2"],
        ["C", "file", "built", "from", "A", f"{env}:3"],
    ]
    report = call("run", "--explain", "--format", "json", cwd=repository.root).report
    assert report["schema"] == 1
    assert report["profile"] == "dev"
    assert report["keys"][1] == {
        "key": "B",
        "layer": "file",
        "value": "secret:NOT_THERE",
        "origin": f"{env}:2",
        "instead_of": [],
    }
    assert SECRET not in done.out + json.dumps(report)
    assert not (repository.root / "started").exists()
