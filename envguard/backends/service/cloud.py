"""A backend over a service that has one value a secret (`service.vendor`)."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Mapping, Sequence
from typing import TypeVar

from envguard.backends.service.expiry import refuse_expired
from envguard.backends.service.fields import Fields
from envguard.backends.service.gathered import each_or_stop, gather
from envguard.backends.service.notes import Notes
from envguard.backends.service.places import Place, Places, placed
from envguard.backends.service.vendor import Known, Vendor
from envguard.core.backend import About, Capability, Metadata, Right, Version
from envguard.core.config import Settings
from envguard.core.errors import BackendError, NameNotAllowed, UsageError
from envguard.core.parts import each, part, whole
from envguard.core.reference import Reference
from envguard.core.secret import Secret
from envguard.core.writes import done

Result = TypeVar("Result")

WRITERS = 8
"""How many writes run at once: services take far fewer of them than reads."""


class CloudBackend:
    """The keys of a program in one service. Keeps nothing between calls but its session."""

    def __init__(self, url: str, vendor: Vendor, places: Places, settings: Settings) -> None:
        self.url = url
        self.places = places
        self._vendor = vendor
        self._settings = settings
        self._fields = Fields(vendor, url, settings.folders.data / "locks")

    @property
    def capabilities(self) -> Capability:
        """All but ROTATE; a field of a JSON secret has no description of its own."""
        all_of_it = (
            Capability.READ
            | Capability.WRITE
            | Capability.DELETE
            | Capability.LIST
            | Capability.VERSIONS
        )
        return all_of_it if self.places.is_json else all_of_it | Capability.METADATA

    def locate(self, key: str) -> Reference:
        """The reference to `key`, whose name it keeps. Raises NameNotAllowed."""
        return self.places.locate(key)

    def check(self) -> None:
        """Asks for a secret that is not there. Raises BackendError."""
        self._vendor.fetch(self.places.named("envguard-check"), None)

    def rights(self, *, write: bool = False) -> Sequence[Right]:
        """What the caller may do; with `write` by a secret of its own that is removed again."""
        name = self.places.named(f"envguard-check-{secrets.token_hex(4)}")
        return self._vendor.rights(name, write=write)

    def read(self, refs: Sequence[Reference]) -> dict[Reference, Secret]:
        """The values of `refs`, read at the same time. Raises BackendError, and ExpiredError."""
        at, wrong = placed(refs, lambda ref: (self.places.place(ref).path, ref.version))
        gathered = gather(self._vendor, set(at.values()))
        refuse_expired(((ref.name, gathered.expires_at(at[ref])) for ref in at), self._settings)

        def value_of(ref: Reference) -> Secret | None:
            if ref in wrong:
                raise wrong[ref]
            one = gathered.found[at[ref]]
            if isinstance(one, BackendError):
                raise one
            if one is None or ref.field is not None:
                return None if one is None else one.value
            return part(ref._replace(field=self.places.place(ref).field), one.value)

        return each(refs, value_of)

    def write(self, ref: Reference, value: Secret, *, token: str) -> str:
        """Writes a value and returns its version."""
        return self.write_all({ref: value}, token=token)[ref]

    def write_all(self, values: Mapping[Reference, Secret], *, token: str) -> dict[Reference, str]:
        """Writes secrets at the same time, and the fields of a JSON secret in one call. What is
        wrong with a name or a size is told before the first write; where the service refuses one,
        the others may be written, and the same token again goes on."""
        self.places.distinct(values)
        places = {ref: self._writable(ref) for ref in values}
        alone = [ref for ref, place in places.items() if place.field is None]
        for ref in alone:
            self._check_size(ref.name, values[ref])

        def write(ref: Reference) -> str:
            return self._put(ref, places[ref].path, values[ref], token, About())

        versions = self._each(alone, write)
        for path, fields in _by_path(places).items():
            given = {field: values[ref] for field, ref in fields.items()}
            written = self._fields.write(path, given, token, self._check_size)
            versions |= {ref: written[field] for field, ref in fields.items()}
        return versions

    def delete(self, ref: Reference) -> bool:
        """Deletes a secret in the way that can be undone there, or a field of a JSON secret. False
        where it was not there."""
        place = self._writable(ref)
        if place.field is None:
            return self._vendor.remove(place.path)
        return self._fields.delete(place.path, [place.field])

    def delete_all(self, refs: Sequence[Reference]) -> None:
        """Deletes every name that is there."""
        places = {ref: self._writable(ref) for ref in refs}
        self._each([ref for ref, place in places.items() if place.field is None], self.delete)
        for path, fields in _by_path(places).items():
            self._fields.delete(path, fields)

    def _each(
        self, refs: Sequence[Reference], work: Callable[[Reference], Result]
    ) -> dict[Reference, Result]:
        results: dict[Reference, Result] = {}
        for ref, outcome in each_or_stop(refs, work, workers=WRITERS).items():
            if isinstance(outcome, BackendError):
                raise outcome
            results[ref] = outcome
        return results

    def _put(self, ref: Reference, path: str, value: Secret, token: str, about: About) -> str:
        known = self._vendor.look(path)
        self._own(ref, path, known)
        version = None if known is None else done(known.writes, ref.name, value, token)
        if known is not None and version is not None:
            return known.ids.get(version, str(version))
        notes = (Notes() if known is None else known.notes).after(about)._replace(key=ref.name)
        return self._vendor.put(path, value, known, notes, {token: value})

    def _own(self, ref: Reference, path: str, known: Known | None) -> None:
        """Raises NameNotAllowed where another key has this place: the service knows fewer
        characters than keys have, and so `shop` with PROD_KEY is `shop-prod` with KEY. A key that
        the configuration puts there takes over what one of another prefix or name has left."""
        other = "" if known is None else known.notes.key
        if not other or other == ref.name:
            return
        if self._place_of(other) == Place(path) or not self.places.is_named(ref.name):
            raise NameNotAllowed(
                f"{ref.name} and {other} are the same name there: {path}",
                f'name one of them: [secrets.{ref.name}] name = "…" in envguard.toml',
            )

    def _place_of(self, key: str) -> Place | None:
        try:
            return self.places.place(self.places.locate(key))
        except NameNotAllowed:
            return None

    def current(self, refs: Sequence[Reference]) -> dict[Reference, str]:
        """The version in force of each of `refs` that is there."""
        at = {ref: self.places.place(ref) for ref in refs}
        there = self.read([ref for ref, place in at.items() if place.field is not None])
        at = {ref: place for ref, place in at.items() if place.field is None or ref in there}
        paths = {place.path for place in at.values()}
        outcomes = each_or_stop(paths, self._vendor.version, workers=self._vendor.workers)
        found: dict[Reference, str] = {}
        for ref, place in at.items():
            version = outcomes.get(place.path)
            if isinstance(version, BackendError):
                raise version
            if version is not None:
                found[ref] = version
        return found

    def versions(self, ref: Reference) -> Sequence[Version]:
        """Every version of a secret that can be read, oldest first; of a field, those of the JSON
        secret that it is in."""
        return self._vendor.versions(self.places.place(ref).path)

    def list(self) -> Sequence[Metadata]:
        """Every key under the prefix, by name."""
        rows: dict[str, Metadata] = {}
        json_paths = self.places.json_paths()
        for path in json_paths:
            known = self._vendor.look(path)
            for field in self._fields.of(path) if known is not None else ():
                name = self.places.key(path, field)
                if known is not None and name is not None:
                    rows[name] = known.metadata(name)
        for path, known in self._vendor.under(self.places.start):
            own = known.notes.key
            is_own = bool(own) and self._place_of(own) == Place(path)
            name = own if is_own else self.places.key(path)
            if name is not None and path not in json_paths:
                rows[name] = known.metadata(name)
        return [rows[name] for name in sorted(rows)]

    def describe(
        self, ref: Reference, about: About, value: Secret | None = None, *, token: str = ""
    ) -> Metadata | None:
        """Writes what is said about a secret, and with it its value, where one is given."""
        place = self._writable(ref)
        if place.field is not None:
            raise UsageError(
                f"{ref} is a field of {place.path}, and only a whole secret can be described",
                "keep one secret a key: ?layout=each",
            )
        if value is not None:
            self._check_size(ref.name, value)
            self._put(ref, place.path, value, token or secrets.token_hex(8), about)
            about = About()
        known = self._vendor.look(place.path)
        if known is None:
            return None
        notes = known.notes.after(about)
        if notes != known.notes:
            self._vendor.note(place.path, known, notes)
        return known._replace(notes=notes).metadata(ref.name)

    def _writable(self, ref: Reference) -> Place:
        self.places.locate(whole(ref))
        return self.places.written(ref)

    def _check_size(self, name: str, value: Secret) -> None:
        try:
            size = len(value.reveal().encode("utf-8"))
        except UnicodeEncodeError:
            size = -1
        if size < 0:
            raise UsageError(
                f"{name} is no text that {self._vendor.name} can hold",
                "write it as UTF-8, or as base64",
            )
        if size == 0 and not self._vendor.keeps_empty:
            raise UsageError(
                f"{name} is empty, and {self._vendor.name} keeps no empty value",
                f'leave it in the .env as it is: {name}=""',
            )
        if size > self._vendor.most_bytes:
            raise UsageError(
                f"{name} has {size} bytes, and {self._vendor.name} takes at most"
                f" {self._vendor.most_bytes}",
                "keep it in a file, and write file:PATH; or split it",
            )


def _by_path(places: Mapping[Reference, Place]) -> dict[str, dict[str, Reference]]:
    """The references to fields, by the path of their JSON secret."""
    paths: dict[str, dict[str, Reference]] = {}
    for ref, place in places.items():
        if place.field is not None:
            paths.setdefault(place.path, {})[place.field] = ref
    return paths
