from __future__ import annotations

import time
from collections.abc import Iterator

import pytest

from envguard.backends.service import rest as module
from envguard.backends.service.parallel import Pace
from envguard.backends.service.rest import Rest, ThrottledError, UnreachableError
from tests.servers.rest import Asked, RestServer, Told


def answer(asked: Asked) -> Told:
    return Told(200, {"method": asked.method, "query": dict(asked.query), "sent": asked.json()})


@pytest.fixture
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RestServer]:
    running = RestServer(answer, tmp_path_factory.mktemp("rest"), tls=False)
    with running.running():
        yield running


@pytest.fixture
def rest(server: RestServer) -> Rest:
    return opened(server.url)


def opened(url: str) -> Rest:
    return Rest(
        url,
        "the shop",
        {},
        login=lambda: {"Authorization": "Bearer canary"},
        most=4,
        pace=Pace(1000),
        extra="gcp",
    )


def test_a_call_has_its_query_body_and_login(server: RestServer, rest: Rest) -> None:
    found = rest.call("POST", "/a", {"q": "1 2&3"}, body={"b": [1]})
    assert found.body == {"method": "POST", "query": {"q": "1 2&3"}, "sent": {"b": [1]}}
    assert server.asked[0].headers["authorization"] == "Bearer canary"


@pytest.mark.parametrize("once", [False, True])
@pytest.mark.parametrize("status", [429, 503])
def test_a_busy_service_is_asked_again_when_it_says(
    server: RestServer, rest: Rest, status: int, once: bool
) -> None:
    server.faults.first = [Told(status, {}, {"Retry-After": "1"})]
    before = time.monotonic()
    assert rest.call("GET", "/a", once=once).status == 200
    assert time.monotonic() - before >= 1


def test_a_service_that_stays_busy_is_an_error_at_the_deadline(
    server: RestServer, rest: Rest
) -> None:
    server.faults.first = [Told(429, {}, {"Retry-After": "31"})]
    with pytest.raises(ThrottledError, match="the shop asks for patience"):
        rest.call("GET", "/a")
    assert len(server.asked) == 1


@pytest.mark.parametrize("status", [408, 500, 502, 504])
def test_only_a_call_that_may_be_repeated_is(server: RestServer, rest: Rest, status: int) -> None:
    server.faults.first = [Told(status, {})]
    assert rest.call("GET", "/a").status == 200
    server.faults.first = [Told(status, {})]
    assert rest.call("POST", "/a", once=True).status == status


def test_a_connection_that_breaks_is_begun_again_and_not_for_ever(
    server: RestServer, rest: Rest
) -> None:
    server.faults.lost = 2
    assert rest.call("GET", "/a").status == 200
    server.faults.lost = 3
    with pytest.raises(UnreachableError, match="the shop broke the connection off"):
        rest.call("GET", "/a")
    server.asked.clear()
    server.faults.lost = 1
    with pytest.raises(UnreachableError):
        rest.call("POST", "/a", once=True)
    assert len(server.asked) == 1


def test_what_is_no_json_is_an_empty_answer() -> None:
    for data in (b"<html>", b"[1]", b"", b"\xff", b"[" * 100_000):
        found = module.read_answer(module.Response(200, {"Retry-After": "soon"}, data))
        assert (dict(found.body), found.wait) == ({}, 0.0)
