"""The one door to python-dotenv, whose reading of a .env file is the reference.

Its format: https://saurabh-kumar.com/python-dotenv/reference/ and
https://github.com/theskumar/python-dotenv/blob/main/src/dotenv/parser.py
"""

from __future__ import annotations

import io
from collections.abc import Iterator
from typing import TYPE_CHECKING

from envguard.core.alone import load_alone

if TYPE_CHECKING:
    from dotenv.parser import Binding, parse_stream
    from dotenv.variables import Atom, Variable, parse_variables
else:
    # The package also imports logging, shutil and tempfile: 13 of the 80 ms of a start.
    _parser, _variables = load_alone("dotenv.parser"), load_alone("dotenv.variables")
    Binding, parse_stream = _parser.Binding, _parser.parse_stream
    Atom, Variable = _variables.Atom, _variables.Variable
    parse_variables = _variables.parse_variables

__all__ = ["Atom", "Binding", "Variable", "bindings", "parse_variables"]


def bindings(text: str) -> Iterator[Binding]:
    """What python-dotenv reads in a file with this text, one binding for each statement.

    `dotenv_values(path)` opens files with universal newlines: `\\r\\n` and `\\r` are read as `\\n`,
    also inside quotes, and so they are in the originals of the bindings.
    """
    return parse_stream(io.StringIO(text, newline=None))
