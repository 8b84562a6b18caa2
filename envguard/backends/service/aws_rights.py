"""What credentials may do in a service of AWS, and the statements of IAM that they lack."""

from __future__ import annotations

import secrets as random
from collections.abc import Callable, Sequence
from typing import Any

from envguard.backends.service.aws_about import key_tag
from envguard.backends.service.aws_client import AwsClient
from envguard.backends.service.aws_errors import ON_ALL, Denied, arn, statement
from envguard.backends.service.aws_secrets import SecretsManager
from envguard.backends.service.places import Places
from envguard.core.backend import Right
from envguard.core.secret import Secret

Try = Callable[[], Any]
TryOn = Callable[[str], Any]


def trial(
    client: AwsClient,
    places: Places,
    *,
    read: tuple[str, Try],
    listing: tuple[str, Try],
    writing: Sequence[str],
    make: TryOn,
    remove: tuple[str, TryOn],
    write: bool,
) -> Sequence[Right]:
    """Tries each right by a call that changes nothing, and with `write` by one that makes a secret
    and one that removes it. Each right comes with the action that it needs. Raises AwsError where
    it is not rights that are missing."""
    service, region = client.service, client.region
    named = [*places.json_paths()] if places.is_json else [f"{places.start}*"]
    resources = [arn(service, region, name) for name in named]
    own = places.named(f"envguard-check-{random.token_hex(4)}")

    def line(*actions: str) -> str:
        on: str | list[str] = resources if len(resources) > 1 else resources[0]
        if actions[0] in ON_ALL:
            on = "*"
        return statement([f"{service}:{action}" for action in actions], on)

    may_write = _may(lambda: make(own)) if write else None
    return [
        Right("read", _may(read[1]), line(read[0])),
        Right("write", may_write, line(*writing)),
        Right("list", _may(listing[1]), line(listing[0])),
        Right("delete", _may(lambda: remove[1](own)) if may_write else None, line(remove[0])),
    ]


def rights(secrets: SecretsManager, places: Places, *, write: bool) -> Sequence[Right]:
    """What may be done in Secrets Manager; see `trial`."""
    paths = places.json_paths()
    listing: tuple[str, Try] = (
        ("DescribeSecret", lambda: [secrets.state(name) for name in paths])
        if places.is_json
        else ("ListSecrets", lambda: next(secrets.listed(places.start), None))
    )
    return trial(
        secrets.client,
        places,
        read=("GetSecretValue", lambda: [secrets.value(name) for name in places.probed()]),
        listing=listing,
        writing=("DescribeSecret", "CreateSecret", "TagResource", "PutSecretValue"),
        make=lambda name: secrets.put(
            name, Secret("1"), random.token_hex(16), None, tags=key_tag("none")
        ),
        remove=("DeleteSecret", lambda name: secrets.delete(name, now=True)),
        write=write,
    )


def _may(call: Try) -> bool:
    try:
        call()
    except Denied:
        return False
    return True
