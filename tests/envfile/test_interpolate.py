"""Interpolation is python-dotenv's own, but for values that are taken verbatim."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping
from unittest.mock import patch

import pytest
from dotenv.main import resolve_variables
from hypothesis import given
from hypothesis import strategies as st

from envguard.envfile.document import parse
from envguard.envfile.interpolate import join, pieces, variables
from tests.envfile.pieces import VALID, dotenv_reads, files, pairs

NAMES = st.sampled_from(["A", "B", "C", "HOST"])
VALUES = st.lists(
    st.sampled_from(["${A}", "${B}", "${HOST}", "${C:-d}", "${:-x}", "$A", "${", "}", "x", ":-"])
).map("".join)
ENVIRON = st.dictionaries(NAMES, VALUES)


def expand(
    values: Iterable[tuple[str, str | None, bool]],
    environ: Mapping[str, str],
    *,
    override: bool = True,
) -> dict[str, str | None]:
    """Key, value and whether the value is verbatim; what is made of them."""
    cut = ((k, None if v is None else (v,) if verbatim else pieces(v)) for k, v, verbatim in values)
    return join(cut, environ, override=override)


def dotenv_resolves(
    values: list[tuple[str, str | None]], environ: Mapping[str, str], *, override: bool
) -> dict[str, str | None]:
    with patch.dict(os.environ, environ, clear=True):
        return dict(resolve_variables(values, override=override))


@given(
    values=st.lists(st.tuples(NAMES, st.none() | VALUES)), environ=ENVIRON, override=st.booleans()
)
def test_values_expand_as_python_dotenv_expands_them(
    values: list[tuple[str, str | None]], environ: dict[str, str], override: bool
) -> None:
    expanded = expand(((k, v, False) for k, v in values), environ, override=override)
    assert expanded == dotenv_resolves(values, environ, override=override)


@given(content=files(VALID))
def test_a_whole_file_expands_as_dotenv_values_reads_it(content: bytes) -> None:
    document = parse(content, ".env")
    expanded = expand(((k, v, False) for k, v in pairs(document)), os.environ)
    assert expanded == dotenv_reads(content, interpolate=True)


def test_a_verbatim_value_is_not_looked_into_and_others_may_name_it() -> None:
    values = [
        ("PASSWORD", "a${HOST}$$${X:-y}", True),
        ("URL", "db://${PASSWORD}@${HOST}:${PORT:-5432}/$HOST", False),
    ]
    assert expand(values, {"HOST": "h"}) == {
        "PASSWORD": "a${HOST}$$${X:-y}",
        "URL": "db://a${HOST}$$${X:-y}@h:5432/$HOST",
    }


def test_values_above_go_before_the_environment_unless_override_is_off() -> None:
    values = [("A", "file", False), ("B", "${A}", False)]
    assert expand(values, {"A": "outside"})["B"] == "file"
    assert expand(values, {"A": "outside"}, override=False)["B"] == "outside"


def test_a_value_names_only_what_stands_above_it() -> None:
    assert expand([("A", "${B}", False), ("B", "1", False)], {}) == {"A": "", "B": "1"}


def test_the_environment_is_left_alone() -> None:
    environ = {"A": "1"}
    expand([("A", "2", False), ("B", "3", False)], environ)
    assert environ == {"A": "1"}


@pytest.mark.parametrize(
    ("value", "names"),
    [
        ("plain", ()),
        ("$A", ()),
        ("${A}${B:-x}${A}", ("A", "B")),
        ("${}", ("",)),
        ("${A:x}", ()),
        ("${A", ()),
    ],
)
def test_the_names_that_a_value_interpolates_are_listed_once(
    value: str, names: tuple[str, ...]
) -> None:
    assert variables(value) == names
