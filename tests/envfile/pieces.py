"""Pieces that real and hostile .env files are made of, and what python-dotenv reads in a file."""

from __future__ import annotations

import logging
import tempfile
from pathlib import Path

import dotenv
from hypothesis import strategies as st

from envguard.envfile.document import EnvDocument

LINE_ENDS = ("\n", "\r\n", "\r")

VALID = (
    "A=1",
    "export B='two words' # comment",
    "  C = three",
    "D",
    "E#comment",
    "F= # comment",
    "G=#value",
    'H="l1{end}l2"',
    "I='l1{end}{end}l3'#c",
    "J=a#b #c",
    "K='it\\'s \\\\'",
    'L="a\\nb\\t\\"c\\""',
    "'quoted key'=x",
    "M=${A}-${NOPE:-d}$A",
    "N=  ",
    "A=again",
    "É=ü✓",
    "O=a\0b",
    "P=x\u2028y\x85z",
    "\x0cQ=ff\x0c",
    "export",
    "# comment, with 'quote",
    "#R=old",
    "",
    "   ",
)
BROKEN = ("S='open", 'T="open', "=x", "U: v", "V='x' y", "two words", "'key=x", "export =x")

ALPHABET = "AB'\"\\=# \n\r\t\x0c\x85\u2028\ufeff$" + "{}:-x\0\u00e9"


@st.composite
def files(draw: st.DrawFn, lines: tuple[str, ...] = VALID + BROKEN) -> bytes:
    """A file of these lines in any order, with mixed line ends, with and without a final one."""
    text = draw(st.sampled_from(("", "", "\ufeff")))
    for line in draw(st.lists(st.sampled_from(lines), max_size=12)):
        end = draw(st.sampled_from(LINE_ENDS))
        text += line.format(end=end) if "{end}" in line else line
        text += end
    if draw(st.booleans()):
        text = text.rstrip("\r\n")
    return text.encode()


def noise() -> st.SearchStrategy[bytes]:
    """Files of the characters that matter to the parser."""
    return st.text(ALPHABET, max_size=40).map(str.encode)


def dotenv_reads(content: bytes, *, interpolate: bool = False) -> dict[str, str | None]:
    """What `dotenv_values` reads in a file of this content."""
    logging.getLogger("dotenv.main").setLevel(logging.ERROR)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / ".env"
        path.write_bytes(content)
        return dict(dotenv.dotenv_values(path, interpolate=interpolate))


def pairs(document: EnvDocument) -> list[tuple[str, str | None]]:
    """Keys and values of a document, in the order of the file."""
    return [(e.key, None if e.value is None else e.value.reveal()) for e in document.entries]
