"""scan --known: the values that the profile's backend and its .env files hold."""

from __future__ import annotations

import json
import os
import re
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

from envguard.backends.registry import open_backend
from envguard.core.backend import Backend, Listing
from envguard.core.config import DEFAULT_BACKEND, Config, Profile, Settings
from envguard.core.errors import NotFoundError, UsageError
from envguard.core.secret import Secret
from envguard.core.text import printable
from envguard.detection.classify import Kind, classify
from envguard.detection.detector import Detector
from envguard.detection.known_values import KnownValues, WithKnown
from envguard.detection.literals import is_searchable
from envguard.jobs.environment import request as environment
from envguard.jobs.environment import written
from envguard.jobs.environment.allowed import outside
from envguard.jobs.environment.values import Values, open_backends, resolve_written
from envguard.jobs.environment.written import Written
from envguard.jobs.scan.request import Mode, Request
from envguard.references.resolve import Wanted, gather, joined
from envguard.sources import git as git_door
from envguard.workspace import trust

_NAMED = 5  # keys in a note before `and N more`

# A plain setting is made of words, small numbers and what joins them: an address, a path, a list.
_JOINTS = re.compile(r"[\W_]+")
_WORD = re.compile(r"[A-Z]?[a-z]{1,15}|[A-Z]{1,15}|\d{1,5}|[a-z]{1,8}\d{1,2}|v?\d{1,2}")


class Known(NamedTuple):
    """Values with the names of their keys, which may repeat; the .env files that they stand in;
    what there is to say about how they were read."""

    values: tuple[tuple[str, Secret], ...]
    files: tuple[Path, ...]
    notes: tuple[str, ...] = ()

    def __repr__(self) -> str:
        return f"Known({len(self.values)} values)"


def hold(config: Config, profile: Profile, settings: Settings, *, trusted: bool = False) -> Known:
    """The values of a profile: those of its .env files, references resolved, and all that its
    backend lists.

    Raises TrustError where the folder may not name what is read, BackendError, ConfigError, and
    UsageError where there are none at all.
    """
    files = tuple(f for f in (config.root / name for name in profile.env_files) if f.exists())
    request = environment.Request(trusted=True)
    items = written.read(request, config, profile) if files or profile.env else []
    # `local:` is nothing outside a project.
    has_backend = profile.backend != DEFAULT_BACKEND or bool(config.project_id)
    wanted = list(_wanted(items, config, profile))
    if not trusted:
        _require_trust(config, profile, settings, files, wanted, has_backend=has_backend)
    notes: list[str] = []
    # What a value should look like does not matter here, nor how old it is.
    config, settings = config._replace(secrets={}), settings._replace(allow_expired=True)

    def resolved(items: Sequence[Written]) -> Values:
        keys = {item.key for item in items}
        return resolve_written(items, keys, request, config, profile, settings)

    try:
        found = resolved(items)
    except NotFoundError:
        found = resolved(_present(items, wanted, config, profile, settings, notes))
    values = [*found.given.items(), *found.read]
    if has_backend:
        backend = open_backend(profile.backend, config, settings)
        values += _listed(backend, profile, notes)
    if not values:
        raise UsageError(
            "there are no known values: no .env file, and nothing in the backend",
            "go to the project, or name a profile with --profile",
        )
    return Known(tuple(dict.fromkeys(values)), files, tuple(notes))


def looked_for(known: Known, detector: Detector, request: Request) -> tuple[WithKnown, list[str]]:
    """A detector that also finds the values, and what it does not look for, in sentences."""
    wanted: dict[Secret, dict[str, None]] = {}
    short: dict[str, None] = {}
    plain: dict[str, None] = {}
    for key, value in known.values:
        if not is_searchable(value):
            short[key] = None
        elif _is_setting(key, value, detector):
            plain[key] = None
        else:
            wanted.setdefault(value, {})[key] = None
    named = {value: ", ".join(map(printable, keys)) for value, keys in wanted.items()}
    notes = [*known.notes, f"{len(wanted)} known {_values(len(wanted))} looked for"]
    for keys, why in ((short, "too short or a plain word"), (plain, "a plain setting")):
        if keys:
            notes.append(f"{len(keys)} known {_values(len(keys))} left out, {why}: {_list(keys)}")
    own = _own(known.files, request) if request.mode is Mode.TREE else frozenset()
    return WithKnown(detector, KnownValues(named, detector), own), notes


