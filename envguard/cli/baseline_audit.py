"""`envguard baseline audit`: asks about one finding after the other, values masked."""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING

from envguard.cli.baseline_changes import save
from envguard.cli.baseline_looked import (
    as_json,
    counted,
    looked,
    place_of,
    request_for,
    row,
    tell_skipped,
)
from envguard.cli.session import Session
from envguard.core import dates
from envguard.core.errors import ExitCode, UsageError
from envguard.core.finding import Finding
from envguard.core.rule import Rule
from envguard.core.text import printable
from envguard.detection.baseline.entries import State
from envguard.jobs.baseline import kept
from envguard.jobs.baseline.kept import Place
from envguard.jobs.baseline.review import Decision, Review, Waiting, waiting
from envguard.jobs.scan.rules_of import rules_of
from envguard.reports.report import advice

if TYPE_CHECKING:
    from envguard.cli.baseline import AuditOptions

_KEYS = "[a]ccept  [n]o secret  [f]ix  [s]kip  [u]ndo  [q]uit"
_HELP = (
    "a: it is real, and stays: say why, and until when",
    "n: it is no secret",
    "f: show what to do about it, and keep it silent until that is done",
    "s: leave it as it is    u: back to the one before    q: stop; what was decided is kept",
)
_FIX_WITHIN = "30d"
_PLACES = 4


def audit(session: Session, options: AuditOptions) -> int:
    """Decides by options, on a terminal by questions, else lists what waits."""
    place = place_of(session, options.baseline)
    baseline = kept.load(place) or kept.begin(session.config)
    request = request_for(place, baseline, options.min_confidence)
    past = any(entry.is_past for entry in baseline.entries.values())
    seen = looked(session, request, history=options.history or past)
    code = tell_skipped(session, seen.skipped)
    queue = waiting(baseline, seen.findings, dates.now(), options.fingerprints)
    review = Review(baseline, queue)
    if options.state is not None:
        _decide_all(session, place, review, options)
        return code
    if options.format == "text" and sys.stdin.isatty() and sys.stderr.isatty():
        rules = rules_of(seen.findings, session.config, session.settings.folders, ())
        _Talk(session, place, review, rules).walk()
        return code
    return _list(place, queue, options.format) or code


def _list(place: Place, queue: Sequence[Waiting], form: str) -> int:
    if form == "json":
        found = [
            {"fingerprint": w.fingerprint, "entry": row(w.entry) if w.entry else None, **_where(w)}
            for w in queue
        ]
        print(as_json(place, {"waiting": found}))
    else:
        for one in queue:
            first = one.findings[0]
            told = one.entry.told() if one.entry is not None else "new"
            at = f"{first.path}:{first.line}"
            print(printable(f"{one.fingerprint[:12]}  {first.rule}  {at}  {told}"))
        print(f"{counted(len(queue))} to decide about")
        if queue:
            print("next: envguard baseline audit, on a terminal or with --state")
    return ExitCode.FINDINGS if queue else ExitCode.OK


def _where(one: Waiting) -> dict[str, object]:
    first = one.findings[0]
    places = [{"path": f.path, "line": f.line, "column": f.column} for f in one.findings]
    return {"rule": first.rule, "preview": first.preview, "places": places}


def _decide_all(session: Session, place: Place, review: Review, options: AuditOptions) -> None:
    state = State(options.state)
    if state is State.ACCEPTED and not options.reason:
        raise UsageError("what is accepted needs a reason", "such as --reason 'a test key'")
    until = dates.moment(options.until) if options.until else ""
    decision = _decision(session, place, state, options.reason, until)
    while review.current is not None:
        review.decide(decision)
    if review.queue:
        save(session, place, review.baseline)
    print(f"{place.shown}: {counted(len(review.queue))} {state.value}")


def _decision(session: Session, place: Place, state: State, reason: str, until: str) -> Decision:
    who = kept.reviewer(place, session.settings.environ)
    return Decision(state, reason, until, who, dates.now())


