"""Line ends, as python-dotenv and every editor know them."""

from __future__ import annotations

import re

LINE_END = re.compile(r"\r\n|\n|\r")


def count_lines(text: str) -> int:
    """How many line ends a text holds."""
    return sum(1 for _ in LINE_END.finditer(text))
