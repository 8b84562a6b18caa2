"""A Secret is masked everywhere and opened by `reveal` alone."""

from __future__ import annotations

import copy
import json
import pickle
from dataclasses import asdict, dataclass

import pytest

from envguard.core.secret import MASK, Secret

VALUE = "correct-horse-battery-staple-7"


def test_no_way_of_showing_it_shows_the_value() -> None:
    secret = Secret(VALUE)
    shown = [repr(secret), str(secret), f"{secret}", f"{secret:>60}", f"{secret!r:>5}"]
    assert not any(VALUE in text for text in shown)
    assert all(MASK in text for text in shown)


@pytest.mark.parametrize("take", [json.dumps, pickle.dumps, copy.copy, copy.deepcopy])
def test_it_is_not_serialised_or_copied(take: object) -> None:
    with pytest.raises(TypeError) as raised:
        take(Secret(VALUE))  # type: ignore[operator]  # the functions above
    assert VALUE not in str(raised.value)


def test_a_dataclass_that_holds_one_cannot_be_turned_into_a_dict() -> None:
    @dataclass
    class Holder:
        secret: Secret

    with pytest.raises(TypeError):
        asdict(Holder(Secret(VALUE)))


def test_it_has_no_attribute_that_a_debugger_would_list_by_accident() -> None:
    assert not hasattr(Secret(VALUE), "__dict__")


@pytest.mark.parametrize(
    ("value", "mask"),
    [
        ("", MASK),
        ("short", MASK),
        ("x" * 15, MASK),
        ("abcd" + "x" * 12, "abcd" + MASK),
        ("abcd" + "x" * 18 + "yz", "abcd" + MASK + "yz"),
        ("abcd" + "\x1b" * 20, MASK),
        ("äbcd" + "x" * 20, MASK),
        ("-----BEGIN PRIVATE KEY-----\nabc", MASK),
    ],
)
def test_the_mask_shows_ends_only_where_enough_stays_unknown(value: str, mask: str) -> None:
    assert Secret(value).mask() == mask


def test_equal_values_are_equal_and_find_each_other() -> None:
    assert Secret("a") == Secret("a")
    assert Secret("a") != Secret("b")
    assert Secret("a") != "a"
    assert len({Secret("a"), Secret("a"), Secret("b")}) == 2
    assert Secret("\udcff") == Secret("\udcff")
    assert not Secret("")
