"""What the tests of AWS share: a caller, a prefix of its own, and the vendor's own client."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from secrets import token_hex
from typing import Any

import pytest

from envguard.backends.aws import AwsBackend, open_aws
from envguard.backends.aws_ssm import SsmBackend, open_aws_ssm
from envguard.core.config import Folders, Settings
from envguard.core.naming import Naming
from tests.servers.moto import Caller

REGION = "eu-west-1"


class World:
    """One user of AWS, whose variables the test's process has."""

    def __init__(self, url: str, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        self.caller = Caller(url)
        self.prefix = f"test-{token_hex(6)}"
        self._folder = folder
        for name, value in self.caller.environ().items():
            monkeypatch.setenv(name, value)

    def settings(self, *, allow_expired: bool = False) -> Settings:
        folders = Folders(self._folder / "config", self._folder / "data", self._folder / "cache")
        return Settings(folders, None, None, {}, allow_expired=allow_expired)

    def open(
        self,
        path: str = "",
        *,
        groups: Mapping[str, tuple[str, ...]] | None = None,
        names: Mapping[str, str] | None = None,
        case: str = "keep",
        region: str = REGION,
    ) -> AwsBackend:
        """Secrets Manager; `path` follows the prefix of this test."""
        naming = Naming(case, groups or {}, names or {})
        return open_aws(f"aws://{region}/{self.prefix}{path}", self.settings(), naming)

    def ssm(self, path: str = "") -> SsmBackend:
        """Parameter Store."""
        return open_aws_ssm(f"aws-ssm://{REGION}/{self.prefix}{path}", self.settings(), Naming())

    def theirs(self, service: str = "secretsmanager") -> Any:
        """The client of boto3: another program."""
        import boto3

        return boto3.client(service, region_name=REGION)
