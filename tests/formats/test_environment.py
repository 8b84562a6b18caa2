"""Every format of `export` is read back by the rules of the program that it is for."""

from __future__ import annotations

import io
import json
import os
import shutil
from pathlib import Path

import pytest
import yaml
from dotenv import dotenv_values
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from envguard.core.errors import UsageError
from envguard.envfile import write
from envguard.formats.environment import FORMATS, masks, render
from tests.formats.readers import by_docker, by_github, by_shell, by_systemd

SHELLS = [shell for shell in ("sh", "bash", "dash", "zsh") if shutil.which(shell)]
NASTY = [
    "", " ", " a b ", "a'b", '"', "'''", "\\", "\\n", "a\\", "$HOME", "${HOME}", "$(id)", "`id`",
    "!x", "a\nb", "\n", "a\n", "\na", "a\r\nb", "\r", "\t", "#x", "a #b", "a=b", "=", "~", "*",
    "{{x}}", "{a,b}", "yes", "null", "1e3", "- a", "a: b", "%", "<<EOF", "::add-mask::x", "é", "✓",
    "😀", "\u2028", "\x85", "\x7f", "\x01", "\x1b[0m", "${:-$}{X}", "secret:X", "x" * 5000,
]  # fmt: skip
TEXTS = st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"]))
VALUES = st.sampled_from(NASTY) | st.lists(st.sampled_from(NASTY)).map("".join) | TEXTS
NAMES = st.from_regex(r"[A-Za-z_][A-Za-z0-9_]{0,8}", fullmatch=True) | st.sampled_from(
    ["yes", "no", "on", "y", "null", "true", "N"]
)
ENVIRONS = st.dictionaries(NAMES, VALUES, max_size=6)
ALL = {f"K{number}": value for number, value in enumerate(NASTY)}


@given(ENVIRONS)
def test_json_is_the_bare_map(values: dict[str, str]) -> None:
    assert json.loads(render("json", values)) == values


@given(ENVIRONS)
def test_yaml_is_read_back_and_everything_is_a_text(values: dict[str, str]) -> None:
    assert yaml.safe_load(render("yaml", values)) == values


@given(ENVIRONS)
def test_dotenv_is_read_back_by_python_dotenv(values: dict[str, str]) -> None:
    content = write.render(values).decode()
    # Files are opened with universal newlines, so that a `\r` in them would be lost.
    assert "\r" not in content
    assert dict(dotenv_values(stream=io.StringIO(content))) == values


@given(ENVIRONS.filter(lambda values: not any("\n" in v or "\r" in v for v in values.values())))
def test_docker_is_read_back(values: dict[str, str]) -> None:
    assert by_docker(render("docker", values)) == values


@given(ENVIRONS)
def test_github_is_read_back(values: dict[str, str]) -> None:
    assert by_github(render("github", values)) == values


@given(ENVIRONS)
def test_systemd_is_read_back_or_refused(values: dict[str, str]) -> None:
    try:
        assert by_systemd(render("systemd", values)) == values
    except UsageError as error:
        assert "a character that systemd takes for none" in error.what


@pytest.mark.parametrize("shell", SHELLS)
def test_a_shell_gets_every_value_of_the_list(shell: str, tmp_path: Path) -> None:
    found = by_shell(shell, render("shell", ALL), list(ALL), tmp_path)
    assert found == {key: value.encode() for key, value in ALL.items()}


@pytest.mark.parametrize("shell", SHELLS)
def test_a_shell_gets_every_byte(shell: str, tmp_path: Path) -> None:
    values = {f"B{n}": os.fsdecode(b"<" + bytes([n]) + b"'>") for n in range(1, 256)}
    values["ALL"] = os.fsdecode(bytes(range(1, 256)) * 2)
    found = by_shell(shell, render("shell", values), list(values), tmp_path)
    assert found == {key: os.fsencode(value) for key, value in values.items()}


@pytest.mark.parametrize("shell", SHELLS)
@settings(max_examples=20, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    values=st.lists(st.binary().map(lambda raw: os.fsdecode(raw.replace(b"\0", b""))), max_size=20)
)
def test_a_shell_gets_whatever_a_variable_can_hold(
    shell: str, tmp_path: Path, values: list[str]
) -> None:
    named = {f"V{number}": value for number, value in enumerate(values)}
    found = by_shell(shell, render("shell", named), list(named), tmp_path)
    assert found == {key: os.fsencode(value) for key, value in named.items()}


@pytest.mark.parametrize("format", FORMATS)
@pytest.mark.parametrize("name", ["A;touch x", "B$(id)", "", "1A", "A-B", "A B", "A\n", "Ä", "A="])
def test_what_is_no_name_is_refused(format: str, name: str) -> None:
    with pytest.raises(UsageError, match="these are no names of variables"):
        render(format, {"GOOD": "1", name: "canary"})


@pytest.mark.parametrize("format", FORMATS)
def test_a_nul_is_refused_and_no_value_is_told(format: str) -> None:
    with pytest.raises(UsageError) as refused:
        render(format, {"GOOD": "canary", "BAD": "can\0ary"})
    assert "BAD" in refused.value.what
    assert "GOOD" not in refused.value.what
    assert "can" not in refused.value.what.replace("can hold", "")


@pytest.mark.parametrize("format", sorted(set(FORMATS) - {"shell"}))
def test_bytes_that_are_no_text_are_refused_where_they_cannot_stand(format: str) -> None:
    with pytest.raises(
        UsageError, match=f"the format {format} cannot .*: A holds bytes .* B holds"
    ):
        render(format, {"A": "\udcff", "OK": "x", "B": "x\udc80"})


@pytest.mark.parametrize("value", ["a\nb", "\n", "a\r", "a\r\n", "x" * 65536])
def test_docker_refuses_what_it_would_cut(value: str) -> None:
    with pytest.raises(UsageError, match="the format docker cannot hold every value: BAD holds"):
        render("docker", {"OK": "a\rb", "BAD": value})


@pytest.mark.parametrize("name", ["GITHUB_TOKEN", "RUNNER_OS", "NODE_OPTIONS"])
def test_github_refuses_the_names_that_are_its_own(name: str) -> None:
    with pytest.raises(UsageError, match=name):
        render("github", {name: "x"})


def test_the_delimiters_of_github_are_never_the_same() -> None:
    assert render("github", {"A": "1"}) != render("github", {"A": "1"})


def test_every_line_of_a_value_is_masked_and_short_plain_ones_are_not() -> None:
    values = {
        "KEY": "-----BEGIN-----\r\nfirst 100%\n\n  second line\n",
        "PIN": "0815",
        "DEBUG": "true",
        "PLAIN": "long enough to be one",
        "EMPTY": "",
    }
    assert masks(values, {"PIN", "KEY", "EMPTY"}).splitlines() == [
        "::add-mask::-----BEGIN-----",
        "::add-mask::first 100%25",
        "::add-mask::second line",
        "::add-mask::0815",
        "::add-mask::long enough to be one",
    ]
    assert masks({"EMPTY": ""}, set()) == ""


@pytest.mark.parametrize(
    ("format", "text"), [("json", b"{\n\n}\n"), ("yaml", b"{}\n"), ("shell", b"")]
)
def test_nothing_is_something_that_can_be_read(format: str, text: bytes) -> None:
    assert render(format, {}) == text
