"""Where a scan of a history keeps what it remembers for the next one: in the user's own cache.

Kept for one repository under one set of rules, one version of envguard and one way to weigh and
to show: a change of any of these begins anew. Only what was looked at as a whole, with nothing
missing, is remembered. Two files: what was found, and the names of all objects that were read,
which are needed only where a repository was packed anew, or cloned.
"""

from __future__ import annotations

import contextlib
import marshal
import os
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

import envguard
from envguard.core.digest import digest
from envguard.core.finding import Coverage
from envguard.detection import cache
from envguard.jobs.scan.past import NOTHING, Past, unpacked
from envguard.jobs.scan.state import Scan
from envguard.sources.git import Git
from envguard.sources.known import Known
from envguard.sources.listed import kinds
from envguard.sources.object_files import ObjectFiles

_ROOMS = ("core", "detection", "sources", "jobs/scan")
_ASKED = 100  # commits of a memory that a repository is asked for
_MOST_OTHERS = 10  # memories of other places that are looked into for the same repository


class Memory:
    """The files for one repository and one scan's rules, in a folder."""

    def __init__(self, scan: Scan, git: Git, folder: Path) -> None:
        self._git = git
        self._folder = folder
        self.place = os.fsencode(os.path.realpath(git.common))
        self._rules = digest(*_about(scan), _code().encode()).hex()[:32]
        self._kept: bytes | None = None
        self._adopted: Sequence[Path] = ()

    def recall(self) -> Past:
        """What is remembered, with a key at least. Where the repository was somewhere else before,
        as a clone for another run of a CI system was, that is as good."""
        self._kept = cache.read(self._file("history", self.place))
        if self._kept is not None:
            return self._unpacked(self._kept, self.place)
        for other in self._others():
            kept = cache.read(other)
            if kept is None:
                continue
            place = self._unpacked(kept, b"").place
            past = self._unpacked(kept, place)
            # Some of its branches may be gone.
            asked = past.marks[:: len(past.marks) // _ASKED + 1]
            if any(kinds(self._git, asked, [])):
                if not os.path.lexists(place):
                    self._adopted = [other, self._file("names", place)]
                return past
        return NOTHING

    def keep(
        self, now: Past, store: ObjectFiles, sizes: Mapping[bytes, int], coverage: Coverage
    ) -> None:
        """Remembers what is known by now; `sizes` are those of loose objects that were read."""
        known = now.known or Known(frozenset(), 0, 0, {}, tuple)
        packs = frozenset(pack.checksum for pack in store.packs)
        loose = {name: sizes.get(name, known.loose.get(name, -1)) for name in store.loose}
        if packs != known.packs or now.place != self.place:
            tables = [pack.table for pack in store.packs]
            cache.write(self._file("names", self.place), marshal.dumps(tables))
        packed = now._replace(
            place=self.place,
            key=now.key,
            known=Known(packs, coverage.blobs, coverage.bytes, loose, tuple),
        ).packed()
        if packed != self._kept:
            cache.write(self._file("history", self.place), packed)
        # What was seen with other rules, or by an earlier version, is of no use any more.
        old = [
            other
            for kind in ("history", "names")
            for other in self._folder.glob(f"{kind}-{_short(self.place)}-*.bin")
            if other != self._file(kind, self.place)
        ]
        for other in (*old, *self._adopted):
            with contextlib.suppress(OSError):
                other.unlink()

    def _unpacked(self, kept: bytes, place: bytes) -> Past:
        return unpacked(kept, lambda: self._tables(place))

    def _tables(self, place: bytes) -> Sequence[bytes]:
        kept = cache.read(self._file("names", place))
        found: list[bytes] = marshal.loads(kept) if kept is not None else []  # noqa: S302 - our own
        return found

    def _file(self, kind: str, place: bytes) -> Path:
        return self._folder / f"{kind}-{_short(place)}-{self._rules}.bin"

    def _others(self) -> Sequence[Path]:
        found = [*self._folder.glob(f"history-*-{self._rules}.bin")]
        found.sort(key=lambda file: file.stat().st_mtime_ns, reverse=True)
        return found[:_MOST_OTHERS]


def _short(place: bytes) -> str:
    return digest(place).hex()[:32]


def _about(scan: Scan) -> Iterator[bytes]:
    """What else than the contents a scan's findings depend on."""
    named = scan.fingerprints is not None
    salt = scan.accepted.salt if named else ""
    for part in (scan.detector.identity, scan.minimum.name, str(named), salt):
        yield part.encode()
    for glob in scan.exclude:
        yield os.fsencode(glob)


def _code() -> str:
    """The files that a scan is made of, so that a change of them begins anew as well."""
    package = Path(envguard.__path__[0])
    return "".join(sorted(told for room in _ROOMS for told in _files(package / room)))


def _files(folder: Path) -> Iterator[str]:
    for entry in os.scandir(folder):
        if entry.is_dir():
            if entry.name != "__pycache__":
                yield from _files(Path(entry.path))
        else:
            yield f"{entry.name} {entry.stat().st_mtime_ns} "
