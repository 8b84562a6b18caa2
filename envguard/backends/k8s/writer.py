"""How a Secret is changed: read, decided, applied to what was read; anew where it changed since."""

from __future__ import annotations

import random
import time
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from envguard.backends.k8s.api import MANAGER, Api, ModifiedError, Object
from envguard.backends.k8s.change import Wish, plan, without
from envguard.backends.k8s.record import Kept
from envguard.backends.service.parallel import DEADLINE_SECONDS
from envguard.core.dates import now
from envguard.core.errors import BackendError

VALUE = "value"
"""The key of a Secret that holds nothing but one value."""

_LABELS = {"app.kubernetes.io/managed-by": MANAGER}
LABEL = f"app.kubernetes.io/managed-by={MANAGER}"
"""What selects the Secrets that were made here."""


class Writer:
    """Changes Secrets of one namespace. With `force` also keys that others keep."""

    def __init__(self, api: Api, *, force: bool) -> None:
        self._api = api
        self._force = force

    def change(self, path: str, wishes: Mapping[str, Wish], token: str) -> Mapping[str, Kept]:
        """What is known of these keys of a Secret after a change; those that are not there, and
        are not written, are left out. Raises EnvguardError."""
        writes = any(wish.value is not None for wish in wishes.values())
        for _ in _turns(path):
            found = self._api.get(path)
            if found is None and not writes:
                return {}
            if found is None:
                # Made empty first: who applies to nothing overwrites who did so at the same time.
                found = self._api.create(empty(self._api.namespace, path))
            if found is None:
                continue
            changed = plan(found, self._api.record(found), wishes, token, now())
            if changed.body is None:
                return changed.kept
            try:
                answer = self._api.apply(path, changed.body, force=self._force)
            except ModifiedError:
                continue
            _same(path, changed.body, answer)
            return changed.kept
        raise AssertionError("the turns end with an error")

    def take_out(self, path: str, fields: Sequence[str]) -> Sequence[str]:
        """Which of these keys were there, and are gone; with the last one of a Secret that holds
        one value goes the Secret. Raises EnvguardError."""
        tried: Sequence[str] = ()
        for _ in _turns(path):
            found = self._api.get(path)
            data = (found or {}).get("data") or {}
            there = [field for field in fields if field in data]
            if found is None or not there:
                return tried
            tried = there
            try:
                self._taken(path, found, there)
            except ModifiedError:
                continue
            return there
        raise AssertionError("the turns end with an error")

    def _taken(self, path: str, found: Object, fields: Sequence[str]) -> None:
        labels = found["metadata"].get("labels") or {}
        if _LABELS.items() <= labels.items() and list(found["data"]) == [VALUE]:
            self._api.delete(found)
            return
        body = without(found, self._api.record(found), fields, force=self._force)
        if "data" in body:
            self._api.apply(path, body, force=self._force)
        else:
            self._api.take_out(path, {**body, "data": dict.fromkeys(fields)})


def empty(namespace: str, name: str) -> dict[str, Any]:
    """A new Secret without a value."""
    meta = {"name": name, "namespace": namespace, "labels": _LABELS}
    return {"apiVersion": "v1", "kind": "Secret", "metadata": meta, "type": "Opaque"}


def _same(path: str, body: Object, answer: Object) -> None:
    kept = answer.get("data") or {}
    if any(kept.get(field) != text for field, text in body["data"].items()):
        raise BackendError(
            f"the cluster kept something else than was written to the Secret {path}",
            "look for an admission webhook: kubectl get mutatingwebhookconfigurations",
        )


def _turns(path: str) -> Iterator[None]:
    """The turns of a change that others may come in between, with pauses. Raises BackendError."""
    end = time.monotonic() + DEADLINE_SECONDS
    pause = 0.02
    while time.monotonic() < end:
        yield
        pause = min(pause * 2, 1.0)
        time.sleep(random.uniform(0, pause))  # noqa: S311 - jitter
    raise BackendError(f"the Secret {path} is changed by others all the time", "try again")
