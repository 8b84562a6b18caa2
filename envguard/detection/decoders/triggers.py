"""The cheap test: what a text must hold before it is worth decoding a piece of it.

The automaton looks for these expressions beside the rules' own. They are the beginnings of what
the rules know, as they look in base64 and hex, once or one in the other; runs of escapes; and
beginnings that a string literal breaks off. So a text of base64 without a credential in it costs
nothing.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from envguard.core.rule import Rule
from envguard.detection.decoders.forms import in_base64, in_hex, literals
from envguard.detection.decoders.kinds import (
    BACKSLASH_X,
    BASE64,
    HEX,
    PERCENT,
    SPLIT,
    UNICODE,
)
from envguard.detection.decoders.prefixes import Bytes, prefixes, runs

_HEX = "[0-9A-Fa-f]"
# One end for each run, so that a long one costs one callback.
_RUNS = {
    PERCENT: rf"(?:%[2-7]{_HEX}){{12}}(?:[^%]|%[^2-7]|\Z)",
    UNICODE: rf"(?:\\u00[2-7]{_HEX}){{6}}(?:[^\\]|\\[^u]|\\u(?:[^0]|0[^0]|00[^2-7])|\Z)",
    BACKSLASH_X: rf"(?:\\x[2-7]{_HEX}){{8}}(?:[^\\]|\\[^x]|\\x[^2-7]|\Z)",
}
# A literal that is closed after the beginning of a token, and what may join it to a next one. One
# expression for a few beginnings: by themselves the repeats would make the automaton ten times
# as large.
_BROKEN = (
    r"""(?:%s)[A-Za-z0-9_+/=.-]{0,48}\\?["'`][ \t]{0,2}(?:[+.&~|<>\\\r\n"'`]|[rbfuRBFU@$]["'])"""
)
_QUOTE = """["'`]"""
_TOGETHER = 8
_SHORTEST_BROKEN = 4  # exact bytes
_HEX_DIGITS = (7, 12)  # two of them say what three letters of base64 do not


def triggers(rules: Iterable[Rule]) -> list[tuple[int, str]]:
    """The kind and expression of each thing to look for, in the order of kinds."""
    # The anchor of a rule with names is what else it may be told by: no beginning of its value.
    anchors = [rule.anchor for rule in rules if not rule.part and not rule.names]
    found = list(dict.fromkeys(p for anchor in anchors for p in prefixes(anchor)))
    texts: dict[tuple[int, bytes], None] = {}
    for piece in [*found, _ESCAPES]:
        texts.update(dict.fromkeys(_encoded(piece)))
        for form in _forms(piece):
            texts.update(dict.fromkeys(_encoded(form)))
    for piece in [*_PERCENTS, *(_in_utf16(piece) for piece in found)]:
        texts.update(dict.fromkeys(_encoded(piece)))
    expressions = [(kind, _escaped(text)) for kind, text in texts]
    broken = sorted(set(_beginnings(found)))
    return sorted(
        [
            *expressions,
            *_RUNS.items(),
            *(
                (SPLIT, _BROKEN % "|".join(broken[first : first + _TOGETHER]))
                for first in range(0, len(broken), _TOGETHER)
            ),
        ],
        key=lambda trigger: trigger[0],
    )


def _text(*places: bytes) -> Bytes:
    return tuple(frozenset(place) for place in places)


_NIBBLES = b"0123456789abcdefABCDEF"
_ESCAPES = _text(*(b"\\", b"u", b"0", b"0", b"234567", _NIBBLES) * 2)
# Each by itself: else they would have no three exact bytes in a row.
_PERCENTS = [
    _text(b"%", bytes([high]), bytes([low]), b"%", b"234567")
    for high in b"234567"
    for low in _NIBBLES
]


def _forms(piece: Bytes) -> Iterator[Bytes]:
    yield from in_base64(piece)
    yield in_hex(piece)


def _encoded(piece: Bytes) -> Iterator[tuple[int, bytes]]:
    """The texts that show a piece in base64 or hex, with their kinds."""
    for form in in_base64(piece):
        after, texts = literals(form)
        yield from ((BASE64[-after % 4], text) for text in texts)
    after, texts = literals(in_hex(piece), *_HEX_DIGITS)
    yield from ((HEX[-after % 2], text) for text in texts)


def _in_utf16(piece: Bytes) -> Bytes:
    """The piece as PowerShell's -EncodedCommand has it before its base64: little-endian."""
    return tuple(place for pair in ((p, frozenset(b"\0")) for p in piece) for place in pair)


def _beginnings(found: Iterable[Bytes]) -> Iterator[str]:
    """What stands in a literal that breaks off; keys and names of fields break off nowhere. The
    short ones are in many words: they count at the beginning of a literal, with what follows."""
    for piece in found:
        start, end = max(runs(piece), key=lambda run: run[1] - run[0])
        exact = bytes(byte for place in piece[start:end] for byte in place)
        if not exact[:1].isalnum():
            continue
        if len(exact) >= _SHORTEST_BROKEN:
            yield _escaped(exact)
        elif start == 0:
            yield _QUOTE + _escaped(exact) + "".join(_class(place) for place in piece[end:])


def _class(place: frozenset[int]) -> str:
    return "[" + _escaped(bytes(sorted(place))) + "]"


def _escaped(text: bytes) -> str:
    return "".join(f"\\x{byte:02x}" if not bytes([byte]).isalnum() else chr(byte) for byte in text)
