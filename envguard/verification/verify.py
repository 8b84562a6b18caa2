"""Asks providers about many tokens: few at a time, not too fast, and not for ever."""

from __future__ import annotations

import queue
import threading
import time
from collections.abc import Iterable, Mapping

from envguard.verification.asked import Answer, Door, NoAnswerError, NotAskedError, State, Token
from envguard.verification.providers import Provider

AT_ONCE = 4
"""Questions under way at the same time."""

A_SECOND = 5.0
"""Questions to one provider in a second."""

DEADLINE = 120.0
"""Seconds after which what has no answer yet gets none."""

_LONGEST = 200  # characters of a detail


class _Pace:
    """Gives each question to a provider its moment."""

    def __init__(self, a_second: float) -> None:
        self._gap = 1 / a_second
        self._lock = threading.Lock()
        self._next: dict[str, float] = {}

    def wait(self, host: str) -> None:
        with self._lock:
            moment = max(time.monotonic(), self._next.get(host, 0.0))
            self._next[host] = moment + self._gap
        time.sleep(max(0.0, moment - time.monotonic()))


def verify(
    tokens: Iterable[Token],
    providers: Mapping[str, Provider],
    door: Door,
    *,
    at_once: int = AT_ONCE,
    a_second: float = A_SECOND,
    deadline: float = DEADLINE,
) -> dict[Token, Answer]:
    """The answer for each token whose rule has a provider; equal tokens are asked about once.
    `providers` are by the ids of rules."""
    asked = [token for token in dict.fromkeys(tokens) if token.rule in providers]
    waiting: queue.SimpleQueue[Token] = queue.SimpleQueue()
    for token in asked:
        waiting.put(token)
    answers: dict[Token, Answer] = {}
    pace, end = _Pace(a_second), time.monotonic() + deadline
    failures: list[BaseException] = []

    def work() -> None:
        try:
            while time.monotonic() < end:
                token = waiting.get_nowait()
                answers[token] = _ask(token, providers[token.rule], door, pace)
        except queue.Empty:
            return
        except BaseException as error:  # noqa: BLE001 - raised again in the thread that waits
            failures.append(error)

    # Daemons: one that hangs, in the resolver for example, must not keep the program.
    threads = [threading.Thread(target=work, daemon=True) for _ in range(min(at_once, len(asked)))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(max(0.0, end - time.monotonic()))
    if failures:
        raise failures[0]
    late = Answer(State.UNKNOWN, "no answer in time")
    known = dict(answers)
    return {token: known.get(token, late) for token in asked}


def _ask(token: Token, provider: Provider, door: Door, pace: _Pace) -> Answer:
    try:
        request = provider.ask(token)
        pace.wait(provider.host)
        answer = provider.read(door.ask(provider.host, request))
    except (NotAskedError, NoAnswerError) as error:
        return Answer(State.UNKNOWN, str(error))
    values = [secret.reveal() for secret in (token.secret, *(part for _, part in token.parts))]
    details = tuple(
        (name, text[:_LONGEST])
        for name, text in answer.details
        if text and not any(value in text for value in values)  # never what was asked about
    )
    return Answer(answer.state, f"{provider.host} {answer.reason}", details)
