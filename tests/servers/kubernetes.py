"""An API server for Secrets on loopback: HTTPS, who may do what, and the calls counted.

Of a real one it has the paths that `kubectl get secret` and clients of Secrets use, RBAC as in
https://kubernetes.io/docs/reference/access-authn-authz/rbac/ and status objects for every refusal.
What it holds follows the rules of kubernetes_secrets.py. kube-apiserver itself needs etcd and a
build of many minutes; the test of the independent readers runs kubectl against this one.
"""

from __future__ import annotations

import base64
import json
import re
import ssl
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, NamedTuple
from urllib.parse import parse_qs, urlsplit

import yaml

from tests.servers.certificates import Certificates, certificates
from tests.servers.kubernetes_secrets import Object, RefusedError, Secrets

MOST_BODY = 3 << 20
"""Bytes of a request: the limit of the API server (`--max-request-bytes` of its library)."""

_SECRETS = re.compile(r"/api/v1/namespaces/([^/]+)/secrets(?:/([^/]+))?")
_REVIEW = "/apis/authorization.k8s.io/v1/selfsubjectaccessreviews"
_VERBS = {"GET": "get", "POST": "create", "PUT": "update", "PATCH": "patch", "DELETE": "delete"}


class Rule(NamedTuple):
    """What a user may do with Secrets; no `names`: with every one."""

    verbs: tuple[str, ...] = ("*",)
    names: tuple[str, ...] = ()
    namespace: str = "*"


class Cluster:
    """One server. `users` says who a bearer token, or the name of a client certificate, is."""

    def __init__(self, made: Certificates | None) -> None:
        self.secrets = Secrets("shop")
        self.certificates = made
        self.tokens = {"token-of-ada": "ada"}
        self.rules: dict[str, list[Rule]] = {"ada": [Rule()]}
        self.calls: list[str] = []
        self.port = 0

    @property
    def url(self) -> str:
        scheme = "https" if self.certificates else "http"
        return f"{scheme}://127.0.0.1:{self.port}"

    def kubeconfig(self, file: Path, *, server: str = "", **user: object) -> Path:
        """Writes a kubeconfig for a user, by default with the token of ada."""
        cluster = {"server": server or self.url}
        if self.certificates is not None:
            ca = base64.b64encode(self.certificates.authority.encode()).decode()
            cluster["certificate-authority-data"] = ca
        config = {
            "apiVersion": "v1",
            "kind": "Config",
            "clusters": [{"name": "test", "cluster": cluster}],
            "users": [{"name": "ada", "user": user or {"token": "token-of-ada"}}],
            "contexts": [{"name": "test", "context": {"cluster": "test", "user": "ada"}}],
            "current-context": "test",
        }
        file.write_text(yaml.safe_dump(config), encoding="utf-8")
        file.chmod(0o600)
        return file

    def may(self, user: str, verb: str, namespace: str, name: str | None) -> bool:
        return any(
            (verb in rule.verbs or "*" in rule.verbs)
            and rule.namespace in ("*", namespace)
            and (not rule.names or (verb != "create" and name in rule.names))
            for rule in self.rules.get(user, ())
        )


@contextmanager
def running(folder: Path | None = None) -> Iterator[Cluster]:
    """A cluster of its own, empty, with the namespaces `default` and `shop`; without a folder for
    its certificate it speaks plain HTTP."""
    cluster = Cluster(None if folder is None else certificates(folder))

    class Handler(_Handler):
        held = cluster

    server = _Server(("127.0.0.1", 0), Handler)
    if cluster.certificates is not None:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(cluster.certificates.server)
        context.load_verify_locations(cadata=cluster.certificates.authority)
        context.verify_mode = ssl.CERT_OPTIONAL
        # The handshake in the thread of the connection: a slow client holds no other up.
        server.socket = context.wrap_socket(
            server.socket, server_side=True, do_handshake_on_connect=False
        )
    cluster.port = server.server_address[1]
    thread = threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True)
    thread.start()
    try:
        yield cluster
    finally:
        server.shutdown()
        server.server_close()
        thread.join(5)


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 128


