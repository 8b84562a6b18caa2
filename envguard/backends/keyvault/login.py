"""Who calls Azure: an explicit chain, each link with a short time, and what was tried in the error.

The environment, a workload identity, a managed identity, the Azure CLI: the links and variables of
DefaultAzureCredential (https://learn.microsoft.com/python/api/overview/azure/identity-readme),
whose whole chain can take 25 s to fail. Each link is one request, so that azure-identity, whose
import takes 180 ms, is not needed.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Mapping
from pathlib import Path

from envguard.backends.keyvault import cli
from envguard.backends.keyvault.token import FailedError, RefusedError, Token, ask
from envguard.backends.service.rest import HopelessError
from envguard.backends.service.session import is_private

_MACHINE = "http://169.254.169.254"
_SECONDS = 10
_MACHINE_SECONDS = 0.5
"""For the metadata of a virtual machine, which is next door or not there."""

_EARLY_SECONDS = 120
"""How long before its end a token is renewed."""

_ASSERTION = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
_HINT = "az login, or set AZURE_TENANT_ID, AZURE_CLIENT_ID and AZURE_CLIENT_SECRET"


class LoginError(HopelessError):
    """There are no credentials, or they are not taken."""


class Login:
    """The caller, for one resource such as https://vault.azure.net; `authority` gives its tokens,
    where the environment names no other. The token is asked for at the first call, and renewed
    before it ends. Threads may share it."""

    def __init__(self, resource: str, authority: str, environ: Mapping[str, str]) -> None:
        self._resource = resource
        self._authority = authority
        self._environ = environ
        self._lock = threading.Lock()
        self._token: Token | None = None

    def headers(self) -> dict[str, str]:
        """What says who calls. Raises LoginError."""
        with self._lock:
            if self._token is None or self._token.ends < time.time() + _EARLY_SECONDS:
                self._token = self._ask()
            return {"Authorization": f"Bearer {self._token.text.reveal()}"}

    def _ask(self) -> Token:
        links = {
            "environment": self._secret,
            "workload identity": self._workload,
            "managed identity": self._managed,
            "Azure CLI": self._cli,
        }
        tried = []
        for name, link in links.items():
            try:
                return link()
            except FailedError as error:
                tried.append(f"{name} ({error})")
                if isinstance(error, RefusedError):
                    break
        raise LoginError(f"no credentials for Azure; tried: {', '.join(tried)}", _HINT)

    def _secret(self) -> Token:
        if self._environ.get("AZURE_CLIENT_CERTIFICATE_PATH"):
            raise RefusedError("certificates are not supported: set AZURE_CLIENT_SECRET")
        names = ("AZURE_TENANT_ID", "AZURE_CLIENT_ID", "AZURE_CLIENT_SECRET")
        tenant, client, password = self._all_of(*names)
        return self._application(tenant, client, client_secret=password)

    def _workload(self) -> Token:
        """https://azure.github.io/azure-workload-identity/docs/"""
        names = ("AZURE_FEDERATED_TOKEN_FILE", "AZURE_TENANT_ID", "AZURE_CLIENT_ID")
        file, tenant, client = self._all_of(*names)
        try:
            assertion = Path(file).read_text(encoding="ascii").strip()
        except (OSError, UnicodeError):
            raise FailedError("the file of AZURE_FEDERATED_TOKEN_FILE cannot be read") from None
        return self._application(
            tenant, client, client_assertion_type=_ASSERTION, client_assertion=assertion
        )

    def _application(self, tenant: str, client: str, **proof: str) -> Token:
        host = self._environ.get("AZURE_AUTHORITY_HOST") or self._authority
        host = host if "://" in host else f"https://{host}"
        if not is_private(host):
            raise FailedError("AZURE_AUTHORITY_HOST is no https address")
        form = {
            "grant_type": "client_credentials",
            "client_id": client,
            "scope": f"{self._resource}/.default",
            **proof,
        }
        url = f"{host.rstrip('/')}/{tenant}/oauth2/v2.0/token"
        try:
            return ask(self._environ, "POST", url, form=form, seconds=_SECONDS)
        except FailedError as error:
            refused = str(error)
        raise RefusedError(refused)

    def _managed(self) -> Token:
        """https://learn.microsoft.com/entra/identity/managed-identities-azure-resources/
        how-to-use-vm-token, and for App Service /azure/app-service/overview-managed-identity"""
        own = self._environ.get("AZURE_CLIENT_ID", "")
        query = f"resource={self._resource}" + (f"&client_id={own}" if own else "")
        endpoint = self._environ.get("IDENTITY_ENDPOINT")
        header = self._environ.get("IDENTITY_HEADER")
        if endpoint and header:
            url = f"{endpoint}?api-version=2019-08-01&{query}"
            sent, seconds = {"X-IDENTITY-HEADER": header}, float(_SECONDS)
        else:
            machine = self._environ.get("AZURE_POD_IDENTITY_AUTHORITY_HOST") or _MACHINE
            url = f"{machine}/metadata/identity/oauth2/token?api-version=2018-02-01&{query}"
            sent, seconds = {"Metadata": "true"}, _MACHINE_SECONDS
        return ask(self._environ, "GET", url, headers=sent, seconds=seconds)

    def _cli(self) -> Token:
        return cli.token(self._resource, self._environ)

    def _all_of(self, *names: str) -> list[str]:
        missing = [name for name in names if not self._environ.get(name)]
        if missing:
            are = "are" if len(missing) > 1 else "is"
            raise FailedError(f"{' and '.join(missing)} {are} not set")
        return [self._environ[name] for name in names]
