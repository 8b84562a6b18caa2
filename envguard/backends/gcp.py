"""Google Secret Manager: `gcp://PROJECT/PREFIX`.

Each key is a secret `PREFIX-KEY` (`?layout=json`: a field of one). `?location=REGION` uses the
regional service; `?replication=REGION,REGION` says where new secrets are kept (else: automatic). A
deleted secret is kept with all of its versions disabled, because Google's own deletion cannot be
undone; `gcloud secrets versions enable` brings it back.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

from envguard.backends.google.calls import Calls
from envguard.backends.google.login import Login
from envguard.backends.google.secrets import CALLS_A_SECOND, WORKERS, GoogleSecrets
from envguard.backends.service.cloud import CloudBackend
from envguard.backends.service.parallel import Pace
from envguard.backends.service.places import Alphabet, Places
from envguard.backends.service.rest import Rest
from envguard.backends.service.session import is_private
from envguard.backends.service.url import parse_url
from envguard.core.config import Settings
from envguard.core.errors import ConfigError
from envguard.core.naming import Naming

_EXAMPLE = "gcp://my-project/shop"

_ENDPOINT = "CLOUDSDK_API_ENDPOINT_OVERRIDES_SECRETMANAGER"
"""Another address of the service, as for gcloud
(https://cloud.google.com/sdk/gcloud/reference/topic/configurations)."""

_ALPHABET = Alphabet(r"[A-Za-z0-9_-]{1,255}", "letters, digits, _ and -, at most 255", joint="-")
"""https://cloud.google.com/secret-manager/docs/reference/rest/v1/projects.secrets/create"""

_PROJECT = re.compile(r"[a-z0-9][a-z0-9.:-]{0,62}")
_REGION = re.compile(r"[a-z][a-z0-9-]{1,40}")


def open_gcp(url: str, settings: Settings, naming: Naming) -> CloudBackend:
    """The backend that a URL means. Opens no connection. Raises ConfigError."""
    parts = parse_url(url, _EXAMPLE, layout="each", options=("location", "replication"))
    project, location = parts.place, parts.options.get("location", "")
    replicas = [one for one in parts.options.get("replication", "").split(",") if one]
    if not _PROJECT.fullmatch(project):
        raise ConfigError(f"{url} names no project of Google Cloud", f"write it like {_EXAMPLE}")
    for region in (*replicas, *([location] if location else [])):
        if not _REGION.fullmatch(region):
            raise ConfigError(f"{url} names no region: {region!a}", "write it like europe-west1")
    if location and replicas:
        raise ConfigError(
            f"{url} has a location, and secrets of one region are not replicated",
            "leave location or replication out",
        )
    endpoint = _endpoint(settings, location)
    kept = {} if settings.kept is None else settings.kept
    if endpoint not in kept:
        kept[endpoint] = Rest(
            endpoint,
            "Google Secret Manager",
            settings.environ,
            login=Login(settings.environ).headers,
            most=WORKERS,
            pace=Pace(CALLS_A_SECOND),
            extra="gcp",
        )
    rest: Rest = kept[endpoint]
    vendor = GoogleSecrets(Calls(rest, project, location), _replication(location, replicas))
    places = Places(parts.prefix, parts.layout, naming, _ALPHABET)
    return CloudBackend(url, vendor, places, settings)


def _replication(location: str, replicas: Sequence[str]) -> Mapping[str, object] | None:
    """Where new secrets are kept, as the service is told."""
    if location:
        return None
    if not replicas:
        return {"automatic": {}}
    return {"userManaged": {"replicas": [{"location": region} for region in replicas]}}


def _endpoint(settings: Settings, location: str) -> str:
    other = settings.environ.get(_ENDPOINT, "")
    if other:
        if not is_private(other):
            raise ConfigError(f"{_ENDPOINT} is no https address", "write https:// in front of it")
        return other
    if location:
        return f"https://secretmanager.{location}.rep.googleapis.com"
    return "https://secretmanager.googleapis.com"
