"""Candidates and findings in the form that marshal takes: plain tuples, texts and numbers."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from envguard.core.finding import Finding, Occurrence
from envguard.core.rule import Confidence, Rule, Severity
from envguard.core.secret import Secret
from envguard.detection.detector import Candidate, Part
from envguard.jobs.scan.attributed import Traced

_PARTS = Candidate._fields.index("parts")
_BEST = Candidate._fields.index("best")


def plain(candidate: Candidate) -> tuple[Any, ...]:
    """A candidate with its value, for another process of ours; never for a file."""
    fields: list[Any] = [*candidate]
    fields[0], fields[1] = candidate.rule.id, candidate.secret.reveal()
    fields[_BEST] = int(candidate.best)
    if candidate.parts:
        fields[_PARTS] = tuple(
            (part.rule.id, part.secret.reveal(), *part[2:]) for part in candidate.parts
        )
    return tuple(fields)


def restored(row: tuple[Any, ...], rules: Mapping[str, Rule]) -> Candidate:
    """What `plain` was given; `rules` by their ids."""
    found = Candidate(*row)
    parts = tuple([Part(rules[rule], Secret(value), *more) for rule, value, *more in row[_PARTS]])
    return found._replace(
        rule=rules[row[0]], secret=Secret(row[1]), best=Confidence(found.best), parts=parts
    )


def plain_finding(finding: Finding) -> tuple[Any, ...]:
    """A finding."""
    rule, title, severity, confidence, *rest = finding
    row = [rule, title, int(severity), int(confidence), *rest]
    if finding.occurrences:
        place = Finding._fields.index("occurrences")
        row[place] = tuple(tuple(occurrence) for occurrence in finding.occurrences)
    return tuple(row)


def restored_finding(row: tuple[Any, ...]) -> Finding:
    """What `plain_finding` was given."""
    rule, title, severity, confidence, *rest = row
    found = Finding(rule, title, Severity(severity), Confidence(confidence), *rest)
    if found.occurrences:
        found = found._replace(occurrences=tuple(Occurrence(*o) for o in found.occurrences))
    return found


def plain_traced(traced: Traced) -> tuple[Any, ...]:
    """What happened to a credential."""
    finding = plain_finding(traced.finding) if traced.finding is not None else None
    return [tuple(occurrence) for occurrence in traced.occurrences], finding


def restored_traced(row: tuple[Any, ...]) -> Traced:
    """What `plain_traced` was given."""
    occurrences, finding = row
    return Traced(
        tuple([Occurrence(*occurrence) for occurrence in occurrences]),
        restored_finding(finding) if finding is not None else None,
    )
