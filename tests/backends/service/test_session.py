from __future__ import annotations

import http.client
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import pytest

from envguard.backends.service.session import BrokenError, Session, is_private
from envguard.core.errors import ConfigError
from tests.servers.rest import Asked, RestServer, Told


def answer(asked: Asked) -> Told:
    if asked.path == "/elsewhere":
        return Told(302, {}, {"Location": "http://127.0.0.1:1/"})
    return Told(200, {"path": asked.path, "said": asked.headers.get("x-said", "")})


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RestServer]:
    running = RestServer(answer, tmp_path_factory.mktemp("rest"))
    with running.running():
        yield running


def test_an_authority_of_the_environment_is_trusted_and_no_other(server: RestServer) -> None:
    for name in ("REQUESTS_CA_BUNDLE", "SSL_CERT_FILE"):
        session = Session(server.url, {name: str(server.authority)})
        assert session.send("GET", f"{server.url}/a").status == 200
    with pytest.raises(BrokenError, match="not trusted"):
        Session(server.url, {}).send("GET", f"{server.url}/a")


def test_a_redirect_is_not_followed(server: RestServer) -> None:
    session = Session(server.url, {"SSL_CERT_FILE": str(server.authority)})
    assert session.send("GET", f"{server.url}/elsewhere").status == 302


def test_nothing_is_printed_whatever_http_client_is_told(
    server: RestServer, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(http.client.HTTPConnection, "debuglevel", 1)
    session = Session(server.url, {"SSL_CERT_FILE": str(server.authority)})
    found = session.send("POST", f"{server.url}/a", b"canary", {"X-Said": "canary"})
    assert b"canary" in found.data
    assert "canary" not in repr(found)
    assert capfd.readouterr() == ("", "")


def test_a_header_that_breaks_the_line_is_refused_without_being_quoted(server: RestServer) -> None:
    session = Session(server.url, {"SSL_CERT_FILE": str(server.authority)})
    for token in ("canary\n", "canary\r\nX: y", "canary-ü"):
        with pytest.raises(BrokenError) as caught:
            session.send("GET", f"{server.url}/a", headers={"Authorization": token})
        assert "canary" not in repr(caught.value)
        assert caught.value.__context__ is None


@pytest.mark.parametrize(
    ("url", "told"),
    [
        ("http://127.0.0.1:1/", "nobody answers"),
        ("http://no-such-host.invalid/", "no name server knows|nobody answers"),
    ],
)
def test_why_there_is_no_answer_is_told(url: str, told: str) -> None:
    with pytest.raises(BrokenError, match=told):
        Session(url, {}).send("GET", url)


class Proxy(BaseHTTPRequestHandler):
    """Says that it was asked."""

    def do_GET(self) -> None:
        self.send_response(200)
        self.send_header("Content-Length", "5")
        self.end_headers()
        self.wfile.write(b"proxy")

    def log_message(self, format: str, *arguments: object) -> None:
        pass


@pytest.fixture
def proxy() -> Iterator[str]:
    server = HTTPServer(("127.0.0.1", 0), Proxy)
    thread = threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True)
    thread.start()
    yield f"127.0.0.1:{server.server_port}"
    server.shutdown()
    server.server_close()
    thread.join(5)


@pytest.mark.parametrize("name", ["http_proxy", "HTTP_PROXY", "ALL_PROXY"])
def test_the_proxy_of_the_environment_is_used(proxy: str, name: str) -> None:
    for written in (proxy, f"http://{proxy}"):
        found = Session("http://shop.example", {name: written}).send("GET", "http://shop.example/")
        assert found.data == b"proxy"


@pytest.mark.parametrize("listed", ["*", "shop.invalid", ".invalid", "a.example, invalid"])
def test_no_proxy_is_used_for_what_no_proxy_lists(proxy: str, listed: str) -> None:
    session = Session("http://shop.invalid", {"http_proxy": proxy, "NO_PROXY": listed})
    with pytest.raises(BrokenError):
        session.send("GET", "http://shop.invalid/")


def test_a_proxy_without_a_usable_address_is_an_error() -> None:
    with pytest.raises(ConfigError, match="proxy"):
        Session("http://shop.example", {"http_proxy": "gopher://x"}).send(
            "GET", "http://shop.example/"
        )


@pytest.mark.parametrize(
    ("url", "private"),
    [
        ("https://shop.example", True),
        ("http://127.0.0.1:8080", True),
        ("http://localhost", True),
        ("http://[::1]:80", True),
        ("http://shop.example", False),
        ("http://127.0.0.1.example", False),
        ("ftp://127.0.0.1", False),
        ("shop.example", False),
    ],
)
def test_what_others_can_read_is_not_private(url: str, private: bool) -> None:
    assert is_private(url) is private


def test_a_session_reads_its_answer_to_the_end(server: RestServer, tmp_path: Path) -> None:
    session = Session(server.url, {"SSL_CERT_FILE": str(server.authority)})
    server.faults.cut = 1
    with pytest.raises(BrokenError, match="broke the connection off"):
        session.send("GET", f"{server.url}/a")
    assert session.send("GET", f"{server.url}/a").status == 200
