"""Where Vault is and how its certificate is checked, from the variables that `vault` itself reads.

https://developer.hashicorp.com/vault/docs/commands#configure-environment-variables; OpenBao reads
the same with BAO_ in place of VAULT_ (https://openbao.org/docs/commands/#environment-variables).
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from urllib.parse import urlsplit

from envguard.core.errors import ConfigError

_DEFAULT = "https://127.0.0.1:8200"

_NAMESPACE = re.compile(r"[!-~]*")
_FILES = {"CLIENT_CERT": "cert_file", "CLIENT_KEY": "key_file"}
_STRICT = 0x20
"""ssl.VERIFY_X509_STRICT. On from Python 3.13, and `vault` does not ask for it: authorities of
companies often lack what it wants."""


def variable(environ: Mapping[str, str], name: str) -> str:
    """What VAULT_NAME says, or BAO_NAME; empty where neither is set."""
    return environ.get(f"VAULT_{name}") or environ.get(f"BAO_{name}") or ""


def find_address(environ: Mapping[str, str]) -> str:
    """The address of the server, without a slash at its end. Raises ConfigError."""
    found = variable(environ, "ADDR").strip().rstrip("/") or _DEFAULT
    try:
        parts = urlsplit(found)
        usable = parts.scheme in ("https", "http") and bool(parts.hostname)
        usable = usable and not parts.username and (parts.port or 1) > 0
    except ValueError:
        usable = False
    if not usable:
        raise ConfigError(
            "VAULT_ADDR is no address of a server", "export VAULT_ADDR=https://vault.example:8200"
        )
    return found


def find_namespace(environ: Mapping[str, str]) -> str:
    """The namespace of all paths; empty for the outermost. Raises ConfigError."""
    found = variable(environ, "NAMESPACE").strip().strip("/")
    if not _NAMESPACE.fullmatch(found):
        raise ConfigError("VAULT_NAMESPACE is no namespace", "export VAULT_NAMESPACE=team/shop")
    return found


def trust(environ: Mapping[str, str]) -> dict[str, object]:
    """How a connection is secured, as urllib3 takes it. Raises ConfigError for a file that is not
    there."""
    found: dict[str, object] = {}
    for name, option in _FILES.items():
        path = _existing(environ, name)
        if path:
            found[option] = path
    authority, folder = _existing(environ, "CACERT"), _existing(environ, "CAPATH")
    if authority or folder:
        found["ssl_context"] = _context(authority or None, folder or None)
    name = variable(environ, "TLS_SERVER_NAME")
    if name:
        found |= {"server_hostname": name, "assert_hostname": name}
    if variable(environ, "SKIP_VERIFY").lower() in ("1", "t", "true"):
        found |= {"cert_reqs": "CERT_NONE", "assert_hostname": False}
        found.pop("ssl_context", None)
    return found


def _existing(environ: Mapping[str, str], name: str) -> str:
    path = variable(environ, name)
    if path and not Path(path).exists():
        raise ConfigError(
            f"there is no {path}, which VAULT_{name} names", f"export VAULT_{name}=FILE"
        )
    return path


def _context(authority: str | None, folder: str | None) -> object:
    import ssl  # noqa: PLC0415 - only where it is needed

    try:
        context = ssl.create_default_context(cafile=authority, capath=folder)
    except OSError:
        context = None
    if context is None:
        raise ConfigError(
            f"{authority or folder} holds no certificates of authorities",
            "export VAULT_CACERT=FILE, with certificates in PEM",
        )
    context.verify_flags &= ~_STRICT
    return context
