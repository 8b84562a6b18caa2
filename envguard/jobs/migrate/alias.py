"""Under which name the references of a migration are written: `secret:NAME` or `ALIAS:NAME`."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from envguard.core.config import DEFAULT_PROFILE, Config, Profile
from envguard.core.errors import UsageError
from envguard.core.reference import LOCAL_SCHEMES, PROFILE_BACKEND, parse_reference
from envguard.core.text import printable
from envguard.envfile import origins
from envguard.envfile.origins import Document

# The part of a reference before its colon, see core/reference.py; a TOML bare key, too.
_ALIAS = re.compile(r"[A-Za-z][A-Za-z0-9_-]*")


def choose(
    backend: str,
    asked: str | None,
    config: Config,
    profile: Profile,
    files: Sequence[Document],
    *,
    used: bool = False,
) -> str | None:
    """The alias that the references need; None where `backend` is, or becomes, the profile's.

    `files` are those that the profile reads and that are migrated; `used`: files that are not
    among them, nor the profile's own, refer to its backend. Raises UsageError for an alias that
    means something else already.
    """
    url = config.backend_url(backend)
    if asked is None:
        if config.backend_url(profile.backend) == url:
            return None
        if not used and not _profile_backend_is_used(config, profile, files):
            return None
        known = [alias for alias, declared in config.backends.items() if declared == url]
        if known:
            return backend if backend in known else known[0]
    alias = url.partition(":")[0] if asked is None else asked
    _check(alias, url, config, files)
    return alias


def _check(alias: str, url: str, config: Config, files: Sequence[Document]) -> None:
    hint = "choose another name: --alias NAME"
    if not _ALIAS.fullmatch(alias) or alias in (*LOCAL_SCHEMES, PROFILE_BACKEND):
        raise UsageError(f"{printable(alias)!r} cannot be the name of a backend", hint)
    if config.backends.get(alias, url) != url:
        raise UsageError(f"the name {alias} belongs to another backend already", hint)
    if alias in config.backends:
        return
    for entry in (entry for file in files for entry in file.entries):
        text = "" if entry.value is None else entry.value.reveal()
        reference = parse_reference(text, (alias,))
        if reference is not None and reference.backend == alias:
            raise UsageError(
                f"the value of {printable(entry.key)} would become a reference to {alias}", hint
            )


def _profile_backend_is_used(config: Config, profile: Profile, files: Sequence[Document]) -> bool:
    """Whether anything that is known of the project reads `secret:` from the backend that the
    profile has now, so that the profile must keep it."""
    if profile.name not in (*config.profiles, DEFAULT_PROFILE):
        return False  # it is made by this migration
    texts = [entry.value.reveal() for f in files for entry in f.entries if entry.value is not None]
    for other in (profile, *config.profiles.values()):
        if config.backend_url(other.backend) == config.backend_url(profile.backend):
            texts += other.env.values()
            texts += _values(config, other)
    references = (parse_reference(text) for text in texts)
    return any(r is not None and r.backend == PROFILE_BACKEND for r in references)


def _values(config: Config, profile: Profile) -> Iterator[str]:
    for name in profile.env_files:
        file = config.root / name
        if file.is_file():
            for entry in origins.read_variables(file, profile.dialect).entries:
                if entry.value is not None:
                    yield entry.value.reveal()
