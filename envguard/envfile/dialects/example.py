"""The .env.example of a file in another dialect than python-dotenv's: in that dialect, too."""

from __future__ import annotations

from envguard.envfile.comments import clean_comment
from envguard.envfile.dialects.document import DialectDocument, parse
from envguard.envfile.dialects.line import Line
from envguard.envfile.example import SHOWN, Decide, Decision, IsSafe, Part, changes


def merge_example(
    existing: DialectDocument | None,
    env: DialectDocument,
    decide: Decide,
    comment_is_safe: IsSafe,
    part: Part,
) -> bytes:
    """The example of `env`, as the function of this name in envfile/example.py makes it, but that
    a key which stands there twice is shown twice. Raises UsageError."""
    shown = _Shown(env, decide, comment_is_safe, part)
    if existing is None:
        return parse(shown.whole().encode(), env.path, env.dialect).render()
    last = {entry.key: entry for entry in env.entries}
    text = existing.replace_all(changes(existing.entries, last, decide, part)).text
    end = "\r\n" if "\r\n" in text else "\n"
    known = {entry.key for entry in existing.entries}
    for line in {line.key: line for line in env.lines if line.key not in known}.values():
        if text and not text.endswith(("\r", "\n")):
            text += end
        text += f"{line.key}={shown.value(line)}{end}"
    return parse(text.encode(), existing.path, env.dialect).render()


class _Shown:
    """What may be shown of a file."""

    def __init__(
        self, env: DialectDocument, decide: Decide, comment_is_safe: IsSafe, part: Part
    ) -> None:
        self._env = env
        self._decide = decide
        self._comment_is_safe = comment_is_safe
        self._part = part
        self._entries = dict(zip(env.lines, env.entries, strict=True))
        self._alone = {line.key for line in env.lines if line.span is None}

    def whole(self) -> str:
        """The file with what may be shown of it."""
        text, at, source = "", 0, self._env.text
        for line in self._env.lines:
            if line.span is None:
                continue
            text += self._between(source[at : line.span[0]], at > 0, True, line.line)
            value, at = self.value(line), line.span[1]
            text += value + (" " if not value and source.startswith("#", at) else "")
        return text + self._between(source[at:], at > 0, False, source.count("\n") + 1)

    def value(self, line: Line) -> str:
        """The value of a line, as it is spelled."""
        entry = self._entries[line]
        if line.span is None or not entry.value:
            return ""
        decision = self._decide(entry)
        if decision in SHOWN:
            return self._env.text[slice(*line.span)]
        shown = self._part(entry.value.reveal()) if decision is Decision.HIDE else ""
        if not shown:
            return ""
        edited = self._env.replace_all({line.line: shown})
        spans = [new.span for new in edited.lines if new.line == line.line and new.span]
        return edited.text[slice(*spans[0])] if spans else ""

    def _between(self, text: str, after_value: bool, before_value: bool, number: int) -> str:
        """What stands between two values: the end of a line, whole lines, the head of the next.
        What is neither blank nor a comment nor a key is read by nobody: nothing of it stays."""
        rows = text.splitlines(keepends=True)
        head = rows.pop() if before_value and rows and not rows[-1].endswith(("\r", "\n")) else ""
        kept = ""
        for place, row in enumerate(rows):
            body = row.rstrip("\r\n")
            comment = body.lstrip()
            blanks, end = body[: len(body) - len(comment)], row[len(body) :]
            if not comment or comment.removeprefix("export ").strip() in self._alone:
                kept += row
                continue
            cleaned = self._cleaned(comment, number) if comment.startswith("#") else ""
            if cleaned:
                kept += blanks + cleaned + end
            elif after_value and place == 0:
                kept += end
        return kept + head

    def _cleaned(self, comment: str, number: int) -> str:
        return clean_comment(
            comment,
            number,
            lambda entry: self._decide(entry) not in SHOWN,
            self._comment_is_safe,
        )
