from __future__ import annotations

import io

from envguard.core.document import Document
from envguard.sources.stdin import read


def test_standard_input_is_read_to_its_end_under_the_given_name() -> None:
    assert read(io.BytesIO(b"a\r\n\xff"), "some/file.py") == Document("some/file.py", b"a\r\n\xff")
