"""`envguard export` and `envguard inject` as they are typed."""

from __future__ import annotations

import json
import os
import stat
import subprocess
from pathlib import Path

import pytest

from tests.cli.program import PROGRAM, call
from tests.conftest import Repository
from tests.formats.readers import by_github

SECRET = 'it\'s "$HOME"\n`id` 100%'
FORMATS = ("dotenv", "shell", "json", "yaml", "docker", "github", "systemd")


@pytest.fixture
def shop(repository: Repository) -> Repository:
    """A project with a secret and a reference to it."""
    assert call("init", "--yes", "--no-hook", cwd=repository.root).code == 0
    stored = call("secrets", "set", "PW", cwd=repository.root, stdin=SECRET.encode())
    assert stored.code == 0, stored.err
    repository.write(".env", "DEBUG=true\nPW=secret:PW\n")
    return repository


def test_json_is_the_bare_map(shop: Repository) -> None:
    done = call("export", "--format", "json", cwd=shop.root)
    assert done.report == {"DEBUG": "true", "PW": SECRET}
    assert done.err == ""
    chosen = call("export", "-f", "json", "--only", "DEBUG", cwd=shop.root)
    assert chosen.report == {"DEBUG": "true"}


def evaluated(shop: Repository, words: str, shell: str = "sh") -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [shell, "-c", f'eval "$({PROGRAM} export {words})" && printf %s "$PW" && echo "$DEBUG"'],
        cwd=shop.root,
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.mark.parametrize("shell", ["sh", "bash", "dash"])
def test_a_shell_evaluates_it(shop: Repository, shell: str) -> None:
    done = evaluated(shop, "--format shell", shell)
    assert (done.returncode, done.stdout) == (0, f"{SECRET}true\n")


@pytest.mark.parametrize(
    "words",
    [
        "--format shell --only GONE",
        "--format=shell --env-file gone.env",
        "-f shell --no-such-option",
        "-fshell word",
        "--format shell --profile gone",
    ],
)
def test_a_failure_fails_in_a_shell(shop: Repository, words: str) -> None:
    done = evaluated(shop, words)
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr
    direct = call("export", *words.split(), cwd=shop.root)
    assert direct.out == "false\n"
    assert direct.code in (2, 3)


def test_a_failure_in_another_format_prints_nothing(shop: Repository) -> None:
    done = call("export", "--format", "json", "--only", "GONE", cwd=shop.root)
    assert (done.code, done.out) == (2, "")


@pytest.mark.parametrize("format", FORMATS)
def test_a_name_that_is_code_is_refused(shop: Repository, format: str) -> None:
    shop.write(".env", "'A;touch x'=1\nB$(id)=2\n")
    done = call("export", "--format", format, cwd=shop.root)
    done.says(2, "these are no names of variables: 'A;touch x', 'B$(id)'")
    assert done.out == ("false\n" if format == "shell" else "")
    assert not (shop.root / "x").exists()


@pytest.mark.parametrize("format", FORMATS)
def test_a_missing_value_exports_nothing(shop: Repository, format: str) -> None:
    shop.write(".env", "DEBUG=true\nPW=secret:GONE\n")
    done = call("export", "--format", format, "-o", "out", cwd=shop.root)
    assert done.code == 5
    assert not (shop.root / "out").exists()


def test_a_file_is_private_and_replaced_whole(shop: Repository) -> None:
    out = shop.write("out.env", "OLD=1\n")
    out.chmod(0o644)
    done = call("export", "-o", "out.env", "--only", "DEBUG", cwd=shop.root)
    assert (done.code, done.out, done.err) == (0, "", "")
    assert out.read_text() == "DEBUG=true\n"
    assert stat.S_IMODE(out.stat().st_mode) == 0o600


def test_github_gets_masks_beside_the_variables_and_keeps_what_is_there(shop: Repository) -> None:
    done = call("export", "--format", "github", cwd=shop.root)
    assert by_github(os.fsencode(done.out)) == {"DEBUG": "true", "PW": SECRET}
    assert done.err.splitlines() == ['::add-mask::it\'s "$HOME"', "::add-mask::`id` 100%25"]
    shop.write("github.env", "BEFORE=1")
    assert call("export", "-f", "github", "-o", "github.env", cwd=shop.root).code == 0
    text = (shop.root / "github.env").read_text()
    assert text.startswith("BEFORE=1\nDEBUG<<envguard_")


def test_what_wins_is_what_run_gives(shop: Repository) -> None:
    env = {"DEBUG": "outside", "ENVGUARD_TOKEN": "x"}
    for words in ((), ("--no-override",)):
        run = call(
            "run", *words, "--", "sh", "-c", "echo $DEBUG", cwd=shop.root, env=env
        ).out.strip()
        assert call("export", "-f", "json", *words, cwd=shop.root, env=env).report["DEBUG"] == run


def test_a_template_is_filled(shop: Repository) -> None:
    shop.write("app.json.tmpl", '{"password": "secret:PW", "url": "x://{{secrets.PW}}@h"}')
    done = call("inject", "app.json.tmpl", cwd=shop.root)
    assert done.report == {"password": SECRET, "url": f"x://{SECRET}@h"}
    out = shop.root / "app.json"
    assert call("inject", "app.json.tmpl", "-o", "app.json", cwd=shop.root).code == 0
    assert json.loads(out.read_text())["password"] == SECRET
    assert stat.S_IMODE(out.stat().st_mode) == 0o600
    piped = call("inject", "-", "--format", "shell", cwd=shop.root, stdin=b"A={{secrets.PW}}\n")
    assert piped.out == "A='" + SECRET.replace("'", "'\\''") + "'\n"


def test_a_template_with_a_missing_value_writes_nothing(shop: Repository) -> None:
    shop.write("t", "{{secrets.PW}} {{secrets.GONE}}")
    for words in (("t",), ("t", "-o", "out")):
        done = call("inject", *words, cwd=shop.root)
        done.says(5, f"{shop.root / 't'}:1: there is no secret:GONE")
        assert done.out == ""
    assert not (shop.root / "out").exists()
    call("inject", cwd=shop.root).says(2, "one template at a time")
    call("inject", "gone", cwd=shop.root).says(2, f"{Path('gone')} cannot be read")


def test_a_template_is_not_replaced_by_its_values(shop: Repository) -> None:
    shop.write("app.json", '{"a": "{{secrets.PW}}"}')
    (shop.root / "linked.json").hardlink_to(shop.root / "app.json")
    for output in ("app.json", "./app.json", "linked.json"):
        done = call("inject", "app.json", "-o", output, cwd=shop.root)
        done.says(2, f"{Path(output)} is the template itself", "-o FILE")
    assert (shop.root / "app.json").read_text() == '{"a": "{{secrets.PW}}"}'


@pytest.mark.parametrize("words", [("export",), ("inject", "app.tmpl")])
def test_a_file_that_cannot_be_written_is_named_as_it_was_given(
    shop: Repository, words: tuple[str, ...]
) -> None:
    shop.write("app.tmpl", "{{secrets.PW}}")
    done = call(*words, "-o", "gone/app.env", cwd=shop.root)
    done.says(2, str(Path("gone/app.env")))
    assert ".env.envguard-" not in done.err
