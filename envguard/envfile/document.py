"""A .env file that is read as python-dotenv reads it, and written back byte for byte."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import NamedTuple

from envguard.core.envfile import Entry
from envguard.core.errors import UsageError
from envguard.core.secret import Secret
from envguard.core.text import printable
from envguard.envfile.line_ends import LINE_END, count_lines
from envguard.envfile.python_dotenv import bindings

_BOM = "\ufeff"
_UTF16_MARKS = (b"\xff\xfe", b"\xfe\xff")
_LINE = re.compile(r"[^\r\n]*(?:\r\n|\n|\r)|[^\r\n]+")
_LEADING = re.compile(r"\s*")


class Statement(NamedTuple):
    """One or more whole lines: an entry, a comment, blank lines, or what cannot be parsed.

    `text` is what stands in the file, with the blank lines above; `line` is the first line
    that is not blank.
    """

    text: str
    line: int
    entry: Entry | None
    broken: bool

    def __repr__(self) -> str:
        return f"Statement(line={self.line})"


class EnvDocument(NamedTuple):
    """A .env file. `mark` is its byte-order mark or empty; `path` is its name in errors."""

    path: str
    mark: str
    statements: tuple[Statement, ...]

    def render(self) -> bytes:
        """The file's bytes; of a document that was not edited, those that it was read from."""
        return self._text().encode()

    @property
    def entries(self) -> tuple[Entry, ...]:
        """Every entry in the order of the file, duplicates included.

        Values are what `dotenv_values(path, interpolate=False)` reads, before the last one wins.
        """
        return tuple(s.entry for s in self.statements if s.entry is not None)

    @property
    def problems(self) -> tuple[Statement, ...]:
        """What python-dotenv cannot parse, and so skips."""
        return tuple(statement for statement in self.statements if statement.broken)

    @property
    def line_end(self) -> str:
        """How the first line of the file ends; `\\n` where there is no line end."""
        found = LINE_END.search(self._text())
        return found.group() if found else "\n"

    def require_clean(self) -> None:
        """Raises UsageError with the first of the problems, where there are any."""
        problems = self.problems
        if not problems:
            return
        from envguard.envfile.parts import advice  # noqa: PLC0415 - only for the error

        first, more = problems[0], len(problems) - 1
        what = f"{printable(self.path)}:{first.line} is no KEY=VALUE line"
        if more:
            what += f", nor {'is' if more == 1 else 'are'} {more} more"
        raise UsageError(what, advice(first.text))

    def replace(self, where: Entry | int, value: str) -> EnvDocument:
        """The document with one entry's value changed, see `replace_all`."""
        return self.replace_all({where.line if isinstance(where, Entry) else where: value})

    def replace_all(self, values: Mapping[int, str]) -> EnvDocument:
        """The document with the values changed of the entries on these lines, and nothing else.

        `values` are read as they are given, before interpolation. The style of quotes stays
        where the new value can be written so; every byte outside the value stays.
        Raises LookupError for a line that holds no entry, UsageError for a value that no .env
        file can hold and where broken lines keep the edit from being read back.
        """
        wanted = dict(values)
        statements = []
        expected: list[tuple[str, str | None]] = []
        for statement in self.statements:
            entry = statement.entry
            if entry is not None and entry.line in wanted:
                value = wanted.pop(entry.line)
                text = self._edited(entry, value)
                statements.append(statement._replace(text=text))
                expected.append((entry.key, value))
                continue
            statements.append(statement)
            if entry is not None:
                expected.append(_pair(entry))
        if wanted:
            raise LookupError(f"{self.path} has no entry on line {min(wanted)}")
        return self._verified(self.mark + "".join(s.text for s in statements), expected)

    def append(self, key: str, value: str) -> EnvDocument:
        """The document with one more entry at its end. Raises UsageError where it cannot be."""
        from envguard.envfile.quote import shortest  # noqa: PLC0415 - `run` edits nothing

        self._require_spelling(key, value)
        text, end = self._text(), self.line_end
        if text != self.mark and not text.endswith(("\r", "\n")):
            text += end
        text += f"{key}={shortest(value)}".replace("\n", end) + end
        return self._verified(text, [*map(_pair, self.entries), (key, value)])

    def _edited(self, entry: Entry, value: str) -> str:
        from envguard.envfile.parts import split  # noqa: PLC0415 - as above
        from envguard.envfile.quote import shortest, spell, style_of  # noqa: PLC0415 - as above

        self._require_spelling(entry.key, value)
        parts = split(entry.original)
        spelling = spell(value, style_of(parts.value))
        if spelling is None:
            spelling = shortest(value)
        if parts.end:
            spelling = spelling.replace("\n", parts.end)
        equal = parts.equal or "="
        # In `KEY= # comment` the blanks belong to the comment now, and `KEY# comment` has none:
        # `KEY=new# comment` would be one value.
        if parts.tail.startswith("#") and not parts.value and (spelling or not parts.equal):
            equal, spelling = "=", spelling + (equal[1:] or " ")
        return parts._replace(equal=equal, value=spelling).join()

    def _require_spelling(self, key: str, value: str) -> None:
        from envguard.envfile.quote import can_be_spelled  # noqa: PLC0415 - as above

        if not can_be_spelled(value):
            raise UsageError(
                f"the value of {printable(key)} holds a character that {printable(self.path)} "
                "cannot hold: NUL or a lone surrogate",
                "keep it encoded, for example as base64",
            )

    def _verified(self, text: str, expected: list[tuple[str, str | None]]) -> EnvDocument:
        """The document of a text, once it is sure that it says what is expected."""
        edited = _parse(text, self.path)
        read = [_pair(entry) for entry in edited.entries]
        if read == expected and len(edited.problems) == len(self.problems):
            return edited
        self.require_clean()
        if len(expected) > len(self.entries):
            raise UsageError(
                f"{printable(expected[-1][0])!r} cannot be a key in {printable(self.path)}",
                "use letters, digits and _",
            )
        raise RuntimeError(f"an edit of {self.path} changed more than its values")

    def _text(self) -> str:
        return self.mark + "".join(statement.text for statement in self.statements)


