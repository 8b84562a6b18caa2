"""Secrets of Kubernetes: `k8s://NAMESPACE/NAME`, and `k8s://NAMESPACE/PREFIX?layout=each`.

The keys of one Secret are the keys of programs, as in `envFrom`; with `layout=each` every key is a
Secret of its own, with the one key `value`. Written by server-side apply, so that keys that others
keep in the same Secret stay theirs (`?force=true` takes them over), and only onto the state that
was read. A reference with a field means a key of the Secret of that name.
"""

from __future__ import annotations

import base64
import binascii
import json
import random
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import TypeVar

from envguard.backends.k8s import record
from envguard.backends.k8s.api import WORKERS, Api, Object
from envguard.backends.k8s.change import MOST_BYTES, Wish, encoded
from envguard.backends.k8s.writer import LABEL, VALUE, Writer, empty
from envguard.backends.service.expiry import refuse_expired
from envguard.backends.service.parallel import each_of
from envguard.backends.service.places import Alphabet, Place, Places, placed
from envguard.backends.service.url import ServiceUrl, parse_url
from envguard.core.backend import About, Capability, Metadata, Right
from envguard.core.config import Settings
from envguard.core.errors import BackendError, ConfigError, UsageError
from envguard.core.naming import Naming
from envguard.core.parts import each, whole, without_version
from envguard.core.reference import Reference
from envguard.core.secret import Secret

# https://kubernetes.io/docs/concepts/overview/working-with-objects/names/
_NAMESPACE = re.compile(r"[a-z0-9](?:[-a-z0-9]{0,61}[a-z0-9])?")
_PART = r"[a-z0-9](?:[-a-z0-9]*[a-z0-9])?"
_ALPHABET = Alphabet(
    pattern=rf"(?=.{{1,253}}\Z){_PART}(?:\.{_PART})*",
    told="up to 253 of a-z, 0-9, - and dots, which neither begins nor ends with - or a dot",
    joint="-",
    without="_",
    # https://kubernetes.io/docs/concepts/configuration/secret/#restriction-names-data
    field=r"(?!\.{1,2}\Z)[-._a-zA-Z0-9]{1,253}",
    lower=True,
)
_EXAMPLE = "k8s://shop/app-secrets"

Result = TypeVar("Result")


