"""What the automaton waits for: each encoded token holds it, and says where its groups begin."""

from __future__ import annotations

import base64
import re

import pytest

from envguard.detection.automaton import Automaton
from envguard.detection.decoders.kinds import BASE64, HEX, KINDS
from envguard.detection.decoders.triggers import triggers
from tests.detection import samples
from tests.detection.oracle import RULES

TRIGGERS = triggers(RULES)
TOKEN = samples.expand("{github:ghp_}")


def hits(text: bytes) -> set[tuple[int, int]]:
    return {(k, m.end()) for k, e in TRIGGERS for m in re.finditer(e.encode(), text)}


@pytest.mark.parametrize("before", range(6))
def test_a_hit_in_base64_says_how_far_it_is_from_a_whole_group(before: int) -> None:
    text = base64.b64encode(b"-" * before + TOKEN)
    found = [(kind, end) for kind, end in hits(text) if kind in BASE64]
    assert found
    assert all(kind == end % 4 for kind, end in found)


@pytest.mark.parametrize("junk", [b"", b"a"])
def test_a_hit_in_hex_says_whether_it_ends_with_a_byte(junk: bytes) -> None:
    text = junk + TOKEN.hex().encode()
    found = [(kind, end) for kind, end in hits(text) if kind in HEX]
    assert found
    assert all(kind - HEX[0] == (end - len(junk)) % 2 for kind, end in found)


def test_the_kinds_come_in_order_and_all_of_them() -> None:
    kinds = [kind for kind, _ in TRIGGERS]
    assert kinds == sorted(kinds)
    assert set(kinds) == set(range(KINDS))


def test_the_same_rules_give_the_same_expressions() -> None:
    assert triggers(RULES) == TRIGGERS


def test_a_long_run_of_escapes_is_one_hit() -> None:
    automaton = Automaton.compiled([expression for _, expression in TRIGGERS])
    for escape in (b"%67", b"\\u0067", b"\\x67"):
        assert len(automaton.ends(b'"' + escape * 5000 + b'" \n')) == 1
