"""The homes of our own backends for the contract suite: where each lives, and what it takes.

A backend joins by a line in HOMES: from a request of pytest, for fixtures of servers, and a folder
of the test's own.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from envguard.backends.dotenv import DotenvBackend
from envguard.backends.env import EnvBackend
from envguard.backends.local import open_local
from envguard.core.backend import Backend
from envguard.core.config import Folders, Settings
from envguard.testing.contract import Home, Limits
from tests.contract.aws_home import AwsEachHome, AwsHome, SsmHome
from tests.contract.azure_home import AzureHome, AzureJsonHome
from tests.contract.google_home import GoogleHome, GoogleJsonHome
from tests.contract.kubernetes_home import KubernetesEachHome, KubernetesHome
from tests.contract.vault_home import VaultEachHome, VaultHome


def settings(folder: Path, **environ: str) -> Settings:
    """Settings with all of envguard's own folders in one."""
    folders = Folders(folder / "config", folder / "data", folder / "cache")
    return Settings(folders, None, None, {"HOME": str(folder), **environ})


class FolderHome(Home):
    """A backend that lives in a folder."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def settings(self, *, allow_expired: bool) -> Settings:
        return settings(self.folder)._replace(allow_expired=allow_expired)


class LocalHome(FolderHome):
    name = "local"
    limits = Limits(key=512)

    def open(self, *, endpoint: str = "", allow_expired: bool = False) -> Backend:
        own = self.settings(allow_expired=allow_expired)
        return open_local("local:", own, namespace="shop")


class LocalFileHome(FolderHome):
    name = "local file"

    def open(self, *, endpoint: str = "", allow_expired: bool = False) -> Backend:
        url = f"local://{self.folder}/own/store.db"
        return open_local(url, self.settings(allow_expired=allow_expired), namespace="")


class AgeHome(FolderHome):
    name = "age"
    limits = Limits(key=256)

    def open(self, *, endpoint: str = "", allow_expired: bool = False) -> Backend:
        pytest.importorskip("pyrage", reason="the extra `age` is not installed")
        from tests.backends.members import founder

        return founder(self.folder).backend


class KeyringHome(FolderHome):
    name = "keyring"
    limits = Limits(key=256)

    def __init__(self, request: pytest.FixtureRequest, folder: Path) -> None:
        super().__init__(folder)
        library = pytest.importorskip("keyring", reason="the extra `keyring` is not installed")
        before = library.get_keyring()
        request.addfinalizer(lambda: library.set_keyring(before))

    def open(self, *, endpoint: str = "", allow_expired: bool = False) -> Backend:
        from tests.backends.keyrings import in_memory

        return in_memory(self.folder)


class EnvHome(FolderHome):
    name = "env"

    def open(self, *, endpoint: str = "", allow_expired: bool = False) -> Backend:
        return EnvBackend(settings(self.folder, PATH="/bin"))


class DotenvHome(FolderHome):
    name = "dotenv"

    def open(self, *, endpoint: str = "", allow_expired: bool = False) -> Backend:
        return DotenvBackend(self.folder / ".env")


Maker = Callable[[pytest.FixtureRequest, Path], Home]

HOMES: dict[str, Maker] = {
    "local": lambda _request, folder: LocalHome(folder),
    "local-file": lambda _request, folder: LocalFileHome(folder),
    "age": lambda _request, folder: AgeHome(folder),
    "keyring": KeyringHome,
    "env": lambda _request, folder: EnvHome(folder),
    "dotenv": lambda _request, folder: DotenvHome(folder),
    "aws": AwsHome,
    "aws-each": AwsEachHome,
    "aws-ssm": SsmHome,
    "gcp": GoogleHome,
    "gcp-json": GoogleJsonHome,
    "azure": AzureHome,
    "azure-json": AzureJsonHome,
    "kubernetes": KubernetesHome,
    "kubernetes-each": KubernetesEachHome,
    "vault": VaultHome,
    "vault-each": VaultEachHome,
}
