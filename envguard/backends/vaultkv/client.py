"""The HTTP API of one Vault server: a session, its token, and answers or errors."""

from __future__ import annotations

import json
from collections.abc import Mapping
from urllib.parse import quote, urlsplit

from envguard.backends.service.rest import Answer, answered
from envguard.backends.service.session import Response, Session, is_private
from envguard.backends.vaultkv.address import find_address, find_namespace, trust, variable
from envguard.backends.vaultkv.login import Tokens
from envguard.backends.vaultkv.refusals import LATER, DeniedError, TokenError, is_sealed, refusal
from envguard.core.secret import Secret

CONNECTIONS = 32
"""How many calls run at once."""

_TRIES = 3
"""How often a call is made that breaks, or that a server in trouble answers."""

_MERGE = "application/merge-patch+json"


class VaultClient:
    """One server and namespace. Connects at its first call; threads may share it."""

    def __init__(self, environ: Mapping[str, str]) -> None:
        """Raises ConfigError."""
        self.address = find_address(environ)
        self._namespace = find_namespace(environ)
        self._session = Session(
            self.address,
            environ,
            most=CONNECTIONS,
            options=trust(environ),
            proxy=variable(environ, "PROXY_ADDR") or variable(environ, "HTTP_PROXY"),
            extra="vault",
        )
        self._tokens = Tokens(self._ask, environ)

    def call(
        self,
        method: str,
        path: str,
        body: Mapping[str, object] | None = None,
        *,
        query: str = "",
        needs: str,
        absent: bool = True,
    ) -> Answer:
        """The answer to a call. `needs` are the capabilities that a policy must give for it. A 404
        that says that nothing is there is an answer where it may be `absent`. Raises
        BackendError."""
        token = self._tokens.get()
        answer = self._patiently(method, path + query, body, token)
        if answer.status < 300 and (answer.body or answer.status == 204):
            return answer
        if answer.status == 404 and absent and _says_nothing_is_there(method, answer):
            return answer
        error = refusal(self.address, answer, policy_line(path, needs), path)
        if isinstance(error, DeniedError) and not self._knows(token):
            # Older servers say the same of a token that they do not know.
            raise DeniedError(f"{error.what}: a policy is missing, or it has expired", error.hint)
        if isinstance(error, TokenError):
            self._tokens.forget(token)
        raise error

    def _knows(self, token: Secret) -> bool:
        """Whether Vault tells a token about itself, as its policy `default` allows."""
        return self._patiently("GET", "auth/token/lookup-self", None, token).status != 403

    def _ask(
        self, method: str, path: str, body: Mapping[str, object] | None, token: Secret | None
    ) -> Answer:
        answer = self._patiently(method, path, body, token)
        if answer.status == 200:
            return answer
        raise refusal(self.address, answer, policy_line(path, "update"), path)

    def _patiently(
        self, method: str, path: str, body: Mapping[str, object] | None, token: Secret | None
    ) -> Answer:
        address, _, query = path.partition("?")
        url = f"{self.address}/v1/{quote(address)}" + (f"?{query}" if query else "")
        content = None if body is None else json.dumps(body).encode()
        # https://developer.hashicorp.com/vault/api-docs#the-x-vault-request-header
        headers = {"X-Vault-Request": "true", "Accept": "application/json"}
        if self._namespace:
            headers["X-Vault-Namespace"] = self._namespace
        if token is not None:
            headers["X-Vault-Token"] = token.reveal()
        if content is not None:
            headers["Content-Type"] = _MERGE if method == "PATCH" else "application/json"

        def again(answer: Answer, tries: int) -> float | None:
            if is_sealed(answer):
                return None
            if answer.status in (429, 503):
                return answer.wait
            broken = answer.status == 0 or answer.status in LATER
            return answer.wait if broken and tries < _TRIES else None

        return answered(lambda: self._send(method, url, content, headers), again)

    def _send(
        self, method: str, url: str, content: bytes | None, headers: Mapping[str, str]
    ) -> Response:
        found = self._session.send(method, url, content, headers)
        moved = found.headers.get("Location") or ""
        if found.status in (307, 308) and self._may_follow(moved):
            # A standby names the active server of its cluster:
            # https://developer.hashicorp.com/vault/docs/concepts/ha#client-redirection
            found = self._session.send(method, moved, content, headers)
        return found

    def _may_follow(self, url: str) -> bool:
        """Whether a token may go there: never from HTTPS to HTTP, nor in HTTP from this machine to
        another one, nor to another API."""
        try:
            parts = urlsplit(url)
        except ValueError:
            return False
        same = parts.scheme == urlsplit(self.address).scheme
        stays = is_private(url) or not is_private(self.address)
        safe = parts.scheme == "https" or (same and stays)
        return safe and bool(parts.hostname) and parts.path.startswith("/v1/")


def policy_line(path: str, capabilities: str) -> str:
    """The line of a policy that gives them."""
    listed = ", ".join(f'"{one}"' for one in capabilities.split())
    return f'path "{path}" {{ capabilities = [{listed}] }}'


def _says_nothing_is_there(method: str, answer: Answer) -> bool:
    """A 404 of Vault without a message, or with the metadata of a version that was deleted; to a
    PATCH it says nothing at all."""
    return (
        answer.body.get("errors") == []
        or "data" in answer.body
        or (method == "PATCH" and not answer.body)
    )
