"""From what is written to what a program gets: references resolved, built values put together."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

from envguard.backends.registry import open_backend
from envguard.core.backend import Backend
from envguard.core.config import Config, Profile, Settings
from envguard.core.errors import EnvguardError, UsageError
from envguard.core.reference import LOCAL_SCHEMES, PROFILE_BACKEND, Reference
from envguard.core.secret import Secret
from envguard.core.text import printable
from envguard.envfile.interpolate import Piece, join, names
from envguard.jobs.environment import written
from envguard.jobs.environment.allowed import refuse_own_files, require_trust
from envguard.jobs.environment.request import Request
from envguard.jobs.environment.written import Written
from envguard.launch.environment import child_environment
from envguard.references import inline
from envguard.references.resolve import Wanted, gather, joined

_STORE = "local"
"""The scheme of the embedded store, which writes its own trail."""


class Values(NamedTuple):
    """What a program gets. `given` comes from files and profile; `referenced` are those of its
    keys whose values a reference gives, or is a part of; `environ` is the whole environment, in
    plaintext, so it is passed on and not kept. `read` is what the references gave, each with the
    key that it was asked for; `files` are those that `file:` references name. `elsewhere` are the
    secrets of backends that keep no trail of ours, as a scheme and a name each."""

    given: Mapping[str, Secret]
    referenced: frozenset[str]
    environ: Mapping[str, str]
    read: tuple[tuple[str, Secret], ...] = ()
    files: tuple[Path, ...] = ()
    elsewhere: tuple[tuple[str, str], ...] = ()

    def __repr__(self) -> str:
        return f"Values({len(self.environ)} variables)"


class _Need(NamedTuple):
    """An item, and what must be resolved for it: all of it (`whole`) or what is inside."""

    item: Written
    whole: bool
    wanted: list[Wanted]


def resolve(request: Request, config: Config, profile: Profile, settings: Settings) -> Values:
    """The values of the chosen keys. Everything that is missing, cannot be resolved or is not
    what `[secrets]` expects is in one error.

    Raises what the class of the first problem is: UsageError, ConfigError, TrustError,
    BackendError, NotFoundError.
    """
    settings = settings._replace(allow_expired=request.allow_expired)
    everything = written.read(request, config, profile)
    chosen = written.choose(request, everything)
    return resolve_written(
        written.needed(everything, chosen), chosen, request, config, profile, settings
    )


def resolve_written(
    items: Sequence[Written],
    chosen: Collection[str],
    request: Request,
    config: Config,
    profile: Profile,
    settings: Settings,
) -> Values:
    """The values of items that were read already; `chosen` are the keys that a program gets."""
    nameless = [problem for item in items for problem in _nameless(item, config, profile)]
    needs = [_need(item, config, profile) for item in items]
    asked = [want for need in needs for want in need.wanted]
    if not request.trusted:
        require_trust(request, config, profile, settings, asked)
    refuse_own_files(settings, asked)
    found = gather(asked, open_backends(asked, config, profile, settings), settings.environ)
    values = join(
        ((need.item.key, _pieces(need, found.values)) for need in needs),
        # What the child must not get, no value may be built from.
        child_environment(settings.environ),
        override=request.override or request.clean,
    )
    given = {k: Secret(v) for k, v in values.items() if v is not None and k in chosen}
    environ = child_environment(
        {} if request.clean else settings.environ, given, override=request.override
    )
    problems = [*nameless, *found.problems]
    if config.secrets:
        missing = {w.key for w in asked if w not in found.values}
        unknown = _reaching(items, missing)
        problems += _unexpected(environ, unknown, request, config)
    if problems:
        raise joined(problems)
    referenced = _reaching(items, {w.key for w in asked if w.reference.backend != "literal"})
    return Values(
        given,
        referenced,
        environ,
        read=tuple((want.key, value) for want, value in found.values.items()),
        files=tuple(w.folder / w.reference.name for w in asked if w.reference.backend == "file"),
        elsewhere=_elsewhere(found.values, config, profile),
    )


def open_backends(
    wanted: Iterable[Wanted], config: Config, profile: Profile, settings: Settings
) -> dict[str, Backend]:
    """A backend for each scheme that occurs. Opens no connection yet. Raises ConfigError."""
    schemes = {want.reference.backend for want in wanted} - set(LOCAL_SCHEMES)
    return {
        scheme: open_backend(
            profile.backend if scheme == PROFILE_BACKEND else scheme, config, settings
        )
        for scheme in schemes
    }


def _elsewhere(
    read: Iterable[Wanted], config: Config, profile: Profile
) -> tuple[tuple[str, str], ...]:
    """The secrets that were read from other backends than the embedded store."""
    found: dict[tuple[str, str], None] = {}
    for want in read:
        name = want.reference.backend
        if name not in LOCAL_SCHEMES:
            url = config.backend_url(profile.backend if name == PROFILE_BACKEND else name)
            found[url.partition(":")[0], want.reference.name] = None
    return tuple(pair for pair in found if pair[0] != _STORE)


def _need(item: Written, config: Config, profile: Profile) -> _Need:
    """What must be resolved for an item: itself, or the references inside it."""
    whole = item.reference(config, profile)
    if whole is not None:
        return _Need(item, True, [Wanted(item.key, whole, item.folder)])
    inside = item.inside(profile)
    if inside and len(inside) != len(_inline(item.pieces())):
        raise UsageError(
            f"{printable(item.key)} ({printable(item.origin)}): a {{{{secrets.NAME}}}} stands"
            " inside ${…}",
            "give it a key of its own, and name that key there",
        )
    return _Need(item, False, [Wanted(item.key, ref, item.folder) for ref in inside])


def _nameless(item: Written, config: Config, profile: Profile) -> list[EnvguardError]:
    """The problem of a reference that names nothing: `secret:` alone."""
    text = "" if item.text is None else item.text.reveal().rstrip()
    if not text.endswith(":") or not item.refers(text[:-1], config, profile):
        return []
    return [
        UsageError(
            f"{printable(item.key)} ({printable(item.origin)}): {text} names no secret",
            f"write {text}NAME, or literal:{text} if the text is meant",
        )
    ]


def _inline(value: Iterable[Piece]) -> list[Reference]:
    return [
        reference
        for piece in value
        for reference in (inline.find(piece) if isinstance(piece, str) else _inline(piece.default))
    ]


def _pieces(need: _Need, found: Mapping[Wanted, Secret]) -> Sequence[Piece] | None:
    """The pieces of an item with the values of its references in their places."""
    item = need.item
    if item.text is None:
        return None
    if not need.wanted:
        return item.pieces()
    known = {want.reference: found[want].reveal() for want in need.wanted if want in found}
    return tuple(known.values()) if need.whole else _filled(item.pieces(), known)


def _filled(value: Iterable[Piece], known: Mapping[Reference, str]) -> tuple[Piece, ...]:
    return tuple(
        inline.fill(piece, lambda reference: known.get(reference, ""))
        if isinstance(piece, str)
        else piece._replace(default=_filled(piece.default, known))
        for piece in value
    )


def _reaching(items: Sequence[Written], keys: set[str]) -> frozenset[str]:
    """These keys, and those whose values are built from them, wherever they stand."""
    reached = set(keys)
    while True:
        more = {i.key for i in items if i.key not in reached and reached & {*names(i.pieces())}}
        if not more:
            return frozenset(reached)
        reached |= more


def _unexpected(
    environ: Mapping[str, str], unknown: Collection[str], request: Request, config: Config
) -> list[EnvguardError]:
    from envguard.references import checks  # noqa: PLC0415 - only where [secrets] says something

    values = {key: Secret(value) for key, value in environ.items() if key in config.secrets}
    expected = {
        key: wish
        for key, wish in config.secrets.items()
        if request.takes(key) and key not in unknown
    }
    return checks.problems(values, expected)
