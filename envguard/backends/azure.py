"""Azure Key Vault: `azure://VAULT/PREFIX`.

Each key is a secret `prefix-key` (`?layout=json`: a field of one), because the names there have no
`_` and no case; the key itself stands in a tag. VAULT is the name of a vault of the public cloud,
or the host of one (`shop.vault.azure.cn`).
"""

from __future__ import annotations

import re
from urllib.parse import urlsplit

from envguard.backends.keyvault.login import Login
from envguard.backends.keyvault.secrets import CALLS_A_SECOND, WORKERS, VaultSecrets
from envguard.backends.service.cloud import CloudBackend
from envguard.backends.service.parallel import Pace
from envguard.backends.service.places import Alphabet, Places
from envguard.backends.service.rest import Rest
from envguard.backends.service.url import ServiceUrl, parse_url
from envguard.core.config import Settings
from envguard.core.errors import ConfigError
from envguard.core.naming import Naming

_EXAMPLE = "azure://my-vault/shop"

_PUBLIC = "vault.azure.net"
_CLOUDS = {
    _PUBLIC: "https://login.microsoftonline.com",
    "vault.azure.cn": "https://login.chinacloudapi.cn",
    "vault.usgovcloudapi.net": "https://login.microsoftonline.us",
}
"""Where vaults are, and who says there who calls: a token goes nowhere else
(https://learn.microsoft.com/azure/key-vault/general/about-keys-secrets-certificates)."""

_ALPHABET = Alphabet(
    r"[0-9A-Za-z-]{1,127}",
    "letters, digits and -, at most 127; _ and . become -",
    joint="-",
    without="_.",
    lower=True,
)
"""https://learn.microsoft.com/azure/key-vault/general/about-keys-secrets-certificates#object-identifiers"""

_VAULT = re.compile(r"[A-Za-z][0-9A-Za-z-]{1,22}[0-9A-Za-z]")
_LOOPBACK = re.compile(r"(127\.0\.0\.1|localhost):\d{1,5}")


def open_azure(url: str, settings: Settings, naming: Naming) -> CloudBackend:
    """The backend that a URL means. Opens no connection. Raises ConfigError."""
    parts = parse_url(url, _EXAMPLE, layout="each")
    host, resource = _host(url, parts.place)
    return vault_at(f"https://{host}", resource, url, parts, settings, naming)


def vault_at(
    address: str,
    resource: str,
    url: str,
    parts: ServiceUrl,
    settings: Settings,
    naming: Naming,
) -> CloudBackend:
    """The backend that a URL means, its vault at another address."""
    kept = {} if settings.kept is None else settings.kept
    if address not in kept:
        authority = _CLOUDS[urlsplit(resource).netloc]
        kept[address] = Rest(
            address,
            f"the key vault {parts.place}",
            settings.environ,
            login=Login(resource, authority, settings.environ).headers,
            most=WORKERS,
            pace=Pace(CALLS_A_SECOND),
            extra="azure",
        )
    rest: Rest = kept[address]
    places = Places(parts.prefix, parts.layout, naming, _ALPHABET)
    vendor = VaultSecrets(rest, parts.place.partition(".")[0])
    return CloudBackend(url, vendor, places, settings)


def _host(url: str, place: str) -> tuple[str, str]:
    """The host of a vault, and the resource that a token for it names."""
    name, _, cloud = place.partition(".")
    if _VAULT.fullmatch(name) and (cloud or _PUBLIC) in _CLOUDS:
        return f"{name}.{cloud or _PUBLIC}", f"https://{cloud or _PUBLIC}"
    if _LOOPBACK.fullmatch(place):
        return place, f"https://{_PUBLIC}"
    raise ConfigError(f"{url} names no key vault", f"write it like {_EXAMPLE}")
