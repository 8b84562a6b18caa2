"""AWS Secrets Manager by the full names of its secrets: what its calls take and give.

https://docs.aws.amazon.com/secretsmanager/latest/apireference/Welcome.html
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from types import MappingProxyType
from typing import Any

from envguard.backends.service.aws_client import CONNECTIONS, AwsClient
from envguard.backends.service.aws_errors import AwsError, Denied
from envguard.backends.service.aws_state import (
    CURRENT,
    PENDING,
    Held,
    State,
    as_tags,
    held_in,
    state_in,
)
from envguard.backends.service.parallel import Pace, each_of
from envguard.core.dates import utc
from envguard.core.errors import BackendError, UsageError
from envguard.core.secret import Secret

# https://docs.aws.amazon.com/secretsmanager/latest/userguide/reference_limits.html
AT_ONCE = 20
"""Secrets that one BatchGetSecretValue takes."""

MOST_TAGS = 50

WRITES_A_SECOND = 40.0  # the quota is 50, for the whole account
_SHORTEST_ID = 32  # characters of a version's id; what is shorter is a label
_PAGE = 100
_MISSING = "ResourceNotFoundException"
_TAKEN = "ResourceExistsException"


class SecretsManager:
    """The secrets of one region. `kms` is the key that new ones are encrypted with; empty: AWS's
    own. Every method raises AwsError."""

    def __init__(self, client: AwsClient, kms: str = "") -> None:
        self.client = client
        self._kms = kms
        self._pace = Pace(WRITES_A_SECOND)

    def values(self, names: Sequence[str]) -> dict[str, Held | BackendError]:
        """What each secret holds, or why it cannot be read; absent ones are left out."""
        names = list(dict.fromkeys(names))
        if len(names) <= 1:
            return self._each(names)
        chunks = [tuple(names[at : at + AT_ONCE]) for at in range(0, len(names), AT_ONCE)]
        found: dict[str, Held | BackendError] = {}
        for chunk, outcome in each_of(chunks, self._chunk, workers=CONNECTIONS).items():
            if not isinstance(outcome, BackendError):
                found.update(outcome)
            elif isinstance(outcome, Denied):  # many roles may only read one by one
                found.update(self._each(chunk))
            else:
                raise outcome
        return found

    def value(self, name: str, version: str | None = None) -> Held | None:
        """What one secret holds, in a version or under a label; None where there is none."""
        given = {} if version is None else {_selector(version): version}
        try:
            return held_in(self.client.call("GetSecretValue", name, SecretId=name, **given))
        except AwsError as error:
            if error.code == _MISSING or error.is_deleted:
                return None
            raise

    def _each(self, names: Sequence[str]) -> dict[str, Held | BackendError]:
        found = each_of(names, self.value, workers=CONNECTIONS)
        return {name: outcome for name, outcome in found.items() if outcome is not None}

    def _chunk(self, names: tuple[str, ...]) -> dict[str, Held | BackendError]:
        found: dict[str, Held | BackendError] = {}
        given: dict[str, Any] = {"SecretIdList": list(names)}
        while True:
            said = self.client.call("BatchGetSecretValue", "*", **given)
            found.update((one["Name"], held_in(one)) for one in said.get("SecretValues", ()))
            # Each by itself: there are few, and so their errors are those of any single read.
            failed = [
                one["SecretId"]
                for one in said.get("Errors", ())
                if one.get("ErrorCode") != _MISSING
            ]
            found.update(self._each(failed))
            if not said.get("NextToken"):
                return found
            given["NextToken"] = said["NextToken"]

    def state(self, name: str) -> State | None:
        """What is known of a secret, also of one that is scheduled for deletion."""
        try:
            return state_in(self.client.call("DescribeSecret", name, SecretId=name))
        except AwsError as error:
            if error.code == _MISSING:
                return None
            raise

    def listed(self, prefix: str) -> Iterator[State]:
        """Every secret whose name begins so."""
        given: dict[str, Any] = {"MaxResults": _PAGE}
        if prefix:
            given["Filters"] = [{"Key": "name", "Values": [prefix]}]
        while True:
            said = self.client.call("ListSecrets", "*", **given)
            yield from map(state_in, said["SecretList"])
            if not said.get("NextToken"):
                return
            given["NextToken"] = said["NextToken"]

    def versions(self, name: str) -> list[tuple[str, str]]:
        """The versions of a secret with their times, oldest first, the one in force last. One
        that a rotation is making is left out."""
        given: dict[str, Any] = {"SecretId": name, "IncludeDeprecated": True, "MaxResults": _PAGE}
        rows: list[Mapping[str, Any]] = []
        while True:
            said = self.client.call("ListSecretVersionIds", name, **given)
            rows += said["Versions"]
            if not said.get("NextToken"):
                break
            given["NextToken"] = said["NextToken"]
        done = [row for row in rows if PENDING not in row.get("VersionStages", ())]
        done.sort(key=lambda row: (CURRENT in row.get("VersionStages", ()), row["CreatedDate"]))
        return [(row["VersionId"], utc(row["CreatedDate"])) for row in done]

    def put(
        self,
        name: str,
        value: Secret,
        version: str,
        state: State | None,
        *,
        labels: Sequence[str] = (),
        tags: Mapping[str, str] = MappingProxyType({}),
    ) -> None:
        """Writes a value as this version of a secret, which is made (with these tags) where
        `state` is None. Does nothing where that version is there with the same value. Raises
        UsageError where it is there with another one."""
        given = {"SecretString": value.reveal(), "ClientRequestToken": version}
        self._pace.wait()
        try:
            if state is None and self._made(name, {**given, "Tags": as_tags(tags)}):
                return
            if state is not None and state.deleted:
                self.client.call("RestoreSecret", name, SecretId=name)
            self.client.call(
                "PutSecretValue", name, SecretId=name, VersionStages=[CURRENT, *labels], **given
            )
        except AwsError as error:
            if error.code != _TAKEN:
                raise
        else:
            return
        raise UsageError(
            f"{name} was written with this token before, with another value",
            "use another token for another value",
        )

    def _made(self, name: str, given: Mapping[str, Any]) -> bool:
        """Makes a secret; False where somebody else made it just now."""
        kms = {"KmsKeyId": self._kms} if self._kms else {}
        try:
            self.client.call("CreateSecret", name, Name=name, **kms, **given)
        except AwsError as error:
            if error.code != _TAKEN:
                raise
            return False
        return True

    def delete(self, name: str, *, now: bool = False) -> bool:
        """Schedules a secret for deletion, after AWS's 30 days; with `now` it is gone at once.
        False where it was not there."""
        self._pace.wait()
        given = {"ForceDeleteWithoutRecovery": True} if now else {}
        try:
            self.client.call("DeleteSecret", name, SecretId=name, **given)
        except AwsError as error:
            if error.code == _MISSING or error.is_deleted:
                return False
            raise
        return True

    def retag(self, state: State, tags: Mapping[str, str]) -> None:
        """Sets tags; those that are empty are taken away."""
        kept = {key: value for key, value in tags.items() if value}
        gone = [key for key in tags if key not in kept and key in state.tags]
        if len({*state.tags, *kept} - {*gone}) > MOST_TAGS:
            raise UsageError(
                f"{state.name} would have more than {MOST_TAGS} tags", "say less about its fields"
            )
        if gone:
            self.client.call("UntagResource", state.name, SecretId=state.name, TagKeys=gone)
        if any(state.tags.get(key) != value for key, value in kept.items()):
            self.client.call("TagResource", state.name, SecretId=state.name, Tags=as_tags(kept))

    def relabel(self, state: State, gone: Sequence[str], new: Sequence[str]) -> None:
        """Takes labels from the current version, and gives it others."""
        version = state.version()
        for label in gone:
            self._label(state.name, label, RemoveFromVersionId=version)
        for label in new:
            before = state.version(label)
            if before != version:
                away = {} if before is None else {"RemoveFromVersionId": before}
                self._label(state.name, label, MoveToVersionId=version, **away)

    def _label(self, name: str, label: str, **given: Any) -> None:
        action = "UpdateSecretVersionStage"
        self.client.call(action, name, SecretId=name, VersionStage=label, **given)

    def rotate(self, name: str) -> None:
        """Starts the rotation that AWS has for a secret. Raises UsageError where it has none."""
        try:
            self.client.call("RotateSecret", name, SecretId=name)
        except AwsError as error:
            if error.code != "InvalidRequestException":
                raise
        else:
            return
        raise UsageError(
            f"AWS has no rotation for {name}",
            f"aws secretsmanager rotate-secret --secret-id {name} --rotation-lambda-arn ARN",
        )

    def say(self, name: str, description: str) -> None:
        """Writes the description of a secret."""
        self.client.call("UpdateSecret", name, SecretId=name, Description=description)


def _selector(version: str) -> str:
    return "VersionId" if len(version) >= _SHORTEST_ID else "VersionStage"
