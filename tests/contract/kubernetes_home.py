"""Homes of the Kubernetes backend: a namespace of its own in a server of the session."""

from __future__ import annotations

from pathlib import Path

import pytest

from envguard.backends.kubernetes import KubernetesBackend, open_kubernetes
from envguard.core.backend import Backend
from envguard.core.config import Folders, Settings
from envguard.core.naming import Naming
from envguard.testing.contract import Home, Limits
from tests.servers.kubernetes import Cluster, Rule


class KubernetesHome(Home):
    """All keys in one Secret."""

    name = "kubernetes"
    keys_are_fields = True
    limits = Limits(value=1 << 20, key=253)
    url = "k8s://{}/app"

    def __init__(self, request: pytest.FixtureRequest, folder: Path) -> None:
        self.cluster: Cluster = request.getfixturevalue("cluster")
        self.endpoint = self.cluster.url
        self.folder = folder
        self.namespace = f"test-{len(self.cluster.secrets.namespaces)}"
        self.cluster.secrets.namespaces.add(self.namespace)

    def open(self, *, endpoint: str = "", allow_expired: bool = False) -> Backend:
        return self._opened(self.namespace, endpoint, allow_expired=allow_expired)

    def without_rights(self) -> Backend:
        self.cluster.tokens["token-of-bob"] = "bob"
        self.cluster.rules["bob"] = [Rule(namespace="default")]
        return self._opened(self.namespace, token="token-of-bob")

    def with_wrong_credentials(self) -> Backend:
        return self._opened(self.namespace, token="token-of-nobody")

    def elsewhere(self) -> Backend:
        return self._opened("not-there")

    def program(self, endpoint: str = "") -> tuple[str, dict[str, str]]:
        """The URL and the variables by which the program finds it."""
        file = self.cluster.kubeconfig(self.folder / "kubeconfig-program", server=endpoint)
        return self.url.format(self.namespace), {"KUBECONFIG": str(file)}

    def _opened(
        self,
        namespace: str,
        endpoint: str = "",
        *,
        allow_expired: bool = False,
        token: str = "token-of-ada",
    ) -> KubernetesBackend:
        file = self.folder / f"kubeconfig-{abs(hash((endpoint, token)))}"
        if not file.exists():
            self.cluster.kubeconfig(file, server=endpoint, token=token)
        folders = Folders(self.folder / "config", self.folder / "data", self.folder / "cache")
        environ = {"HOME": str(self.folder), "KUBECONFIG": str(file)}
        settings = Settings(folders, None, None, environ, allow_expired=allow_expired)
        return open_kubernetes(self.url.format(namespace), settings, Naming())


class KubernetesEachHome(KubernetesHome):
    """A Secret for each key."""

    name = "kubernetes, each"
    keys_are_fields = False
    limits = Limits(value=1 << 20, key=253 - len("app-"))
    url = "k8s://{}/app?layout=each"
    many = 100