class _Talk:
    """The questions on a terminal. Each answer is written to the file at once."""

    def __init__(
        self, session: Session, place: Place, review: Review, rules: Mapping[str, Rule]
    ) -> None:
        self._session = session
        self._place = place
        self._review = review
        self._rules = rules

    def walk(self) -> None:
        """Until the end, or `q`. Ctrl-C and Ctrl-D keep what was decided, too."""
        review = self._review
        shown: Waiting | None = None
        actions: dict[str, Callable[[Waiting], None]] = {
            "a": self._accept,
            "n": self._no_secret,
            "f": self._fix,
            "s": lambda _: review.skip(),
            "u": self._undo,
        }
        while (current := review.current) is not None:
            if current is not shown:
                self._show(current)
                shown = current
            answer = _asked(f"{_KEYS} > ").lower()[:1]
            if answer == "q":
                break
            if answer in actions:
                actions[answer](current)
            else:
                for line in _HELP:
                    _say(line)
        done, whole = review.place, len(review.queue)
        _say(f"{done:,} of {whole:,} done" if whole else "nothing waits for a decision")

    def _show(self, one: Waiting) -> None:
        first = one.findings[0]
        number = f"[{self._review.place + 1}/{len(self._review.queue)}]"
        _say("")
        _say(f"{number} {first.severity.name.lower()}  {first.title}  {first.rule}")
        for finding in one.findings[:_PLACES]:
            _say(f"  {finding.path}:{finding.line}:{finding.column}  {finding.preview}")
        if len(one.findings) > _PLACES:
            _say(f"  and {len(one.findings) - _PLACES} more places")
        if first.commit is not None:
            _say(f"  since {first.commit[:12]}  {(first.date or '')[:10]}  {first.author or ''}")
        if one.entry is not None:
            _say(f"  {'expired: ' if first.state == 'expired' else ''}{one.entry.told()}")

    def _accept(self, _: Waiting) -> None:
        reason = ""
        while not reason:
            reason = _asked("why is it accepted? ")
        self._decide(State.ACCEPTED, reason, _until("until (2027-01-31, 90d; Enter: no end)? ", ""))

    def _no_secret(self, _: Waiting) -> None:
        self._decide(State.FALSE_POSITIVE, _asked("what is it instead (Enter: say nothing)? "), "")

    def _fix(self, one: Waiting) -> None:
        for told in _steps(one.findings[0], self._rules):
            _say(f"  {told}")
        until = _until(f"silent until (Enter: {_FIX_WITHIN}; u: back)? ", _FIX_WITHIN)
        if until is not None:
            self._decide(State.ROTATE, "", until)

    def _undo(self, _: Waiting) -> None:
        if self._review.undo():
            save(self._session, self._place, self._review.baseline)
        else:
            _say("there is nothing before this one")

    def _decide(self, state: State, reason: str, until: str | None) -> None:
        if until is None:
            return
        self._review.decide(_decision(self._session, self._place, state, reason, until))
        save(self._session, self._place, self._review.baseline)


def _steps(finding: Finding, rules: Mapping[str, Rule]) -> list[str]:
    """What to do about a finding."""
    told = [f"1. {advice(finding, rules)}"]
    if finding.revoke:
        told.append(f"2. revoke it: {finding.revoke}")
    told.append(f"all about it: envguard scan --explain {finding.fingerprint[:12]}")
    return told


def _until(question: str, usual: str) -> str | None:
    """A time in dates.FORMAT, empty for no end; None where the person goes back."""
    while True:
        answer = _asked(question) or usual
        if answer.lower() == "u":
            return None
        if not answer:
            return ""
        try:
            return dates.moment(answer)
        except UsageError as error:
            _say(f"{error.what}: {error.hint}")


def _asked(question: str) -> str:
    """One line from the terminal; EOFError at its end."""
    print(question, end="", file=sys.stderr, flush=True)
    line = sys.stdin.readline()
    if not line:
        raise EOFError
    return line.strip()


def _say(text: str) -> None:
    print(printable(text), file=sys.stderr, flush=True)
