r"""Go's regular expressions in Python's words.

gitleaks compiles its expressions with Go's `regexp` (RE2). Most of the syntax is the same; the rest
is written anew here: flags that hold from the middle of a group on, `\z`, `$` that is the very end,
`\x{…}`, POSIX and Unicode classes, `\Q…\E`, named groups (numbered here), ungreedy `(?U)`.

https://github.com/google/re2/wiki/Syntax , https://pkg.go.dev/regexp/syntax
"""

from __future__ import annotations

import re
from typing import NamedTuple

from envguard.detection.gitleaks.classes import (
    PERL,
    Ranges,
    complement,
    posix,
    unicode_class,
)

FLAGS = re.ASCII
"""What the result is to be compiled with: `\\w`, `\\b` and folding of case know ASCII only."""

_MOST_REPEATS = 1000  # RE2's limit
_REPEAT = re.compile(r"\{(\d+)(,(\d*))?\}")
_NAMED = re.compile(r"\?P?<([A-Za-z_][A-Za-z0-9_]*)>")
_SWITCH = re.compile(r"\?([imsU]*)(-[imsU]*)?([:)])")
_HEX = re.compile(r"x(?:\{([0-9A-Fa-f]+)\}|([0-9A-Fa-f]{2}))")
_CONTROLS = {"a": 7, "f": 12, "t": 9, "n": 10, "r": 13, "v": 11}
_PLACES = {"A": r"\A", "b": r"\b", "B": r"\B", "z": r"\Z"}
_LAST = 0x10FFFF


class _Flags(NamedTuple):
    fold: bool = False
    lines: bool = False
    dot_all: bool = False
    ungreedy: bool = False

    def switched(self, on: str, off: str) -> _Flags:
        names = dict(zip("imsU", self._fields, strict=True))
        return self._replace(
            **{names[letter]: True for letter in on}, **{names[letter]: False for letter in off}
        )


def to_python(expression: str) -> str:
    """The expression for Python's `re` on text, to be compiled with FLAGS; its groups have the
    same numbers. Raises ValueError, which says what Go would refuse or Python cannot say."""
    reader = _Reader(expression)
    try:
        result = reader.alternatives(_Flags())
        if reader.at < len(expression):
            raise ValueError("it has a ) too many")
        re.compile(result, FLAGS)
    except RecursionError:
        raise ValueError("it is nested too deeply") from None
    except (re.error, OverflowError) as error:
        raise ValueError(str(error)) from None
    return result