def read(path: Path) -> EnvDocument:
    """The document of a file. Raises UsageError where it cannot be read or is not UTF-8."""
    return parse(read_bytes(path), str(path))


def read_bytes(path: Path) -> bytes:
    """The content of a file. Raises UsageError where it cannot be read."""
    try:
        return path.read_bytes()
    except OSError as error:
        import shlex  # noqa: PLC0415 - only for the error

        raise UsageError(
            f"{printable(str(path))} cannot be read: {error.strerror}",
            f"check it with `ls -l {shlex.quote(printable(str(path)))}`",
        ) from None


def parse(content: bytes, path: str) -> EnvDocument:
    """The document that a file's bytes say. Raises UsageError where they are not UTF-8."""
    try:
        text = content.decode("utf-8")
    except UnicodeDecodeError as error:
        line = count_lines(content[: error.start].decode("latin-1")) + 1
        import shlex  # noqa: PLC0415 - only for the error

        encoding = "utf-16" if content.startswith(_UTF16_MARKS) else "latin1"
        name = shlex.quote(printable(path))
        raise UsageError(
            f"{printable(path)}:{line} is not UTF-8",
            f"convert it, for example `iconv -f {encoding} -t utf-8 {name} > {name}.utf8`",
        ) from None
    return _parse(text, path)


def _parse(text: str, path: str) -> EnvDocument:
    mark = _BOM if text.startswith(_BOM) else ""
    return EnvDocument(path, mark, tuple(_statements(text, len(mark))))


def _statements(text: str, start: int) -> Iterator[Statement]:
    """What python-dotenv reads, with the lines as they stand in the file: every statement of
    its grammar ends at a line end or at the end of the file."""
    lines = _LINE.finditer(text, start)
    number = 1
    for binding in bindings(text):
        original = binding.original.string
        count = original.count("\n") + (not original.endswith("\n"))
        own = "".join(next(lines).group() for _ in range(count))
        leading = _LEADING.match(own)
        line = number + (count_lines(leading.group()) if leading else 0)
        entry = None
        if binding.key is not None:
            value = None if binding.value is None else Secret(binding.value)
            entry = Entry(binding.key, value, line, own)
        yield Statement(own, line, entry, binding.error)
        number += count
    if next(lines, None) is not None:
        raise RuntimeError("python-dotenv left a part of the file unread")


def _pair(entry: Entry) -> tuple[str, str | None]:
    return entry.key, None if entry.value is None else entry.value.reveal()
