"""Homes of the AWS backends: a prefix of its own in a server of the session."""

from __future__ import annotations

from pathlib import Path
from secrets import token_hex

import pytest

from envguard.backends.aws import open_aws
from envguard.backends.aws_ssm import open_aws_ssm
from envguard.core.backend import Backend
from envguard.core.config import Folders, Settings
from envguard.core.naming import Naming
from envguard.testing.contract import Home, Limits
from tests.servers.moto import Caller
from tests.servers.strict_aws import NOT_ENABLED

REGION = "eu-west-1"


class AwsHome(Home):
    """All keys in one JSON secret."""

    name = "aws"
    keys_are_fields = True
    limits = Limits(value=65_536 - len('{"NAME": ""}'))
    url = "aws://{}/{}"
    open_url = staticmethod(open_aws)

    def __init__(self, request: pytest.FixtureRequest, folder: Path) -> None:
        self.endpoint: str = request.getfixturevalue("aws")
        self._patch: pytest.MonkeyPatch = request.getfixturevalue("monkeypatch")
        self.caller = Caller(self.endpoint)
        self.folder = folder
        self.prefix = f"test-{token_hex(6)}"

    def open(self, *, endpoint: str = "", allow_expired: bool = False) -> Backend:
        return self._opened(self.caller, endpoint, allow_expired=allow_expired)

    def without_rights(self) -> Backend:
        caller = Caller(self.endpoint)
        caller.faults({"kind": "denied"})
        return self._opened(caller)

    def with_wrong_credentials(self) -> Backend:
        return self._opened(Caller(self.endpoint, "AKIAUNKNOWN"))

    def elsewhere(self) -> Backend:
        return self._opened(self.caller, region=NOT_ENABLED)

    def program(self, endpoint: str = "") -> tuple[str, dict[str, str]]:
        """The URL and the variables by which the program finds it."""
        environ = dict(self.caller.environ())
        environ["AWS_ENDPOINT_URL"] = endpoint or self.endpoint
        return self.url.format(REGION, self.prefix), environ

    def _opened(
        self,
        caller: Caller,
        endpoint: str = "",
        *,
        region: str = REGION,
        allow_expired: bool = False,
    ) -> Backend:
        for name, value in caller.environ().items():
            self._patch.setenv(name, value)
        if endpoint:
            self._patch.setenv("AWS_ENDPOINT_URL", endpoint)
        folders = Folders(self.folder / "config", self.folder / "data", self.folder / "cache")
        settings = Settings(folders, None, None, {}, allow_expired=allow_expired)
        made = self.open_url(self.url.format(region, self.prefix), settings, Naming())
        made.client.opened()  # with the variables of now
        return made


class AwsEachHome(AwsHome):
    """A secret for each key."""

    name = "aws, each"
    keys_are_fields = False
    limits = Limits(value=65_536, key=512 - len("test-") - 13, empty=False)
    url = "aws://{}/{}?layout=each"
    many = 60  # at 40 a second


class SsmHome(AwsHome):
    """Parameter Store, whose quota is 40 calls a second."""

    name = "aws-ssm"
    keys_are_fields = False
    limits = Limits(value=4096, key=950 - len("test-") - 13, empty=False, refused=("{{",))
    url = "aws-ssm://{}/{}"
    open_url = staticmethod(open_aws_ssm)
    many = 20