def _require_trust(
    config: Config,
    profile: Profile,
    settings: Settings,
    files: Sequence[Path],
    wanted: Sequence[Wanted],
    *,
    has_backend: bool,
) -> None:
    targets = [w.folder / w.reference.name for w in wanted if w.reference.backend == "file"]
    used = has_backend or any(want.reference.backend != "literal" for want in wanted)
    if used or outside(files, config.root):
        trust.require(settings.folders, config, profile, [*targets, *files])


def _wanted(items: Iterable[Written], config: Config, profile: Profile) -> Iterator[Wanted]:
    for item in items:
        whole = item.reference(config, profile)
        for reference in [whole] if whole is not None else item.inside(profile):
            yield Wanted(item.key, reference, item.folder)


def _present(
    items: Sequence[Written],
    wanted: Sequence[Wanted],
    config: Config,
    profile: Profile,
    settings: Settings,
    notes: list[str],
) -> list[Written]:
    """The items whose references have a value; the others are noted. Any other problem is
    raised: what cannot be read would not be looked for."""
    backends = open_backends(wanted, config, profile, settings)
    found = gather(wanted, backends, settings.environ)
    problems = [p for p in found.problems if not isinstance(p, NotFoundError)]
    if problems:
        raise joined(problems)
    absent = dict.fromkeys(want.key for want in wanted if want not in found.values)
    if absent:
        notes.append(f"{len(absent)} without a value: {_list(absent)}")
    return [item for item in items if item.key not in absent]


def _listed(backend: Backend, profile: Profile, notes: list[str]) -> Iterator[tuple[str, Secret]]:
    """Everything in a backend, and the texts in its JSON secrets."""
    if not isinstance(backend, Listing):
        notes.append(f"{profile.backend} cannot be listed: only what .env files name is known")
        return
    references = {backend.locate(found.name): found.name for found in backend.list()}
    for reference, value in backend.read(list(references)).items():
        name = references[reference]
        yield name, value
        try:
            fields = json.loads(value.reveal())
        except (ValueError, RecursionError):
            continue
        if isinstance(fields, dict):
            for field, inner in fields.items():
                if isinstance(inner, str):
                    yield f"{name}#{field}", Secret(inner)


def _is_setting(key: str, value: Secret, detector: Detector) -> bool:
    """Whether a value is no secret, and stands in many files as what it is: a URL, a host."""
    kind = classify(key, value, detector).kind
    if kind is not Kind.UNSURE:
        return kind is Kind.CONFIGURATION
    return all(_WORD.fullmatch(part) for part in _JOINTS.split(value.reveal()) if part)


def _own(files: Iterable[Path], request: Request) -> frozenset[str]:
    """The files that hold the values and belong to nobody else: git ignores them. As a scan of
    the tree calls them."""
    names: set[str] = set()
    for file in files:
        git = git_door.find(file)
        if git is None or (git.ignores(file) and not git.tracks(file)):
            names.add(Path(os.path.relpath(file, request.folder)).as_posix())
            names.add(file.as_posix())
    return frozenset(names)


def _values(count: int) -> str:
    return "value" if count == 1 else "values"


def _list(keys: Iterable[str]) -> str:
    names = [printable(key) for key in keys]
    more = f" and {len(names) - _NAMED} more" if len(names) > _NAMED else ""
    return ", ".join(names[:_NAMED]) + more
