"""From candidates to findings: what is kept, and how it is described without its value."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from envguard.core.finding import Finding
from envguard.core.rule import Confidence
from envguard.core.secret import Secret
from envguard.detection.detector import Candidate
from envguard.detection.fingerprint import Fingerprinter

Key = tuple[str, Secret]
"""What makes two candidates the same credential: rule id and value."""


KNOWN_ID = "known-value"
"""The rule of what was found only because its value is known."""


def key(candidate: Candidate) -> Key:
    """The credential that a candidate is a sight of."""
    return candidate.rule.id, candidate.secret


def likely(
    candidates: Iterable[Candidate], path: str, minimum: Confidence
) -> Iterator[tuple[Candidate, Confidence]]:
    """The candidates that are at least of the confidence `minimum` in the file `path`. What another
    one has taken in is no finding of any file; with an empty path it is kept, to be traced."""
    for candidate in candidates:
        if candidate.taken and path:
            continue
        confidence = candidate.confidence(path)
        if confidence is not None and confidence >= minimum:
            yield candidate, confidence


def describe(
    candidate: Candidate, confidence: Confidence, path: str, fingerprints: Fingerprinter | None
) -> Finding:
    """The finding that a candidate in the file `path` is; without `fingerprints`, which may take
    long, its fingerprint is empty."""
    rule = candidate.rule
    return Finding(
        rule=rule.id,
        title=_title(candidate),
        severity=rule.severity,
        confidence=confidence,
        path=path,
        line=candidate.line,
        column=candidate.column,
        end_line=candidate.end_line,
        end_column=candidate.end_column,
        preview=candidate.secret.mask(),
        fingerprint=fingerprints.of(candidate.secret) if fingerprints is not None else "",
        revoke=rule.revoke,
        decoded=candidate.decoded,
        details=_details(candidate),
    )


def _details(candidate: Candidate) -> tuple[tuple[str, str], ...]:
    known = () if candidate.known is None else (("key", candidate.known),)
    if candidate.rule.detail is None and not candidate.parts:
        return known
    from envguard.detection.details import of  # noqa: PLC0415 - for what has any, and found only

    return (*known, *of(candidate))


def _title(candidate: Candidate) -> str:
    """What a person reads; of a known value also whose it is, which may be all that is known."""
    title, keys = candidate.rule.title, candidate.known
    if keys is None:
        return title
    return f"value of {keys}" if candidate.rule.id == KNOWN_ID else f"{title}, value of {keys}"
