"""A .env file as a backend: what is read, and what is refused rather than guessed."""

from __future__ import annotations

from io import StringIO
from pathlib import Path

import dotenv
import pytest
from hypothesis import given
from hypothesis import strategies as st

from envguard.backends.dotenv import DotenvBackend, open_dotenv
from envguard.core.errors import BackendError, ConfigError, UsageError
from envguard.core.reference import Reference
from envguard.core.secret import Secret


@pytest.fixture
def backend(tmp_path: Path) -> DotenvBackend:
    return open_dotenv("dotenv:.env", tmp_path)


def values(backend: DotenvBackend, text: str) -> dict[str, str]:
    backend.file.write_bytes(text.encode())
    names = [row.name for row in backend.list()]
    found = backend.read([backend.locate(name) for name in names])
    return {ref.name: value.reveal() for ref, value in found.items()}


def test_plain_lines_are_read(backend: DotenvBackend) -> None:
    text = "# comment\n\nA=1\nexport B='two words' # why\nC=\"x y\"\r\n  D=\nA=again\nURL=https://u:p@h/a?\n"
    with pytest.raises(BackendError):
        values(backend, text)  # `?` is for the shell
    assert values(backend, text.replace("a?", "a")) == {
        "A": "again",
        "B": "two words",
        "C": "x y",
        "D": "",
        "URL": "https://u:p@h/a",
    }


@pytest.mark.parametrize(
    "line",
    [
        "A=two words",
        "A = 1",
        "A='it''s'",
        'A="a\\nb"',
        "A='a\\'",
        "A=$B",
        "A='${B}'",
        'A="$(id)"',
        "A='two",
        "A=1 # comment",
        "A='1'#comment",
        "A",
        "A: 1",
        "A=~/x",
        "A='x'y",
        'A="`id`"',
        "A=\\x",
        "1A=1",
        "A=(1)",
    ],
)
def test_what_readers_read_differently_is_refused_with_its_line(
    backend: DotenvBackend, line: str
) -> None:
    with pytest.raises(BackendError, match=r"\.env:2 is written") as caught:
        values(backend, f"OK=canary\n{line}\n")
    assert "canary" not in caught.value.what + caught.value.hint


names = st.from_regex(r"[A-Za-z_][A-Za-z0-9_]{0,5}", fullmatch=True)
texts = st.text(st.sampled_from("ab1 '\"\\$#=`{}~,./é\t"), max_size=8)
lines = st.builds(
    "{}={}".format, names, texts | texts.map("'{}'".format) | texts.map('"{}"'.format)
)


@given(st.lists(lines, max_size=4))
def test_what_is_read_is_what_python_dotenv_reads(
    tmp_path_factory: pytest.TempPathFactory, written: list[str]
) -> None:
    text = "\n".join(written)
    backend = DotenvBackend(tmp_path_factory.mktemp("own") / ".env")
    try:
        found = values(backend, text)
    except BackendError:
        return
    assert found == dotenv.dotenv_values(stream=StringIO(text), interpolate=True)


def test_it_is_only_read(backend: DotenvBackend) -> None:
    assert values(backend, "A=1\n") == {"A": "1"}
    with pytest.raises(UsageError, match="only read"):
        backend.write(Reference("secret", "A"), Secret("2"), token="t")
    with pytest.raises(UsageError, match="only read"):
        backend.delete(Reference("secret", "A"))
    assert backend.file.read_text() == "A=1\n"


def test_what_is_no_such_file_is_an_error(backend: DotenvBackend, tmp_path: Path) -> None:
    with pytest.raises(BackendError, match="there is no file"):
        backend.check()
    backend.file.write_bytes(b"A=\xff\n")
    with pytest.raises(BackendError):
        backend.read([Reference("secret", "A")])
    backend.file.unlink()
    backend.file.mkdir()
    with pytest.raises(BackendError, match="cannot be read"):
        backend.read([Reference("secret", "A")])
    for url in ("dotenv:", "dotenv:a/"):
        with pytest.raises(ConfigError):
            open_dotenv(url, tmp_path)
