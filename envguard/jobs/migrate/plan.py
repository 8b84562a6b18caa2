"""What a migration of files will do: read, classified, located, compared; nothing is written."""

from __future__ import annotations

import os
import shlex
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timezone
from pathlib import Path
from secrets import token_hex
from typing import NamedTuple

from envguard.core.backend import Backend
from envguard.core.config import Config, Profile
from envguard.core.envfile import Entry
from envguard.core.errors import UsageError
from envguard.core.plan import Action, FilePlan, Plan, Step
from envguard.core.reference import PROFILE_BACKEND, Reference, parse_reference
from envguard.core.secret import Secret
from envguard.core.text import printable
from envguard.detection.classify import Kind, classify
from envguard.detection.detector import Detector
from envguard.envfile.interpolate import variables
from envguard.envfile.origins import Document, Origin
from envguard.jobs.migrate import alias as aliases
from envguard.jobs.migrate import names, places, readers
from envguard.jobs.migrate.held import Held
from envguard.jobs.migrate.request import Answers, Planned, Request

_BUILT = "is built from"


class Source(NamedTuple):
    """One file of the request, read. `shown` is its path as people know it."""

    path: Path
    shown: str
    origin: Origin
    place: places.Place
    alias: str | None
    dialect: str

    @property
    def document(self) -> Document:
        """Its entries, and itself with values replaced."""
        return self.origin.document


def plan(
    request: Request,
    config: Config,
    profile: Profile,
    backend: Backend,
    detector: Detector,
    answers: Answers,
    environ: Mapping[str, str],
    is_used: Callable[[Profile], bool] = lambda _: False,
) -> Planned:
    """The plan for all files of a request. `is_used`: whether files that earlier migrations left
    refer to the backend of a profile.

    Raises UsageError for a file that cannot be migrated as it is, BackendError for a conflict.
    """
    sources = read(request, config, profile, environ, is_used)
    check_choice(request, {e.key for source in sources for e in source.document.entries})
    steps = [
        {
            e.line: _first_step(request, source, e, config, detector, answers)
            for e in source.document.entries
        }
        for source in sources
    ]
    values = _decide(request, config, sources, steps, backend, answers)
    files = tuple(
        FilePlan(
            str(source.path),
            source.place.profile.name,
            source.alias,
            tuple(decided.values()),
            source.place.layers,
            source.dialect,
        )
        for source, decided in zip(sources, steps, strict=True)
    )
    whole = Plan(new_id(), config.backend_url(request.backend), files)
    documents = {str(source.path): source.document for source in sources}
    origins = {str(source.path): source.origin for source in sources}
    return Planned(whole, documents, values, remains(whole, origins))


def remains(plan: Plan, origins: Mapping[str, Origin]) -> tuple[str, ...]:
    """What is left to do by hand once a plan is carried out, one sentence each."""
    sentences = []
    for file in plan.files:
        origin = origins[file.path]
        sentences += [_undecided(step, file) for step in file.steps if _is_undecided(step)]
        if file.moves and not origin.is_rewritten:
            lines = " ".join(f"{step.key}={step.reference}" for step in file.moves)
            sentences.append(f"write into the .env that needs it: {printable(lines)}")
        if file.moves and origin.remains:
            sentences.append(origin.remains)
    return tuple(sentences)


def _is_undecided(step: Step) -> bool:
    """Whether a value stays in the file that is, or could be, a secret."""
    is_built = step.kind == Kind.SECRET.value and step.note.startswith(_BUILT)
    return step.action is Action.KEEP and (is_built or step.kind == Kind.UNSURE.value)


def _undecided(step: Step, file: FilePlan) -> str:
    place = f"{printable(Path(file.path).name)}:{step.line}"
    command = f"envguard migrate {shlex.quote(printable(file.path))} --only {printable(step.key)}"
    if step.kind == Kind.UNSURE.value:
        return f"{place} {printable(step.key)} {step.reason}: {command} moves it"
    name = step.note.removeprefix(_BUILT).partition(":")[0].strip()
    return (
        f"{place} {printable(step.key)} stays there, {step.reason} and built from {name}:"
        f" write its value out, then: {command}"
    )


def read(
    request: Request,
    config: Config,
    profile: Profile,
    environ: Mapping[str, str],
    is_used: Callable[[Profile], bool],
) -> list[Source]:
    """Every file of a request, with the profile and the alias that it gets. Examples are left
    out: what they hold is for everybody."""
    found = [readers.plain_file(path) for path in request.files if not places.is_example(path)]
    if request.files and not found:
        raise UsageError(
            f"{printable(str(request.files[0]))} is an example, and holds no values to move",
            "name a .env file",
        )
    files = list(dict.fromkeys(found))
    known = [places.place(file, config, profile, fixed=request.fixed) for file in files]
    dialects = [request.dialect or place.profile.dialect for place in known]
    origins = [
        readers.read(file, environ, dialect) for file, dialect in zip(files, dialects, strict=True)
    ]
    chosen: dict[str, str | None] = {}
    for place in known:
        if place.profile.name not in chosen:
            of_profile = [
                origin.document
                for origin, other in zip(origins, known, strict=True)
                if other.profile == place.profile
            ]
            chosen[place.profile.name] = aliases.choose(
                request.backend,
                request.alias,
                config,
                place.profile,
                of_profile,
                used=is_used(place.profile),
            )
    return [
        Source(file, shown(file, config), origin, place, chosen[place.profile.name], dialect)
        for file, origin, place, dialect in zip(files, origins, known, dialects, strict=True)
    ]


