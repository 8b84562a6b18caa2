"""scan --verify: the findings, each with what its provider says of it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping

from envguard.core.finding import Finding
from envguard.jobs.scan.request import Result
from envguard.verification.asked import Answer, Door, State, Token
from envguard.verification.https import HttpsDoor
from envguard.verification.verify import verify

# Of several answers about one finding the first counts.
_ORDER = (State.LIVE, State.UNKNOWN, State.REVOKED)
_VERIFIED = {State.LIVE: True, State.REVOKED: False, State.UNKNOWN: None}


def verified(result: Result, door: Door | None = None) -> Result:
    """The result with the answers of providers; afterwards no value is left in it. `door` is the
    one to the network, unless a test has another."""
    if result.tokens is None:
        return result
    providers = result.tokens.providers
    tokens = {finding: result.tokens.of(finding) for finding in result.findings}
    asked = (token for found in tokens.values() for token in found)
    answers = verify(asked, providers, door or HttpsDoor())
    findings = [_told(finding, list(_answers(found, answers))) for finding, found in tokens.items()]
    result.coverage.notes += _notes(findings, tokens)
    return result._replace(findings=tuple(findings), tokens=None)


def _answers(tokens: Iterable[Token], answers: Mapping[Token, Answer]) -> Iterator[Answer]:
    for token in tokens:
        if token in answers:
            yield answers[token]


def _told(finding: Finding, answers: list[Answer]) -> Finding:
    if not answers:
        return finding
    answer = min(answers, key=lambda found: _ORDER.index(found.state))
    said = f"{answer.state.value}: {answer.reason}"
    details = {"verified": said, **dict(finding.details), **dict(answer.details)}
    return finding._replace(verified=_VERIFIED[answer.state], details=tuple(details.items()))


def _notes(
    findings: Iterable[Finding], tokens: Mapping[Finding, tuple[Token, ...]]
) -> Iterator[str]:
    asked = [f for f, found in zip(findings, tokens.values(), strict=True) if found]
    counts = Counter(f.verified for f in asked)
    words = {True: "live", False: "revoked", None: "unknown"}
    told = ", ".join(f"{counts[state]} {word}" for state, word in words.items())
    yield f"verified {len(asked)}: {told}"
    others = len(tokens) - len(asked)
    if others:
        yield f"{others} of kinds that no provider is asked about"
