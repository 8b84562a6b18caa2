"""What a token may do with the secrets of a backend, and the lines of a policy that it lacks."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from envguard.backends.service.places import Places
from envguard.backends.vaultkv.client import VaultClient, policy_line
from envguard.backends.vaultkv.engine import Engine
from envguard.backends.vaultkv.refusals import DeniedError
from envguard.core.backend import Right

_ANY = "envguard-check-none"
"""Stands for every secret below a folder."""


def rights_of(engine: Engine, places: Places) -> Sequence[Right]:
    """What Vault itself says of it. Raises BackendError."""
    paths = places.json_paths() or [f"{places.start}{_ANY}"]
    refused: DeniedError | None = None
    try:
        engine.ask_version(paths[0])
    except DeniedError as error:
        refused = error
    needs: list[Mapping[str, tuple[Sequence[str], str]]] = []
    for path in paths:
        one = dict(engine.rights(path, places.start))
        if places.is_json:
            one["delete"] = one["write"]  # a field is taken out by a write
            one["list"] = one.get("known", one["read"])
        needs.append(one)
    may = capabilities(engine.client, [at for one in needs for _, at in one.values()])

    def right(name: str, *of: str) -> Right:
        asked = [one[part] for one in needs for part in of if part in one]
        lacking = [(caps, at) for caps, at in asked if not _has(may[at], caps)]
        lines = (policy_line(at.replace(_ANY, "*"), " ".join(c)) for c, at in lacking or asked)
        return Right(name, not lacking, " ".join(dict.fromkeys(lines)))

    rights = [
        right("read", "read"),
        right("write", "write", "note"),
        right("list", "list", "known"),
        right("delete", "delete"),
    ]
    if refused is not None and any(right.allowed for right in rights):
        raise refused  # who may do something there is refused only where nothing is mounted
    return rights


def capabilities(client: VaultClient, paths: Sequence[str]) -> Mapping[str, Sequence[str]]:
    """What the token may do at each path.
    https://developer.hashicorp.com/vault/api-docs/system/capabilities-self"""
    answer = client.call(
        "POST", "sys/capabilities-self", {"paths": list(paths)}, needs="update", absent=False
    )
    said = answer.body.get("data") or answer.body
    return {path: said.get(path) or [] for path in paths}


def _has(given: Sequence[str], needed: Sequence[str]) -> bool:
    return "root" in given or ("deny" not in given and set(needed) <= set(given))
