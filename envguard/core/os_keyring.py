"""The door to the OS keyring: GNOME keyring and KWallet through D-Bus, macOS's keychain,
Windows' credential manager. The package `keyring` (https://keyring.readthedocs.io) is an extra.
"""

from __future__ import annotations

from typing import Any

from envguard.core.errors import BackendError

# keyring picks up whatever backends are installed. Those of keyrings.alt write files that are
# encrypted by a passphrase at best, and not at all by default.
_FILES = ("keyrings.alt.",)


def library(way_out: str) -> Any:
    """The package, with its `errors`. Raises BackendError where it is not installed, and where
    what it would use is no keyring of the OS, with what to do instead."""
    try:
        import keyring  # noqa: PLC0415 - an extra
        import keyring.errors  # noqa: PLC0415 - the same
    except ImportError:
        raise BackendError(
            "the OS keyring needs a package that is not installed",
            "pip install 'envguard-cli[keyring]'",
        ) from None
    used = keyring.get_keyring()
    for chosen in (used, *getattr(used, "backends", ())):
        if type(chosen).__module__.startswith(_FILES):
            raise BackendError(
                "the keyring of this session is a file of keyrings.alt, and no keyring of the OS",
                f"uninstall keyrings.alt, or {way_out}",
            )
    return keyring


def refused(error: Exception, way_out: str) -> BackendError:
    """What an error of the package means; its messages are not ours: the class says enough."""
    kind = type(error).__name__
    if kind == "NoKeyringError":
        return BackendError("there is no OS keyring in this session", way_out)
    return BackendError(f"the OS keyring is locked or refuses ({kind})", f"unlock it, or {way_out}")