class _Reader:
    """Reads an expression from left to right."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.at = 0

    def alternatives(self, base: _Flags) -> str:
        """Everything up to the end of the group; `base` are the flags that hold around it."""
        flags = base
        branches: list[list[tuple[bool, str]]] = [[]]
        while self.at < len(self.text) and self.text[self.at] != ")":
            if self.text[self.at] == "|":
                self.at += 1
                branches.append([])
                continue
            switch = self._switch(flags)
            if switch is not None:
                flags = switch
                continue
            atom = self._atom(flags)
            branches[-1].append((flags.fold, self._repeated(atom, flags)))
        return "|".join(_joined(branch, base.fold) for branch in branches)

    def _switch(self, flags: _Flags) -> _Flags | None:
        """The flags after a `(?i)`, which holds to the end of its group."""
        found = _SWITCH.match(self.text, self.at + 1) if self.text[self.at] == "(" else None
        if found is None or found[3] != ")":
            return None
        self.at = found.end()
        return flags.switched(found[1], (found[2] or "-")[1:])

    def _atom(self, flags: _Flags) -> str:
        character = self.text[self.at]
        self.at += 1
        if character == "(":
            return self._group(flags)
        if character == "[":
            return self._class()
        if character == "\\":
            return self._escape()
        if character == ".":
            return "[^\\n]" if not flags.dot_all else "[\\x00-\\U0010ffff]"
        if character == "^":
            return "(?m:^)" if flags.lines else "\\A"
        if character == "$":
            return "(?m:$)" if flags.lines else "\\Z"
        if character in "*+?":
            raise ValueError(f"it has nothing to repeat before {character}")
        return _literal(ord(character))

    def _group(self, flags: _Flags) -> str:
        opening = "("
        if self.text.startswith("?", self.at):
            named, switch = _NAMED.match(self.text, self.at), _SWITCH.match(self.text, self.at)
            found = named or switch
            if found is None:
                raise ValueError(
                    f"it has a group that Go does not know: ({self.text[self.at :][:4]}"
                )
            self.at = found.end()
            if switch is not None:
                switched = flags.switched(switch[1], (switch[2] or "-")[1:])
                opening = "(?:" if switched.fold == flags.fold else _fold_group(switched.fold)
                flags = switched
        inside = self.alternatives(flags)
        if self.at >= len(self.text):
            raise ValueError("it has a ( without its )")
        self.at += 1
        return f"{opening}{inside})"

    def _repeated(self, atom: str, flags: _Flags) -> str:
        """The atom with what repeats it, if anything does."""
        start = self.at
        if self.text[start : start + 1] in ("*", "+", "?"):
            self.at += 1
        else:
            found = _REPEAT.match(self.text, start)
            if found is None:
                return atom
            if max(int(found[1]), int(found[3] or 0)) > _MOST_REPEATS:
                raise ValueError(f"it repeats more than {_MOST_REPEATS} times: {found[0]}")
            self.at = found.end()
        repeat = self.text[start : self.at]
        lazy = self.text.startswith("?", self.at)
        self.at += lazy
        if self.text[self.at : self.at + 1] in ("*", "+", "?") or _REPEAT.match(self.text, self.at):
            raise ValueError(f"it repeats a repetition: {repeat}{self.text[self.at]}")
        if atom.startswith(("\\A", "\\Z", "\\b", "\\B", "(?m:")):
            atom = f"(?:{atom})"  # Python repeats no places
        return f"{atom}{repeat}{'?' if lazy != flags.ungreedy else ''}"

    def _escape(self) -> str:
        letter = self.text[self.at : self.at + 1]
        if letter in _PLACES and letter:
            self.at += 1
            return _PLACES[letter]
        if letter == "Q":
            end = self.text.find("\\E", self.at)
            quoted = self.text[self.at + 1 : end if end >= 0 else len(self.text)]
            self.at = end + 2 if end >= 0 else len(self.text)
            return "".join(_literal(ord(c)) for c in quoted)
        ranges = self._named_class()
        return _literal(self._code()) if ranges is None else f"[{_written(ranges)}]"

    def _named_class(self) -> Ranges | None:
        r"""The ranges of `\d`, `\pL`, `\p{Greek}` after a backslash; None for another escape."""
        letter = self.text[self.at : self.at + 1]
        if letter.lower() in PERL and letter:
            self.at += 1
            found = PERL[letter.lower()]
            return found if letter.islower() else complement(found)
        if letter not in ("p", "P"):
            return None
        self.at += 1
        name = self.text[self.at : self.at + 1]
        self.at += 1
        if name == "{":
            end = self.text.find("}", self.at)
            if end < 0:
                raise ValueError("it has a { without its }")
            name, self.at = self.text[self.at : end], end + 1
        negated = (letter == "P") != name.startswith("^")
        found = unicode_class(name.removeprefix("^"))
        return complement(found) if negated else found

    def _code(self) -> int:
        """The character that an escape stands for, after its backslash."""
        letter = self.text[self.at : self.at + 1]
        if not letter:
            raise ValueError("it ends with a backslash")
        if letter in _CONTROLS:
            self.at += 1
            return _CONTROLS[letter]
        if letter == "x":
            found = _HEX.match(self.text, self.at)
            if found is None or int(found[1] or found[2], 16) > _LAST:
                raise ValueError("it has a wrong \\x")
            self.at = found.end()
            return int(found[1] or found[2], 16)
        octal = re.compile(r"0[0-7]{0,2}|[1-7][0-7]{1,2}").match(self.text, self.at)
        if octal is not None:
            self.at = octal.end()
            return int(octal[0], 8)
        if ord(letter) >= 0x80 or letter.isalnum():
            raise ValueError(f"it has an escape that Go does not know: \\{letter}")
        self.at += 1
        return ord(letter)

    def _class(self) -> str:
        """A class in brackets, after its opening one."""
        negated = self.text.startswith("^", self.at)
        self.at += negated
        ranges: list[tuple[int, int]] = []
        first = self.at
        while self.text[self.at : self.at + 1] != "]" or self.at == first:
            if self.at >= len(self.text):
                raise ValueError("it has a [ without its ]")
            ranges += self._class_item()
        self.at += 1
        if not ranges:
            raise ValueError("it has a class of nothing")
        return f"[{'^' if negated else ''}{_written(ranges)}]"

    def _class_item(self) -> Ranges:
        if self.text.startswith("[:", self.at):
            end = self.text.find(":]", self.at)
            if end >= 0:
                name, self.at = self.text[self.at + 2 : end], end + 2
                found = posix(name.removeprefix("^"))
                return complement(found) if name.startswith("^") else found
        if self.text[self.at] == "\\":
            self.at += 1
            named = self._named_class()
            if named is not None:
                return named
            low = self._code()
        else:
            low = ord(self.text[self.at])
            self.at += 1
        if self.text[self.at : self.at + 1] != "-" or self.text[self.at + 1 : self.at + 2] in "]":
            return [(low, low)]
        self.at += 1
        if self.text[self.at] == "\\":
            self.at += 1
            high = self._code()
        else:
            high = ord(self.text[self.at])
            self.at += 1
        if high < low:
            raise ValueError(f"it has a range that runs backwards: {chr(low)}-{chr(high)}")
        return [(low, high)]


def _joined(branch: list[tuple[bool, str]], base: bool) -> str:
    """One branch: what has another folding than around it stands in a group of its own."""
    parts: list[str] = []
    current = base
    for fold, text in branch:
        if fold != current:
            parts.append(")" if fold == base else _fold_group(fold))
            current = fold
        parts.append(text)
    return "".join(parts) + (")" if current != base else "")


def _fold_group(fold: bool) -> str:
    return "(?i:" if fold else "(?-i:"


def _literal(code: int) -> str:
    character = chr(code)
    if character.isascii() and (character.isalnum() or character in "_-@\"'/:=<> ,;!%&~`"):
        return character if character != "-" else "\\-"
    return _point(code)


def _written(ranges: Ranges) -> str:
    return "".join(
        _point(low) if low == high else f"{_point(low)}-{_point(high)}" for low, high in ranges
    )


def _point(code: int) -> str:
    character = chr(code)
    if character.isascii() and (character.isalnum() or character == "_"):
        return character
    if code < 0x100:
        return f"\\x{code:02x}"
    return f"\\u{code:04x}" if code < 0x10000 else f"\\U{code:08x}"
