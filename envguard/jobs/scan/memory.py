"""What a scan of a history remembers for the next one, in the user's own cache.

Kept for one repository under one set of rules, one version of envguard and one way to weigh: a
change of any of these begins anew. Only what was looked at as a whole, with nothing missing, is
remembered.
"""

from __future__ import annotations

import contextlib
from collections.abc import Sequence
from pathlib import Path

import envguard
from envguard.core.digest import digest
from envguard.core.finding import Coverage
from envguard.detection import cache
from envguard.jobs.scan.objects import Objects
from envguard.jobs.scan.state import Scan
from envguard.sources.changes import CommitChanges
from envguard.sources.git import Git
from envguard.sources.known import Known, KnownPack, unpacked
from envguard.sources.object_files import ObjectFiles

_ROOMS = ("detection", "sources", "jobs/scan")


class Memory:
    """The file for one repository and one scan's rules; does nothing without a `folder`."""

    def __init__(self, scan: Scan, git: Git, folder: Path | None) -> None:
        self._git = git
        self._file: Path | None = None
        self._known: Known | None = None
        if folder is not None:
            place = git.run("rev-parse", "--path-format=absolute", "--git-common-dir")
            parts = (scan.detector.identity, scan.minimum.name, _code())
            rules = digest(*(part.encode() for part in parts)).hex()[:32]
            self._file = folder / f"history-{digest(place).hex()[:32]}-{rules}.bin"

    def recall(self) -> Known | None:
        """What is known; None where that is nothing."""
        kept = cache.read(self._file) if self._file is not None else None
        if kept is None:
            return None
        self._known = unpacked(kept, len(self._git.null_id) // 2)
        return self._known

    def keep(
        self,
        objects: Objects,
        commits: Sequence[tuple[str, ...]],
        changes: Sequence[CommitChanges],
        coverage: Coverage,
    ) -> None:
        """Remembers a scan that looked at everything; `commits` are all, with their parents, and
        `changes` those that touch what was found."""
        store = objects.store
        if self._file is None or not coverage.complete or not isinstance(store, ObjectFiles):
            return
        packs: dict[bytes, KnownPack] = {}
        for pack in store.packs:
            # Also what another pack has too: that one may be gone when this one is still here.
            here = [name for name in sorted(objects.held) if pack.find(bytes.fromhex(name))]
            known = store.known.get(pack)
            blobs, size = known[:2] if known else objects.counts.get(pack.checksum, (0, 0))
            held = tuple((name, objects.held[name]) for name in here)
            packs[pack.checksum] = KnownPack(blobs, size, held)
        seen = Known(packs, tuple(commits), tuple(changes))
        if seen == self._known:
            return
        cache.write(self._file, seen.packed())
        # What was seen with other rules, or by an earlier version, is of no use any more.
        repository = self._file.name.rpartition("-")[0]
        for other in self._file.parent.glob(f"{repository}-*.bin"):
            if other != self._file:
                with contextlib.suppress(OSError):
                    other.unlink()


def _code() -> str:
    """The files that a scan is made of, so that a change of them begins anew as well."""
    package = Path(envguard.__path__[0])
    files = [file for room in _ROOMS for file in sorted((package / room).rglob("*.py"))]
    return "".join(f"{file.name} {file.stat().st_mtime_ns} " for file in files)
