"""What a plugin of detect-secrets finds in the lines in which its anchor was found."""

from __future__ import annotations

from collections.abc import Sequence

from envguard.core.rule import Place
from envguard.detection.foreign import Spec
from envguard.detection.plugins import library
from envguard.detection.plugins.filters import Filters

_LONGEST = 8192  # bytes of a line that a plugin is given at once
_MOST_KNOWN = 16 << 20  # bytes of lines, and about 256 for keeping each one
_KEPT = 256
_BASELINE = ".secrets.baseline"


class Judge:
    """The checks of one plugin. Its `waits` are the kinds of files (`library.FILE_KINDS`) in which
    it finds a secret, by bits; 0 where the name of the file does not matter."""

    def __init__(self, spec: Spec) -> None:
        self._place: str = spec["path"]
        source = spec["source"]
        kinds = library.classes_in(source, self._place) if source else library.classes()
        self._plugin = library.made(kinds[spec["class"]], spec["options"], self._place)
        self._names = library.FILE_KINDS if spec["names"] else library.FILE_KINDS[:1]
        self._filters = Filters(spec["filters"])
        self._known: dict[bytes, Sequence[Place]] = {}
        self._size = 0

    def look(self, text: bytes, end: int, done: int) -> tuple[Sequence[Place], int]:
        """The secrets in the line that `end` is in; what begins before `done` was told."""
        first = text.rfind(b"\n", 0, max(end - 1, 0)) + 1
        last = text.find(b"\n", max(end - 1, 0))
        last = len(text) if last < 0 else last
        resume = last + 1
        if last - first > _LONGEST:
            first = max(first, end - _LONGEST // 2)
            last = min(last, end + _LONGEST // 2)
            resume = last
        line = text[first:last]
        if b"\0" in line:
            return (), resume
        found = self._seen(line)
        return [(first + a, first + b, w) for a, b, w in found if first + a >= done], resume

    def weigh(self, text: bytes, start: int, end: int) -> int | None:  # noqa: ARG002 - the seam's
        """Plugins say nothing about what others find."""
        return 0

    def holds(self, path: str, waits: int) -> bool:
        """Whether it is told in the file `path`."""
        if path.rpartition("/")[2] == _BASELINE or self._filters.passes_file(path):
            return False
        return not waits or bool(waits >> library.file_kind(path) & 1)

    def _seen(self, line: bytes) -> Sequence[Place]:
        found = self._known.get(line)
        if found is None:
            found = self._found(line)
            self._size += len(line) + _KEPT
            if self._size > _MOST_KNOWN:
                self._known.clear()
                self._size = len(line) + _KEPT
            self._known[line] = found
        return found

    def _found(self, line: bytes) -> list[Place]:
        text = line.decode("utf-8", "surrogateescape").rstrip()
        secrets: dict[str, int] = {}
        for number, name in enumerate(self._names):
            for secret in library.analyzed(self._plugin, text, name, self._place):
                secrets[secret] = secrets.get(secret, 0) | 1 << number
        return [
            (*_span(text, secret), kinds if len(self._names) > 1 else 0)
            for secret, kinds in secrets.items()
            if not self._filters.passes(self._plugin, secret, text)
        ]


def _span(line: str, secret: str) -> tuple[int, int]:
    """Where a secret stands in a line, in bytes; the line where the plugin has changed it."""
    start = line.find(secret)
    if start < 0:
        secret = line.lstrip()
        start = len(line) - len(secret)
    first = len(line[:start].encode("utf-8", "surrogateescape"))
    return first, first + len(secret.encode("utf-8", "surrogateescape"))
