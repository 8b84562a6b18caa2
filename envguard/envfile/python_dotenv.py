"""The one door to python-dotenv, whose reading of a .env file is the reference.

Its format: https://saurabh-kumar.com/python-dotenv/reference/ and
https://github.com/theskumar/python-dotenv/blob/main/src/dotenv/parser.py
"""

from __future__ import annotations

import io
from collections.abc import Iterator

from dotenv.parser import Binding, parse_stream
from dotenv.variables import Atom, Variable, parse_variables

__all__ = ["Atom", "Binding", "Variable", "bindings", "parse_variables"]


def bindings(text: str) -> Iterator[Binding]:
    """What python-dotenv reads in a file with this text, one binding for each statement.

    `dotenv_values(path)` opens files with universal newlines: `\\r\\n` and `\\r` are read as `\\n`,
    also inside quotes, and so they are in the originals of the bindings.
    """
    return parse_stream(io.StringIO(text, newline=None))
