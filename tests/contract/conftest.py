"""Servers of the session for the contract suite, and its table of results."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.servers.azure import Azure, azure
from tests.servers.google import Google, google
from tests.servers.kubernetes import Cluster, running


@pytest.fixture(scope="session")
def cluster() -> Iterator[Cluster]:
    """A Kubernetes server."""
    with running() as cluster:
        yield cluster


@pytest.fixture(scope="session")
def google_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Google]:
    """A Google Secret Manager, without TLS for what stands before it."""
    with google(tmp_path_factory.mktemp("google"), tls=False) as server:
        yield server


@pytest.fixture(scope="session")
def azure_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Azure]:
    """An Azure Key Vault, without TLS for what stands before it."""
    with azure(tmp_path_factory.mktemp("azure"), tls=False) as server:
        yield server
