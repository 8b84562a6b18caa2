"""The Secrets of a cluster, as an API server keeps them: the rules, without HTTP.

No Kubernetes: written from its documentation, and as strict as that is. Sources:
- Secret, ObjectMeta and their limits: https://kubernetes.io/docs/concepts/configuration/secret/ and
  https://kubernetes.io/docs/reference/kubernetes-api/config-and-storage-resources/secret-v1/
- names: https://kubernetes.io/docs/concepts/overview/working-with-objects/names/
- server-side apply, who owns which field, conflicts:
  https://kubernetes.io/docs/reference/using-api/server-side-apply/
- status objects and resourceVersion:
  https://kubernetes.io/docs/reference/using-api/api-concepts/
"""

from __future__ import annotations

import base64
import binascii
import copy
import re
import threading
import uuid
from datetime import datetime, timezone
from typing import Any

MOST_DATA = 1 << 20  # bytes of all values together
MOST_ANNOTATIONS = 256 << 10  # bytes of names and values together
MOST_NAME = 253
MOST_LABEL = 63

_SUBDOMAIN = re.compile(r"[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*")
_DATA_KEY = re.compile(r"[-._a-zA-Z0-9]+")
_QUALIFIED = re.compile(r"([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]")
_LABEL = re.compile(r"(([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9])?")
_KNOWN = {"apiVersion", "kind", "metadata", "data", "stringData", "type", "immutable"}
_KNOWN_META = {
    *("name", "namespace", "labels", "annotations", "resourceVersion", "uid"),
    *("creationTimestamp", "managedFields", "generateName", "ownerReferences", "finalizers"),
}

Path = tuple[str, ...]
Object = dict[str, Any]


class RefusedError(Exception):
    """A status object in place of an answer."""

    def __init__(
        self, code: int, reason: str, message: str, causes: list[dict[str, str]] | None = None
    ) -> None:
        super().__init__(message)
        self.code = code
        self.status = {
            "kind": "Status",
            "apiVersion": "v1",
            "metadata": {},
            "status": "Failure",
            "message": message,
            "reason": reason,
            "details": {"kind": "secrets", **({"causes": causes} if causes else {})},
            "code": code,
        }


