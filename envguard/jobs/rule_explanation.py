"""rules explain: why something in a line is, or is not, reported. Never the value."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

from envguard.core.config import Config
from envguard.core.document import Document
from envguard.core.errors import UsageError
from envguard.core.rule import Confidence, Rule
from envguard.core.secret import Secret
from envguard.detection import assignments
from envguard.detection.builtin import RuleFile
from envguard.detection.detector import GENERIC, Candidate
from envguard.detection.known import is_known_example
from envguard.detection.places import Places
from envguard.detection.prepare import prepare
from envguard.detection.proofs import PROOFS
from envguard.detection.scoring import explain_weigh, is_no_value
from envguard.detection.values import Context
from envguard.sources import git as git_door
from envguard.sources.globs import Globs


class Sight(NamedTuple):
    """Something in the line that a rule sees. `reasons` say why it is reported or not, `points`
    what the scorer counted for and against it, where it weighs. Columns count from 1."""

    rule: str
    title: str
    line: int
    column: int
    preview: str
    is_reported: bool
    confidence: Confidence | None
    reasons: tuple[str, ...]
    points: tuple[tuple[str, float], ...] = ()
    decoded: str | None = None


class Explanation(NamedTuple):
    """One line of a file; `about` says what holds for the file as a whole."""

    path: str
    line: int
    minimum: Confidence
    rules: int
    about: tuple[str, ...]
    sights: tuple[Sight, ...]


def explain(
    file: Path,
    line: int,
    folder: Path,
    config: Config,
    rules: Sequence[RuleFile],
    cache: Path | None,
    minimum: Confidence | None = None,
) -> Explanation:
    """What a scan of `folder` makes of a line, counted from 1. Raises UsageError for a file that
    cannot be read, or that has no such line."""
    text = _read(file)
    count = text.count(b"\n") + (not text.endswith(b"\n"))
    if not 1 <= line <= count:
        raise UsageError(f"{file} has {count} lines, and no line {line}", "count from 1")
    path = file.relative_to(folder).as_posix() if file.is_relative_to(folder) else str(file)
    least = minimum or Confidence[config.scan.min_confidence.upper()]
    detector = prepare(rules, cache)
    everything = detector.candidates(Document(path, text))
    candidates = [c for c in everything if c.line <= line <= c.end_line]
    is_left_out, about = _about(file, path, config)
    sights = [_seen(c, path, least, everything, is_left_out=is_left_out) for c in candidates]
    sights += _misses(detector.rules, text, line, path, candidates)
    return Explanation(path, line, least, len(detector.rules), about, tuple(sights))


def _read(file: Path) -> bytes:
    try:
        return file.read_bytes()
    except OSError as error:
        raise UsageError(f"{file} cannot be read: {error.strerror}", "name a file") from None


def _about(file: Path, path: str, config: Config) -> tuple[bool, tuple[str, ...]]:
    """Whether a scan passes the file by, and why."""
    git = git_door.find(file)
    top = git.top if git is not None else config.root
    whole = file.resolve()
    name = whole.relative_to(top).as_posix() if whole.is_relative_to(top) else path
    about = []
    excluded = Globs(config.scan.exclude).match(name)
    if excluded is not None:
        about.append(f"{excluded} is excluded by scan.exclude: a scan reads it where it is named")
    if git is not None and git.ignores(file) and not git.tracks(file):
        about.append("git ignores the file: a scan reads it where it is named, or with --ignored")
    return bool(about), tuple(about)


def _seen(
    candidate: Candidate,
    path: str,
    minimum: Confidence,
    others: Sequence[Candidate],
    *,
    is_left_out: bool,
) -> Sight:
    """What becomes of a candidate."""
    confidence = candidate.confidence(path)
    against: list[str] = []
    if confidence is None:
        against.append("it is no credential in this kind of file")
    elif confidence < minimum:
        low, least = confidence.name.lower(), minimum.name.lower()
        against.append(f"its confidence, {low}, is below the minimum, {least}")
    if candidate.marked:
        against.append("an inline marker allows it")
    if candidate.taken:
        mains = [c.rule.id for c in others if any(p.secret == candidate.secret for p in c.parts)]
        against.append(f"it belongs to another finding: {', '.join(dict.fromkeys(mains))}")
    if is_left_out:
        against.append("the file is passed by, see above")
    reasons = against or [_why(candidate.rule)]
    if candidate.lacks:
        needed = " or ".join(name for r in candidate.rule.requires for name in r.rules)
        reasons.append(f"what belongs to it is not near: {needed}")
    value = candidate.secret.reveal()
    return Sight(
        rule=candidate.rule.id,
        title=candidate.rule.title,
        line=candidate.line,
        column=candidate.column,
        preview=candidate.secret.mask(),
        is_reported=not against,
        confidence=confidence,
        reasons=tuple(reasons),
        points=_points(candidate.rule, value, candidate.assignment, path),
        decoded=candidate.decoded,
    )


def _why(rule: Rule) -> str:
    if rule.proof is not None:
        return f"it has the form, and passes the offline check {rule.proof}"
    if rule.weighed:
        return "its name, its value and its file add up to enough"
    return "it has the form, which nothing else has"


def _misses(
    rules: Sequence[Rule], text: bytes, line: int, path: str, candidates: Sequence[Candidate]
) -> Iterator[Sight]:
    """What has the form of a rule, and is no candidate."""
    start = _start_of(text, line)
    stop = text.find(b"\n", start)
    stop = len(text) if stop < 0 else stop
    known = {(c.rule.id, c.secret) for c in candidates}
    for rule in rules:
        if rule.part or (rule.checks is not None and rule.checks.is_foreign):
            continue
        pattern = re.compile(rule.pattern.encode())
        # A rule without a span sees one line at a time.
        part, offset = (text, 0) if rule.span else (text[start:stop], start)
        for match in pattern.finditer(part):
            first, last, context = _value_of(rule, match)
            secret = Secret(part[first:last].decode("utf-8", "surrogateescape"))
            first, last = first + offset, last + offset
            if last <= start or first > stop or (rule.id, secret) in known:
                continue
            where, column = Places(text).at(first)
            yield Sight(
                rule=rule.id,
                title=rule.title,
                line=where,
                column=column,
                preview=secret.mask(),
                is_reported=False,
                confidence=None,
                reasons=(_why_not(rule, text[first:last], where, column, candidates),),
                points=_points(rule, secret.reveal(), context, path),
            )


def _value_of(rule: Rule, match: re.Match[bytes]) -> tuple[int, int, Context | None]:
    if rule is GENERIC:
        found = assignments.read(match)
        return found.start, found.end, found.context
    return *match.span("secret" if "secret" in match.re.groupindex else 0), None


def _why_not(
    rule: Rule, value: bytes, line: int, column: int, candidates: Sequence[Candidate]
) -> str:
    if rule.proof is not None and not PROOFS[rule.proof](value):
        return f"it fails the offline check {rule.proof}: it has the form, and is none"
    if is_known_example(value):
        return "it is an example of a vendor's documentation"
    end = line, column + len(value)
    for other in candidates:
        if (other.line, other.column) < end and (line, column) < (other.end_line, other.end_column):
            return f"{other.rule.id} sees the same place, and is surer"
    names = [name for r in rule.requires if not r.optional for name in r.rules]
    if names:
        return f"what belongs to it is not near: {' or '.join(names)}"
    if rule.weighed and is_no_value(value.decode("utf-8", "surrogateescape")):
        return "it stands in the place of a value: a placeholder, a reference, code"
    if rule.weighed:
        return "its name, its value and what is beside it make no credential in any file"
    return "the matcher passes it by"


def _points(
    rule: Rule, value: str, context: Context | None, path: str
) -> tuple[tuple[str, float], ...]:
    """What the scorer counts, where a rule leaves it to the scorer."""
    if not rule.weighed:
        return ()
    # For a value without a name beside it the rule itself is the name.
    key, operator, quoted, around = context or ("password", "url", False, "")
    return tuple(
        explain_weigh(key, value, quoted=quoted, operator=operator, path=path, around=around)
    )


def _start_of(text: bytes, line: int) -> int:
    start = 0
    for _ in range(line - 1):
        start = text.index(b"\n", start) + 1
    return start
