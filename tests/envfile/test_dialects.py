"""Each dialect reads what its program was measured to read; nothing in a file is ever run."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from envguard.core.errors import UsageError
from envguard.envfile.dialects.registry import DIALECTS, read
from envguard.envfile.interpolate import join

DATA = json.loads((Path(__file__).parent / "dialects.json").read_text())
# What depends on the process that reads, or is run by it, is refused.
REFUSED = {("dollardollar", "bash"), ("dollar_trailing", "bash"), ("url_amp", "bash")}
CASES = [
    pytest.param(name, dialect, id=f"{name}-{dialect}")
    for name, case in DATA["cases"].items()
    for dialect in case["read"]
    if dialect != "python"
]


def values(content: bytes, dialect: str, environ: dict[str, str]) -> dict[str, str | None]:
    found = read(content, "t.env", dialect)
    return join([(line.key, line.pieces) for line in found], environ)


def shown(found: dict[str, str | None]) -> dict[str, str | None]:
    """As the measured programs printed their values."""
    return {
        key: None if text is None else os.fsencode(text).decode("utf-8", "replace")
        for key, text in found.items()
    }


@pytest.mark.parametrize(("name", "dialect"), CASES)
def test_a_file_is_read_as_its_program_reads_it(name: str, dialect: str) -> None:
    case: Any = DATA["cases"][name]
    content, expected = case["input"].encode("latin-1"), case["read"][dialect]
    if expected is None or (name, dialect) in REFUSED:
        with pytest.raises(UsageError) as refused:
            values(content, dialect, DATA["environ"])
        assert refused.value.what.startswith("t.env:")
    else:
        assert shown(values(content, dialect, DATA["environ"])) == expected


def test_every_dialect_has_cases() -> None:
    assert {dialect for case in DATA["cases"].values() for dialect in case["read"]} == {
        *DIALECTS,
        "python",
    }


@pytest.mark.parametrize("dialect", DIALECTS)
@pytest.mark.parametrize(
    "value", ["$(touch ran)", '"$(touch ran)"', "`touch ran`", '"`touch ran`"']
)
def test_nothing_is_run(
    dialect: str, value: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    runs = dialect == "bash" or (dialect in ("dotenvx", "ruby") and "$" in value)
    if runs:
        with pytest.raises(UsageError, match=r"t\.env:1 would run a command"):
            values(f"K={value}\n".encode(), dialect, {})
    else:
        assert "touch ran" in str(values(f"K={value}\n".encode(), dialect, {})["K"])
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("dialect", DIALECTS)
@given(text=st.text("KL=:\"'`$\\{}()-# \t\n\rexport~;&v\ufeff\0", max_size=60))
def test_every_text_is_read_or_refused_with_its_line(dialect: str, text: str) -> None:
    try:
        found = list(read(text.encode(), "t.env", dialect))
    except UsageError as error:
        assert error.what.startswith("t.env:")
        return
    count = text.count("\n") + text.count("\r") + 1
    assert all(1 <= line.line <= count for line in found)


@pytest.mark.skipif(shutil.which("bash") is None, reason="bash is not here")
@given(
    lines=st.lists(
        st.sampled_from(
            [
                "A=1", "export B='two words' # c", "C=\"x $A ${NOPE:-d} \\\" \\x\"",
                "D=a\\ b'c'\"d\"$A", "E=~/x:~", "F=$HOME/${A}x", "# c", "",
                "G=a#b H=2; export A I=$H", "J='l1\nl2'", "K=\"l1\nl2\"", "L=x\\\ny", "M=",
                "N=''", "O=$", "P=\"$\"", "Q=${M:-e}${M-e}", "R=*",
            ]
        ),
        max_size=8,
    )
)  # fmt: skip
def test_bash_reads_what_we_read(lines: list[str]) -> None:
    text = "\n".join(lines)
    environ = {"HOME": "/home/ada", "PATH": os.environ["PATH"]}
    done = subprocess.run(
        ["bash", "-c", f"set -a\n{text}\nexec env -0"], env=environ, capture_output=True, check=True
    )
    pairs = (entry.partition("=") for entry in done.stdout.decode().split("\0") if entry)
    given = {key: value for key, _, value in pairs if len(key) == 1 and key != "_"}
    assert values(text.encode(), "bash", environ) == given


def test_lines_of_values_are_those_of_the_file() -> None:
    content = b"\n# c\nA='x\ny'\n\nB=2\n"
    for dialect in ("node", "dotenvx", "ruby", "go", "compose", "bash", "node-native"):
        assert [line.line for line in read(content, "t", dialect)] == [3, 6]


@pytest.mark.parametrize(
    ("dialect", "text", "expected"),
    [
        # Read by Node 20.20, node dotenv and dotenvx themselves.
        ("node-native", "A=1\n=x\nB=2", {"A": "1"}),
        ("node-native", "A=1\nB='open", {"A": "1"}),
        ("node-native", "H: v\nN=''", {"H: v\nN": ""}),
        ("node", "Z='it\\'s'", {"Z": "it\\'s"}),
        ("node", 'K="a\nb" tail', {"K": '"a'}),
        ("dotenvx", "Z='it\\'s'", {"Z": "it's"}),
        ("dotenvx", 'T="${NO:-d}$A\\$A"', {"T": "d$A"}),
        ("dotenvx", 'W="it\'s" # "x"', {"W": "it's"}),
    ],
)
def test_what_else_was_measured(dialect: str, text: str, expected: dict[str, str]) -> None:
    assert values(text.encode(), dialect, {}) == expected


@pytest.mark.parametrize("dialect", ["dotenvx", "compose"])
def test_a_variable_in_a_form_that_is_not_known_is_refused(dialect: str) -> None:
    with pytest.raises(UsageError, match=r"has a .* that is not read here"):
        values(b"A=${B:?must}\n", dialect, {})
