from __future__ import annotations

import os
import subprocess
import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st

from envguard.core.secret import Secret
from envguard.launch.environment import child_environment, is_own_key


def test_values_win_over_the_calling_environment_and_later_layers_over_earlier() -> None:
    first = {"A": Secret("1"), "B": Secret("1")}
    made = child_environment({"A": "0", "HOME": "/h"}, first, {"B": Secret("2")})
    assert made == {"A": "1", "B": "2", "HOME": "/h"}


def test_the_calling_environment_wins_where_it_should() -> None:
    made = child_environment({"A": ""}, {"A": Secret("1"), "B": Secret("2")}, override=False)
    assert made == {"A": "", "B": "2"}


def test_empty_and_multi_line_values_pass_unchanged() -> None:
    made = child_environment({}, {"A": Secret(""), "B": Secret("x\n y\r\n"), "C": Secret("\udc80")})
    assert made == {"A": "", "B": "x\n y\r\n", "C": "\udc80"}


@pytest.mark.parametrize("override", [True, False])
@pytest.mark.parametrize("name", ["ENVGUARD_KEY", "ENVGUARD_API_TOKEN", "envguard_key"])
def test_our_own_keys_never_reach_the_child(name: str, override: bool) -> None:
    assert child_environment({name: "x"}, override=override) == {}
    assert child_environment({}, {name: Secret("x")}, override=override) == {}


@pytest.mark.parametrize(
    "name", ["ENVGUARD_PROFILE", "MY_ENVGUARD_KEY", "ENVGUARD_KEYBOARD", "KEY"]
)
def test_other_names_reach_the_child(name: str) -> None:
    assert not is_own_key(name)
    assert child_environment({name: "x"}) == {name: "x"}


names = st.text(max_size=2)


@given(st.dictionaries(names, st.text()), st.dictionaries(names, st.text()), st.booleans())
def test_every_name_is_there_once_with_the_value_of_the_winner(
    calling: dict[str, str], values: dict[str, str], override: bool
) -> None:
    before = dict(calling)
    layer = {key: Secret(value) for key, value in values.items()}
    made = child_environment(calling, layer, override=override)
    assert made == ({**calling, **values} if override else {**values, **calling})
    assert calling == before


PRINT = (
    "from envguard.launch.environment import calling_environment as c; print(c().get('LC_CTYPE'))"
)


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux shows the original environment")
@pytest.mark.parametrize(
    ("given", "expected"),
    [({"LANG": "C"}, "None"), ({}, "None"), ({"LC_CTYPE": "C.UTF-8"}, "C.UTF-8")],
)
def test_what_python_adds_in_a_c_locale_is_taken_out_and_nothing_else(
    given: dict[str, str], expected: str
) -> None:
    environ = {k: v for k, v in os.environ.items() if not k.startswith(("LC_", "LANG"))}
    done = subprocess.run(
        [sys.executable, "-c", PRINT], env={**environ, **given}, capture_output=True, check=True
    )
    assert done.stdout.decode().strip() == expected


def test_python_does_add_something_in_a_c_locale() -> None:
    done = subprocess.run(
        [sys.executable, "-c", "import os; print(os.environ.get('LC_CTYPE'))"],
        env={"LANG": "C"},
        capture_output=True,
        check=True,
    )
    assert done.stdout.strip() in (b"C.UTF-8", b"C.utf8", b"UTF-8")
