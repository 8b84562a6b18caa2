"""How a user of a kubeconfig shows who it is: a token, a certificate, or what a program says.

Programs: https://kubernetes.io/docs/reference/access-authn-authz/authentication/#client-go-credential-plugins
"""

from __future__ import annotations

import base64
import json
import os
import re
import subprocess
import sys
from collections.abc import Mapping
from typing import Any, NamedTuple

from envguard.backends.k8s.kubeconfig import Access
from envguard.core.errors import BackendError, ConfigError

_GROUP = "client.authentication.k8s.io/"
# Others would be refused by an error of the library, which quotes the whole value.
_HEADER = re.compile(r"[ -~]+")
_PLUGIN_SECONDS = 120  # somebody may have to log in in a browser


class Login(NamedTuple):
    """The headers of each request (a name can be there twice), and a client certificate with its
    key in PEM."""

    headers: tuple[tuple[str, str], ...]
    certificate: str = ""
    key: str = ""

    def __repr__(self) -> str:
        return "Login()"


def log_in(access: Access, environ: Mapping[str, str]) -> Login:
    """Runs the user's program, where it has one. Raises ConfigError and BackendError."""
    login = _log_in(access, environ)
    for name, value in login.headers:
        if not _HEADER.fullmatch(value):
            raise ConfigError(
                f"the {name} of {access.name} holds a character that no header can have",
                "kubectl config view",
            )
    return login


def _log_in(access: Access, environ: Mapping[str, str]) -> Login:
    user = access.user
    headers = _impersonated(access)
    certificate = access.text(user, "client-certificate")
    key = access.text(user, "client-key")
    if user.get("exec"):
        status = _asked(access, user["exec"], environ)
        if status.get("token"):
            headers += (("Authorization", f"Bearer {status['token']}"),)
        certificate = str(status.get("clientCertificateData") or certificate)
        return Login(headers, certificate, str(status.get("clientKeyData") or key))
    if user.get("auth-provider"):
        raise ConfigError(
            f"{access.name} logs in by an auth-provider, which Kubernetes took out in 1.26",
            "let the cloud's own command write the kubeconfig again",
        )
    token = str(user.get("token") or "") or access.text({"token": user.get("tokenFile")}, "token")
    if token:
        headers += (("Authorization", f"Bearer {token.strip()}"),)
    elif user.get("username"):
        pair = f"{user['username']}:{user.get('password') or ''}".encode()
        headers += (("Authorization", f"Basic {base64.b64encode(pair).decode()}"),)
    return Login(headers, certificate, key)


def _impersonated(access: Access) -> tuple[tuple[str, str], ...]:
    user = access.user
    if user.get("as-user-extra"):
        raise ConfigError(
            f"{access.name} impersonates with as-user-extra, which is not supported here",
            "use a context without it: ?context=NAME",
        )
    headers = [("Impersonate-User", user.get("as")), ("Impersonate-Uid", user.get("as-uid"))]
    headers += [("Impersonate-Group", group) for group in user.get("as-groups") or ()]
    return tuple((name, str(value)) for name, value in headers if value)


def _asked(access: Access, plugin: Mapping[str, Any], environ: Mapping[str, str]) -> Any:
    try:
        version = str(plugin.get("apiVersion") or "")
        command = str(plugin.get("command") or "")
        arguments = [str(argument) for argument in plugin.get("args") or ()]
        own = {str(pair["name"]): str(pair["value"]) for pair in plugin.get("env") or ()}
    except (AttributeError, KeyError, TypeError):
        raise ConfigError(
            f"the program by which {access.name} logs in is written in another form",
            "kubectl config view",
        ) from None
    if "/" in command or os.sep in command:
        command = str(access.folder / command)
    interactive = plugin.get("interactiveMode") != "Never" and sys.stdin.isatty()
    spec: dict[str, Any] = {"interactive": interactive}
    if plugin.get("provideClusterInfo"):
        spec["cluster"] = _cluster(access)
    info = {"apiVersion": version, "kind": "ExecCredential", "spec": spec}
    try:
        done = subprocess.run(
            [command, *arguments],
            env={**environ, **own, "KUBERNETES_EXEC_INFO": json.dumps(info)},
            stdin=None if interactive else subprocess.DEVNULL,
            stdout=subprocess.PIPE,  # what it says to people goes to them, as with kubectl
            timeout=_PLUGIN_SECONDS,
            check=False,
        )
    except OSError:
        told = str(plugin.get("installHint") or "").strip().splitlines()
        raise BackendError(
            f"{command}, by which {access.name} logs in, cannot be started",
            told[0] if told else f"install {command}",
        ) from None
    except subprocess.TimeoutExpired:
        raise BackendError(
            f"{command}, by which {access.name} logs in, did not end", f"try it: {command}"
        ) from None
    status = _status(done.stdout, version) if done.returncode == 0 else None
    if status is None:
        why = f"failed with {done.returncode}" if done.returncode else "gave no credentials"
        raise BackendError(
            f"{command}, by which {access.name} logs in, {why}", f"try it: {command}"
        )
    return status


def _status(output: bytes, version: str) -> Any:
    try:
        said = json.loads(output)
        status = said["status"]
    except (ValueError, KeyError, TypeError, RecursionError):
        return None
    sound = version.startswith(_GROUP) and said.get("apiVersion") == version
    there = sound and isinstance(status, dict)
    return status if there and (status.get("token") or status.get("clientKeyData")) else None


def _cluster(access: Access) -> dict[str, Any]:
    said = {
        "server": access.server,
        "certificate-authority-data": base64.b64encode(access.authority.encode()).decode(),
        "tls-server-name": access.server_name,
        "insecure-skip-tls-verify": access.insecure,
        "proxy-url": access.proxy,
    }
    return {key: value for key, value in said.items() if value}
