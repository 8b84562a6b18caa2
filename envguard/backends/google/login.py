"""Who calls Google: Application Default Credentials, by google-auth
(https://cloud.google.com/docs/authentication/application-default-credentials)."""

from __future__ import annotations

import threading
import warnings
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlsplit

from envguard.backends.service.rest import HopelessError
from envguard.backends.service.session import BrokenError, Response, Session
from envguard.core.errors import ConfigError

_SCOPE = "https://www.googleapis.com/auth/cloud-platform"

_SECONDS = 10
_METADATA_SECONDS = 1
"""For a metadata server, which is next door or not there."""

_HINT = "gcloud auth application-default login, or set GOOGLE_APPLICATION_CREDENTIALS"


class LoginError(HopelessError):
    """There are no credentials, or they are not taken."""


class Login:
    """The credentials of whoever runs this; found at the first call, renewed when they end.
    Threads may share it."""

    def __init__(self, environ: Mapping[str, str]) -> None:
        self._file = environ.get("GOOGLE_APPLICATION_CREDENTIALS", "")
        self._request = _Request(environ)
        self._lock = threading.Lock()
        self._credentials: Any = None

    def headers(self) -> dict[str, str]:
        """What says who calls. Raises LoginError."""
        auth = _library()
        found: dict[str, str] = {}
        hint = _HINT
        try:
            with self._lock:
                if self._credentials is None:
                    self._credentials = self._found(auth)
                if not self._credentials.valid:
                    self._credentials.refresh(self._request)
                self._credentials.apply(found)
            return found
        except auth.exceptions.DefaultCredentialsError:
            told = "there are no credentials for Google Cloud that can be used"
        except auth.exceptions.RefreshError:
            told = "Google did not take the credentials: they have expired, or were revoked"
        except auth.exceptions.TransportError:
            told = "the token service of the credentials for Google Cloud cannot be reached"
            hint = "check the network and HTTPS_PROXY"
        except (auth.exceptions.GoogleAuthError, ValueError):
            told = "the credentials for Google Cloud cannot be read"
        # Raised here, so that no error of the library hangs on it, which may quote a token.
        raise LoginError(told, hint)

    def _found(self, auth: Any) -> Any:
        given = {"scopes": [_SCOPE], "request": self._request}
        with warnings.catch_warnings():
            # About user's own credentials without a quota project, printed to nobody's use.
            warnings.simplefilter("ignore")
            if self._file:
                found = auth.load_credentials_from_file(self._file, **given)[0]
            else:
                found = auth.default(**given)[0]
        # Signed here instead of by a call for a token (https://google.aip.dev/auth/4111).
        own = getattr(found, "with_always_use_jwt_access", None)
        return found if own is None else own(True)


class _Request:
    """How google-auth asks for tokens (its interface google.auth.transport.Request): by our own
    session, because the one that it brings loads requests, which takes 60 ms."""

    def __init__(self, environ: Mapping[str, str]) -> None:
        self._environ = environ
        self._sessions: dict[str, Session] = {}

    def __call__(
        self,
        url: str,
        method: str = "GET",
        body: bytes | str | None = None,
        headers: Mapping[str, str] | None = None,
        **_: object,
    ) -> Response:
        parts = urlsplit(url)
        base = f"{parts.scheme}://{parts.netloc}"
        # A machine's own metadata, in http, is behind no proxy.
        environ = self._environ if parts.scheme == "https" else {}
        session = self._sessions.setdefault(base, Session(base, environ))
        content = body.encode() if isinstance(body, str) else body
        seconds = _METADATA_SECONDS if parts.scheme == "http" else _SECONDS
        try:
            return session.send(method, url, content, headers, seconds=seconds)
        except BrokenError as error:
            reason = error.reason
        raise _library().exceptions.TransportError(reason)


def _library() -> Any:
    """The package google-auth, an extra. Raises ConfigError."""
    try:
        import google.auth  # noqa: PLC0415 - an extra
        import google.auth.exceptions  # noqa: PLC0415
    except ImportError:
        raise ConfigError(
            "Google Secret Manager needs a package that is not installed",
            "pip install 'envguard-cli[gcp]'",
        ) from None
    return google.auth
