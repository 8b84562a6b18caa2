"""Which backend a URL means. Each one is imported when it is used, and not before."""

from __future__ import annotations

from envguard.core.backend import Backend
from envguard.core.config import Config, Settings
from envguard.core.errors import ConfigError

# Schemes of DESIGN section 5 that have no backend yet, so that the error can say so.
_LATER = ("age", "aws", "aws-ssm", "gcp", "azure", "vault", "k8s", "keyring", "dotenv", "env")


def open_backend(name: str, config: Config, settings: Settings) -> Backend:
    """The backend that a URL, or an alias of `[backends]`, names. Opens no connection yet.

    Raises ConfigError for a URL that no backend knows.
    """
    url = config.backend_url(name)
    scheme = url.partition(":")[0]
    if scheme == "local" and ":" in url:
        from envguard.backends.local import open_local

        return open_local(
            url,
            folders=settings.folders,
            namespace=config.project_id,
            environ_key=settings.key,
        )
    if scheme in _LATER:
        raise ConfigError(
            f"the backend {scheme}: is not part of this version", "use local: for now"
        )
    raise ConfigError(
        f"there is no backend {name!r}", 'write a URL such as "local:", or declare [backends.NAME]'
    )
