"""`envguard cache clear`."""

from __future__ import annotations

from envguard.cli.declare import Globals, Options
from envguard.cli.session import start


class CacheOptions(Options):
    """`envguard cache clear`."""


def clear_cache(given: Globals, _options: CacheOptions) -> int:
    """Removes what scans have kept; the next ones make it anew."""
    from envguard.jobs.cache import clear

    session = start(given)
    count, size = clear(session.settings.folders)
    noun = "file" if count == 1 else "files"
    session.say(f"{session.settings.folders.cache}: {count} {noun} removed, {size / 1e6:.1f} MB")
    return 0
