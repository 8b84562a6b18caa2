"""What gitleaks would find where its rule's anchor was found, and in which files it would tell.

The steps are those of its `detectRule`: the keyword, the expression, the secret in the match, its
entropy, the allow lists, and the rules that are required nearby.
https://github.com/gitleaks/gitleaks/blob/master/detect/detect.go
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

from envguard.core.rule import Place
from envguard.detection.entropy import entropy
from envguard.detection.foreign import Spec
from envguard.detection.gitleaks.allowlists import Allowlist, allowed_in, weigh
from envguard.detection.gitleaks.syntax import FLAGS
from envguard.detection.windows import Memory, Window

_LINE = 4096  # bytes of a line that allow lists see on either side of a match

_NOTHING = "(?!)"  # for rules about the names of files, and of ours


class _Match(NamedTuple):
    """A match and the secret in it: bytes of the text."""

    start: int
    end: int
    secret_start: int
    secret_end: int


class Judge:
    """The checks of one rule; `lists` are the allow lists that hold for it."""

    def __init__(self, spec: Spec, lists: Sequence[Any]) -> None:
        self._spec = spec
        self._lists = [Allowlist(data) for data in lists]
        self._path = re.compile(spec["path"], FLAGS) if spec.get("path") else None
        self._expression = _Expression(spec)
        self._required = [
            (Judge(part["spec"], part["lists"]), part["lines"], part["columns"])
            for part in spec.get("required", ())
        ]
        self._memory = Memory()
        self._seen: tuple[bytes, bool] = b"", False

    def look(self, text: bytes, end: int, done: int) -> tuple[Sequence[Place], int]:
        """The secrets in matches around what the matcher found, that no text allows; and before
        which byte no other one begins."""
        if not self._has_keyword(text):
            return (), len(text)
        matches, resume = self._expression.around(text, end, done, self._memory)
        places = (self._place(text, match) for match in matches)
        return [place for place in places if place is not None], resume

    def weigh(self, text: bytes, start: int, end: int) -> int | None:
        """What the allow lists say about a secret that another rule found."""
        return self._weighed(text, _Match(start, end, start, end))

    def holds(self, path: str, waits: int) -> bool:
        """Whether it is told in the file `path`."""
        if self._path is not None and not self._path.search(path):
            return False
        return not allowed_in(self._lists, path, waits)

    def _place(self, text: bytes, match: _Match) -> Place | None:
        secret = _decoded(text[match.secret_start : match.secret_end])
        if not secret or (self._spec["entropy"] and entropy(secret) <= self._spec["entropy"]):
            return None
        waits = self._weighed(text, match)
        if waits is None or not all(
            part.is_near(text, match, lines, columns) for part, lines, columns in self._required
        ):
            return None
        return match.secret_start, match.secret_end, waits

    def is_near(self, text: bytes, match: _Match, lines: int | None, columns: int | None) -> bool:
        """Whether the rule finds something so near to another one's match."""
        if not self._has_keyword(text):
            return False
        line, column = _line_and_column(text, match.start)
        first, last = 0, len(text)
        if lines is not None:
            first, last = _lines_around(text, match.start, match.end, lines)
        for other in self._expression.within(text, first, last):
            at_line, at_column = _line_and_column(text, other.start)
            near = lines is None or abs(at_line - line) <= lines
            near = near and (columns is None or abs(at_column - column) <= columns)
            if near and self._place(text, other) is not None:
                return True
        return False

    def _weighed(self, text: bytes, match: _Match) -> int | None:
        if not self._lists:
            return 0
        start = text.rfind(b"\n", max(match.start - _LINE, 0), match.start) + 1
        start = start or max(match.start - _LINE, 0)
        end = text.find(b"\n", match.end, match.end + _LINE)
        line = text[start : end if end >= 0 else match.end + _LINE]
        secret = text[match.secret_start : match.secret_end]
        matched = text[match.start : match.end]
        return weigh(self._lists, *map(_decoded, (secret, matched, line)))

    def _has_keyword(self, text: bytes) -> bool:
        """Whether one of the rule's keywords stands somewhere in the text."""
        keywords = self._spec["keywords"]
        if not keywords:
            return True
        if self._seen[0] is not text:
            lower = text.lower()
            self._seen = text, any(word.encode() in lower for word in keywords)
        return self._seen[1]


class _Expression:
    """A rule's expression over the text around a place."""

    def __init__(self, spec: Spec) -> None:
        self._pattern = re.compile(spec.get("pattern") or _NOTHING, FLAGS)
        self._group: int = spec.get("group", 0)
        self._window = Window(
            spec.get("before", 0),
            spec.get("after", 0),
            spec.get("far", False),
            spec.get("whole", False),
        )

    def around(self, text: bytes, end: int, done: int, memory: Memory) -> tuple[list[_Match], int]:
        """The matches that hold `end`, and before which byte no other one begins."""
        found, resume = self._window.matches(self._pattern, text, end, done, memory)
        return [self._match(text, start, stop) for start, stop in found], resume

    def within(self, text: bytes, first: int, last: int) -> Iterator[_Match]:
        """The matches in a part of the text."""
        part = _decoded(text[first:last])
        for match in self._pattern.finditer(part):
            start = first + len(_encoded(part[: match.start()]))
            yield self._match(text, start, start + len(_encoded(match[0])))

    def _match(self, text: bytes, start: int, stop: int) -> _Match:
        """The secret in a match is what the expression finds in the match alone: its group, or the
        first one that is not empty, or all of it."""
        matched = text[start:stop]
        start += len(matched) - len(matched.lstrip(b"\n"))
        matched = matched.strip(b"\n")
        inner = _decoded(matched)
        again = self._pattern.search(inner)
        first, last = 0, len(inner)
        if again is not None and self._pattern.groups:
            groups = range(1, self._pattern.groups + 1)
            chosen = self._group or next((n for n in groups if again[n]), None)
            if chosen is not None:
                first, last = again.span(chosen)
        before = len(_encoded(inner[: max(first, 0)]))
        size = len(_encoded(inner[max(first, 0) : max(last, 0)]))
        return _Match(start, start + len(matched), start + before, start + before + size)


def _decoded(text: bytes) -> str:
    return text.decode("utf-8", "surrogateescape")


def _encoded(text: str) -> bytes:
    return text.encode("utf-8", "surrogateescape")


def _line_and_column(text: bytes, at: int) -> tuple[int, int]:
    return text.count(b"\n", 0, at), at - text.rfind(b"\n", 0, at)


def _lines_around(text: bytes, start: int, end: int, lines: int) -> tuple[int, int]:
    """Where so many lines before and after begin and end."""
    first, last = start, end
    for _ in range(lines + 1):
        first = max(text.rfind(b"\n", 0, first), 0)
    for _ in range(lines + 1):
        after = text.find(b"\n", last)
        last = after + 1 if after >= 0 else len(text)
    return first, last
