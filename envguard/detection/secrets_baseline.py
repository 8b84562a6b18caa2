"""What a detect-secrets baseline in a tree names that its own tool would import and run.

The format: https://github.com/Yelp/detect-secrets/blob/master/docs/plugins.md and `filters.md`.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

FILE_NAME = ".secrets.baseline"

_OWN_FILTERS = "detect_secrets."


def named_programs(text: bytes) -> tuple[str, ...]:
    """The paths of plugins and filters that a baseline names and detect-secrets does not bring
    along, each once; empty where there are none, and for a text that is no baseline."""
    try:
        data = json.loads(text)
    except (ValueError, RecursionError):
        return ()
    if not isinstance(data, dict):
        return ()
    plugins = _paths(data.get("plugins_used"))
    filters = (path for path in _paths(data.get("filters_used")) if not _is_own(path))
    return tuple(dict.fromkeys([*plugins, *filters]))


def _paths(entries: Any) -> Iterator[str]:
    for entry in entries if isinstance(entries, list) else ():
        path = entry.get("path") if isinstance(entry, dict) else None
        if isinstance(path, str) and path:
            yield path


def _is_own(path: str) -> bool:
    return path.startswith(_OWN_FILTERS)