class _Handler(BaseHTTPRequestHandler):
    held: Cluster
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    timeout = 30

    def log_message(self, format: str, *args: object) -> None:
        """Says nothing."""

    def handle(self) -> None:
        try:
            super().handle()
        except (OSError, ssl.SSLError):
            self.close_connection = True

    def do_GET(self) -> None:
        self._answer()

    do_POST = do_PUT = do_PATCH = do_DELETE = do_GET  # noqa: N815 - the same

    def _answer(self) -> None:
        cluster = self.held
        url = urlsplit(self.path)
        query = {key: values[-1] for key, values in parse_qs(url.query).items()}
        length = int(self.headers.get("Content-Length") or 0)
        body = self.rfile.read(min(length, MOST_BODY + 1))
        cluster.calls.append(f"{self.command} {url.path}")
        try:
            if length > MOST_BODY:
                self.close_connection = True
                raise RefusedError(413, "RequestEntityTooLarge", "Request entity too large")
            self._say(200, self._done(url.path, query, body))
        except RefusedError as refused:
            self._say(refused.code, refused.status)

    def _user(self) -> str:
        kind, _, token = self.headers.get("Authorization", "").partition(" ")
        if kind == "Bearer" and token in self.held.tokens:
            return self.held.tokens[token]
        peer = self.connection.getpeercert() if isinstance(self.connection, ssl.SSLSocket) else None
        names = dict(part[0] for part in (peer or {}).get("subject", ()))  # type: ignore[arg-type, misc, unused-ignore] # as ssl gives it
        if "commonName" in names and not token:
            return str(names["commonName"])
        raise RefusedError(401, "Unauthorized", "Unauthorized")

    def _done(self, path: str, query: dict[str, str], body: bytes) -> Object:
        if path in _DISCOVERY:
            return _DISCOVERY[path]
        user = self._user()
        user = self.headers.get("Impersonate-User") or user
        if path == _REVIEW:
            asked = json.loads(body)["spec"]["resourceAttributes"]
            allowed = self.held.may(
                user, asked["verb"], asked.get("namespace", ""), asked.get("name") or None
            )
            return {**json.loads(body), "status": {"allowed": allowed}}
        found = _SECRETS.fullmatch(path)
        if found is None:
            raise RefusedError(404, "NotFound", "the server could not find the requested resource")
        namespace, name = found[1], found[2]
        verb = _VERBS[self.command] if name or self.command != "GET" else "list"
        if not self.held.may(user, verb, namespace, name):
            what = f'secrets "{name}"' if name else "secrets"
            raise RefusedError(
                403,
                "Forbidden",
                f'{what} is forbidden: User "{user}" cannot {verb} resource "secrets" '
                f'in API group "" in the namespace "{namespace}"',
            )
        return self._secrets(namespace, name, query, body)

    def _secrets(
        self, namespace: str, name: str | None, query: dict[str, str], body: bytes
    ) -> Object:
        secrets, manager = self.held.secrets, query.get("fieldManager", "unknown")
        kind = self.headers.get("Content-Type", "")
        if "protobuf" in kind:
            raise RefusedError(415, "UnsupportedMediaType", "this server reads JSON and YAML only")
        given: Any = yaml.safe_load(body) if body else {}
        if name is None:
            if self.command == "POST":
                dry = query.get("dryRun") == "All"
                return secrets.create(namespace, given, manager, dry=dry)
            found = secrets.list(namespace, query.get("labelSelector", ""))
            bare = "as=PartialObjectMetadataList" in self.headers.get("Accept", "")
            return _page([_bare(one) for one in found] if bare else found, query, bare=bare)
        if self.command == "GET":
            return secrets.get(namespace, name)
        if self.command == "PUT":
            return secrets.replace(namespace, name, given, manager)
        if self.command == "DELETE":
            return secrets.delete(namespace, name, given.get("preconditions", {}))
        if kind == "application/merge-patch+json":
            return secrets.merge(namespace, name, given, manager)
        if kind != "application/apply-patch+yaml":
            raise RefusedError(415, "UnsupportedMediaType", f"the body is of the type {kind}")
        if "fieldManager" not in query:
            raise RefusedError(400, "BadRequest", "fieldManager is required for apply patch")
        force = query.get("force") == "true"
        return secrets.apply(namespace, name, given, manager, force=force)

    def _say(self, code: int, answer: Object) -> None:
        text = json.dumps(answer).encode()
        self.send_response(code)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(text)))
        self.end_headers()
        self.wfile.write(text)


def _bare(found: Object) -> Object:
    return {
        "kind": "PartialObjectMetadata",
        "apiVersion": "meta.k8s.io/v1",
        "metadata": found["metadata"],
    }


def _page(found: Sequence[Object], query: dict[str, str], *, bare: bool) -> Object:
    """A part of a listing, and where the next begins."""
    start, most = int(query.get("continue") or 0), int(query.get("limit") or 0) or len(found)
    rest = start + most < len(found)
    return {
        "kind": "PartialObjectMetadataList" if bare else "SecretList",
        "apiVersion": "meta.k8s.io/v1" if bare else "v1",
        "metadata": {"resourceVersion": "1", **({"continue": str(start + most)} if rest else {})},
        "items": list(found[start : start + most]),
    }


_DISCOVERY: dict[str, Object] = {
    "/version": {"major": "1", "minor": "33", "gitVersion": "v1.33.0"},
    "/api": {"kind": "APIVersions", "versions": ["v1"]},
    "/apis": {"kind": "APIGroupList", "apiVersion": "v1", "groups": []},
    "/api/v1": {
        "kind": "APIResourceList",
        "groupVersion": "v1",
        "resources": [
            {
                "name": "secrets",
                "singularName": "secret",
                "namespaced": True,
                "kind": "Secret",
                "verbs": ["create", "delete", "get", "list", "patch", "update"],
            }
        ],
    },
}
