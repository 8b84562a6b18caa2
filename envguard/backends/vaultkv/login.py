"""Who we are to Vault: a token, given or got by logging in, kept alive while we use it.

The variables are those of the field: VAULT_TOKEN and `~/.vault-token` of `vault` itself;
VAULT_AUTH_ROLE, VAULT_AUTH_PATH and VAULT_ID_TOKEN of GitLab
(https://docs.gitlab.com/ci/secrets/hashicorp_vault/); VAULT_AUTH_METHOD and VAULT_ROLE of vault-env
(https://bank-vaults.dev/docs/mutating-webhook/vault-env/); VAULT_ROLE_ID and VAULT_SECRET_ID.
"""

from __future__ import annotations

import re
import threading
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import NamedTuple

from envguard.backends.service.rest import Answer, ThrottledError, UnreachableError
from envguard.backends.vaultkv.address import variable
from envguard.backends.vaultkv.refusals import TokenError
from envguard.core.errors import BackendError, ConfigError
from envguard.core.secret import Secret

METHODS = ("token", "approle", "kubernetes", "jwt", "userpass")

_SERVICE_ACCOUNT = Path("/var/run/secrets/kubernetes.io/serviceaccount/token")
_TOKEN = re.compile(r"[!-~]+")
_SETTLED = 60
"""Seconds after which a token that was given to us is asked for its age: only `run --watch` lives
that long."""

Ask = Callable[[str, str, Mapping[str, object] | None, Secret | None], Answer]
"""One call: method, path, body, token. Raises BackendError."""


class Login(NamedTuple):
    """A way to get a token: the path of a call, and what it sends."""

    method: str
    path: str
    body: Mapping[str, str]

    def __repr__(self) -> str:
        return f"Login({self.path})"


class Tokens:
    """The token of a session, for any number of threads."""

    def __init__(self, ask: Ask, environ: Mapping[str, str]) -> None:
        self._ask = ask
        self._environ = environ
        self._lock = threading.Lock()
        self._token: Secret | None = None
        self._renew_at = 0.0

    def get(self) -> Secret:
        """A token that is good for the next call. Raises BackendError, ConfigError."""
        with self._lock:
            if self._token is None:
                self._token = self._first()
            elif time.monotonic() >= self._renew_at:
                self._token = self._later(self._token)
            return self._token

    def forget(self, token: Secret) -> None:
        """Takes a token for lost, so that the next call looks for another one, or logs in."""
        with self._lock:
            if self._token is token:
                self._token = None

    def _first(self) -> Secret:
        found = find_login(self._environ)
        if isinstance(found, Secret):
            self._renew_at = time.monotonic() + _SETTLED
            return found
        problem = ""
        try:
            answer = self._ask("POST", found.path, found.body, None)
        except BackendError as error:
            if isinstance(error, UnreachableError | ThrottledError):
                raise
            problem = f"vault refused the login by {found.method} at {found.path}"
        if problem:
            raise TokenError(problem, _HINTS[found.method])
        return self._taken(answer)

    def _later(self, token: Secret) -> Secret:
        """The token with a longer life, or another one: at half its time it is renewed, and at the
        end of its longest time we log in again."""
        try:
            answer = self._ask("POST", "auth/token/renew-self", {}, token)
            return self._taken(answer)
        except BackendError:
            pass  # the call that comes next tells it better
        if isinstance(find_login(self._environ), Login):
            return self._first()
        self._renew_at = time.monotonic() + _SETTLED  # one that cannot be renewed: used as it is
        return token

    def _taken(self, answer: Answer) -> Secret:
        auth = answer.body.get("auth") or {}
        seconds = auth.get("lease_duration") or 0
        # A token without an end (of root, say) has a duration of 0.
        self._renew_at = time.monotonic() + (seconds / 2 if seconds else 24 * 60 * 60)
        return Secret(str(auth.get("client_token") or ""))


