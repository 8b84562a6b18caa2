"""AWS Systems Manager Parameter Store as a backend: `aws-ssm://REGION/PREFIX`.

Each key is a SecureString `/PREFIX/KEY`. `?kms=alias/NAME` is the key that it is encrypted with,
`?tier=advanced` allows 8 KB, which AWS charges for. Parameter Store deletes at once and for good,
counts the versions of a name that is made again from 1, and keeps no dates of expiry: use `aws:`
for those.
"""

from __future__ import annotations

from collections.abc import Sequence

from envguard.backends.service.aws_client import CONNECTIONS, AwsClient, checked_region
from envguard.backends.service.aws_errors import Unusable
from envguard.backends.service.aws_parameters import LARGEST, Found, ParameterStore
from envguard.backends.service.aws_rights import trial
from envguard.backends.service.aws_state import size_of
from envguard.backends.service.parallel import each_of
from envguard.backends.service.places import Alphabet, Places, placed
from envguard.backends.service.url import parse_url
from envguard.core.backend import Capability, Metadata, Right, Version
from envguard.core.config import Settings
from envguard.core.dates import utc
from envguard.core.errors import BackendError, ConfigError, NameNotAllowed, UsageError
from envguard.core.naming import Naming
from envguard.core.parts import each, whole
from envguard.core.reference import Reference
from envguard.core.secret import Secret
from envguard.core.writes import done, remembered

EXAMPLE = "aws-ssm://eu-west-1/shop/prod"

# https://docs.aws.amazon.com/systems-manager/latest/APIReference/API_PutParameter.html
# (a name has 1,011 characters with the ARN before it)
NAMES = Alphabet(
    r"(?=.{1,950}\Z)(?!(?i:aws|ssm))[A-Za-z0-9_.-]+(?:/[A-Za-z0-9_.-]+){0,14}",
    "letters, digits and _ . -, in at most 15 levels, not beginning with aws or ssm",
)


