"""The one door to the network: HTTPS to a fixed host, nowhere else, and nothing that it names.

No redirect is followed, no proxy of the environment used, and no address is connected to that is
not public: names are resolved first, and the connection goes to the address that was looked at.
"""

from __future__ import annotations

import http.client
import ipaddress
import socket
import ssl
from collections.abc import Callable, Sequence

from envguard.verification.asked import NoAnswerError, Request, Response

_PORT = 443
_TIMEOUT = 10.0  # seconds, for each step: to connect, to send, to read a piece
_MOST = 64 << 10  # bytes of an answer that are read

# Addresses of IPv6 that carry one of IPv4: RFC 6052 (section 2.1).
_NAT64 = ipaddress.ip_network("64:ff9b::/96")
# All that is given out of IPv6: https://www.iana.org/assignments/ipv6-address-space
_UNICAST = ipaddress.ip_network("2000::/3")

Address = ipaddress.IPv4Address | ipaddress.IPv6Address
Resolve = Callable[[str, int], Sequence[str]]
"""From a name and a port to addresses."""


def is_public(address: Address) -> bool:
    """Whether an address belongs to the public internet, and to one machine there."""
    if isinstance(address, ipaddress.IPv6Address):
        inner = address.ipv4_mapped
        if inner is None and address in _NAT64:
            inner = ipaddress.IPv4Address(int(address) & 0xFFFFFFFF)
        if inner is not None:
            return is_public(inner)
        # Tunnels lead wherever the address inside says: RFC 3056, RFC 4380.
        if address.sixtofour is not None or address.teredo is not None:
            return False
        if address not in _UNICAST:
            return False
    return address.is_global and not address.is_multicast


def addresses(host: str, port: int) -> list[str]:
    """The addresses of a host, as the system resolves it. Raises OSError."""
    found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return list(dict.fromkeys(str(sockaddr[0]) for *_, sockaddr in found))


class HttpsDoor:
    """Asks over HTTPS; the certificate must be the host's. The parameters are for tests, which
    have a server, a certificate and an address of their own."""

    def __init__(
        self,
        *,
        context: ssl.SSLContext | None = None,
        resolve: Resolve = addresses,
        allowed: Callable[[Address], bool] = is_public,
        port: int = _PORT,
        timeout: float = _TIMEOUT,
    ) -> None:
        self._context = context or ssl.create_default_context()
        self._resolve = resolve
        self._allowed = allowed
        self._port = port
        self._timeout = timeout

    def ask(self, host: str, request: Request) -> Response:
        """What the host answers, whatever it is; of a long body its beginning. Raises
        NoAnswerError."""
        try:
            with self._connected(host) as stream:
                connection = http.client.HTTPSConnection(host, self._port, timeout=self._timeout)
                connection.sock = stream
                headers = {"Connection": "close", **request.headers}
                connection.request(request.method, request.path, request.body or None, headers)
                with connection.getresponse() as response:
                    body = response.read(_MOST)
                    told = {name.lower(): value for name, value in response.getheaders()}
                    return Response(response.status, told, body)
        except ssl.SSLCertVerificationError:
            raise NoAnswerError("its certificate is not valid") from None
        except TimeoutError:
            raise NoAnswerError("no answer in time") from None
        except (OSError, http.client.HTTPException) as error:
            # What an exception says could hold a part of the request.
            raise NoAnswerError(f"no answer: {type(error).__name__}") from None

    def _connected(self, host: str) -> ssl.SSLSocket:
        """A connection to one of the addresses that were looked at."""
        found = [ipaddress.ip_address(text) for text in self._resolve(host, self._port)]
        if not found or not all(self._allowed(address) for address in found):
            raise NoAnswerError("its name leads to an address that is not public")
        failure: OSError = OSError()
        for address in found:
            try:
                plain = socket.create_connection((str(address), self._port), self._timeout)
            except OSError as error:
                failure = error
                continue
            try:
                return self._context.wrap_socket(plain, server_hostname=host)
            except BaseException:
                plain.close()
                raise
        raise failure
