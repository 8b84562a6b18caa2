"""rules: what a scan looks for."""

from __future__ import annotations

from envguard.core.rule import Rule
from envguard.detection.rulebook import load


def rules() -> tuple[Rule, ...]:
    """The built-in rules, in the order of their files."""
    return load()
