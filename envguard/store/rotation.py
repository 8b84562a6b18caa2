"""A new root key for a store: kept first, then everything is encrypted anew in one transaction.

Killed at any moment, the store opens: before the transaction by the old key, which is where it
was; after it by the new one, which is in its home already. The old key stays beside the new one,
retired, for what else it opens.
"""

from __future__ import annotations

import contextlib
import os
from pathlib import Path

from envguard.core.errors import BackendError, UsageError
from envguard.core.files import sync_directory
from envguard.core.secret import Secret
from envguard.store import content
from envguard.store.cipher import Keys, Purpose
from envguard.store.creation import keep_key_file
from envguard.store.keys import KEY_FILE, KEYRING, PASSPHRASE, RootKey, beside, read_key_file
from envguard.store.passphrase import wrap
from envguard.store.records import encode
from envguard.store.store import Store
from envguard.store.trail import carried

KEY_ROTATE = "key.rotate"
"""The action in the trail."""


def rotate(
    store: Store,
    home: str | None = None,
    passphrase: Secret | None = None,
    new: RootKey | None = None,
) -> RootKey:
    """Gives a store a new root key and returns it. It is kept where the old one is, or in `home`;
    under `passphrase`, where that is a passphrase.

    Raises BackendError; the store has the old key or the new one then, and opens.
    """
    new = new or RootKey.new()
    home = home or store.home
    wrapped = ""
    if home == PASSPHRASE:
        if passphrase is None:
            raise UsageError("the new key needs a passphrase", "type one, or use --home file")
        wrapped = wrap(new.reveal(), passphrase)
    elif home == KEYRING:
        from envguard.store.keyring_home import write_keyring  # noqa: PLC0415 - an extra

        write_keyring(new)
    else:
        keep_key_file(beside(store.key.file, new.id), new)
    with store.whole() as (database, old, row, line):
        old_keys, new_keys = content.keys_of(old, row.store), content.keys_of(new, row.store)
        held = content.read(database, old_keys)
        moved = carried(old_keys(""), new_keys(""), row)._replace(
            root=new.id,
            home=home,
            wrapped=wrapped,
            retired=_retired(row.retired, old_keys(""), new_keys(""), old),
            encryptions=len(row.retired) + 2,
        )
        said = encode(line(KEY_ROTATE, (), f"from {old.id} to {new.id}, kept in: {home}"))
        content.replace(database, moved, held.secrets, (*held.lines, said), new_keys)
        store.key.remember(new)
    if home == KEY_FILE:
        # Two at once: only the one whose key is in force moves files, and only one at a time.
        with store.locked() as key:
            if key == new.id:
                settle(store.key.file, key)
    return new


def settle(file: Path, key: str) -> None:
    """Gives the key with this id its usual name, and the one that had it the name of a retired
    one. Nothing depends on it: a key is found under either name. Raises BackendError."""
    try:
        with contextlib.suppress(FileNotFoundError):
            before = read_key_file(file)
            if before.id == key:
                return
            # A link, synced, and then a rename: at no moment is the older key without a name.
            with contextlib.suppress(FileExistsError):
                os.link(file, beside(file, before.id))
            sync_directory(file.parent)
        os.replace(beside(file, key), file)
        sync_directory(file.parent)
    except OSError as error:
        raise BackendError(
            f"the new key stays at {beside(file, key)}: {error.strerror}", f"ls -la {file.parent}"
        ) from None


def forget(store: Store) -> list[str]:
    """Removes the retired keys for good, wherever they are kept; their ids."""
    gone = [key.id for key in store.retired()]
    for key in gone:
        if store.home == KEYRING:
            from envguard.store.keyring_home import forget_keyring  # noqa: PLC0415 - an extra

            forget_keyring(key)
    try:
        for key in gone:
            beside(store.key.file, key).unlink(missing_ok=True)
        with contextlib.suppress(FileNotFoundError):
            if read_key_file(store.key.file).id in gone:  # the home is another one now
                store.key.file.unlink()
        with contextlib.suppress(FileNotFoundError):  # a key in the keyring needs no folder
            sync_directory(store.key.file.parent)
    except OSError as error:
        raise BackendError(
            f"a retired key beside {store.key.file} cannot be removed: {error.strerror}",
            f"ls -la {store.key.file.parent}",
        ) from None
    store.forget_retired()
    return gone


def _retired(earlier: tuple[str, ...], old: Keys, new: Keys, key: RootKey) -> tuple[str, ...]:
    """The earlier keys and the one that was in force, under the new one."""
    opened = [old.open(Purpose.RETIRED, bytes.fromhex(sealed)) for sealed in earlier]
    return tuple(new.seal(Purpose.RETIRED, text).hex() for text in (*opened, key.reveal()))
