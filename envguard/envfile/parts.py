"""Where the parts of one statement stand, so that one of them can be changed and the rest kept."""

from __future__ import annotations

import re
from typing import NamedTuple

BLANK = r"[^\S\r\n]"

# The grammar of python-dotenv, over the text as it stands in the file (python_dotenv.py).
_HEAD = re.compile(
    rf"(?P<before>(?:\s*[\r\n])?)"
    rf"(?P<head>{BLANK}*(?:export{BLANK}+)?(?P<key>'[^']+'|[^=\#\s]+))"
    rf"(?P<gap>{BLANK}*)(?P<equal>={BLANK}*)?"
)
_QUOTED = {
    "'": re.compile(r"'(?:\\.|[^'\\])*'", re.DOTALL),
    '"': re.compile(r'"(?:\\.|[^"\\])*"', re.DOTALL),
}
_REST = re.compile(r"[^\r\n]*")
_COMMENT = re.compile(r"\s+#")
_FINAL_END = re.compile(r"(?:\r\n|\n|\r)?\Z")


class Parts(NamedTuple):
    """The text of an entry, cut: joined again it is the same text.

    `before` are the blank lines above, `head` the indentation, `export`, the key and the blanks
    before `=`; `equal` is `=` with the blanks after it, empty for a key without `=`; `value` is
    spelled as in the file, with its quotes; `tail` are blanks and a comment; `end` the line end.
    """

    before: str
    head: str
    equal: str
    value: str
    tail: str
    end: str

    def __repr__(self) -> str:
        return f"Parts({self.head!r})"

    def join(self) -> str:
        """The text."""
        return self.before + self.head + self.equal + self.value + self.tail + self.end

    @property
    def comment(self) -> str:
        """The comment after the value, from its `#` on; empty where there is none."""
        return self.tail.lstrip()


def split(text: str) -> Parts:
    """The parts of a statement that python-dotenv reads as an entry."""
    head = _HEAD.match(text)
    if head is None:
        raise ValueError("the statement is no entry")
    end = _final_end(text)
    rest = text[head.end() : len(text) - len(end)]
    if head["equal"] is None:
        return Parts(head["before"], head["head"], "", "", head["gap"] + rest, end)
    value = _value(rest, after_blank=len(head["equal"]) > 1)
    return Parts(
        before=head["before"],
        head=head["head"] + head["gap"],
        equal=head["equal"],
        value=value,
        tail=rest[len(value) :],
        end=end,
    )


def split_comment(text: str) -> tuple[str, str, str]:
    """A statement without a key as the blanks before, the comment without line end, the line end.

    The comment is empty for blank lines alone.
    """
    end = _final_end(text)
    body = text[: len(text) - len(end)]
    comment = body.lstrip()
    return body[: len(body) - len(comment)], comment, end


def advice(text: str) -> str:
    """What to do about a statement that python-dotenv cannot parse; nothing of it is quoted."""
    head = _HEAD.match(text)
    if head is not None and head["key"].startswith("'") and not head["key"].endswith("'"):
        return "close the quote that the key begins with, or put a # before the line"
    if head is not None and head["equal"] is None:
        return "write it as KEY=VALUE, or put a # before the line"
    quote = "" if head is None else text[head.end() : head.end() + 1]
    # `=x` and `export =x` have no key; what follows their `=` must not show.
    if head is None or quote not in _QUOTED or (head["key"] == "export" and head["gap"]):
        return "put a key before the `=`, or a # before the line"
    if _QUOTED[quote].match(text, head.end()):
        return "put the whole value between the quotes, or a # before what follows them"
    return f"close the {quote} that the value begins with, on this line or a later one"


def _value(rest: str, *, after_blank: bool) -> str:
    quoted = _QUOTED.get(rest[:1])
    if quoted is not None:
        found = quoted.match(rest)
        if found is None:
            raise ValueError("the statement is no entry")
        return found.group()
    if after_blank and rest.startswith("#"):
        return ""
    line = _REST.match(rest)
    part = line.group() if line else ""
    comment = _COMMENT.search(part)
    return (part[: comment.start()] if comment else part).rstrip()


def _final_end(text: str) -> str:
    found = _FINAL_END.search(text)
    return found.group() if found else ""
