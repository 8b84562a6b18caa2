"""Real .env files, filled with values of every shape: after a migration the child gets what
python-dotenv read before.

ENV_SAMPLES names folders of .env files of other projects (separated as in PATH), which are
read and filled in a temporary folder; none of them belongs into this repository.
"""

from __future__ import annotations

import contextlib
import json
import os
import random
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
import tomlkit
from dotenv import dotenv_values

from envguard.core.errors import UsageError
from envguard.envfile import document
from envguard.envfile.dialects import document as other
from envguard.envfile.dialects import registry
from envguard.envfile.dialects.registry import DIALECTS
from envguard.envfile.interpolate import join
from tests.cli.program import call
from tests.conftest import Repository
from tests.formats.test_environment import NASTY
from tests.jobs.project import random_value

SEES = "import json, os, sys; json.dump(dict(os.environ), sys.stdout)"
# What the lines of .env files look like, with values to be replaced.
SHAPES = """\
# Copy this file to .env
APP_NAME=Shop
APP_KEY=
export APP_ENV=local   # comment
APP_URL=http://localhost:8000

  INDENTED = spaced out
DB_PASSWORD="change me" # comment
DB_USER='admin'
DB_URL=postgres://${DB_USER}:${DB_PASSWORD}@${DB_HOST:-localhost}/app
MAIL_FROM="${APP_NAME} <mail@example.com>"
#OLD_KEY=commented out
JSON={"a": "b c"}
PEM="-----BEGIN X-----
abc=
-----END X-----"
EMPTY=""
ALONE
DUPLICATE=1
DUPLICATE=2
HASH=a#b
COUNT=5#no space"""


USUAL = ("node", "compose", "bash")
# Without what bash would run or refuse, and what docker does not read.
SHAPES_OF = {
    "bash": "\n".join(
        line
        for line in SHAPES.splitlines()
        if not line.startswith(("  INDENTED", "JSON", "MAIL", "ALONE", "COUNT"))
    ),
    "docker": "\n".join(
        line.removeprefix("export ").strip()
        for line in SHAPES.splitlines()
        if "INDENTED" not in line and not line.startswith(("PEM", "abc", "-----"))
    ),
    "go": SHAPES.replace("\nALONE", ""),
}


def shaped(random_: random.Random) -> str:
    """A value: a token, or some of what breaks parsers, without NUL and `${…}`."""
    kind = random_.randrange(3)
    if kind == 0:
        return random_value(random_.randrange(10**6))
    # What is a reference would be resolved, as it should.
    pieces = [text for text in NASTY if "${" not in text and text != "secret:X"]
    if kind == 1:
        return random_.choice(pieces)
    return "".join(random_.choices(pieces, k=4)) + random_value(random_.randrange(10**6), 20)


def fill(content: bytes, seed: int) -> bytes:
    """The file with other values; every third stays as it is, and so do those with variables."""
    random_ = random.Random(seed)  # noqa: S311 - made up
    parsed = document.parse(content, "sample")
    new = {
        entry.line: shaped(random_)
        for entry in parsed.entries
        if entry.value is not None and "${" not in entry.value.reveal() and random_.randrange(3)
    }
    return parsed.replace_all(new).render()


def prove(repository: Repository, content: bytes) -> int:
    """Migrates a file and compares; returns how many variables it has."""
    file = repository.write(".env", content)
    before = {k: v for k, v in dotenv_values(file).items() if v is not None and k}
    wished = call("run", "--clean", "--", sys.executable, "-c", SEES, cwd=repository.root)
    assert wished.code == 0, wished.err
    moved = call("migrate", ".env", "--to", "local:", "--all", "--yes", cwd=repository.root)
    assert moved.code == 0, moved.err
    done = call("run", "--clean", "--", sys.executable, "-c", SEES, cwd=repository.root)
    assert done.code == 0, done.err
    for given in (json.loads(wished.out), json.loads(done.out)):
        assert {key: given.get(key) for key in before} == before
    references = [e for e in document.read(file).entries if e.value and e.value.reveal()]
    assert any(e.value and e.value.reveal().startswith("secret:") for e in references) or not before
    return len(before)


def fill_in(content: bytes, dialect: str, seed: int) -> bytes:
    """The same for a file in a dialect, with values that it can hold."""
    random_ = random.Random(seed)  # noqa: S311 - made up
    parsed = other.parse(content, "sample", dialect)
    for entry in reversed(parsed.entries):  # a value of several lines moves those below
        if entry.value is None or entry.uses or not random_.randrange(3):
            continue
        with contextlib.suppress(UsageError):
            parsed = parsed.replace_all({entry.line: shaped(random_)})
            continue
        parsed = parsed.replace_all({entry.line: random_value(seed)})
    # What moved lines of several variables are is nobody's to say: one value, one line.
    return parsed.render()


