"""The OS keyring as the home of root keys: one entry for each key, by its id."""

from __future__ import annotations

from pathlib import Path

from envguard.core import os_keyring
from envguard.core.errors import BackendError
from envguard.store.keys import VARIABLE, RootKey, WrongKeyError, parse_key

SERVICE = "envguard"

_WAY_OUT = f"set {VARIABLE}"


def read_keyring(key: str, store: Path) -> RootKey:
    """The key with this id. Raises BackendError where it is not there or the keyring is locked."""
    keyring = os_keyring.library(_WAY_OUT)
    try:
        text = keyring.get_password(SERVICE, key)
    except keyring.errors.KeyringError as error:
        raise os_keyring.refused(error, _WAY_OUT) from None
    if text is None:
        raise WrongKeyError(
            f"the OS keyring has no key {key}, which the store {store} needs",
            f"set {VARIABLE} to that key, or restore a backup: envguard secrets restore FILE",
        )
    return parse_key(text, "the OS keyring")


def write_keyring(key: RootKey) -> None:
    """Keeps a key, and reads it back. Raises BackendError."""
    keyring = os_keyring.library(_WAY_OUT)
    try:
        keyring.set_password(SERVICE, key.id, key.text().reveal())
        kept = keyring.get_password(SERVICE, key.id)
    except keyring.errors.KeyringError as error:
        raise os_keyring.refused(error, _WAY_OUT) from None
    if kept is None or parse_key(kept, "the OS keyring") != key:
        raise BackendError("the OS keyring does not give the key back", "use --home file")


def forget_keyring(key: str) -> None:
    """Removes a key; one that is not there is no error. Raises BackendError."""
    keyring = os_keyring.library(_WAY_OUT)
    try:
        keyring.delete_password(SERVICE, key)
    except keyring.errors.PasswordDeleteError:
        return
    except keyring.errors.KeyringError as error:
        raise os_keyring.refused(error, _WAY_OUT) from None
