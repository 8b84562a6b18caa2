"""A file for age on the disk: read, checked against what this user accepted, and changed whole."""

from __future__ import annotations

import contextlib
import shlex
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

from envguard.backends.agefile import text as age_text
from envguard.backends.agefile.entry import Entry, WrongEntryError, unseal
from envguard.backends.agefile.identity import Identity, IdentitySource
from envguard.backends.agefile.text import AgeFile, Recipient
from envguard.core import age
from envguard.core.config import Settings
from envguard.core.digest import digest
from envguard.core.errors import BackendError, TrustError, UsageError
from envguard.core.files import write_atomically
from envguard.core.locking import locked
from envguard.core.pins import Pins
from envguard.core.text import printable

_ATTEMPTS = 5
"""How often a change is begun again because somebody without our lock changed the file."""

_PUBLIC_MODE = 0o644  # of a new file: it is for git, and its values are encrypted


class KeptFile:
    """One file for age, as this user sees it. `url` names it in hints."""

    def __init__(self, url: str, file: Path, settings: Settings) -> None:
        self.url = url
        self.file = file
        self.identity = IdentitySource(settings)
        self.pins = Pins(settings.folders.config)
        self._lock = settings.folders.data / "locks" / f"{digest(bytes(file))[:8].hex()}.lock"

    def load(self) -> AgeFile | None:
        """What the file says; None where there is none yet. Raises BackendError, also where this
        user has written to it before and it is gone."""
        content = self._content()
        if content is not None:
            return age_text.parse(content, self.file)
        if self.pins.accepted(self.file) is not None:
            raise BackendError(
                f"{self.file} is gone, and you have accepted its recipients before",
                f"git restore {shlex.quote(str(self.file))}, or begin anew: "
                f"envguard secrets key new --backend {shlex.quote(self.url)}",
            )
        return None

    def make(self, label: str = "") -> AgeFile:
        """Makes the file, with this user as its only recipient, and accepts that. Raises
        UsageError where it is there."""
        identity = self.identity.get(self.url)
        with locked(self._lock):
            if self._content() is not None:
                raise UsageError(
                    f"{self.file} is there already", "envguard secrets recipients list"
                )
            made = age_text.new((Recipient(identity.recipients[0], label),))
            self._write(made, new=True)
            self.pins.accept(self.file, made.keys)
        return made

    def require_accepted(self, held: AgeFile) -> None:
        """Returns where this user has accepted the file's recipients. Raises TrustError."""
        accepted = self.pins.accepted(self.file)
        if accepted == held.keys:
            return
        news = [
            f"new: {_shown(known)}"
            for known in held.recipients
            if known.key not in (accepted or ())
        ]
        news += [f"gone: {printable(key)}" for key in sorted((accepted or frozenset()) - held.keys)]
        raise TrustError(
            f"the recipients of {self.file} are not those that you accepted, so nothing is written"
            f": {'; '.join(news)}",
            f"if they are right, type: envguard trust --backend {shlex.quote(self.url)}",
        )

    def change(self, change: Callable[[AgeFile, Identity], AgeFile]) -> AgeFile:
        """Replaces what the file says, with our lock, and anew where it was changed without."""
        identity = self.identity.get(self.url)
        if self.load() is None:
            with contextlib.suppress(UsageError):  # another process was faster
                self.make()
        with locked(self._lock):
            for _ in range(_ATTEMPTS):
                before = self._content()
                if before is None:
                    raise self.missing()
                held = age_text.parse(before, self.file)
                self.require_accepted(held)
                after = change(held, identity)
                if after == held:
                    return held
                if self._content() == before:
                    self._write(after, new=False)
                    if after.keys != held.keys:
                        self.pins.accept(self.file, after.keys)
                    return after
        raise BackendError(f"{self.file} is changed by others all the time", "try it again")

    def open_all(self, held: AgeFile, names: Iterable[str], identity: Identity) -> dict[str, Entry]:
        """The entries of these names. Raises BackendError for the first that is not right."""
        found, wrong = self.open_each(held, names, identity)
        for problem in wrong.values():
            raise problem
        return found

    def open_each(
        self, held: AgeFile, names: Iterable[str], identity: Identity
    ) -> tuple[dict[str, Entry], dict[str, BackendError]]:
        """The entries of these names that are right, and what is wrong with the others."""
        keys = identity.opened()
        found: dict[str, Entry] = {}
        wrong: dict[str, BackendError] = {}
        for name in names:
            try:
                found[name] = unseal(held.entries[name], held.id, name, keys)
            except WrongEntryError as error:
                wrong[name] = self._refused(held, name, str(error), identity)
        return found, wrong

    def missing(self) -> BackendError:
        """What is said where there is no file."""
        return BackendError(
            f"there is no file {self.file} yet",
            f"make it: envguard secrets key new --backend {shlex.quote(self.url)}",
        )

    def _refused(self, held: AgeFile, name: str, problem: str, identity: Identity) -> BackendError:
        if not held.keys & {*identity.recipients}:
            return BackendError(
                f"the key in {identity.source} does not open {self.file}: it is no recipient of it",
                "ask somebody who is: envguard secrets recipients add "
                f"{identity.recipients[0]} --backend {shlex.quote(self.url)}",
            )
        return BackendError(
            f"{name} in {self.file} {problem}",
            f"put the file back: git restore {shlex.quote(str(self.file))}; or take it out: "
            f"envguard secrets delete {name} --backend {shlex.quote(self.url)}",
        )

    def _content(self) -> bytes | None:
        try:
            return self.file.read_bytes()
        except FileNotFoundError:
            return None
        except OSError as error:
            raise BackendError(
                f"{self.file} cannot be read: {error.strerror}",
                f"ls -ld {shlex.quote(str(self.file))}",
            ) from None

    def _write(self, held: AgeFile, *, new: bool) -> None:
        try:
            write_atomically(self.file, held.text(), mode=_PUBLIC_MODE if new else None)
        except OSError as error:
            raise BackendError(
                f"{self.file} cannot be written: {error.strerror}",
                f"ls -ld {shlex.quote(str(self.file.parent))}",
            ) from None


def opened(recipients: Iterable[Recipient]) -> list[Any]:
    """The recipients as the library has them. Raises UsageError for what is no public key."""
    pyrage = age.library()
    found = []
    for recipient in recipients:
        try:
            found.append(pyrage.x25519.Recipient.from_str(recipient.key))
        except pyrage.RecipientError:
            # It may be a private key, or a value, that came to the wrong place.
            shown = printable(recipient.key) if recipient.key.startswith("age1") else "that"
            raise UsageError(
                f"{shown} is no public key of age",
                "it begins with age1: envguard secrets recipients list, or age-keygen -y FILE",
            ) from None
    return found


def _shown(recipient: Recipient) -> str:
    return printable(f"{recipient.key} {recipient.label}".rstrip())
