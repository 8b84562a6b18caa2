"""One file for git, encrypted to the keys of a team: `age:FILE`.

FILE is relative to the folder of the configuration. Names can be read by everybody, values by the
recipients that the file lists. Who may write is decided by who may change the file, so a review
of its changes belongs to it; see agefile.entry and core.pins for what is checked here.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timezone
from pathlib import Path

from envguard.backends.agefile import text as age_text
from envguard.backends.agefile.entry import Entry, seal
from envguard.backends.agefile.identity import Identity
from envguard.backends.agefile.kept import KeptFile, opened
from envguard.backends.agefile.text import AgeFile
from envguard.core.backend import Capability, Metadata
from envguard.core.config import Settings
from envguard.core.dates import FORMAT
from envguard.core.errors import ConfigError, NameNotAllowed
from envguard.core.parts import each, whole, without_version
from envguard.core.reference import PROFILE_BACKEND, Reference
from envguard.core.secret import Secret
from envguard.core.writes import done

SCHEME = "age:"


class AgeBackend:
    """A file for age. Keeps nothing open between calls. `write` makes the file, where this user
    has an identity."""

    capabilities = Capability.READ | Capability.WRITE | Capability.DELETE | Capability.LIST

    def __init__(self, url: str, file: Path, settings: Settings) -> None:
        self.url = url
        self.kept = KeptFile(url, file, settings)

    def locate(self, key: str) -> Reference:
        """The reference to `key`, whose name it keeps. Raises NameNotAllowed."""
        if not age_text.NAME.fullmatch(key):
            raise NameNotAllowed(
                f"{key!a} cannot be a name in {self.url}",
                "use letters, digits, _, - and dots, and no digit first",
            )
        return Reference(PROFILE_BACKEND, key)

    def check(self) -> None:
        """Verifies every line. Raises BackendError."""
        held = self.kept.load()
        if held is None:
            raise self.kept.missing()
        self.kept.open_all(held, held.entries, self.kept.identity.get(self.url))

    def read(self, refs: Sequence[Reference]) -> dict[Reference, Secret]:
        """The values of `refs`. That one is absent is said only where every line of the file is
        sound. Raises BackendError."""
        held = self.kept.load() if refs else None
        if held is None or not held.entries:
            return {}
        identity = self.kept.identity.get(self.url)
        names = {ref.name for ref in refs}
        # A name that is missing may be one whose line has changed.
        asked = names if names <= held.entries.keys() else {*held.entries}
        entries, wrong = self.kept.open_each(held, asked, identity)

        def value_of(ref: Reference) -> Secret | None:
            name = without_version(ref)
            if name in wrong or (name not in entries and wrong):
                raise wrong.get(name) or next(iter(wrong.values()))
            return entries[name].value if name in entries else None

        return each(refs, value_of)

    def write(self, ref: Reference, value: Secret, *, token: str) -> str:
        """Writes a value and returns its version, a number. A value that is there already changes
        nothing."""
        return self.write_all({ref: value}, token=token)[ref]

    def write_all(self, values: Mapping[Reference, Secret], *, token: str) -> dict[Reference, str]:
        """Writes all of them at once, or none; otherwise as `write`. Raises TrustError where the
        file has other recipients than were accepted."""
        names = {ref: self.locate(whole(ref)).name for ref in values}
        versions: dict[Reference, str] = {}
        now = datetime.now(timezone.utc).strftime(FORMAT)

        def change(held: AgeFile, identity: Identity) -> AgeFile:
            there = [name for name in names.values() if name in held.entries]
            known = self.kept.open_all(held, there, identity)
            entries = dict(held.entries)
            recipients = opened(held.recipients)
            for ref, value in values.items():
                name = names[ref]
                before = known.get(name)
                version = None if before is None else done(before.writes, name, value, token)
                if version is None and before is not None and before.value == value:
                    version = before.version
                if version is None:
                    entry = (before or Entry(value)).next(value, token, now)
                    entries[name] = seal(entry, held.id, name, recipients)
                    version = entry.version
                versions[ref] = str(version)
            return held._replace(entries=entries)

        if values:
            self.kept.change(change)
        return versions

    def delete(self, ref: Reference) -> bool:
        """Takes a line out; git keeps it. False where it was not there."""
        return bool(self._delete([whole(ref)]))

    def delete_all(self, refs: Sequence[Reference]) -> None:
        """Takes all of their lines out at once."""
        self._delete([whole(ref) for ref in refs])

    def _delete(self, names: Sequence[str]) -> list[str]:
        gone: list[str] = []

        def change(held: AgeFile, _identity: Identity | None) -> AgeFile:
            gone[:] = [name for name in names if name in held.entries]
            kept = {name: text for name, text in held.entries.items() if name not in gone}
            return held._replace(entries=kept)

        if names and self.kept.load() is not None:
            self.kept.change(change)
        return gone

    def list(self) -> Sequence[Metadata]:
        """Every name, sorted; with the times of writing where this user can open the lines."""
        held = self.kept.load()
        if held is None:
            return []
        identity = self.kept.identity.find() if held.entries else None
        rows = []
        for name in sorted(held.entries):
            entry = Entry(Secret(""))
            if identity is not None and held.keys & {*identity.recipients}:
                entry = self.kept.open_all(held, [name], identity)[name]
            rows.append(Metadata(name, entry.version, entry.created, entry.updated))
        return rows


def open_age(url: str, folder: Path, settings: Settings) -> AgeBackend:
    """The backend that a URL means, its file relative to `folder`. Opens nothing. Raises
    ConfigError."""
    return AgeBackend(url, file_of(url, folder), settings)


def file_of(url: str, folder: Path) -> Path:
    """The file that a URL means, relative to `folder`. Raises ConfigError."""
    name = url.removeprefix(SCHEME)
    if not name or name.endswith("/") or "\0" in name:
        raise ConfigError(f"{url!a} names no file", "write age:secrets.age")
    return (folder / name).absolute()