def shown(file: Path, config: Config) -> str:
    """A path as people know it: from the top of the project, where it is inside."""
    root = config.root.resolve()
    return os.path.relpath(file, root) if file.is_relative_to(root) else str(file)


def check_choice(request: Request, keys: Collection[str]) -> None:
    """Raises UsageError where --only or --exclude names a key that is nowhere."""
    places = [request.origin] if request.origin else [str(file) for file in request.files]
    for name in (*request.only, *request.exclude):
        if name not in keys:
            where = f"{printable(places[0])} has no" if len(places) == 1 else "no file has the"
            raise UsageError(f"{where} key {printable(name)}", "check --only and --exclude")


def value_of(entry: Entry) -> Secret | None:
    """What `run` gives for an entry that is moved: its value, of `literal:TEXT` the text."""
    reference = None if entry.value is None else parse_reference(entry.value.reveal())
    if reference is not None and reference.backend == "literal":
        return Secret(reference.name)
    return entry.value


def new_id() -> str:
    """The id of a migration: its time, so that ids sort by it, and a random end."""
    now = datetime.now(timezone.utc)
    return f"{now:%Y%m%d-%H%M%S}-{now.microsecond >> 4:04x}{token_hex(1)}"


def _first_step(
    request: Request,
    source: Source,
    entry: Entry,
    config: Config,
    detector: Detector,
    answers: Answers,
) -> Step:
    """Whether an entry is to be moved, and why; nothing is known of the backend yet."""
    found = classify(entry.key, entry.value, detector, config.backends)
    step = Step(entry.key, entry.line, Action.KEEP, None, found.reason, kind=found.kind.value)
    if entry.value is None or found.kind in (Kind.REFERENCE, Kind.EMPTY):
        return step
    if entry.key in request.exclude or (request.only and entry.key not in request.only):
        return replace(step, note="not chosen")
    # Its value depends on others and on the environment: no secret holds that.
    used = variables(entry.value.reveal()) if entry.uses is None else entry.uses
    built = used and value_of(entry) == entry.value
    wanted = bool(request.only or request.everything or found.kind is Kind.SECRET)
    if answers.choose is not None and not built:
        # Somebody is there to say what a doubtful value is: to move it is the safer proposal.
        likely = wanted or found.kind is Kind.UNSURE
        proposed = replace(step, action=Action.MOVE if likely else Action.KEEP)
        chosen = answers.choose(source.shown, proposed)
        if likely and not chosen:
            step = replace(step, note="not chosen")
        wanted = chosen
    elif found.kind is Kind.UNSURE and not wanted:
        step = replace(step, note=f"is it one? then: --only {entry.key}")
    if not wanted:
        return step
    if built:
        return kept(step, f"{_BUILT} ${{{used[0]}}}: write its value out to move it")
    return replace(step, action=Action.MOVE)


def _decide(
    request: Request,
    config: Config,
    sources: Sequence[Source],
    steps: Sequence[dict[int, Step]],
    backend: Backend,
    answers: Answers,
) -> dict[str, Secret]:
    """Names what is to be moved and compares it with the backend; the values by name."""
    found, where = _places(config, sources, steps)
    held = Held(backend)
    held.look_up(name for place in found for name in place.candidates)
    values: dict[str, Secret] = {}
    movable = []
    for place, (number, line) in zip(found, where, strict=True):
        refused = held.refused(place.candidates)
        if refused is not None:
            steps[number][line] = kept(steps[number][line], f"stays in the file: {refused}")
        else:
            movable.append((place, number, line))
    named = names.assign(
        [place for place, _, _ in movable], held.values, answers.share, apart=request.apart
    )
    held.look_up(name.name for name in named)
    for (place, number, line), name in zip(movable, named, strict=True):
        step = replace(
            steps[number][line],
            reference=Reference(sources[number].alias or PROFILE_BACKEND, name.name),
            note=name.note,
            held=held.versions.get(name.name),
        )
        if name.first or name.name not in values:
            step = held.compared(step, place.value, answers)
        else:
            step = replace(step, action=Action.LINK)
        steps[number][line] = step
        if step.action is not Action.KEEP:
            values[name.name] = place.value
    held.check_apart(values)
    return values


def _places(
    config: Config, sources: Sequence[Source], steps: Sequence[Mapping[int, Step]]
) -> tuple[list[names.Place], list[tuple[int, int]]]:
    """What is to be moved, and of which source and line each is."""
    units = [(s.path, section) for s in sources for section in _sections(s)]
    label = dict(zip(units, places.labels(units, config.root), strict=True))
    found, where = [], []
    for number, source in enumerate(sources):
        moved = [e for e in source.document.entries if steps[number][e.line].action is Action.MOVE]
        keys = names.own_keys(source.document.entries, moved)
        for entry in moved:
            value = value_of(entry)
            if value is not None:
                unit = label[source.path, entry.section]
                shown_as = f"{source.shown} {entry.section}".rstrip()
                found.append(names.Place(shown_as, unit, entry.line, keys[entry.line], value))
                where.append((number, entry.line))
    return found, where


def _sections(source: Source) -> list[str]:
    return list(dict.fromkeys(entry.section for entry in source.document.entries)) or [""]


def kept(step: Step, note: str) -> Step:
    """The step that leaves the entry as it is, and says why."""
    return replace(step, action=Action.KEEP, reference=None, held=None, note=note)
