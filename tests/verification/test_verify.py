"""Many tokens: each once, not too fast, not for ever, and never with its value in an answer."""

from __future__ import annotations

import threading
import time

import pytest

from envguard.core.secret import Secret
from envguard.verification.asked import NoAnswerError, Request, Response, State, Token
from envguard.verification.providers import PROVIDERS, Provider
from envguard.verification.verify import verify
from tests.verification.server import Authority, door_to, running

NPM = PROVIDERS["npm"]
RULES: dict[str, Provider] = {"npm-token": NPM}


def tokens(count: int) -> list[Token]:
    return [Token("npm-token", Secret(f"npm_{number:036}")) for number in range(count)]


class Fake:
    """Answers at once, or as `answer` does; remembers when it was asked."""

    def __init__(self, body: bytes = b'{"username": "ada"}') -> None:
        self.body = body
        self.times: list[float] = []
        self.lock = threading.Lock()

    def ask(self, _host: str, _request: Request) -> Response:
        with self.lock:
            self.times.append(time.monotonic())
        return Response(200, {}, self.body)


def test_equal_tokens_are_asked_about_once_and_others_not_at_all() -> None:
    door = Fake()
    (token,) = tokens(1)
    other = Token("jwt", Secret("eyJ"))
    answers = verify([token, token, other], RULES, door, a_second=1000)
    assert list(answers) == [token]
    assert answers[token].state is State.LIVE
    assert answers[token].details == (("account", "ada"),)
    assert len(door.times) == 1
    assert verify([other], RULES, door) == {}


def test_a_provider_is_asked_no_more_often_than_it_may_be() -> None:
    door = Fake()
    verify(tokens(6), RULES, door, a_second=20)
    times = sorted(door.times)
    assert times[-1] - times[0] >= 5 / 20 * 0.95


def test_few_questions_are_under_way_at_once() -> None:
    most = under_way = 0
    lock = threading.Lock()

    class Slow:
        def ask(self, _host: str, _request: Request) -> Response:
            nonlocal most, under_way
            with lock:
                under_way += 1
                most = max(most, under_way)
            time.sleep(0.02)
            with lock:
                under_way -= 1
            return Response(500, {}, b"")

    answers = verify(tokens(12), RULES, Slow(), at_once=3, a_second=10_000)
    assert most == 3
    assert {answer.state for answer in answers.values()} == {State.UNKNOWN}


def test_what_has_no_answer_at_the_deadline_is_unknown() -> None:
    end = threading.Event()

    class Hanging:
        def ask(self, _host: str, _request: Request) -> Response:
            end.wait(10)
            return Response(200, {}, b'{"username": "late"}')

    started = time.monotonic()
    answers = verify(tokens(9), RULES, Hanging(), deadline=0.2)
    assert time.monotonic() - started < 2
    assert len(answers) == 9
    assert {answer.state for answer in answers.values()} == {State.UNKNOWN}
    assert {answer.reason for answer in answers.values()} == {"no answer in time"}
    end.set()


def test_no_answer_is_unknown_and_says_why() -> None:
    class Closed:
        def ask(self, _host: str, _request: Request) -> Response:
            raise NoAnswerError("no answer: ConnectionRefusedError")

    (answer,) = verify(tokens(1), RULES, Closed()).values()
    assert (answer.state, answer.reason) == (State.UNKNOWN, "no answer: ConnectionRefusedError")


def test_a_bug_in_a_thread_is_not_swallowed() -> None:
    class Broken:
        def ask(self, _host: str, _request: Request) -> Response:
            raise RuntimeError("broken")

    with pytest.raises(RuntimeError):
        verify(tokens(3), RULES, Broken())


def test_an_answer_that_repeats_the_token_is_not_told() -> None:
    (token,) = tokens(1)
    value = token.secret.reveal()
    answers = verify([token], RULES, Fake(f'{{"username": "I am {value}"}}'.encode()))
    assert answers[token].state is State.LIVE
    assert answers[token].details == ()
    assert value not in repr(answers)


def test_a_long_answer_is_cut() -> None:
    answers = verify(tokens(1), RULES, Fake(b'{"username": "' + b"x" * 5000 + b'"}'))
    ((_, text),) = next(iter(answers.values())).details
    assert len(text) == 200


def test_it_works_over_a_real_connection(tmp_path_factory: pytest.TempPathFactory) -> None:
    authority = Authority(tmp_path_factory.mktemp("authority"))
    alive, dead = tokens(2)

    def answer(host: str, request: Request) -> Response:
        known = request.headers["Authorization"] == f"Bearer {alive.secret.reveal()}"
        return Response(200, {}, b'{"username": "ada"}') if known else Response(401, {}, b"{}")

    with running(authority.for_server(NPM.host), answer) as provider:
        answers = verify([alive, dead], RULES, door_to(provider, authority))
    assert answers[alive].state is State.LIVE
    assert answers[dead].state is State.REVOKED
    assert answers[dead].reason == "registry.npmjs.org refuses it (401, unauthorized)"
    assert {host for host, _ in provider.seen} == {NPM.host}