def dialect_reads(content: bytes, dialect: str) -> dict[str, str]:
    """What its dialect reads in a file."""
    found = registry.read(content, "sample", dialect)
    values = join([(line.key, line.pieces) for line in found], os.environ)
    return {key: value for key, value in values.items() if value is not None and key}


def prove_in(repository: Repository, content: bytes, dialect: str) -> int:
    """Migrates a file in its dialect and compares what a child gets with what was read before:
    by the option, and by the configuration. Returns how many variables it has."""
    before = dialect_reads(content, dialect)
    file = repository.write(".env", content)
    option = ("--dialect", dialect)
    see = ("run", "--clean", "--", sys.executable, "-c", SEES)
    moved = call(
        "migrate", ".env", "--to", "local:", "--all", "--yes", *option, cwd=repository.root
    )
    assert moved.code == 0, moved.err
    assert not before or b"secret:" in file.read_bytes()
    done = call(see[0], *option, *see[1:], cwd=repository.root)
    assert done.code == 0, done.err
    config = repository.root / "envguard.toml"
    if config.exists():
        whole = tomlkit.parse(config.read_text())
        whole.setdefault("profiles", {}).setdefault("dev", {})["dialect"] = dialect
        config.write_text(whole.as_string())
        declared = call(*see, cwd=repository.root)
        assert declared.code == 0, declared.err
        assert json.loads(declared.out) == json.loads(done.out)
    given = json.loads(done.out)
    assert {key: given.get(key) for key in before} == before
    if "nothing to move" in moved.err:
        assert file.read_bytes() == content
        return len(before)
    back = call("migrate", "rollback", migration_of(moved.err), cwd=repository.root)
    assert (back.code, file.read_bytes()) == (0, content), back.err
    return len(before)


def migration_of(told: str) -> str:
    return told.partition("migrate rollback ")[2].split()[0]


@pytest.mark.parametrize(
    "dialect",
    [name if name in USUAL else pytest.param(name, marks=pytest.mark.prove) for name in DIALECTS],
)
def test_every_shape_of_a_dialect_reaches_the_child_as_before(
    dialect: str, repository: Repository
) -> None:
    lines = SHAPES_OF.get(dialect, SHAPES).replace("${DB_HOST:-localhost}", "${DB_HOST}")
    assert prove_in(repository, fill_in(lines.encode(), dialect, 3), dialect) >= 10


@pytest.mark.parametrize("end", ["\n", "\r\n"])
@pytest.mark.parametrize("seed", range(2))
def test_every_shape_reaches_the_child_as_before(
    seed: int, end: str, repository: Repository
) -> None:
    content = fill(SHAPES.replace("\n", end).encode(), seed)
    assert prove(repository, content) >= 15


def samples() -> list[Path]:
    folders = os.environ.get("ENV_SAMPLES", "")
    files = [f for folder in folders.split(os.pathsep) if folder for f in Path(folder).rglob("*")]
    found = sorted(file for file in files if file.is_file())
    if not found:
        pytest.skip("ENV_SAMPLES names no files")
    return found


@pytest.mark.prove
@pytest.mark.parametrize("seed", range(3))
def test_the_files_of_other_projects_reach_the_child_as_before(
    seed: int, make_repository: Callable[..., Repository], figure: Callable[[str], None]
) -> None:
    count = 0
    for number, sample in enumerate(samples()):
        content = sample.read_bytes()
        if document.parse(content, str(sample)).problems:
            continue
        count += prove(make_repository(f"sample-{number}"), fill(content, seed + number))
    figure(f"files of other projects, seed {seed}: {count} values")
    assert count


@pytest.mark.prove
@pytest.mark.parametrize("dialect", DIALECTS)
def test_the_files_of_other_projects_reach_the_child_in_every_dialect(
    dialect: str, make_repository: Callable[..., Repository], figure: Callable[[str], None]
) -> None:
    count = files = 0
    for number, sample in enumerate(samples()):
        content = sample.read_bytes()
        try:
            filled = fill_in(content, dialect, number)
        except UsageError:
            continue  # it is no file of this dialect
        files += 1
        count += prove_in(make_repository(f"sample-{number}"), filled, dialect)
    figure(f"{dialect}: {files} files, {count} values")
    assert count
