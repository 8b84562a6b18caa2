"""AWS Secrets Manager as a backend: `aws://REGION/PREFIX`.

`?layout=json` (the default) keeps the keys as fields of one JSON secret, `?layout=each` a secret a
key; `?kms=alias/NAME` is the key that new secrets are encrypted with. Credentials, endpoints and
proxies are found by AWS's SDK, where its own command finds them.

A date of expiry is a staging label of the version, `envguard-expires-DATE`, since AWS tells labels
with the value, and tags only in calls of their own.
"""

from __future__ import annotations

import secrets as random
from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager

from envguard.backends.service.aws_about import (
    about_tags,
    expires_at,
    expiry_labels,
    key_tag,
    metadata,
)
from envguard.backends.service.aws_client import CONNECTIONS, AwsClient, checked_region
from envguard.backends.service.aws_errors import Unusable
from envguard.backends.service.aws_json import JsonSecrets, binary, check_size, field_of
from envguard.backends.service.aws_rights import rights
from envguard.backends.service.aws_secrets import SecretsManager
from envguard.backends.service.aws_state import Held, State, version_id
from envguard.backends.service.expiry import refuse_expired
from envguard.backends.service.parallel import each_of
from envguard.backends.service.places import Alphabet, Place, Places, placed
from envguard.backends.service.url import parse_url
from envguard.core.backend import About, Capability, Metadata, Right, Version
from envguard.core.config import Settings
from envguard.core.digest import digest
from envguard.core.errors import BackendError
from envguard.core.locking import locked
from envguard.core.naming import Naming
from envguard.core.parts import each, whole
from envguard.core.reference import Reference
from envguard.core.secret import Secret

EXAMPLE = "aws://eu-west-1/shop/prod"

# https://docs.aws.amazon.com/secretsmanager/latest/apireference/API_CreateSecret.html
NAMES = Alphabet(
    r"[A-Za-z0-9/_+=.@-]{1,512}", "letters, digits and / _ + = . @ -, at most 512 of them"
)


