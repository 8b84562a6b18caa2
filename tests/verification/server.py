"""A provider of the test's own: HTTPS on loopback, under a certificate made for the test."""

from __future__ import annotations

import datetime
import ipaddress
import ssl
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from envguard.verification.asked import Request, Response
from envguard.verification.https import HttpsDoor

Answer = Callable[[str, Request], Response]
"""What the server answers to a host's request."""


class Authority:
    """A certificate authority, and the certificates that it gives to hosts."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._key = ec.generate_private_key(ec.SECP256R1())
        self._name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "Test authority")])
        self._own = self._signed(self._name, self._key, None)
        self.file = folder / "authority.pem"
        self.file.write_bytes(self._own.public_bytes(serialization.Encoding.PEM))

    def for_server(self, *hosts: str) -> ssl.SSLContext:
        """What a server of these hosts shows."""
        key = ec.generate_private_key(ec.SECP256R1())
        name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, hosts[0])])
        found = self._signed(name, key, hosts)
        file = self._folder / f"{hosts[0]}.pem"
        private = key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
        file.write_bytes(private + found.public_bytes(serialization.Encoding.PEM))
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(file)
        return context

    def for_client(self) -> ssl.SSLContext:
        """What trusts this authority alone."""
        return ssl.create_default_context(cafile=str(self.file))

    def _signed(
        self, name: x509.Name, key: ec.EllipticCurvePrivateKey, hosts: tuple[str, ...] | None
    ) -> x509.Certificate:
        now = datetime.datetime.now(datetime.timezone.utc)
        builder = (
            x509.CertificateBuilder()
            .subject_name(name)
            .issuer_name(self._name)
            .public_key(key.public_key())
            .serial_number(x509.random_serial_number())
            .not_valid_before(now - datetime.timedelta(days=1))
            .not_valid_after(now + datetime.timedelta(days=1))
            .add_extension(x509.BasicConstraints(ca=hosts is None, path_length=None), True)
        )
        if hosts is not None:
            names = x509.SubjectAlternativeName([x509.DNSName(host) for host in hosts])
            builder = builder.add_extension(names, False)
        return builder.sign(self._key, hashes.SHA256())


class Provider:
    """A running server; `seen` are the hosts and requests that reached it."""

    def __init__(self, port: int) -> None:
        self.port = port
        self.seen: list[tuple[str, Request]] = []


@contextmanager
def running(context: ssl.SSLContext, answer: Answer) -> Iterator[Provider]:
    """A server with a certificate, answering on a port of loopback."""

    class Handler(BaseHTTPRequestHandler):
        def _answer(self) -> None:
            size = int(self.headers.get("Content-Length", 0))
            body = self.rfile.read(size)
            request = Request(self.path, dict(self.headers.items()), self.command, body)
            host = self.headers["Host"].partition(":")[0]
            provider.seen.append((host, request))
            response = answer(host, request)
            self.send_response(response.status)
            for name, value in response.headers.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(response.body)

        do_GET = do_POST = _answer  # noqa: N815 - the names that the library calls

        def log_message(self, *_: object) -> None:
            """Says nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    server.socket = context.wrap_socket(server.socket, server_side=True)
    server.handle_error = lambda *_: None  # type: ignore[method-assign]  # a client that hangs up
    provider = Provider(server.server_port)
    thread = threading.Thread(target=server.serve_forever, args=(0.02,))
    thread.start()
    try:
        yield provider
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def door_to(provider: Provider, authority: Authority, **more: object) -> HttpsDoor:
    """The door, but every name leads to this server, and loopback is allowed."""
    settings: dict[str, object] = {
        "context": authority.for_client(),
        "resolve": lambda _host, _port: ["127.0.0.1"],
        "allowed": lambda address: address == ipaddress.ip_address("127.0.0.1"),
        "port": provider.port,
        "timeout": 2.0,
    }
    return HttpsDoor(**{**settings, **more})  # type: ignore[arg-type]  # of the test's choice