class KubernetesBackend:
    """Secrets of one namespace. Connects when it is first used."""

    capabilities = (
        Capability.READ
        | Capability.WRITE
        | Capability.DELETE
        | Capability.LIST
        | Capability.METADATA
    )

    def __init__(self, url: ServiceUrl, settings: Settings, naming: Naming) -> None:
        self.places = Places(url.prefix, url.layout, naming, _ALPHABET)
        self._settings = settings
        self._api = Api(url.place, settings.environ, url.options.get("context", ""))
        self._writer = Writer(self._api, force=url.options.get("force") == "true")

    def locate(self, key: str) -> Reference:
        """The reference to `key`, whose name it keeps. Raises NameNotAllowed."""
        return self.places.locate(key)

    def check(self) -> None:
        """Asks the cluster whether it may be read. Raises BackendError."""
        read = self._right("read", ("get",))
        if not read.allowed:
            raise BackendError(f"the Secrets of {self._api.namespace} may not be read", read.line)

    def rights(self, *, write: bool = False) -> Sequence[Right]:
        """What the cluster's rules say; with `write` also whether it takes a new Secret, asked as a
        dry run, which makes none. Raises BackendError."""
        whole = self.places.is_json
        found = [
            self._right("read", ("get",)),
            self._right("write", ("get", "create", "patch")),
            self._right("list", ("get",) if whole else ("list",)),
            self._right("delete", ("get", "patch") if whole else ("get", "patch", "delete")),
        ]
        if write and found[1].allowed:
            name = f"envguard-check-{random.getrandbits(32):08x}"
            self._api.create(empty(self._api.namespace, name), dry=True)
        return found

    def _right(self, name: str, verbs: Sequence[str]) -> Right:
        paths = self.places.json_paths() if self.places.is_json else [""]
        # A Secret has no name before it is made, and a listing none at all.
        missing = [
            verb
            for verb in verbs
            for path in (paths if verb not in ("create", "list") else [""])
            if not self._api.may(verb, path)
        ]
        told = ", ".join(dict.fromkeys(missing or verbs))
        return Right(name, not missing, self._api.rule(told, paths[0]))

    def read(self, refs: Sequence[Reference]) -> dict[Reference, Secret]:
        """The values of `refs`, one call for each Secret. Raises BackendError, ExpiredError."""
        places, wrong = placed(refs, self._asked)
        asked: dict[str, list[str]] = {}
        for ref, place in places.items():
            asked.setdefault(place.path, []).append(str(ref))
        found = self._objects(asked)
        dated: dict[Reference, str | None] = {}

        def value_of(ref: Reference) -> Secret | None:
            if ref in wrong:
                raise wrong[ref]
            path, field = places[ref]
            data: Mapping[str, str] = found.get(path, {}).get("data") or {}
            key = field or VALUE
            if ref.field is not None and key not in data:
                key = VALUE  # the field may be one of the JSON in there
            if key not in data:
                return None
            dated[ref] = self._api.record(found[path]).get(key, record.Kept()).expires_at
            text = _decoded(ref, data[key])
            # The Secret as a JSON object: the field is taken out of it as out of any other.
            return Secret(json.dumps({key: text}) if key == ref.field else text)

        values = each(refs, value_of)
        refuse_expired(((ref.name, dated[ref]) for ref in values), self._settings)
        return values

    def _asked(self, ref: Reference) -> Place:
        without_version(ref)
        return self.places.place(ref)

    def write(self, ref: Reference, value: Secret, *, token: str) -> str:
        """Writes a value and returns its version, a number."""
        return self.write_all({ref: value}, token=token)[ref]

    def write_all(self, values: Mapping[Reference, Secret], *, token: str) -> dict[Reference, str]:
        """Writes all keys of one Secret in one call; otherwise as `write`."""
        wishes = self._by_path({ref: Wish(ref.name, value) for ref, value in values.items()})
        made = self._at_once(wishes, lambda path: self._writer.change(path, wishes[path], token))
        places = {ref: self._field(ref) for ref in values}
        return {ref: str(made[path][field].version) for ref, (path, field) in places.items()}

    def describe(
        self, ref: Reference, about: About, value: Secret | None = None, *, token: str = ""
    ) -> Metadata | None:
        """Writes what is said about a secret into an annotation, and with it its value, where one
        is given."""
        ((path, wished),) = self._by_path({ref: Wish(ref.name, value, about)}).items()
        made = self._writer.change(path, wished, token)
        return next((kept.metadata(ref.name) for kept in made.values()), None)

    def delete(self, ref: Reference) -> bool:
        """Takes a key out, and a Secret that held only it away. False where it was not there."""
        return bool(self._delete([ref]))

    def delete_all(self, refs: Sequence[Reference]) -> None:
        """Takes all keys of one Secret out in one call."""
        self._delete(refs)

    def list(self) -> Sequence[Metadata]:
        """The keys of the Secret, by name; with `layout=each` those of the Secrets that were
        written here."""
        rows: dict[str, Metadata] = {}
        for path, found in self._objects({path: [] for path in self.places.json_paths()}).items():
            kept = self._api.record(found)
            for field in found.get("data") or {}:
                key = self.places.key(path, field)
                if key is not None:
                    rows[key] = kept.get(field, record.Kept()).metadata(key)
        if not self.places.is_json:
            for found in self._api.list(LABEL):
                one = self._api.record(found).get(VALUE)
                if one is not None and one.name and self._is_at(one.name, found):
                    rows[one.name] = one.metadata(one.name)
        return [rows[name] for name in sorted(rows)]

    def _is_at(self, key: str, found: Object) -> bool:
        """Whether a key of ours is in that Secret, and not one of another prefix."""
        place = self.places.place(self.places.locate(key))
        return place == Place(str(found["metadata"]["name"]))

    def _objects(self, asked: Mapping[str, Sequence[str]]) -> dict[str, Object]:
        """The Secrets of these names that are there; each with those who ask for it, for errors."""
        found: dict[str, Object] = {}
        for path, outcome in each_of(asked, self._api.get, workers=WORKERS).items():
            if isinstance(outcome, BackendError):
                told = ", ".join(asked[path][:1])
                told += f" and {len(asked[path]) - 1} more" if asked[path][1:] else ""
                raise type(outcome)(
                    f"{told}: {outcome.what}" if told else outcome.what, outcome.hint
                )
            if outcome is not None:
                found[path] = outcome
        return found

    def _at_once(self, paths: Iterable[str], work: Callable[[str], Result]) -> dict[str, Result]:
        """What a change gives for each Secret. Raises the first error, when all have ended."""
        found: dict[str, Result] = {}
        for path, outcome in each_of(paths, work, workers=WORKERS).items():
            if isinstance(outcome, BackendError):
                raise outcome
            found[path] = outcome
        return found

    def _field(self, ref: Reference) -> tuple[str, str]:
        """The Secret of a key, and its key there."""
        path, field = self.places.place(ref)
        return path, field or VALUE

    def _by_path(self, wishes: Mapping[Reference, Wish]) -> dict[str, dict[str, Wish]]:
        for ref, wish in wishes.items():
            whole(ref)
            if wish.value is not None and len(encoded(ref.name, wish.value)) > MOST_BYTES:
                raise UsageError(
                    f"the value of {ref.name} is longer than a Secret may be: {MOST_BYTES:,} bytes",
                    "keep it somewhere else, and its address here",
                )
        self.places.distinct(wishes)
        found: dict[str, dict[str, Wish]] = {}
        for ref, wish in wishes.items():
            path, field = self._field(ref)
            found.setdefault(path, {})[field] = wish
        return found

    def _delete(self, refs: Sequence[Reference]) -> int:
        fields: dict[str, list[str]] = {}
        for ref in refs:
            whole(ref)
            path, field = self._field(ref)
            fields.setdefault(path, []).append(field)
        gone = self._at_once(fields, lambda path: self._writer.take_out(path, fields[path]))
        return sum(map(len, gone.values()))


def open_kubernetes(url: str, settings: Settings, naming: Naming) -> KubernetesBackend:
    """The backend that a URL means. Connects to nothing. Raises ConfigError."""
    parts = parse_url(url, _EXAMPLE, layout="json", options=("context", "force"))
    if not _NAMESPACE.fullmatch(parts.place):
        raise ConfigError(f"{url} names no namespace of Kubernetes", f"write it like {_EXAMPLE}")
    if parts.prefix != parts.prefix.lower():
        raise ConfigError(
            f"{url}: the names of Secrets have small letters", f"write it like {_EXAMPLE}"
        )
    if parts.options.get("force", "true") not in ("true", "false"):
        raise ConfigError(f"{url}: force is true or false", "write ?force=true")
    return KubernetesBackend(parts, settings, naming)


def _decoded(ref: Reference, text: str) -> str:
    try:
        return base64.b64decode(text, validate=True).decode()
    except (binascii.Error, ValueError):
        pass
    raise BackendError(
        f"{ref} holds bytes that are no text in UTF-8", "store it in base64, and decode it there"
    )
