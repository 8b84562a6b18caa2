"""The connection to one cluster: found, logged in to and opened when it is first used."""

from __future__ import annotations

import json
import threading
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlencode

from envguard.backends.k8s.kubeconfig import Access, find_access
from envguard.backends.k8s.login import Login, log_in
from envguard.backends.k8s.tls import context as tls_context
from envguard.backends.service.rest import Answer, UnreachableError, answered
from envguard.backends.service.session import Session, is_private, library
from envguard.core.errors import ConfigError

JSON = "application/json"

_AGAIN = (429, 502, 503, 504)
_TRIES = 3


class Connection:
    """At most `most` calls at the same time, by any number of threads."""

    def __init__(self, environ: Mapping[str, str], context: str, *, most: int) -> None:
        self._environ = environ
        self._context = context
        self._most = most
        self._lock = threading.Lock()
        self._opened: tuple[Access, Session, Any] | None = None

    @property
    def access(self) -> Access:
        """Which cluster it is. Raises ConfigError, BackendError."""
        return self._open()[0]

    def ask(
        self,
        method: str,
        path: str,
        body: Mapping[str, Any] | None = None,
        *,
        query: Mapping[str, str] | None = None,
        kind: str = JSON,
        accept: str = JSON,
    ) -> Answer:
        """The answer, whatever its status; asked for again while the server has trouble. Raises
        UnreachableError: where that was a change, it may have been done."""
        access, session, login = self._open()
        url = f"{access.server}{path}" + (f"?{urlencode(query)}" if query else "")
        content = None if body is None else json.dumps(body).encode()
        headers = login.copy()
        headers.update({"Content-Type": kind, "Accept": accept})
        # Of the others it makes no difference whether they were done before.
        most = 1 if method in ("PATCH", "DELETE") else _TRIES

        def again(answer: Answer, tries: int) -> float | None:
            wanted = answer.status in _AGAIN or (answer.status == 0 and tries < most)
            return answer.wait if wanted else None

        answer = answered(lambda: session.send(method, url, content, headers), again)
        if answer.status == 0:
            raise UnreachableError(
                f"the cluster of {access.name} at {access.server} {answer.reason}",
                "kubectl cluster-info; another context: ?context=NAME in the URL of the backend",
            )
        return answer

    def _open(self) -> tuple[Access, Session, Any]:
        with self._lock:
            if self._opened is None:
                access = find_access(self._environ, self._context)
                login = log_in(access, self._environ)
                headers = library("kubernetes").HTTPHeaderDict(login.headers)
                self._opened = (access, self._session(access, login), headers)
            return self._opened

    def _session(self, access: Access, login: Login) -> Session:
        options: dict[str, object] = {}
        if access.server.startswith("https:"):
            options = {
                "ca_certs": None,
                "ssl_context": tls_context(
                    access.authority, login.certificate, login.key, insecure=access.insecure
                ),
            }
            if access.server_name:
                options["server_hostname"] = access.server_name
            if access.insecure:  # as the kubeconfig wants it
                urllib3 = library("kubernetes")
                urllib3.disable_warnings(urllib3.exceptions.InsecureRequestWarning)
        elif (login.certificate or login.headers) and not is_private(access.server):
            raise ConfigError(
                f"{access.name} would send credentials without TLS to {access.server}",
                "write https:// in the server of that cluster",
            )
        return Session(
            access.server, self._environ, most=self._most, options=options, proxy=access.proxy
        )
