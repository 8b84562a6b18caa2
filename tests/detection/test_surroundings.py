"""What the rest of a line says about a value."""

from __future__ import annotations

import pytest

from tests.detection.oracle import assignments


@pytest.mark.parametrize(
    ("line", "marks"),
    [
        ('password = "hunter2x"', "rest:end"),
        ('# password = "hunter2x"', "comment rest:end"),
        ('f(user="me", password="hunter2x")', "user rest:)"),
        ("http://x/?a=b&token=hunter2x&c=d", "parameter rest:&"),
        ('assert password == "hunter2x"', "asserted rest:end"),
        ('password = "hunter2x"  # example', "doubted rest:#"),
        ('password = "hunter2x" + suffix', "joined rest:other"),
        ('log("password=hunter2x")', "printed rest:)"),
        ('"name": "x", "password": "hunter2x",', "rest:,"),
        ("Authorization: Basic dXNlcjpwYXNzd29yZA==", "basic rest:end"),
    ],
)
def test_a_line_leaves_its_marks(line: str, marks: str) -> None:
    (found,) = assignments(line.encode())
    assert found.around == marks
