"""What AWS Secrets Manager says of a secret, as nouns; its limits, versions, labels and tags."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from datetime import datetime
from typing import Any, NamedTuple

from envguard.core.dates import utc
from envguard.core.errors import UsageError
from envguard.core.secret import Secret

# https://docs.aws.amazon.com/secretsmanager/latest/userguide/reference_limits.html
LARGEST = 65_536
"""Bytes of a value."""


MOST_LABELS = 20
"""Staging labels of a version, AWSCURRENT among them."""


CURRENT, PREVIOUS, PENDING = "AWSCURRENT", "AWSPREVIOUS", "AWSPENDING"


class Held(NamedTuple):
    """What a version holds; `value` is None where its bytes are no UTF-8 text."""

    value: Secret | None
    version: str
    labels: tuple[str, ...]


class State(NamedTuple):
    """What is known of a secret without its value. Times are in dates.FORMAT; `deleted` is when
    it ends for good, empty where nobody deleted it. `labels` are those of each version."""

    name: str
    deleted: str
    created: str
    updated: str
    description: str
    tags: Mapping[str, str]
    labels: Mapping[str, tuple[str, ...]]

    def version(self, label: str = CURRENT) -> str | None:
        """The version that has a label."""
        return next((version for version, has in self.labels.items() if label in has), None)

    @property
    def own_labels(self) -> tuple[str, ...]:
        """The labels of the current version that are not AWS's own."""
        current = self.labels.get(self.version() or "", ())
        return tuple(label for label in current if not label.startswith("AWS"))


def version_id(token: str, name: str, *parts: str) -> str:
    """The version that a write with a token makes: the same for the same write. AWS takes it as
    ClientRequestToken, and does nothing where it is there with the same value."""
    return str(uuid.uuid5(uuid.NAMESPACE_URL, "\0".join(("envguard", token, name, *parts))))


def size_of(name: str, value: Secret) -> int:
    """The bytes of a value. Raises UsageError for what is no text."""
    try:
        return len(value.reveal().encode("utf-8"))
    except UnicodeEncodeError:
        pass
    raise UsageError(f"the value of {name} is no UTF-8 text", "encode it: base64")


def as_tags(tags: Mapping[str, str]) -> list[dict[str, str]]:
    """Tags as the service's calls have them."""
    return [{"Key": key, "Value": value} for key, value in tags.items() if value]


def held_in(said: Mapping[str, Any]) -> Held:
    """What an answer with a value says."""
    return Held(_text(said), said["VersionId"], tuple(said.get("VersionStages", ())))


def _text(said: Mapping[str, Any]) -> Secret | None:
    """The value; the text that the bytes of a binary one are (External Secrets writes those)."""
    if "SecretBinary" not in said:
        return Secret(said["SecretString"]) if "SecretString" in said else None
    try:
        return Secret(said["SecretBinary"].decode("utf-8"))
    except UnicodeDecodeError:
        return None


def state_in(said: Mapping[str, Any]) -> State:
    """What an answer with a description says."""
    labels = said.get("VersionIdsToStages") or said.get("SecretVersionsToStages") or {}
    return State(
        said["Name"],
        _time(said.get("DeletedDate")),
        _time(said.get("CreatedDate")),
        _time(said.get("LastChangedDate")),
        said.get("Description", ""),
        {tag["Key"]: tag["Value"] for tag in said.get("Tags", ())},
        {version: tuple(has) for version, has in labels.items()},
    )


def _time(moment: datetime | None) -> str:
    return utc(moment) if moment else ""
