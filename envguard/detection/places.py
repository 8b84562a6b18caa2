"""Lines and columns of places in a text, at the cost of one walk through it."""

from __future__ import annotations

from codecs import getincrementaldecoder

_DECODER = getincrementaldecoder("utf-8")


class Places:
    """Walks through a text from place to place, which are asked for in order.

    A line may be long and hold thousands of places: each byte is counted once.
    """

    def __init__(self, text: bytes) -> None:
        self._text = text
        self._offset = 0
        self._line = 1
        self._characters = 0  # of the line, before `_offset`
        self._decoder = _DECODER("surrogateescape")
        self.line_start = 0
        """Where the line of the last place begins, in bytes."""

    def at(self, offset: int) -> tuple[int, int]:
        """Line and column of the byte at `offset`, which is not before the last one asked for.

        Both count from 1, columns in characters; a byte that is no UTF-8 counts as one.
        """
        breaks = self._text.count(b"\n", self._offset, offset)
        if breaks:
            self._line += breaks
            self.line_start = self._text.rfind(b"\n", self._offset, offset) + 1
            self._offset = self.line_start
            self._characters = 0
            self._decoder.reset()
        self._characters += len(self._decoder.decode(self._text[self._offset : offset]))
        self._offset = offset
        unfinished, _ = self._decoder.getstate()  # bytes of a character that is not whole yet
        return self._line, self._characters + len(unfinished) + 1
