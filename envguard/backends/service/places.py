"""Where the value of a key is in a service: the name of a secret, and the field of its JSON.

A reference names the key of the program, so that nothing changes in a .env when a team changes its
backend; the configuration says what the key is called there (`core.naming`).
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress
from fnmatch import fnmatchcase
from typing import NamedTuple, TypeVar

from envguard.core.errors import BackendError, ConfigError, NameNotAllowed
from envguard.core.naming import Naming, is_path
from envguard.core.reference import PROFILE_BACKEND, Reference

At = TypeVar("At")

_KEY = re.compile(r"[^\s#@\x00-\x1f]+")


class Alphabet(NamedTuple):
    """What a service takes as the name of a secret: all of `pattern`, in words `told`. Where it
    has no `/`, `joint` stands between the parts of a path; the characters of `without` become
    `-`, and with `lower` all letters small. Where `field` is given, the fields of a JSON secret
    are all of it."""

    pattern: str
    told: str
    joint: str = "/"
    without: str = ""
    field: str = ""
    lower: bool = False

    def spelled(self, path: str) -> str:
        """A path as a name in the service. Raises NameNotAllowed."""
        name = path.replace("/", self.joint)
        if self.lower:
            name = name.lower()
        for character in self.without:
            name = name.replace(character, "-")
        if not re.fullmatch(self.pattern, name):
            raise NameNotAllowed(f"{name!a} cannot be a name there", f"allowed: {self.told}")
        return name


class Place(NamedTuple):
    """The full name of a secret in the service, and the field of its JSON object; None: it is the
    whole secret."""

    path: str
    field: str | None = None


class Places:
    """The places of keys under a prefix."""

    def __init__(self, prefix: str, layout: str, naming: Naming, alphabet: Alphabet) -> None:
        """Raises ConfigError where `layout` is json and nothing names the JSON secret."""
        self.prefix = prefix
        self.is_json = layout == "json" or bool(naming.groups)
        if self.is_json and not prefix and not naming.groups:
            raise ConfigError(
                "the URL names no secret to keep the keys in",
                "add its name after the first /, or ?layout=each",
            )
        self._naming = naming
        self._alphabet = alphabet
        self._groups = [
            (group, tuple(naming.cased(pattern) for pattern in patterns))
            for group, patterns in naming.groups.items()
        ]
        self._keys: dict[Place, str] = {}
        for key, name in naming.names.items():
            # A name may be meant for another backend, and mean nothing here.
            with suppress(NameNotAllowed):
                self._keys[self._own(name)] = key

    def locate(self, key: str) -> Reference:
        """The reference to a key. Raises NameNotAllowed."""
        if not _KEY.fullmatch(key):
            raise NameNotAllowed(
                f"{key!a} cannot be a name in a reference", "leave out blanks, # and @"
            )
        reference = Reference(PROFILE_BACKEND, key)
        self.place(reference)
        return reference

    def place(self, ref: Reference) -> Place:
        """Where the value of a reference is. Raises NameNotAllowed."""
        name = self._naming.names.get(ref.name)
        if ref.field is not None:
            if name is not None and "#" not in name:
                return Place(self._full(name), ref.field)
            path = ref.name if self.is_json else self._naming.cased(ref.name)
            return Place(self._full(path), ref.field)
        if name is not None:
            return self._own(name)
        cased = self._naming.cased(ref.name)
        if not self.is_json:
            return Place(self._full(cased))
        pattern = self._alphabet.field
        if pattern and not re.fullmatch(pattern, cased):
            raise NameNotAllowed(f"{cased!a} cannot be a name there", f"allowed: {pattern}")
        return Place(self._full(self._group(cased)), cased)

    def written(self, ref: Reference) -> Place:
        """As `place`, for a change. Raises BackendError where it would be one of the whole of a
        JSON secret, and so of the keys that are its fields."""
        place = self.place(ref)
        if place.field is None and place.path in self.json_paths():
            raise BackendError(
                f"{place.path} is one secret of several keys, and {ref.name} is the whole of it",
                f'name another: [secrets.{ref.name}] name = "…" in envguard.toml',
            )
        return place

    def key(self, path: str, field: str | None = None) -> str | None:
        """The key of a place in the service; None where no key of these has it."""
        place = Place(path, field)
        if place in self._keys:
            return self._keys[place]
        start = self.start
        if field is not None:
            key = field
        elif path.startswith(start):
            key = path[len(start) :]
        else:
            return None
        try:
            found = self.place(self.locate(key))
        except NameNotAllowed:
            return None
        return key if found == place else None

    @property
    def start(self) -> str:
        """How the names of secrets under the prefix begin in the service."""
        return self._alphabet.spelled(self.prefix) + self._alphabet.joint if self.prefix else ""

    def probed(self) -> Sequence[str]:
        """The full names in the service to ask for where nothing shall be read but what there may
        be: the JSON secrets, or one that nobody has."""
        return self.json_paths() or [self.named("envguard-check-none")]

    def named(self, path: str) -> str:
        """The full name in the service of a secret that is no key's. Raises NameNotAllowed."""
        return self._full(path)

    def is_named(self, key: str) -> bool:
        """Whether the configuration gives a key a name of its own."""
        return key in self._naming.names

    def json_paths(self) -> Sequence[str]:
        """The full names of the JSON secrets that hold keys, those of `names` included."""
        groups = [group for group, _ in self._groups] or [""]
        paths = [self._full(group) for group in groups] if self.is_json else []
        paths += [place.path for place in self._keys if place.field is not None]
        return list(dict.fromkeys(paths))

    def distinct(self, refs: Iterable[Reference]) -> None:
        """Raises NameNotAllowed where two keys have one place."""
        taken: dict[Place, Reference] = {}
        for ref in refs:
            other = taken.setdefault(self.place(ref), ref)
            if other.name != ref.name:
                raise NameNotAllowed(
                    f"{other.name} and {ref.name} are the same name there: {self.place(ref).path}",
                    f'name one of them: [secrets.{ref.name}] name = "…" in envguard.toml',
                )

    def _own(self, name: str) -> Place:
        path, _, field = name.partition("#")
        return Place(self._full(path), field or None)

    def _group(self, cased: str) -> str:
        if not self._groups:
            return ""
        for group, patterns in self._groups:
            if any(fnmatchcase(cased, pattern) for pattern in patterns):
                return group
        raise NameNotAllowed(
            f"no group of the backend takes {cased}",
            f'add "{cased}" to one in envguard.toml, under groups of [backends.…]',
        )

    def _full(self, path: str) -> str:
        # A trusted prefix is not left by `..`, which what sends a URL would take away.
        if path and not is_path(path):
            raise NameNotAllowed(
                f"{path!a} cannot be a name there", "write NAME or FOLDER/NAME, without . and .."
            )
        return self._alphabet.spelled("/".join(part for part in (self.prefix, path) if part))


def placed(
    refs: Iterable[Reference], place: Callable[[Reference], At]
) -> tuple[dict[Reference, At], dict[Reference, BackendError]]:
    """Where each reference is, as `place` tells, and what is wrong with those that cannot be
    anywhere: one of them does not hide the others."""
    found: dict[Reference, At] = {}
    wrong: dict[Reference, BackendError] = {}
    for ref in refs:
        try:
            found[ref] = place(ref)
        except NameNotAllowed as error:
            wrong[ref] = BackendError(error.what, error.hint)
        except BackendError as error:
            wrong[ref] = error
    return found, wrong
