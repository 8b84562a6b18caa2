"""cache clear: what scans keep in the user's cache."""

from __future__ import annotations

from envguard.core.config import Folders
from envguard.core.errors import UsageError
from envguard.detection import cache


def clear(folders: Folders) -> tuple[int, int]:
    """Removes compiled rules and what is remembered of histories; how many files, and their
    bytes. The next scan makes them anew. Raises UsageError where one cannot be removed."""
    try:
        return cache.clear(folders.cache)
    except OSError as error:
        raise UsageError(
            f"{folders.cache} cannot be cleared: {error.strerror}", f"check: ls -la {folders.cache}"
        ) from None
