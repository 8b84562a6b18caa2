"""backends: which ones there are, which are declared, and what the caller may do there."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from importlib.util import find_spec
from typing import NamedTuple

from envguard.backends.plugged import plugged
from envguard.backends.registry import open_backend
from envguard.backends.service.parallel import each_of
from envguard.core.backend import Backend, Capability, Checked, Right
from envguard.core.config import Config, Profile, Settings
from envguard.core.errors import EnvguardError, TrustError
from envguard.workspace import trust

_WORKERS = 8


class Scheme(NamedTuple):
    """How URLs of a backend begin. `install` is what to type for the packages that it needs, empty
    where they are there."""

    scheme: str
    title: str
    install: str


class Declared(NamedTuple):
    """A backend of the configuration, by its alias or as a profile's. `problem` and `hint` say why
    it cannot be used; None where it can."""

    alias: str
    url: str
    problem: str | None
    hint: str | None


class Listed(NamedTuple):
    """What there is, and what is declared."""

    schemes: Sequence[Scheme]
    declared: Sequence[Declared]


# Scheme, what it is, the extra with its packages, and a module of each of these.
_SCHEMES = (
    ("local", "the embedded encrypted store", "", ()),
    ("age", "a file that is encrypted for its readers", "age", ("pyrage",)),
    ("keyring", "the keyring of the system", "keyring", ("keyring",)),
    ("dotenv", "a .env file, to read", "", ()),
    ("env", "the calling environment, to read", "", ()),
    ("aws", "AWS Secrets Manager", "aws", ("botocore",)),
    ("aws-ssm", "AWS Systems Manager Parameter Store", "aws", ("botocore",)),
    ("gcp", "Google Secret Manager", "gcp", ("google.auth", "google_crc32c", "urllib3")),
    ("azure", "Azure Key Vault", "azure", ("urllib3",)),
    ("vault", "HashiCorp Vault and OpenBao", "vault", ("urllib3",)),
    ("k8s", "Kubernetes Secrets", "kubernetes", ("urllib3",)),
)


def listed(config: Config, profile: Profile, settings: Settings) -> Listed:
    """The schemes, and the backends of the configuration, each asked whether it answers. Those
    that a tree names are asked only where it is trusted with the profile that names them."""
    named = {alias: config.backend_url(alias) for alias in config.backends}
    needs = dict.fromkeys(named, profile)
    for known in (profile, *config.profiles.values()):
        if known.backend not in config.backends:
            named.setdefault(f"profile {known.name}", known.backend)
            needs.setdefault(f"profile {known.name}", known)

    def problem(alias: str) -> EnvguardError | None:
        name = alias if alias in config.backends else named[alias]
        return _untrusted(config, needs[alias], settings) or _problem(name, config, settings)

    found = each_of(named, problem, workers=_WORKERS)
    return Listed(_schemes(), [_declared(alias, named, found[alias]) for alias in named])


def rights(backend: Backend, *, write: bool = False) -> Sequence[Right]:
    """What the caller may do there; `write` allows the trial of a secret that is removed again.
    Raises BackendError where nothing can be asked."""
    if isinstance(backend, Checked):
        return backend.rights(write=write)
    backend.check()
    # A file, a keyring: whoever reads it may do all that the backend can.
    return [
        Right(name, True, "")
        for name, capability in (
            ("read", Capability.READ),
            ("write", Capability.WRITE),
            ("list", Capability.LIST),
            ("delete", Capability.DELETE),
        )
        if capability in backend.capabilities
    ]


def _schemes() -> list[Scheme]:
    own = [
        Scheme(
            scheme,
            title,
            "" if all(map(_installed, modules)) else f"pip install 'envguard-cli[{extra}]'",
        )
        for scheme, title, extra, modules in _SCHEMES
    ]
    return [*own, *(Scheme(other.scheme, f"from {other.package}", "") for other in plugged())]


def _installed(module: str) -> bool:
    try:
        return find_spec(module) is not None
    except ModuleNotFoundError:  # the package above it
        return False


def _untrusted(config: Config, profile: Profile, settings: Settings) -> TrustError | None:
    if not config.file:
        return None
    try:
        trust.require(settings.folders, config, profile)
    except TrustError as error:
        return error
    return None


def _problem(name: str, config: Config, settings: Settings) -> EnvguardError | None:
    try:
        open_backend(name, config, settings).check()
    except EnvguardError as error:
        return error
    return None


def _declared(alias: str, named: Mapping[str, str], problem: EnvguardError | None) -> Declared:
    what, hint = (None, None) if problem is None else (problem.what, problem.hint)
    return Declared(alias, named[alias], what, hint)
