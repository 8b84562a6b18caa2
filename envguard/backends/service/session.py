"""One HTTPS session with a host: timeouts, proxies, trusted certificates, nothing printed.

urllib3 is what Google's and Microsoft's own clients stand on; to import it takes 40 ms, and to
import those clients 200 to 300 ms, of each `envguard run`.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, NamedTuple
from urllib.parse import urlsplit

from envguard.backends.service.parallel import ANSWER_SECONDS, CONNECT_SECONDS
from envguard.core.errors import ConfigError

_HEADER = re.compile(r"[\x20-\x7e]*")
"""What http.client takes as a header; its error about anything else quotes it."""

_LOOPBACK = ("127.0.0.1", "localhost", "::1")


class BrokenError(Exception):
    """There was no answer. `reason` says why, as the end of a sentence, and quotes nothing."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


class Response(NamedTuple):
    """An answer as it came. `headers` are found in any case of letters."""

    status: int
    headers: Mapping[str, str]
    data: bytes

    def __repr__(self) -> str:
        return f"Response({self.status})"


class Session:
    """Connections to the host of `base`, at most `most` of them, for any number of threads.
    `options` are further ones of urllib3's pools; a `proxy` wins over those of `environ`.
    `extra` is the one of envguard's that brings urllib3."""

    def __init__(
        self,
        base: str,
        environ: Mapping[str, str],
        *,
        most: int = 1,
        options: Mapping[str, object] | None = None,
        proxy: str = "",
        extra: str = "",
    ) -> None:
        self._extra = extra
        self._options = options or {}
        self._proxy = proxy
        self._base = base
        self._environ = environ
        self._most = most
        self._pool: Any = None

    def send(
        self,
        method: str,
        url: str,
        content: bytes | None = None,
        headers: Mapping[str, str] | None = None,
        *,
        seconds: float = ANSWER_SECONDS,
    ) -> Response:
        """One answer; redirects are not followed. Raises BrokenError."""
        if not all(_HEADER.fullmatch(value) for value in (headers or {}).values()):
            raise BrokenError("cannot be called: what says who calls holds a line end or the like")
        urllib3 = library(self._extra)
        if self._pool is None:
            self._pool = self._made(urllib3)
        timeout = urllib3.Timeout(connect=min(CONNECT_SECONDS, seconds), read=seconds)
        reason = ""
        try:
            found = self._pool.request(
                method, url, body=content, headers=headers, redirect=False, timeout=timeout
            )
            return Response(found.status, found.headers, found.data)
        except urllib3.exceptions.HTTPError as error:
            reason = _why(error, urllib3.exceptions)
        # Raised here, so that no error of the library hangs on it, which may quote a header.
        raise BrokenError(reason)

    def _made(self, urllib3: Any) -> Any:
        # What requests, and with it the services' own clients, look at.
        trusted = self._environ.get("REQUESTS_CA_BUNDLE") or self._environ.get("SSL_CERT_FILE")
        options = {
            "maxsize": self._most,
            "block": True,
            "retries": False,
            "ca_certs": trusted or None,
            **self._options,
        }
        proxy = self._proxy or _proxy(self._base, self._environ)
        try:
            pool = (
                urllib3.ProxyManager(proxy, **options) if proxy else urllib3.PoolManager(**options)
            )
        except (urllib3.exceptions.HTTPError, ValueError):
            pool = None
        if pool is None:
            raise ConfigError(
                "the proxy that the environment names has no usable address", "check HTTPS_PROXY"
            )
        pool.pool_classes_by_scheme = _quiet(urllib3)
        return pool


def is_private(url: str) -> bool:
    """Whether nobody on the way reads what is sent to a URL: it is encrypted, or stays here."""
    parts = urlsplit(url)
    return parts.scheme == "https" or (parts.scheme == "http" and parts.hostname in _LOOPBACK)


def library(extra: str = "") -> Any:
    """The package urllib3, which the extras of the services bring. Raises ConfigError."""
    try:
        import urllib3  # noqa: PLC0415 - only these backends need it
    except ImportError:
        raise ConfigError(
            "this backend needs a package that is not installed",
            f"pip install 'envguard-cli[{extra or 'gcp'}]'",
        ) from None
    return urllib3


def _quiet(urllib3: Any) -> Mapping[str, Any]:
    """Pools whose connections print no headers and bodies, whatever
    `http.client.HTTPConnection.debuglevel` says."""

    def quiet(pool: Any) -> Any:
        connection = type("Quiet", (pool.ConnectionCls,), {"debuglevel": 0})
        return type(pool.__name__, (pool,), {"ConnectionCls": connection})

    return {"http": quiet(urllib3.HTTPConnectionPool), "https": quiet(urllib3.HTTPSConnectionPool)}


def _proxy(url: str, environ: Mapping[str, str]) -> str:
    """The proxy that the environment names for a URL; empty where none."""
    parts = urlsplit(url)
    named = {
        name.removesuffix("_proxy"): value
        for key, value in environ.items()
        if (name := key.lower()).endswith("_proxy") and value
    }
    found = named.get(parts.scheme) or named.get("all", "")
    if not found:
        return ""
    if _is_bypassed(parts.hostname or "", named.get("no", "")):
        return ""
    return found if "://" in found else f"http://{found}"


def _is_bypassed(host: str, listed: str) -> bool:
    """Whether NO_PROXY lists a host, or a domain that it is in, as curl reads it."""
    names = [name.strip().lstrip(".").lower() for name in listed.split(",")]
    return any(name in ("*", host) or host.endswith(f".{name}") for name in names if name)


def _why(error: Exception, known: Any) -> str:
    """What happened to a connection, by the class of the error: its text may quote anything."""
    reasons = (
        (known.ProxyError, "cannot be reached through the proxy"),
        (known.NameResolutionError, "has an address that no name server knows"),
        (known.NewConnectionError, "is not there: nobody answers at its address"),
        (known.ConnectTimeoutError, f"is not there: no connection in {CONNECT_SECONDS} s"),
        (known.SSLError, "has a certificate that is not trusted here"),
        (known.TimeoutError, "did not answer in time"),
    )
    return next(
        (told for kind, told in reasons if isinstance(error, kind)), "broke the connection off"
    )
