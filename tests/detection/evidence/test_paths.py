"""What a path says about its file."""

from __future__ import annotations

import pytest

from envguard.detection.evidence import paths


@pytest.mark.parametrize(
    ("path", "kind", "purpose"),
    [
        ("src/app.py", "code", "run"),
        ("Main.JAVA", "code", "run"),
        ("README.md", "document", "run"),
        ("docs/a.rst", "document", "shown"),
        ("deploy/app.yml", "yaml", "run"),
        (".env", "settings", "run"),
        ("prod.env", "settings", "run"),
        (".env.local", "settings", "run"),
        ("tests/a.py", "code", "test"),
        ("a.test.js", "code", "test"),
        ("src/contest.py", "code", "run"),
        ("i18n/en.json", "json", "run"),
        ("examples/a.tf", "settings", "shown"),
        ("Makefile", "other", "run"),
        ("(blob 0123)", "other", "run"),
    ],
)
def test_a_path_tells_the_kind_of_file_and_what_it_is_for(
    path: str, kind: str, purpose: str
) -> None:
    assert (paths.kind(path), paths.purpose(path)) == (kind, purpose)
    assert kind in paths.KINDS
    assert purpose in paths.PURPOSES