class Secrets:
    """All Secrets, by namespace and name. Each change is one step."""

    def __init__(self, *namespaces: str) -> None:
        self.namespaces = {"default", *namespaces}
        self.held: dict[tuple[str, str], Object] = {}
        self._lock = threading.RLock()
        self._revision = 1000

    def get(self, namespace: str, name: str) -> Object:
        with self._lock:
            found = self.held.get((namespace, name))
            if found is None:
                raise RefusedError(404, "NotFound", f'secrets "{name}" not found')
            return copy.deepcopy(found)

    def list(self, namespace: str, selector: str = "") -> list[Object]:
        with self._lock:
            wanted = dict(part.split("=", 1) for part in selector.split(",") if part)
            return [
                copy.deepcopy(found)
                for (space, _), found in sorted(self.held.items())
                if space == namespace
                and wanted.items() <= found["metadata"].get("labels", {}).items()
            ]

    def create(self, namespace: str, body: Object, manager: str, *, dry: bool = False) -> Object:
        with self._lock:
            name = body.get("metadata", {}).get("name", "")
            if namespace not in self.namespaces:
                raise RefusedError(404, "NotFound", f'namespaces "{namespace}" not found')
            if body.get("metadata", {}).get("resourceVersion"):
                raise _invalid("resourceVersion should not be set on objects to be created", 400)
            if (namespace, name) in self.held:
                raise RefusedError(409, "AlreadyExists", f'secrets "{name}" already exists')
            made = _clean(body, namespace, name)
            made["metadata"]["managedFields"] = []
            made["metadata"]["uid"] = str(uuid.uuid4())
            made["metadata"]["creationTimestamp"] = _now()
            made.setdefault("type", "Opaque")
            _own(made, manager, "Update", _leaves(made))
            if dry:
                _validate(made)
                return made
            return self._keep(namespace, name, made)

    def replace(self, namespace: str, name: str, body: Object, manager: str) -> Object:
        with self._lock:
            before = self.get(namespace, name)
            _same_version(before, body)
            return self._updated(before, _clean(body, namespace, name), manager)

    def merge(self, namespace: str, name: str, body: Object, manager: str) -> Object:
        """RFC 7396."""
        with self._lock:
            before = self.get(namespace, name)
            _same_version(before, body)
            return self._updated(before, _clean(_merged(before, body), namespace, name), manager)

    def apply(
        self, namespace: str, name: str, body: Object, manager: str, *, force: bool
    ) -> Object:
        with self._lock:
            if "managedFields" in body.get("metadata", {}):
                raise _invalid("metadata.managedFields must be nil", 400)
            applied = _clean(body, namespace, name)
            try:
                before = self.get(namespace, name)
            except RefusedError:
                if body.get("metadata", {}).get("resourceVersion"):
                    raise RefusedError(409, "Conflict", _MODIFIED.format(name)) from None
                made = self.create(namespace, {**applied, "type": "Opaque"}, "")
                made["metadata"]["managedFields"] = []
                _own(made, manager, "Apply", _leaves(applied))
                return self._keep(namespace, name, made)
            _same_version(before, body)
            return self._applied(before, applied, manager, force=force)

    def delete(self, namespace: str, name: str, preconditions: Object) -> Object:
        with self._lock:
            found = self.get(namespace, name)["metadata"]
            for key, wanted in preconditions.items():
                if found[key] != wanted:
                    raise RefusedError(
                        409, "Conflict", f'secrets "{name}": the {key} in the precondition differs'
                    )
            del self.held[namespace, name]
            return {"kind": "Status", "apiVersion": "v1", "status": "Success", "metadata": {}}

    def _applied(self, before: Object, applied: Object, manager: str, *, force: bool) -> Object:
        wanted = _leaves(applied)
        causes = []
        after = copy.deepcopy(before)
        for entry in after["metadata"]["managedFields"]:
            if (entry["manager"], entry["operation"]) == (manager, "Apply"):
                continue
            owned = _paths(entry["fieldsV1"])
            taken = {path for path in owned & wanted if _at(before, path) != _at(applied, path)}
            causes += [
                {
                    "reason": "FieldManagerConflict",
                    "message": f'conflict with "{entry["manager"]}" using v1',
                    "field": "." + ".".join(path),
                }
                for path in sorted(taken)
            ]
            entry["fieldsV1"] = _fields(owned - taken)
        if causes and not force:
            raise RefusedError(
                409,
                "Conflict",
                f"Apply failed with {len(causes)} conflict{'s'[: len(causes) > 1]}: "
                + ", ".join(f"{cause['message']}: {cause['field']}" for cause in causes),
                causes,
            )
        for path in wanted:
            _put(after, path, _at(applied, path))
        others = {
            path
            for entry in after["metadata"]["managedFields"]
            if (entry["manager"], entry["operation"]) != (manager, "Apply")
            for path in _paths(entry["fieldsV1"])
        }
        for path in _owned(before, manager, "Apply") - wanted - others:
            _drop(after, path)
        _own(after, manager, "Apply", wanted)
        return self._changed(before, after)

    def _updated(self, before: Object, after: Object, manager: str) -> Object:
        changed = {
            path
            for path in _leaves(before) | _leaves(after)
            if _at(before, path) != _at(after, path)
        }
        for name in ("uid", "creationTimestamp"):
            after["metadata"][name] = before["metadata"][name]
        after.setdefault("type", before["type"])
        after["metadata"]["managedFields"] = copy.deepcopy(before["metadata"]["managedFields"])
        for entry in after["metadata"]["managedFields"]:
            entry["fieldsV1"] = _fields(_paths(entry["fieldsV1"]) - changed)
        mine = _owned(after, manager, "Update") | (changed & _leaves(after))
        _own(after, manager, "Update", mine)
        return self._changed(before, after)

    def _changed(self, before: Object, after: Object) -> Object:
        if after["type"] != before["type"]:
            raise _invalid("type: field is immutable")
        if before.get("immutable"):
            if not after.get("immutable"):
                raise _invalid("immutable: field is immutable when `immutable` is set")
            if after.get("data", {}) != before.get("data", {}):
                raise _invalid("data: field is immutable when `immutable` is set")
        meta = after["metadata"]
        meta["managedFields"] = [entry for entry in meta["managedFields"] if entry["fieldsV1"]]
        return self._keep(meta["namespace"], meta["name"], after)

    def _keep(self, namespace: str, name: str, made: Object) -> Object:
        _validate(made)
        self._revision += 1
        made["metadata"]["resourceVersion"] = str(self._revision)
        self.held[namespace, name] = made
        return copy.deepcopy(made)


_MODIFIED = (
    'Operation cannot be fulfilled on secrets "{}": the object has been modified; '
    "please apply your changes to the latest version and try again"
)


def _same_version(before: Object, body: Object) -> None:
    given = body.get("metadata", {}).get("resourceVersion")
    if given and given != before["metadata"]["resourceVersion"]:
        raise RefusedError(409, "Conflict", _MODIFIED.format(before["metadata"]["name"]))


def _clean(body: Object, namespace: str, name: str) -> Object:
    """A body as an object of its own, without what the server fills in."""
    made = copy.deepcopy(body)
    if made.get("apiVersion") != "v1" or made.get("kind") != "Secret":
        raise _invalid("the object provided is no v1 Secret", 400)
    meta = made.setdefault("metadata", {})
    unknown = [*(made.keys() - _KNOWN), *(meta.keys() - _KNOWN_META)]
    if unknown:
        raise _invalid(f"strict decoding error: unknown field {unknown[0]!r}", 400)
    if meta.get("name", name) != name or meta.get("namespace", namespace) != namespace:
        raise _invalid("the name of the object does not match the name on the URL", 400)
    for key in ("managedFields", "resourceVersion", "uid", "creationTimestamp"):
        meta.pop(key, None)
    meta.update(name=name, namespace=namespace)
    for key, text in (made.pop("stringData", None) or {}).items():
        encoded = base64.b64encode(text.encode()).decode()
        made["data"] = {**(made.get("data") or {}), key: encoded}
    for where, key in ((made, "data"), (meta, "annotations"), (meta, "labels")):
        if not where.get(key):
            where.pop(key, None)
    return made


