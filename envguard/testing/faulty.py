"""A proxy on loopback between a backend and its server, which can be slow, busy, or break off.

It speaks HTTP/1.1 to both. What it is told holds for all connections.
"""

from __future__ import annotations

import http.client
import socket
import ssl
import threading
import time
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager, suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import NamedTuple
from urllib.parse import urlsplit

_HOP = ("connection", "transfer-encoding", "content-length", "keep-alive")


class Fault(NamedTuple):
    """What happens to one call. With `status` the server is not asked; `cut` is after how many
    bytes of the server's answer the connection breaks."""

    status: int = 0
    headers: Mapping[str, str] = {}
    cut: int | None = None


class Faulty:
    """One proxy. `delay` are the seconds that each call takes longer; `calls` are the calls that
    came, `METHOD PATH`; each of `faults` is for one call, in their order."""

    def __init__(self, target: str, certificate: Path | None = None) -> None:
        self.target = target
        self._scheme = "http" if certificate is None else "https"
        self.delay = 0.0
        self.calls: list[str] = []
        self.faults: list[Fault] = []
        self.most_at_once = 0
        self._lock = threading.Lock()
        self._at_once = 0
        self._server = _Server(("127.0.0.1", 0), _Handler)
        self._server.proxy = self
        if certificate is not None:
            self._server.encrypt(certificate)
        self._thread = threading.Thread(
            target=self._server.serve_forever, args=(0.02,), daemon=True
        )
        self._thread.start()

    @property
    def url(self) -> str:
        """Where it listens, until it is gone."""
        return f"{self._scheme}://127.0.0.1:{self._server.server_address[1]}"

    def go(self) -> None:
        """Nobody listens any more, and open connections break."""
        self._server.shutdown()
        self._server.server_close()
        for connection in list(self._server.connections):
            with suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)
        self._thread.join(5)

    def begin(self, call: str) -> Fault:
        """Notes a call; the fault that is meant for it."""
        with self._lock:
            self.calls.append(call)
            self._at_once += 1
            self.most_at_once = max(self.most_at_once, self._at_once)
            return self.faults.pop(0) if self.faults else Fault()

    def end(self) -> None:
        """The end of a call."""
        with self._lock:
            self._at_once -= 1


@contextmanager
def faulty(target: str, certificate: Path | None = None) -> Iterator[Faulty]:
    """A proxy to a server, `http://HOST:PORT`; with a certificate and its key in a file it speaks
    TLS itself."""
    proxy = Faulty(target, certificate)
    try:
        yield proxy
    finally:
        proxy.go()


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 128
    proxy: Faulty

    def __init__(self, *arguments: object) -> None:
        super().__init__(*arguments)  # type: ignore[arg-type] # whatever it takes
        self.connections: set[socket.socket] = set()

    def encrypt(self, certificate: Path) -> None:
        """Speaks TLS from now on."""
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(certificate)
        # The handshake in the thread of the connection: a slow client holds no other up.
        self.socket = context.wrap_socket(
            self.socket, server_side=True, do_handshake_on_connect=False
        )

    def handle_error(self, request: object, client_address: object) -> None:
        """A client that breaks off is no news."""


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    timeout = 60

    def setup(self) -> None:
        super().setup()
        self._upstream: http.client.HTTPConnection | None = None
        self._all.connections.add(self.connection)

    def finish(self) -> None:
        self._all.connections.discard(self.connection)
        if self._upstream is not None:
            self._upstream.close()
        with suppress(OSError):
            super().finish()

    @property
    def _all(self) -> _Server:
        assert isinstance(self.server, _Server)
        return self.server

    def log_message(self, format: str, *args: object) -> None:
        """Says nothing."""

    def do_GET(self) -> None:
        """Any call."""
        proxy = self._all.proxy
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        fault = proxy.begin(f"{self.command} {self.path}")
        try:
            time.sleep(proxy.delay)
            if fault.status:
                self._say(fault.status, fault.headers.items(), b"{}")
                return
            status, headers, content = self._asked(proxy.target, body)
            self._say(status, headers, content, fault.cut)
        finally:
            proxy.end()

    do_POST = do_PUT = do_PATCH = do_DELETE = do_HEAD = do_LIST = do_GET  # noqa: N815 - as http.server calls them

    def _asked(self, target: str, body: bytes) -> tuple[int, list[tuple[str, str]], bytes]:
        if self._upstream is None:
            self._upstream = http.client.HTTPConnection(urlsplit(target).netloc, timeout=60)
            # Whoever looks at debug output looks at the backend's, and not at this one's.
            self._upstream.set_debuglevel(0)
        headers = {name: value for name, value in self.headers.items() if name.lower() not in _HOP}
        self._upstream.request(self.command, self.path, body or None, headers)
        answer = self._upstream.getresponse()
        return answer.status, answer.getheaders(), answer.read()

    def _say(
        self,
        status: int,
        headers: Iterable[tuple[str, str]],
        content: bytes,
        cut: int | None = None,
    ) -> None:
        self.send_response_only(status)
        for name, value in headers:
            if name.lower() not in _HOP:
                self.send_header(name, value)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        if cut is not None:
            content = content[: min(cut, max(len(content) - 1, 0))]
        if self.command != "HEAD":
            self.wfile.write(content)
        if cut is not None:
            self.wfile.flush()
            self.close_connection = True
            with suppress(OSError):
                self.connection.shutdown(socket.SHUT_RDWR)
