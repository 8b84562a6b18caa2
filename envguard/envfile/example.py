"""The .env.example of a .env file: what it documents, without its secrets.

A new one is the file itself, with the same order, comments, blank lines and line ends; values
of secrets are empty. An existing one belongs to the people who wrote it: every byte stays,
except values that must not be there, and keys that it lacks are added at the end.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from enum import Enum

from envguard.core.envfile import Entry
from envguard.envfile.comments import clean_comment
from envguard.envfile.document import EnvDocument, parse
from envguard.envfile.origins import Document
from envguard.envfile.parts import split, split_comment
from envguard.envfile.quote import shortest


class Decision(Enum):
    """What the example shows of an entry."""

    BLANK = "blank"  # `KEY=`
    HIDE = "hide"  # could be a secret: without its doubtful parts, but what people wrote stays
    KEEP = "keep"  # configuration, a placeholder: the value as it is spelled
    REFER = "refer"  # a reference: kept, and put into an existing example whose value is empty


Decide = Callable[[Entry], Decision]
"""Asked about each entry that has a value, and about each assignment inside a comment."""

IsSafe = Callable[[str], bool]
"""Whether the words of a comment, without `#`, may be shown. Asked about every comment."""

Part = Callable[[str], str]
"""What is shown of a value that is hidden: a URL without its doubtful parts, or nothing."""

SHOWN = (Decision.KEEP, Decision.REFER)


def nothing(_value: str) -> str:
    """The Part that shows nothing."""
    return ""


def render_example(
    document: EnvDocument, decide: Decide, comment_is_safe: IsSafe, part: Part = nothing
) -> bytes:
    """The example of a file. A key that stands there twice is shown once: in the first place,
    as it is the last time, because that is the value in force.

    Raises UsageError where a line cannot be parsed: nobody knows what it holds.
    """
    document.require_clean()
    last = {entry.key: entry for entry in document.entries}
    text = document.mark
    values: list[str | None] = []
    for statement in document.statements:
        if statement.entry is None:
            text += _comment_line(statement.text, statement.line, decide, comment_is_safe)
            continue
        parts = split(statement.text)
        text += parts.before
        entry = last.pop(statement.entry.key, None)
        if entry is not None:
            line, value = _entry_line(entry, parts.end, decide, comment_is_safe, part)
            text += line
            values.append(value)
    content = text.encode()
    if [_value(entry) for entry in parse(content, document.path).entries] != values:
        raise RuntimeError(f"the example of {document.path} does not read as it should")
    return content


def merge_example(
    existing: EnvDocument | None,
    env: EnvDocument,
    decide: Decide,
    comment_is_safe: IsSafe,
    part: Part = nothing,
) -> bytes:
    """The example of `env` where `existing` is there already (None: it is not).

    The existing file stays byte for byte, its comments unasked, but for the values of entries
    that `decide` blanks, for those that it hides and that are the values of `env` themselves,
    and for empty ones whose value in `env` is a reference (REFER). Keys of
    `env` that it lacks are appended in their order, each as one
    entry in the form that render_example gives it, without the comments above it.
    Raises UsageError where a line of either file cannot be parsed.
    """
    if existing is None:
        return render_example(env, decide, comment_is_safe, part)
    existing.require_clean()
    env.require_clean()
    last = {entry.key: entry for entry in env.entries}
    new = changes(existing.entries, last, decide, part)
    text = existing.replace_all(new).render().decode()
    end = existing.line_end
    for key in undocumented(existing, env):
        if text not in ("", existing.mark) and not text.endswith(("\r", "\n")):
            text += end
        text += _entry_line(last[key], end, decide, comment_is_safe, part)[0]
    return text.encode()


def changes(
    existing: Iterable[Entry], own: Mapping[str, Entry], decide: Decide, part: Part
) -> dict[int, str]:
    """The new values of an existing example, by line; `own` are the entries of the .env."""
    new: dict[int, str] = {}
    for entry in existing:
        value, mine = _value(entry), own.get(entry.key)
        if value:
            decision = decide(entry)
            is_copy = mine is not None and mine.value == entry.value
            if decision is Decision.BLANK:
                new[entry.line] = ""
            elif decision is Decision.HIDE and is_copy:
                new[entry.line] = part(value)
        elif mine is not None and _value(mine) and decide(mine) is Decision.REFER:
            new[entry.line] = _value(mine) or ""
    return new


def undocumented(example: Document, env: Document) -> list[str]:
    """The keys of `env` that the example lacks, in their order."""
    known = {entry.key for entry in example.entries}
    return [key for key in dict.fromkeys(e.key for e in env.entries) if key not in known]


def missing(example: Document, env: Document) -> list[str]:
    """The keys of the example that `env` lacks, in their order."""
    return undocumented(env, example)


def _entry_line(
    entry: Entry, end: str, decide: Decide, comment_is_safe: IsSafe, part: Part
) -> tuple[str, str | None]:
    """An entry as the example shows it, ending with `end`, and the value that is read there."""
    parts = split(entry.original)._replace(before="", end=end)
    if parts.comment:
        blanks = parts.tail[: -len(parts.comment)]
        comment = _cleaned(parts.comment, entry.line, decide, comment_is_safe)
        parts = parts._replace(tail=blanks + comment if comment else "")
    value = _value(entry)
    decision = decide(entry) if value else Decision.KEEP
    if not value or decision in SHOWN:
        return parts.join(), value
    shown = part(value) if decision is Decision.HIDE else ""
    tail = parts.tail if parts.comment else ""
    # `KEY=#comment` would be a value.
    tail = f" {tail}" if tail.startswith("#") else tail
    return parts._replace(equal="=", value=shortest(shown), tail=tail).join(), shown


def _comment_line(text: str, line: int, decide: Decide, comment_is_safe: IsSafe) -> str:
    before, comment, end = split_comment(text)
    if not comment:
        return text
    cleaned = _cleaned(comment, line, decide, comment_is_safe)
    if cleaned:
        return before + cleaned + end
    # The line goes, the blank lines above it stay.
    return before[: max(before.rfind("\n"), before.rfind("\r")) + 1]


def _cleaned(comment: str, line: int, decide: Decide, comment_is_safe: IsSafe) -> str:
    return clean_comment(comment, line, lambda entry: decide(entry) not in SHOWN, comment_is_safe)


def _value(entry: Entry) -> str | None:
    return None if entry.value is None else entry.value.reveal()
