"""The door: one host, its certificate, public addresses, and nothing that an answer names."""

from __future__ import annotations

import ipaddress
import ssl
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from envguard.verification.asked import NoAnswerError, Request, Response
from envguard.verification.https import HttpsDoor, addresses, is_public
from tests.verification.server import Authority, Provider, door_to, running

HOST = "api.provider.test"
VALUE = "tok_" + "5" * 20
REQUEST = Request("/user", {"Authorization": f"Bearer {VALUE}"})


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    return Authority(tmp_path_factory.mktemp("authority"))


def ok(_host: str, _request: Request) -> Response:
    return Response(200, {"X-Name": "value"}, b"{}")


def test_a_host_is_asked_and_answers(authority: Authority) -> None:
    with running(authority.for_server(HOST), ok) as provider:
        response = door_to(provider, authority).ask(HOST, REQUEST)
    assert (response.status, response.headers["x-name"], response.body) == (200, "value", b"{}")
    ((host, request),) = provider.seen
    assert (host, request.method, request.path) == (HOST, "GET", "/user")
    assert request.headers["Authorization"] == f"Bearer {VALUE}"


def test_the_host_is_named_without_its_port_as_signatures_need_it(authority: Authority) -> None:
    with running(authority.for_server(HOST), ok) as provider:
        door_to(provider, authority).ask(HOST, Request("/", {}, "POST", b"Action=X"))
    assert provider.seen[0][1].body == b"Action=X"


def test_a_redirect_is_not_followed(authority: Authority) -> None:
    def elsewhere(_host: str, _request: Request) -> Response:
        return Response(302, {"Location": f"https://{HOST}/other"}, b"")

    with running(authority.for_server(HOST), elsewhere) as provider:
        assert door_to(provider, authority).ask(HOST, REQUEST).status == 302
    assert len(provider.seen) == 1


def refused(ask: Callable[[], object]) -> str:
    with pytest.raises(NoAnswerError) as caught:
        ask()
    assert VALUE not in str(caught.value)
    assert caught.value.__cause__ is None
    assert caught.value.__context__ is None or caught.value.__suppress_context__
    return str(caught.value)


def test_the_certificate_of_another_host_is_refused_before_anything_is_said(
    authority: Authority,
) -> None:
    with running(authority.for_server("other.test"), ok) as provider:
        door = door_to(provider, authority)
        assert refused(lambda: door.ask(HOST, REQUEST)) == "its certificate is not valid"
    assert provider.seen == []


def test_an_unknown_authority_is_refused(authority: Authority, tmp_path: Path) -> None:
    with running(Authority(tmp_path).for_server(HOST), ok) as provider:
        door = door_to(provider, authority)
        assert refused(lambda: door.ask(HOST, REQUEST)) == "its certificate is not valid"
    assert provider.seen == []


def test_a_server_without_encryption_is_refused(authority: Authority) -> None:
    import socket

    with socket.create_server(("127.0.0.1", 0)) as plain:
        door = door_to(Provider(plain.getsockname()[1]), authority, timeout=0.2)
        assert refused(lambda: door.ask(HOST, REQUEST)) == "no answer in time"


@pytest.mark.parametrize(
    "resolved",
    [
        ["127.0.0.1"],
        ["10.0.0.1"],
        ["140.82.112.6", "192.168.1.1"],
        ["169.254.169.254"],
        ["::1"],
        ["fd00::1"],
        ["fe80::1"],
        ["::ffff:127.0.0.1"],
        ["::ffff:10.1.2.3"],
        ["64:ff9b::a00:1"],
        ["2002:a00:1::"],
        ["64:ff9b:1::a00:1"],
        ["::a00:1"],
        ["fec0::1"],
        ["2001:0:a00:1::"],
        ["0.0.0.0"],  # noqa: S104 - nothing is bound to it
        ["224.0.0.1"],
        ["100.64.0.1"],
        [],
    ],
)
def test_a_name_that_leads_to_a_private_address_is_not_connected_to(resolved: list[str]) -> None:
    door = HttpsDoor(resolve=lambda _host, _port: resolved)
    started = time.monotonic()
    why = refused(lambda: door.ask(HOST, REQUEST))
    assert why == "its name leads to an address that is not public"
    assert time.monotonic() - started < 1


@pytest.mark.parametrize(
    "address", ["140.82.112.6", "2606:50c0:8000::153", "64:ff9b::8c52:7006", "::ffff:8.8.8.8"]
)
def test_a_public_address_is_public(address: str) -> None:
    assert is_public(ipaddress.ip_address(address))


def test_no_proxy_of_the_environment_is_used(
    authority: Authority, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("HTTPS_PROXY", "https_proxy", "ALL_PROXY", "HTTP_PROXY"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")
    with running(authority.for_server(HOST), ok) as provider:
        assert door_to(provider, authority).ask(HOST, REQUEST).status == 200


def test_of_a_long_answer_the_beginning_is_read(authority: Authority) -> None:
    def long(_host: str, _request: Request) -> Response:
        return Response(200, {}, b"x" * 1_000_000)

    with running(authority.for_server(HOST), long) as provider:
        assert len(door_to(provider, authority).ask(HOST, REQUEST).body) == 65_536


def test_an_answer_that_is_none_is_no_answer(authority: Authority) -> None:
    def refuse(_host: str, _port: int) -> list[str]:
        raise OSError("no such name")

    assert refused(lambda: HttpsDoor(resolve=refuse).ask(HOST, REQUEST)) == "no answer: OSError"
    gone = door_to(Provider(1), authority)
    assert refused(lambda: gone.ask(HOST, REQUEST)) == "no answer: ConnectionRefusedError"


def test_certificates_are_checked_unless_a_test_says_otherwise() -> None:
    context = HttpsDoor()._context
    assert context.verify_mode is ssl.CERT_REQUIRED
    assert context.check_hostname


def test_the_system_resolves_names_to_addresses() -> None:
    assert "127.0.0.1" in addresses("127.0.0.1", 443)
