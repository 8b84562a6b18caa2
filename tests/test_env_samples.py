"""Real .env files, filled with values of every shape: after a migration the child gets what
python-dotenv read before.

ENV_SAMPLES names folders of .env files of other projects (separated as in PATH), which are
read and filled in a temporary folder; none of them belongs into this repository.
"""

from __future__ import annotations

import json
import os
import random
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from dotenv import dotenv_values

from envguard.envfile import document
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


@pytest.mark.parametrize("end", ["\n", "\r\n"])
@pytest.mark.parametrize("seed", range(2))
def test_every_shape_reaches_the_child_as_before(
    seed: int, end: str, repository: Repository
) -> None:
    content = fill(SHAPES.replace("\n", end).encode(), seed)
    assert prove(repository, content) >= 15


@pytest.mark.prove
@pytest.mark.parametrize("seed", range(3))
def test_the_files_of_other_projects_reach_the_child_as_before(
    seed: int, make_repository: Callable[..., Repository]
) -> None:
    folders = os.environ.get("ENV_SAMPLES", "")
    files = [f for folder in folders.split(os.pathsep) if folder for f in Path(folder).rglob("*")]
    samples = sorted(file for file in files if file.is_file())
    if not samples:
        pytest.skip("ENV_SAMPLES names no files")
    count = 0
    for number, sample in enumerate(samples):
        content = sample.read_bytes()
        if document.parse(content, str(sample)).problems:
            continue
        count += prove(make_repository(f"sample-{number}"), fill(content, seed + number))
    assert count