def find_login(environ: Mapping[str, str]) -> Secret | Login:
    """The token, or how to get one, that the environment names. Raises TokenError where there is
    nothing, ConfigError where a part is missing."""
    token = variable(environ, "TOKEN").strip()
    method = variable(environ, "AUTH_METHOD").lower() or _likely(environ)
    if method not in METHODS:
        raise ConfigError(
            f"VAULT_AUTH_METHOD names no way to log in: {method}", f"one of {', '.join(METHODS)}"
        )
    if method == "token":
        token = token or _kept(environ)
        if not _TOKEN.fullmatch(token):  # a header must not hold it, and its error would quote it
            raise TokenError(
                "the token for vault is none: it has blanks, line ends or letters with accents",
                "vault login, or export VAULT_TOKEN=TOKEN",
            )
        return Secret(token)
    path = f"auth/{variable(environ, 'AUTH_PATH').strip('/') or method}/login"
    role = variable(environ, "AUTH_ROLE") or variable(environ, "ROLE")
    if method == "userpass":
        return Login(
            method,
            f"{path}/{_needed(environ, 'USERNAME')}",
            {"password": _needed(environ, "PASSWORD")},
        )
    if method == "approle":
        body = {"role_id": _needed(environ, "ROLE_ID")}
        secret = variable(environ, "SECRET_ID")
        return Login(method, path, body | ({"secret_id": secret} if secret else {}))
    if not role:
        raise ConfigError(f"a login by {method} needs a role", "export VAULT_AUTH_ROLE=ROLE")
    return Login(method, path, {"role": role, "jwt": _jwt(environ, method)})


def _likely(environ: Mapping[str, str]) -> str:
    if variable(environ, "TOKEN"):
        return "token"
    if variable(environ, "ROLE_ID"):
        return "approle"
    if variable(environ, "USERNAME") and variable(environ, "PASSWORD"):
        return "userpass"
    if variable(environ, "AUTH_ROLE") or variable(environ, "ROLE"):
        given = any(variable(environ, name) for name in ("ID_TOKEN", "JWT", "JWT_FILE"))
        return "jwt" if given else "kubernetes"
    return "token"


def _kept(environ: Mapping[str, str]) -> str:
    """What `vault login` keeps in the home folder."""
    home = environ.get("HOME") or environ.get("USERPROFILE") or ""
    text = _read(Path(home) / ".vault-token") if home else ""
    if not text:
        raise TokenError("there is no token for vault", "vault login, or export VAULT_TOKEN=TOKEN")
    return text


def _jwt(environ: Mapping[str, str], method: str) -> str:
    given = variable(environ, "ID_TOKEN") or variable(environ, "JWT")
    if given:
        return given
    named = variable(environ, "JWT_FILE")
    file = Path(named) if named or method == "jwt" else _SERVICE_ACCOUNT
    text = _read(file) if named or method == "kubernetes" else ""
    if not text:
        raise ConfigError(
            f"a login by {method} needs a JSON web token", "export VAULT_JWT_FILE=FILE"
        )
    return text


def _read(file: Path) -> str:
    try:
        return file.read_text(encoding="utf-8").strip()
    except (OSError, UnicodeDecodeError):
        return ""


def _needed(environ: Mapping[str, str], name: str) -> str:
    found = variable(environ, name)
    if not found:
        raise ConfigError(f"VAULT_{name} is not set", f"export VAULT_{name}=…")
    return found


_HINTS = {
    "approle": "check VAULT_ROLE_ID, VAULT_SECRET_ID and VAULT_AUTH_PATH",
    "userpass": "check VAULT_USERNAME, VAULT_PASSWORD and VAULT_AUTH_PATH",
    "jwt": "check VAULT_ID_TOKEN or VAULT_JWT_FILE, VAULT_AUTH_ROLE and VAULT_AUTH_PATH",
    "kubernetes": "check VAULT_AUTH_ROLE, VAULT_AUTH_PATH and the service account",
}