class AwsBackend:
    """The keys of a program in Secrets Manager. `alone` gives the lock of a secret's name."""

    capabilities = ~Capability(0)  # all there are

    def __init__(
        self,
        client: AwsClient,
        places: Places,
        settings: Settings,
        alone: Callable[[str], AbstractContextManager[None]],
        kms: str = "",
    ) -> None:
        self.client = client
        self._places = places
        self._settings = settings
        self._secrets = SecretsManager(client, kms)
        self._json = JsonSecrets(self._secrets, alone)

    def locate(self, key: str) -> Reference:
        """The reference to `key`, whose name it keeps. Raises NameNotAllowed."""
        return self._places.locate(key)

    def check(self) -> None:
        """Asks for a secret that cannot exist, or for the JSON secrets. Raises AwsError."""
        for name in self._places.probed():
            self._secrets.value(name)

    def rights(self, *, write: bool = False) -> Sequence[Right]:
        """What the credentials may do."""
        return rights(self._secrets, self._places, write=write)

    def read(self, refs: Sequence[Reference]) -> dict[Reference, Secret]:
        """The values of `refs`: one call for a JSON secret, one for twenty others. Raises
        BackendError, and ExpiredError."""
        places, wrong = placed(refs, self._places.place)
        held = self._held(places)
        dated = [
            (ref.name, expires_at(one.labels, None) or expires_at(one.labels, places[ref].field))
            for ref, one in held.items()
            if isinstance(one, Held)
        ]
        refuse_expired(dated, self._settings)

        def value_of(ref: Reference) -> Secret | None:
            one = wrong.get(ref) or held.get(ref)
            if isinstance(one, BackendError):
                raise one
            return None if one is None else self._value(one, places[ref], ref)

        return each(refs, value_of, Unusable)

    def _held(self, places: Mapping[Reference, Place]) -> dict[Reference, Held | BackendError]:
        """What there is at each place, in the versions that are asked for."""
        now = self._secrets.values([p.path for ref, p in places.items() if ref.version is None])
        old = {(p.path, ref.version) for ref, p in places.items() if ref.version is not None}
        then = each_of(old, lambda one: self._secrets.value(*one), workers=CONNECTIONS)
        found: dict[Reference, Held | BackendError] = {}
        for ref, place in places.items():
            one = now.get(place.path) if ref.version is None else then[place.path, ref.version]
            if one is not None:
                found[ref] = one
        return found

    def _value(self, held: Held, place: Place, ref: Reference) -> Secret | None:
        if held.value is None:
            raise binary(place.path)
        if place.field is None or ref.field is not None:  # `parts.each` takes the field out
            return held.value
        return field_of(place.path, self._json.fields(place.path, held), place.field)

    def write(self, ref: Reference, value: Secret, *, token: str) -> str:
        """Writes a value and returns its version, AWS's own."""
        return self.write_all({ref: value}, token=token)[ref]

    def write_all(self, values: Mapping[Reference, Secret], *, token: str) -> dict[Reference, str]:
        """Writes every value: the fields of a JSON secret in one call."""
        places = {ref: self._writable(ref, value) for ref, value in values.items()}
        self._places.distinct(values)
        work: dict[str, dict[Reference, Secret]] = {}
        for ref, place in places.items():
            work.setdefault(place.path, {})[ref] = values[ref]

        def write(path: str) -> str:
            fields = {places[ref].field: value for ref, value in work[path].items()}
            named = {field: value for field, value in fields.items() if field is not None}
            if len(named) == len(work[path]):
                return self._json.change(path, named, token)
            whole_one, *others = [ref for ref in work[path] if places[ref].field is None]
            if named or others:
                raise BackendError(
                    f"{path} is one secret, and {whole_one.name} is the whole of it",
                    "give the others a name of their own in envguard.toml, under secrets",
                )
            return self._put(path, whole_one.name, work[path][whole_one], token)

        written: dict[Reference, str] = {}
        for path, outcome in each_of(work, write, workers=CONNECTIONS).items():
            if isinstance(outcome, BackendError):
                raise outcome
            written.update(dict.fromkeys(work[path], outcome))
        return written

    def _put(self, path: str, key: str, value: Secret, token: str) -> str:
        state = self._secrets.state(path)
        version, labels = version_id(token, path), () if state is None else state.own_labels
        if state is not None and state.deleted:  # begins anew, whatever was written before
            version, labels = version_id(token, path, state.deleted), ()
        self._secrets.put(path, value, version, state, labels=labels, tags=key_tag(key))
        return version

    def _writable(self, ref: Reference, value: Secret | None = None) -> Place:
        """The place of a reference, where this value can stand there. Raises UsageError."""
        place = self._places.written(self.locate(whole(ref)))
        if value is None or place.field is not None:
            return place
        check_size(ref.name, value)
        return place

    def delete(self, ref: Reference) -> bool:
        """Schedules a secret for deletion (30 days), or takes a field out of a JSON secret. False
        where it was not there."""
        place = self._writable(ref)
        if place.field is None:
            return self._secrets.delete(place.path)
        return bool(self._take_out(place.path, [place.field]))

    def delete_all(self, refs: Sequence[Reference]) -> None:
        """Deletes every name that is there: the fields of a JSON secret in one call."""
        fields: dict[str, list[str]] = {}
        paths: list[str] = []
        for ref in refs:
            place = self._writable(ref)
            if place.field is None:
                paths.append(place.path)
            else:
                fields.setdefault(place.path, []).append(place.field)
        for path, names in fields.items():
            self._take_out(path, names)
        for outcome in each_of(paths, self._secrets.delete, workers=CONNECTIONS).values():
            if isinstance(outcome, BackendError):
                raise outcome

    def _take_out(self, path: str, fields: Sequence[str]) -> Sequence[str]:
        held = self._json.fields(path, self._secrets.value(path))
        there = [field for field in fields if field in held]
        if there:
            self._json.change(path, dict.fromkeys(there), random.token_hex(16))
        return there

    def current(self, refs: Sequence[Reference]) -> dict[Reference, str]:
        """The version in force of each of `refs`; of a field, the one in which it changed."""
        places = {ref: self._places.place(ref) for ref in refs}
        found: dict[Reference, str] = {}
        plain = {ref: place.path for ref, place in places.items() if place.field is None}
        held = self._secrets.values(list(plain.values()))
        for ref, path in plain.items():
            one = held.get(path)
            if isinstance(one, BackendError):
                raise one
            if one is not None:
                found[ref] = one.version
        for ref, versions in self._json.histories(places).items():
            found[ref] = versions[-1].id
        return found

    def versions(self, ref: Reference) -> Sequence[Version]:
        """Every version of a name, oldest first; of a field, those in which it changed."""
        place = self._places.place(ref)
        if place.field is not None:
            return self._json.histories({ref: place}).get(ref, [])
        state = self._secrets.state(place.path)
        if state is None or state.deleted:
            return []
        return [Version(*row) for row in self._secrets.versions(place.path)]

    def list(self) -> Sequence[Metadata]:
        """Every key under the prefix, by name."""
        rows: dict[str, Metadata] = {}
        json_paths = self._places.json_paths()
        for path in json_paths:
            state = self._secrets.state(path)
            if state is not None and not state.deleted:
                for field in self._json.fields(path, self._secrets.value(path)):
                    self._row(rows, state, field)
        if not self._places.is_json:
            for state in self._secrets.listed(self._places.start):
                if not state.deleted and state.name not in json_paths:
                    self._row(rows, state, None)
        return [rows[name] for name in sorted(rows)]

    def _row(self, rows: dict[str, Metadata], state: State, field: str | None) -> None:
        key = self._places.key(state.name, field)
        if key is not None:
            rows[key] = metadata(key, field, state)

    def describe(
        self, ref: Reference, about: About, value: Secret | None = None, *, token: str = ""
    ) -> Metadata | None:
        """Writes what is said about a secret, and with it its value, where one is given: the value
        first."""
        place = self._writable(ref, value)
        tags = about_tags(about, place.field)
        if value is not None:
            self.write(ref, value, token=token or random.token_hex(16))
        state = self._secrets.state(place.path)
        if state is None or state.deleted:
            return None
        if place.field is not None:
            held = self._secrets.value(place.path)
            if place.field not in self._json.fields(place.path, held):
                return None
        self._secrets.retag(state, tags)
        if about.expires_at is not None:
            labels = expiry_labels(state.own_labels, place.field, about.expires_at)
            self._secrets.relabel(state, *labels)
        if place.field is None and about.description is not None:
            self._secrets.say(place.path, about.description)
        after = state if about == About() else self._secrets.state(place.path) or state
        return metadata(ref.name, place.field, after)

    def rotate(self, ref: Reference) -> str:
        """Starts the rotation that AWS has for a secret. Raises UsageError where it has none."""
        path = self._places.place(ref).path
        self._secrets.rotate(path)
        return f"AWS rotates {path}"


def open_aws(url: str, settings: Settings, naming: Naming) -> AwsBackend:
    """The backend that a URL means. Opens no connection. Raises ConfigError."""
    parts = parse_url(url, EXAMPLE, layout="json", options=("kms",))
    region = checked_region(url, parts.place, EXAMPLE)
    places = Places(parts.prefix, parts.layout, naming, NAMES)

    def alone(name: str) -> AbstractContextManager[None]:
        named = digest(region.encode(), name.encode())[:8].hex()
        return locked(settings.folders.data / "locks" / f"aws-{named}.lock")

    client = AwsClient("secretsmanager", region)
    return AwsBackend(client, places, settings, alone, parts.options.get("kms", ""))