def _validate(made: Object) -> None:
    meta = made["metadata"]
    if not _SUBDOMAIN.fullmatch(meta["name"]) or len(meta["name"]) > MOST_NAME:
        raise _invalid("metadata.name: a lowercase RFC 1123 subdomain is needed")
    total = 0
    for key, text in made.get("data", {}).items():
        if not _DATA_KEY.fullmatch(key) or len(key) > MOST_NAME or key in (".", ".."):
            raise _invalid(
                f"data[{key}]: a valid config key must consist of alphanumerics, -, _, ."
            )
        try:
            total += len(base64.b64decode(text, validate=True))
        except (binascii.Error, TypeError, ValueError):
            raise _invalid(f"data[{key}]: illegal base64 data", 400) from None
    if total > MOST_DATA:
        raise _invalid(f"data: Too long: may not be more than {MOST_DATA} bytes")
    annotations = meta.get("annotations", {})
    if sum(len(k.encode()) + len(v.encode()) for k, v in annotations.items()) > MOST_ANNOTATIONS:
        raise _invalid(f"metadata.annotations: may not be more than {MOST_ANNOTATIONS} bytes")
    for key in (*annotations, *meta.get("labels", {})):
        prefix, slash, name = key.rpartition("/")
        sound = _QUALIFIED.fullmatch(name) and len(name) <= MOST_LABEL
        if not sound or (slash and not _SUBDOMAIN.fullmatch(prefix)):
            raise _invalid(f"metadata: Invalid value: {key!r}: a qualified name is needed")
    for text in meta.get("labels", {}).values():
        if not _LABEL.fullmatch(text) or len(text) > MOST_LABEL:
            raise _invalid(
                "metadata.labels: a valid label is at most 63 characters of its alphabet"
            )


def _invalid(message: str, code: int = 422) -> RefusedError:
    return RefusedError(code, "Invalid" if code == 422 else "BadRequest", message)


def _leaves(made: Object) -> set[Path]:
    """The fields that can have an owner: each key of the maps, and whole scalars."""
    found: set[Path] = {(key,) for key in ("type", "immutable") if key in made}
    found |= {("data", key) for key in made.get("data") or {}}
    for kind in ("annotations", "labels"):
        found |= {("metadata", kind, key) for key in made["metadata"].get(kind) or {}}
    return found


def _at(made: Object, path: Path) -> Any:
    for key in path[:-1]:
        made = made.get(key) or {}
    return made.get(path[-1])


def _put(made: Object, path: Path, value: object) -> None:
    for key in path[:-1]:
        made = made.setdefault(key, {})
    made[path[-1]] = value


def _drop(made: Object, path: Path) -> None:
    for key in path[:-1]:
        made = made.get(key, {})
    made.pop(path[-1], None)


def _fields(paths: set[Path]) -> Object:
    made: Object = {}
    for path in sorted(paths):
        _put(made, tuple(f"f:{key}" for key in path), {})
    return made


def _paths(fields: Object, before: Path = ()) -> set[Path]:
    found: set[Path] = set()
    for key, inner in fields.items():
        path = (*before, key.removeprefix("f:"))
        found |= _paths(inner, path) if inner else {path}
    return found


def _owned(made: Object, manager: str, operation: str) -> set[Path]:
    return {
        path
        for entry in made["metadata"]["managedFields"]
        if (entry["manager"], entry["operation"]) == (manager, operation)
        for path in _paths(entry["fieldsV1"])
    }


def _own(made: Object, manager: str, operation: str, paths: set[Path]) -> None:
    kept = [
        entry
        for entry in made["metadata"]["managedFields"]
        if (entry["manager"], entry["operation"]) != (manager, operation)
    ]
    entry = {
        "manager": manager,
        "operation": operation,
        "apiVersion": "v1",
        "time": _now(),
        "fieldsType": "FieldsV1",
        "fieldsV1": _fields(paths),
    }
    made["metadata"]["managedFields"] = [*kept, entry] if paths else kept


def _merged(before: Any, patch: Any) -> Any:
    if not isinstance(patch, dict):
        return copy.deepcopy(patch)
    made = dict(before) if isinstance(before, dict) else {}
    for key, value in patch.items():
        if value is None:
            made.pop(key, None)
        else:
            made[key] = _merged(made.get(key), value)
    return made


def _now() -> str:
    return datetime.now(timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ")
