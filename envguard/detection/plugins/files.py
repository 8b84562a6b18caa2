"""Which files are for detect-secrets: baselines with `plugins_used`, and files of plugins."""

from __future__ import annotations

import json
from typing import Any, NoReturn

from envguard.detection.builtin import RuleFile
from envguard.detection.rule_files import ALL, is_program


def is_plugins(file: RuleFile) -> bool:
    """Whether a file names or holds plugins."""
    path, content = file
    return is_program(path) or file == ALL or baseline(content) is not None


def baseline(content: bytes) -> dict[str, Any] | None:
    """What a baseline of detect-secrets says; None for another file."""
    if not content.lstrip().startswith(b"{"):
        return None
    try:
        data = json.loads(content, parse_constant=_no_number)
    except (ValueError, RecursionError):
        return None
    return data if isinstance(data, dict) and isinstance(data.get("plugins_used"), list) else None


def _no_number(name: str) -> NoReturn:
    # JSON knows neither NaN nor Infinity (RFC 8259, section 6), and no limit can be one.
    raise ValueError(name)
