"""Parameter Store by the full names of its parameters: what its calls take and give.

https://docs.aws.amazon.com/systems-manager/latest/APIReference/API_Operations.html
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any, NamedTuple

from envguard.backends.service.aws_client import CONNECTIONS, AwsClient
from envguard.backends.service.aws_errors import AwsError
from envguard.backends.service.aws_state import as_tags
from envguard.backends.service.parallel import Pace, each_of
from envguard.core.backend import Version
from envguard.core.dates import utc
from envguard.core.errors import BackendError
from envguard.core.secret import Secret
from envguard.core.writes import Write

LARGEST = {"standard": 4096, "advanced": 8192}
"""Bytes of a value, by tier."""

_AT_ONCE = 10  # names of one GetParameters
_BURST, _A_SECOND = 40, 35.0  # https://docs.aws.amazon.com/general/latest/gr/ssm.html: 40
_PAGE = 50
_KEY, _WRITES = "envguard-key", "envguard-writes"
_MISSING = ("ParameterNotFound", "ParameterVersionNotFound")


class Found(NamedTuple):
    """A parameter as it was read. `version` is its number and when it was written, since a name
    that is deleted and made again begins at 1."""

    value: Secret
    version: str


class ParameterStore:
    """The parameters of one region. `kms` is the key that they are encrypted with, empty for
    AWS's own; `tier` is one of LARGEST. Every method raises AwsError."""

    def __init__(self, client: AwsClient, *, kms: str, tier: str) -> None:
        self.client = client
        self._kms = kms
        self._tier = tier

    def all(self, names: Sequence[str]) -> dict[str, Found]:
        """The parameters that are there, by name. Raises the first error."""
        names = list(dict.fromkeys(names))
        chunks = [tuple(names[at : at + _AT_ONCE]) for at in range(0, len(names), _AT_ONCE)]
        pace = Pace(_A_SECOND) if len(chunks) > _BURST else None

        def ask(chunk: tuple[str, ...]) -> Sequence[Mapping[str, Any]]:
            if pace is not None:
                pace.wait()
            said = self.client.call(
                "GetParameters", chunk[0], Names=list(chunk), WithDecryption=True
            )
            found: Sequence[Mapping[str, Any]] = said.get("Parameters", ())
            return found

        found: dict[str, Found] = {}
        for outcome in each_of(chunks, ask, workers=CONNECTIONS).values():
            if isinstance(outcome, BackendError):
                raise outcome
            found.update((one["Name"], _found(one)) for one in outcome)
        return found

    def one(self, name: str) -> Found | None:
        """One parameter."""
        return self.all([name]).get(name)

    def at(self, name: str, version: str) -> Found | None:
        """A parameter in a version, or under a label."""
        selector = version.partition("-")[0] if version[:1].isdigit() else version
        given = {"Names": [f"{name}:{selector}"], "WithDecryption": True}
        said = self.client.call("GetParameters", name, **given).get("Parameters")
        found = _found(said[0]) if said else None
        if found is not None and "-" in version and version[0].isdigit():
            return found if found.version == version else None
        return found

    def put(self, name: str, value: Secret, there: Found | None) -> int:
        """Writes a parameter; the number of its version."""
        given: dict[str, Any] = {"Name": name, "Value": value.reveal()}
        if self._kms:
            given["KeyId"] = self._kms
        if self._tier == "advanced":
            given["Tier"] = "Advanced"
        if there is None:
            try:
                said = self.client.call("PutParameter", name, **given, Type="SecureString")
            except AwsError as error:
                if error.code != "ParameterAlreadyExists":
                    raise
            else:
                return int(said["Version"])
        return int(self.client.call("PutParameter", name, **given, Overwrite=True)["Version"])

    def remember(self, name: str, key: str, writes: tuple[Write, ...]) -> None:
        """Writes down for which key a parameter is, and which writes of it were done."""
        given = {"ResourceType": "Parameter", "ResourceId": name}
        tags = as_tags({_KEY: key, _WRITES: _text(writes)})
        self.client.call("AddTagsToResource", name, **given, Tags=tags)

    def writes(self, name: str) -> tuple[Write, ...]:
        """The writes of a parameter that are remembered."""
        given = {"ResourceType": "Parameter", "ResourceId": name}
        said = self.client.call("ListTagsForResource", name, **given)
        tags = {tag["Key"]: tag["Value"] for tag in said.get("TagList", ())}
        return _writes(tags.get(_WRITES, ""))

    def delete(self, name: str) -> bool:
        """Deletes a parameter with all its versions. False where it was not there."""
        try:
            self.client.call("DeleteParameter", name, Name=name)
        except AwsError as error:
            if error.code in _MISSING:
                return False
            raise
        return True

    def versions(self, name: str) -> Sequence[Version]:
        """The versions of a parameter that are kept (AWS keeps 100), oldest first."""
        rows: list[Version] = []
        given: dict[str, Any] = {"Name": name, "MaxResults": _PAGE}
        while True:
            try:
                said = self.client.call("GetParameterHistory", name, **given)
            except AwsError as error:
                if error.code in _MISSING:
                    return []
                raise
            rows += [Version(_id(one), utc(one["LastModifiedDate"])) for one in said["Parameters"]]
            if not said.get("NextToken"):
                return rows
            given["NextToken"] = said["NextToken"]

    def listed(self, prefix: str, page: int = _PAGE) -> Iterator[Mapping[str, Any]]:
        """What is said of every parameter below a prefix, without values."""
        path = f"/{prefix}".rstrip("/") or "/"
        filters = [{"Key": "Path", "Option": "Recursive", "Values": [path]}]
        given: dict[str, Any] = {"ParameterFilters": filters, "MaxResults": page}
        while True:
            said = self.client.call("DescribeParameters", "*", **given)
            yield from said["Parameters"]
            if not said.get("NextToken"):
                return
            given["NextToken"] = said["NextToken"]


def _found(said: Mapping[str, Any]) -> Found:
    return Found(Secret(said["Value"]), _id(said))


def _id(said: Mapping[str, Any]) -> str:
    written: datetime = said["LastModifiedDate"]
    return f"{said['Version']}-{round(written.timestamp() * 1000)}"


def _writes(text: str) -> tuple[Write, ...]:
    """The writes that a tag remembers; what is no such tag remembers none."""
    try:
        rows = [word.split(":") for word in text.split()]
        return tuple(Write(token, content, int(version)) for token, content, version in rows)
    except ValueError:
        return ()


def _text(writes: tuple[Write, ...]) -> str:
    return " ".join(f"{write.token}:{write.content}:{write.version}" for write in writes)