class SsmBackend:
    """The keys of a program in Parameter Store."""

    capabilities = (
        Capability.READ
        | Capability.WRITE
        | Capability.DELETE
        | Capability.LIST
        | Capability.VERSIONS
    )

    def __init__(self, client: AwsClient, places: Places, *, kms: str, tier: str) -> None:
        self.client = client
        self._places = places
        self._tier = tier
        self._parameters = ParameterStore(client, kms=kms, tier=tier)

    def locate(self, key: str) -> Reference:
        """The reference to `key`, whose name it keeps. Raises NameNotAllowed."""
        return self._places.locate(key)

    def check(self) -> None:
        """Asks for a parameter that cannot exist. Raises AwsError."""
        self._parameters.one(self._named("envguard-check-none"))

    def rights(self, *, write: bool = False) -> Sequence[Right]:
        """What the credentials may do."""
        return trial(
            self.client,
            self._places,
            read=("GetParameters", self.check),
            listing=(
                "DescribeParameters",
                lambda: next(self._parameters.listed(self._places.start, 1), None),
            ),
            writing=("PutParameter", "AddTagsToResource", "ListTagsForResource"),
            make=lambda name: self._parameters.put(f"/{name}", Secret("1"), None),
            remove=("DeleteParameter", lambda name: self._parameters.delete(f"/{name}")),
            write=write,
        )

    def read(self, refs: Sequence[Reference]) -> dict[Reference, Secret]:
        """The values of `refs`, ten with each call. Raises BackendError."""
        names, wrong = placed(refs, self._name)
        now = self._parameters.all([name for ref, name in names.items() if ref.version is None])
        old = {(names[ref], ref.version) for ref in names if ref.version is not None}
        then = each_of(old, lambda one: self._parameters.at(*one), workers=CONNECTIONS)

        def value_of(ref: Reference) -> Secret | None:
            if ref in wrong:
                raise wrong[ref]
            if ref.version is None:
                found: Found | BackendError | None = now.get(names[ref])
            else:
                found = then[names[ref], ref.version]
            if isinstance(found, BackendError):
                raise found
            return None if found is None else found.value

        return each(refs, value_of, Unusable)

    def write(self, ref: Reference, value: Secret, *, token: str) -> str:
        """Writes a value, reads it back, and returns its version."""
        self.locate(whole(ref))
        name = self._name(ref)
        self._check_value(ref, value)
        there = self._parameters.one(name)
        writes = self._parameters.writes(name) if there is not None else ()
        known = done(writes, ref.name, value, token)
        if known is not None:
            ids = {version.id.partition("-")[0]: version.id for version in self.versions(ref)}
            return ids.get(str(known), str(known))
        number = self._parameters.put(name, value, there)
        self._parameters.remember(name, ref.name, remembered(writes, value, token, number))
        written = self._parameters.at(name, str(number))
        if written is None or written.value != value:
            raise BackendError(
                f"{name} was changed by somebody else while it was written", "write it again"
            )
        return written.version

    def _check_value(self, ref: Reference, value: Secret) -> None:
        size, largest = size_of(ref.name, value), LARGEST[self._tier]
        if not size:
            raise UsageError(
                f"{ref.name} is empty, and Parameter Store keeps no empty values",
                "leave it in the file as it is",
            )
        if size > largest:
            more = "" if self._tier == "advanced" else "; ?tier=advanced takes 8,192, for money"
            raise UsageError(
                f"{ref.name} has {size:,} bytes, and Parameter Store takes {largest:,}",
                f"use {EXAMPLE.replace('-ssm', '')}{more}",
            )
        if "{{" in value.reveal():
            raise UsageError(
                f"{ref.name} holds {{{{, which Parameter Store takes for a name of its own",
                f"use {EXAMPLE.replace('-ssm', '')}",
            )

    def delete(self, ref: Reference) -> bool:
        """Deletes a parameter with all its versions. False where it was not there."""
        self.locate(whole(ref))
        return self._parameters.delete(self._name(ref))

    def current(self, refs: Sequence[Reference]) -> dict[Reference, str]:
        """The version in force of each of `refs` that is there."""
        names = {ref: self._name(ref) for ref in refs}
        found = self._parameters.all(list(names.values()))
        return {ref: found[name].version for ref, name in names.items() if name in found}

    def versions(self, ref: Reference) -> Sequence[Version]:
        """The versions of a name that are kept (AWS keeps 100), oldest first."""
        return self._parameters.versions(self._name(ref))

    def list(self) -> Sequence[Metadata]:
        """Every key under the prefix, by name."""
        rows: dict[str, Metadata] = {}
        for one in self._parameters.listed(self._places.start):
            key = self._places.key(one["Name"].lstrip("/"))
            if key is not None:
                updated = utc(one["LastModifiedDate"])
                rows[key] = Metadata(key, int(one["Version"]), "", updated)
        return [rows[key] for key in sorted(rows)]

    def _name(self, ref: Reference) -> str:
        place = self._places.place(ref)
        if place.field is not None and ref.field is None:
            raise NameNotAllowed(
                f"{ref.name} is a field of {place.path}, and a parameter has no fields",
                "name a whole parameter in envguard.toml, or use aws://",
            )
        return f"/{place.path}"

    def _named(self, path: str) -> str:
        return f"/{self._places.named(path)}"


def open_aws_ssm(url: str, settings: Settings, naming: Naming) -> SsmBackend:  # noqa: ARG001 - as all
    """The backend that a URL means. Opens no connection. Raises ConfigError."""
    parts = parse_url(url, EXAMPLE, layout="each", options=("kms", "tier"))
    if parts.layout == "json" or naming.groups:
        raise ConfigError(
            "aws-ssm: keeps each key in a parameter of its own", "leave layout and groups out"
        )
    tier = parts.options.get("tier", "standard")
    if tier not in LARGEST:
        raise ConfigError(f"{url} has an unknown tier", f"one of {', '.join(LARGEST)}")
    client = AwsClient("ssm", checked_region(url, parts.place, EXAMPLE))
    places = Places(parts.prefix, parts.layout, naming, NAMES)
    return SsmBackend(client, places, kms=parts.options.get("kms", ""), tier=tier)
