"""Which cluster, and as whom: a kubeconfig, or the service account of the pod that this runs in.

The formats: https://kubernetes.io/docs/reference/config-api/kubeconfig.v1/ (how several files are
one: https://kubernetes.io/docs/concepts/configuration/organize-cluster-access-kubeconfig/), and
https://kubernetes.io/docs/tasks/run-application/access-api-from-pod/. The package `kubernetes`
reads both too, and takes 0.4 s to import; this is the part of it that Secrets need.
"""

from __future__ import annotations

import base64
import binascii
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple

from envguard.core.errors import ConfigError

_POD = Path("/var/run/secrets/kubernetes.io/serviceaccount")
_HINT = "kubectl config get-contexts"


class Access(NamedTuple):
    """Where a cluster is, and what its user's entry in the kubeconfig says. `name` is for errors.
    `authority` is PEM, empty for those of the system; relative paths in `user` are of `folder`."""

    name: str
    server: str
    authority: str = ""
    insecure: bool = False
    server_name: str = ""
    proxy: str = ""
    user: Mapping[str, Any] = {}
    folder: Path = Path()

    def __repr__(self) -> str:
        return f"Access({self.name!r}, {self.server!r})"

    def text(self, where: Mapping[str, Any], key: str) -> str:
        """What stands under `KEY-data` in base64, or in the file that `KEY` names; empty where
        neither is there. Raises ConfigError."""
        return _text(where, key, self.folder, self.name)


def find_access(environ: Mapping[str, str], context: str = "") -> Access:
    """The cluster and user of a context (none given: the current one). Raises ConfigError."""
    files = _files(environ)
    there = [file for file in files if file.is_file()]
    if there:
        return _of_context(there, context)
    host = environ.get("KUBERNETES_SERVICE_HOST", "")
    if host and not context and not environ.get("KUBECONFIG"):
        return _of_pod(host, environ.get("KUBERNETES_SERVICE_PORT") or "443")
    told = " and ".join(str(file) for file in files)
    raise ConfigError(f"there is no kubeconfig {told}", "set KUBECONFIG to the path of yours")


def _files(environ: Mapping[str, str]) -> list[Path]:
    listed = [part for part in environ.get("KUBECONFIG", "").split(os.pathsep) if part]
    home = Path(environ.get("HOME") or Path.home())
    return [Path(part) for part in listed] or [home / ".kube" / "config"]


def _of_pod(host: str, port: str) -> Access:
    literal = f"[{host}]" if ":" in host else host
    try:
        authority = (_POD / "ca.crt").read_text(encoding="utf-8")
    except OSError as error:
        raise ConfigError(
            f"{_POD / 'ca.crt'} cannot be read: {error.strerror}",
            "let the pod mount its token: automountServiceAccountToken: true",
        ) from None
    user = {"tokenFile": str(_POD / "token")}
    return Access("the pod's service account", f"https://{literal}:{port}", authority, user=user)


def _of_context(files: list[Path], context: str) -> Access:
    current = ""
    found: dict[str, dict[str, tuple[Path, Mapping[str, Any]]]] = {}
    for file in files:
        data = _loaded(file)
        current = current or str(data.get("current-context") or "")
        for kind in ("contexts", "clusters", "users"):
            for entry in data.get(kind) or ():
                if not isinstance(entry, dict) or not isinstance(entry.get(kind[:-1], {}), dict):
                    raise ConfigError(f"{file} is no kubeconfig: see its {kind}", _HINT)
                # The first file that has a name counts.
                named = found.setdefault(kind, {})
                named.setdefault(str(entry.get("name")), (file, entry.get(kind[:-1]) or {}))
    wanted = context or current
    known = found.get("contexts", {})
    if wanted not in known:
        what = f"has no context {wanted}" if wanted else "has no current context"
        names = ", ".join(sorted(known)) or "none"
        raise ConfigError(
            f"the kubeconfig {files[0]} {what}",
            f"add ?context=NAME to the URL (there: {names})",
        )
    chosen = known[wanted][1]
    cluster_file, cluster = _named(found, "clusters", chosen.get("cluster"), wanted)
    user_file, user = _named(found, "users", chosen.get("user"), wanted)
    name = f"context {wanted}"
    server = str(cluster.get("server") or "")
    if not server.startswith(("https://", "http://")):
        raise ConfigError(f"the cluster of {name} has no server that is a URL", _HINT)
    return Access(
        name,
        server.rstrip("/"),
        _text(cluster, "certificate-authority", cluster_file.parent, name),
        bool(cluster.get("insecure-skip-tls-verify")),
        str(cluster.get("tls-server-name") or ""),
        str(cluster.get("proxy-url") or ""),
        user,
        user_file.parent,
    )


def _named(
    found: Mapping[str, Mapping[str, tuple[Path, Mapping[str, Any]]]],
    kind: str,
    name: object,
    context: str,
) -> tuple[Path, Mapping[str, Any]]:
    entry = found.get(kind, {}).get(str(name))
    if entry is None:
        raise ConfigError(f"context {context} names {name}, which is not among the {kind}", _HINT)
    return entry


def _loaded(file: Path) -> Mapping[str, Any]:
    import yaml  # noqa: PLC0415 - only where a cluster is used

    try:
        text = file.read_text(encoding="utf-8")
        loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
        data = yaml.load(text, loader)  # noqa: S506 - both are the safe one
    except OSError as error:
        raise ConfigError(f"{file} cannot be read: {error.strerror}", f"ls -l {file}") from None
    except (yaml.YAMLError, UnicodeDecodeError, RecursionError):
        data = ()
    # Its parts may be credentials: no error quotes them.
    if data is not None and not isinstance(data, dict):
        raise ConfigError(f"{file} is no kubeconfig", _HINT)
    return data or {}


def _text(where: Mapping[str, Any], key: str, folder: Path, name: str) -> str:
    data, file = where.get(f"{key}-data"), where.get(key)
    try:
        if data:
            return base64.b64decode(str(data), validate=True).decode()
        return (folder / str(file)).read_text(encoding="utf-8") if file else ""
    except OSError as error:
        problem = f"its file {folder / str(file)} cannot be read: {error.strerror}"
    except (binascii.Error, ValueError):
        problem = "it is no text in base64"
    raise ConfigError(f"the {key} of {name} is of no use: {problem}", "kubectl config view")
