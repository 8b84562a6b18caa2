"""A service on loopback that a test writes from its documentation: routes, and the
faults that a test asks for. Everything is in memory and ends with the test."""

from __future__ import annotations

import json
import ssl
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, NamedTuple
from urllib.parse import parse_qsl, unquote, urlsplit

from tests.servers.certificates import certificates

HOST = "127.0.0.1"


class Asked(NamedTuple):
    """One request; `path` is decoded and has no query."""

    method: str
    path: str
    query: Mapping[str, str]
    headers: Mapping[str, str]
    body: bytes

    def json(self) -> Any:
        return json.loads(self.body or b"{}")

    def form(self) -> dict[str, str]:
        return dict(parse_qsl(self.body.decode()))


class Told(NamedTuple):
    """One answer; `body` becomes JSON."""

    status: int
    body: Any = None
    headers: Mapping[str, str] = {}


class Faults:
    """What goes wrong. `delay` is added to each answer, in seconds; `first` answers are given
    before any other, in turn; `cut` counts answers that end in the middle, and `lost` requests that
    are carried out and never answered; only requests that `on` accepts are meant."""

    def __init__(self) -> None:
        self.delay = 0.0
        self.first: list[Told] = []
        self.cut = 0
        self.lost = 0
        self.on: Callable[[Asked], bool] = bool


class RestServer:
    """Runs `answer` for each request; `asked` keeps them all, and `most` how many ran at once."""

    def __init__(self, answer: Callable[[Asked], Told], folder: Path, *, tls: bool = True) -> None:
        self.faults = Faults()
        self.asked: list[Asked] = []
        self.most = self._running = 0
        made = certificates(folder)
        self.authority = folder / "authority.pem"
        self.authority.write_text(made.authority)
        self._answer = answer
        self._lock = threading.Lock()
        outer = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"
            disable_nagle_algorithm = True

            def log_message(self, format: str, *arguments: object) -> None:
                pass

            def _any(self) -> None:
                outer.serve(self)

            do_GET = do_POST = do_PUT = do_PATCH = do_DELETE = _any  # noqa: N815 - their names

        class Server(ThreadingHTTPServer):
            daemon_threads = True
            request_queue_size = 128

            def handle_error(self, request: Any, client_address: Any) -> None:
                pass  # a client that went away is what some tests are about

        self._server = Server((HOST, 0), Handler)
        self.url = f"http://{HOST}:{self._server.server_port}"
        if tls:
            self._encrypt(made.server)

    def _encrypt(self, certificate: Path) -> None:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(certificate)
        self._server.socket = context.wrap_socket(
            self._server.socket, server_side=True, do_handshake_on_connect=False
        )
        self.url = f"https://{HOST}:{self._server.server_port}"

    @contextmanager
    def running(self) -> Iterator[None]:
        thread = threading.Thread(target=self._server.serve_forever, args=(0.02,), daemon=True)
        thread.start()
        try:
            yield
        finally:
            self.stop()
            thread.join(10)

    def stop(self) -> None:
        """Ends it; a port that nobody listens on is left."""
        self._server.shutdown()
        self._server.server_close()

    def calls(self, method: str = "", part: str = "") -> list[Asked]:
        """The requests so far of a method whose path holds a part."""
        return [one for one in self.asked if method in ("", one.method) and part in one.path]

    def serve(self, handler: BaseHTTPRequestHandler) -> None:
        url = urlsplit(handler.path)
        size = int(handler.headers.get("Content-Length") or 0)
        asked = Asked(
            handler.command,
            unquote(url.path),
            dict(parse_qsl(url.query, keep_blank_values=True)),
            {name.lower(): value for name, value in handler.headers.items()},
            handler.rfile.read(size),
        )
        with self._lock:
            self.asked.append(asked)
            self._running += 1
            self.most = max(self.most, self._running)
        time.sleep(self.faults.delay)
        told, cut, lost = self._with_faults(asked)
        with self._lock:
            self._running -= 1
        if lost:
            handler.close_connection = True
            return
        content = b"" if told.body is None else json.dumps(told.body).encode()
        handler.send_response(told.status)
        for name, value in {"Content-Type": "application/json", **told.headers}.items():
            handler.send_header(name, value)
        handler.send_header("Content-Length", str(len(content)))
        handler.end_headers()
        handler.wfile.write(content[: len(content) // 2] if cut else content)
        handler.close_connection = handler.close_connection or cut

    def _with_faults(self, asked: Asked) -> tuple[Told, bool, bool]:
        with self._lock:
            meant = self.faults.on(asked)
            if meant and self.faults.first:
                return self.faults.first.pop(0), False, False
            told = self._answer(asked)
            cut = meant and self.faults.cut > 0
            lost = meant and self.faults.lost > 0
            self.faults.cut -= cut
            self.faults.lost -= lost
            return told, cut, lost
