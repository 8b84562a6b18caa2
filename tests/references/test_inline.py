"""`{{secrets.NAME}}` inside a longer text."""

from __future__ import annotations

import pytest

from envguard.core.reference import Reference
from envguard.references.inline import fill, find


@pytest.mark.parametrize(
    ("text", "references"),
    [
        ("db://ada:{{secrets.PW}}@host", [Reference("secret", "PW")]),
        ("{{ secrets.A }}{{secrets.B}}", [Reference("secret", "A"), Reference("secret", "B")]),
        ("{{secrets.J#user@2}}", [Reference("secret", "J", "user", "2")]),
        ("{{secrets.a/b.c-d}}", [Reference("secret", "a/b.c-d")]),
        ("{{{secrets.A}}}", [Reference("secret", "A")]),
        ("${{ secrets.GITHUB }}", []),
        ("{{secrets.}} {{secrets.#x}} {{secret.A}} {{ env.A }} {{secrets.A} {{\nsecrets.A}}", []),
        ("", []),
    ],
)
def test_references_are_found(text: str, references: list[Reference]) -> None:
    assert find(text) == references


def test_values_take_their_places_and_are_not_looked_into() -> None:
    values = {"A": "{{secrets.B}}", "B": "b"}
    text = "<{{secrets.A}}> {{secrets.#}} ${{secrets.B}} {{ secrets.B }}"
    filled = fill(text, lambda reference: values[reference.name])
    assert filled == "<{{secrets.B}}> {{secrets.#}} ${{secrets.B}} b"
    assert fill("nothing", lambda reference: values[reference.name]) == "nothing"
