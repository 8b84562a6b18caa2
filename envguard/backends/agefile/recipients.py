"""Who can open a file for age: one more, or one less."""

from __future__ import annotations

from envguard.backends.agefile.entry import seal
from envguard.backends.agefile.identity import Identity
from envguard.backends.agefile.kept import KeptFile, opened
from envguard.backends.agefile.text import AgeFile, Recipient
from envguard.core.errors import NotFoundError, UsageError


def add_recipient(kept: KeptFile, added: Recipient) -> AgeFile:
    """Encrypts every value for one more public key. Raises UsageError for what is none."""
    opened([added])

    def change(held: AgeFile, identity: Identity) -> AgeFile:
        others = [known for known in held.recipients if known.key != added.key]
        return _for_others(kept, held, identity, (*others, added))

    return kept.change(change)


def remove_recipient(kept: KeptFile, named: str) -> AgeFile:
    """Encrypts every value without the recipient with this public key or label. What was
    written before stays readable to him. Raises NotFoundError, UsageError."""

    def change(held: AgeFile, identity: Identity) -> AgeFile:
        gone = [known for known in held.recipients if named in known]
        if not named or len(gone) != 1:
            raise NotFoundError(
                f"there is no such recipient of {kept.file}, or more than one",
                "name its public key: envguard secrets recipients list",
            )
        if gone[0].key in identity.recipients:
            raise UsageError(
                "that is your own key, and what you write you could not read",
                "ask another recipient to remove it",
            )
        left = tuple(known for known in held.recipients if known not in gone)
        return _for_others(kept, held, identity, left)

    return kept.change(change)


def _for_others(
    kept: KeptFile, held: AgeFile, identity: Identity, recipients: tuple[Recipient, ...]
) -> AgeFile:
    entries = kept.open_all(held, held.entries, identity)
    public = opened(recipients)
    sealed = {name: seal(entry, held.id, name, public) for name, entry in entries.items()}
    return held._replace(recipients=recipients, entries=sealed)
