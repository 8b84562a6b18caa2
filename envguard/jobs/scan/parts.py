"""Many files looked at by several processes: split into parts, put together in their order."""

from __future__ import annotations

import mmap
import os
import time
from collections.abc import Callable, Iterator, Sequence
from typing import Any, NamedTuple

from envguard.core.document import Document
from envguard.core.finding import Coverage, Finding, Unseen
from envguard.core.rule import Confidence, Severity
from envguard.jobs.scan.state import Progress, Scan
from envguard.jobs.scan.workers import how_many, spread
from envguard.sources.reading import File, read

# What it takes for the start of workers, each of which compiles its own expressions, to pay.
_MANY_FILES = 400
_MANY_BYTES = 8 << 20

_MOST_FILES = 64  # in one part, which is lost when a scan in one process is interrupted
_PARTS = 16  # for each worker, so that they end at the same time

_EVERY = 0.1  # seconds between two sums for the progress

_BASELINE = ".secrets.baseline"
_GITLEAKS = ".gitleaks.toml"

_Packed = tuple[int, int, list[Any], list[Any], list[str], list[Any]]
"""Files, bytes, what was excluded, what was skipped, notes, findings: as marshal takes them."""

_Answer = tuple[int, int, list[Any], list[Any], list[str], list[Any], list[Any]]
"""The same with the tokens of the findings."""


class Looked(NamedTuple):
    """The findings, in the order of the files. `interrupted`: by Ctrl-C; these came before."""

    findings: list[Finding]
    interrupted: bool


def look(
    scan: Scan,
    files: Sequence[File],
    progress: Progress,
    meanwhile: Callable[[], None] | None = None,
) -> Looked:
    """Looks at every file, and fills the coverage of the scan. An interruption ends it with what
    was found so far; the rest counts as skipped. `meanwhile` is called while workers work."""
    workers = _workers(files, scan.request.workers)
    size = max(1, min(_MOST_FILES, len(files) // (workers * _PARTS)))
    parts = [files[start : start + size] for start in range(0, len(files), size)]
    total, counts = scan.coverage, _Counts(len(parts))
    before = total.files, total.bytes

    def work(number: int) -> _Answer:
        part = scan.coverage = Coverage()

        def count(_: Coverage) -> None:
            counts.note(number, part)
            if workers == 1:
                tick()

        scan.progress = count
        findings = [finding for file in parts[number] for finding in _look(scan, file)]
        counts.note(number, part)
        return (*_packed(part, findings), scan.tokens.take() if scan.tokens is not None else [])

    def tick() -> None:
        if counts.are_due():
            files, size = counts.sums()
            total.files, total.bytes = before[0] + files, before[1] + size
            progress(total)

    answers: dict[int, _Answer] = {}
    interrupted = False
    try:
        for number, answer in spread(work, len(parts), workers, tick, meanwhile):
            *_, tokens = answers[number] = answer
            if scan.tokens is not None:
                scan.tokens.add(tokens)
    except KeyboardInterrupt:
        interrupted = True
    finally:
        scan.coverage, scan.progress = total, progress
    total.files, total.bytes = before
    missing = sum(len(files) for number, files in enumerate(parts) if number not in answers)
    # Each answer goes when its findings are made: there may be hundreds of thousands.
    findings = [f for number in sorted(answers) for f in _unpacked(answers.pop(number), total)]
    if interrupted:
        noun = "file" if missing == 1 else "files"
        total.skipped.append(Unseen(".", f"interrupted, with {missing:,} {noun} not looked at"))
    return Looked(findings, interrupted)


class _Counts:
    """Files and bytes of each part so far, in memory that the workers share with us."""

    def __init__(self, parts: int) -> None:
        self._memory = mmap.mmap(-1, 16 * max(parts, 1))
        self._numbers = memoryview(self._memory).cast("Q")
        self._next = 0.0

    def are_due(self) -> bool:
        """Whether some time has passed since they were: to add them up costs."""
        if time.monotonic() < self._next:
            return False
        self._next = time.monotonic() + _EVERY
        return True

    def note(self, number: int, part: Coverage) -> None:
        self._numbers[2 * number] = part.files
        self._numbers[2 * number + 1] = part.bytes

    def sums(self) -> tuple[int, int]:
        numbers = self._numbers.tolist()
        return sum(numbers[::2]), sum(numbers[1::2])


def _workers(files: Sequence[File], wanted: int | None) -> int:
    """How many processes are worth their start."""
    if wanted is None and len(files) < _MANY_FILES and _bytes(files) < _MANY_BYTES:
        return 1
    return how_many(wanted, len(files))


def _bytes(files: Sequence[File]) -> int:
    total = 0
    for place, _ in files:
        try:
            total += os.lstat(place).st_size
        except OSError:
            continue
    return total


def _look(scan: Scan, file: File) -> Iterator[Finding]:
    document = read(file, scan.coverage)
    if document is None:
        return
    yield from scan.look(document)
    if document.path.endswith(_BASELINE) and isinstance(document, Document):
        scan.coverage.notes += _plugin_notes(document)
    elif document.path == _GITLEAKS and not _is_used(scan):
        scan.coverage.notes.append(f"{_GITLEAKS} is not used (to use it: --rules {_GITLEAKS})")


def _is_used(scan: Scan) -> bool:
    """Whether gitleaks' configuration is one of the rule files."""
    return any(
        str(file).endswith(_GITLEAKS) for file in (*scan.config.scan.rules, *scan.request.rules)
    )


def _plugin_notes(document: Document) -> Iterator[str]:
    """What to know about a baseline of detect-secrets that would make it run something."""
    # Hardly any tree has one, and a start costs less without json.
    from envguard.detection.secrets_baseline import FILE_NAME, named_programs  # noqa: PLC0415

    if document.path.rpartition("/")[2] == FILE_NAME:
        named = named_programs(document.text)
        if named:
            yield f"{document.path} names plugins, which are not loaded: {', '.join(named)}"


def _packed(part: Coverage, findings: Sequence[Finding]) -> _Packed:
    return (
        part.files,
        part.bytes,
        [tuple(unseen) for unseen in part.excluded],
        [tuple(unseen) for unseen in part.skipped],
        part.notes,
        [
            (*finding[:2], int(finding.severity), int(finding.confidence), *finding[4:])
            for finding in findings
        ],
    )


def _unpacked(answer: _Answer, total: Coverage) -> Iterator[Finding]:
    files, size, excluded, skipped, notes, findings, _ = answer
    total.files += files
    total.bytes += size
    total.excluded += [Unseen(*unseen) for unseen in excluded]
    total.skipped += [Unseen(*unseen) for unseen in skipped]
    total.notes += notes
    findings.reverse()
    while findings:  # each is given back as it is taken
        rule, title, severity, confidence, *rest = findings.pop()
        yield Finding(rule, title, Severity(severity), Confidence(confidence), *rest)
