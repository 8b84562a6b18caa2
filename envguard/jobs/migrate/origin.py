"""Moves what one backend holds into another: its names are listed, read, compared.

Files follow only where their references name the old backend by an alias.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace

from envguard.core.backend import Backend, Listing
from envguard.core.config import Config, Profile
from envguard.core.errors import BackendError, UsageError
from envguard.core.plan import Action, FilePlan, Plan, Step
from envguard.core.reference import PROFILE_BACKEND, Reference, parse_reference
from envguard.core.secret import Secret
from envguard.core.text import printable
from envguard.jobs.migrate import plan as planning
from envguard.jobs.migrate.held import Held
from envguard.jobs.migrate.plan import Source
from envguard.jobs.migrate.request import Answers, Planned, Request

_REASON = "a secret of the other backend"


def plan(
    request: Request,
    config: Config,
    profile: Profile,
    source: Backend,
    backend: Backend,
    answers: Answers,
    environ: Mapping[str, str],
    is_used: Callable[[Profile], bool],
) -> Planned:
    """The plan to move every name, or those that are chosen, of `source` to `backend`. Where it
    was the profile's backend and all of it moves, the target becomes that, and no file changes.

    Raises UsageError where both are one, BackendError for a conflict and where the names of
    `source` cannot be listed.
    """
    url, origin = config.backend_url(request.backend), config.backend_url(request.origin or "")
    if url == origin:
        raise UsageError(f"{origin} is both origin and target", "name two backends")
    values = _read(source, origin)
    planning.check_choice(request, set(values))
    sources = planning.read(request, config, profile, environ, is_used)
    held = Held(backend)
    held.look_up(values)
    steps = []
    moved: dict[str, Secret] = {}
    for number, (name, value) in enumerate(values.items(), 1):
        step = _step(request, name, number, answers)
        if step.action is Action.MOVE:
            refused = held.refused((name,))
            reference = Reference(PROFILE_BACKEND, name)
            step = replace(step, reference=reference, held=held.versions.get(name))
            if refused is not None:
                step = planning.kept(step, f"stays there: {refused}")
            else:
                step = held.compared(step, value, answers)
        if step.action is not Action.KEEP:
            moved[name] = value
        steps.append(step)
    held.check_apart(moved)
    old = {alias for alias, declared in config.backends.items() if declared == origin}
    own = None
    if config.backend_url(profile.backend) == origin:
        if moved.keys() == values.keys():
            own = profile.name
            sources = [source._replace(alias=None) for source in sources]
        else:
            old.add(PROFILE_BACKEND)
    files = tuple(_follow(one, config, old, moved, held) for one in sources)
    whole = Plan(planning.new_id(), url, files, origin, tuple(steps), own)
    remains = remaining(whole, config)
    return Planned(whole, {str(s.path): s.document for s in sources}, moved, remains)


def remaining(plan: Plan, config: Config) -> tuple[str, ...]:
    """What is left to do by hand once a plan is carried out, one sentence each."""
    origin = printable(plan.origin or "")
    others = [
        profile.name
        for profile in config.profiles.values()
        if profile.name != plan.profile and config.backend_url(profile.backend) == plan.origin
    ]
    sentences = [f"the profile {printable(name)} still reads from {origin}" for name in others]
    return (*sentences, f"{origin} still holds the values: delete them once nothing reads them")


def values(plan: Plan, source: Backend) -> dict[str, Secret]:
    """The values that a plan moves, by name. Raises UsageError where one is gone."""
    refs = {step.key: source.locate(step.key) for step in plan.secrets if step.reference}
    found = source.read(list(refs.values()))
    for name, ref in refs.items():
        if ref not in found:
            raise UsageError(
                f"{plan.origin} has no {printable(name)} any more",
                "plan it again: envguard migrate --plan --format json",
            )
    return {name: found[ref] for name, ref in refs.items()}


def _read(source: Backend, origin: str) -> dict[str, Secret]:
    if not isinstance(source, Listing):
        raise BackendError(
            f"{origin} cannot list its names", "name the secrets: envguard secrets get NAME"
        )
    refs = {found.name: source.locate(found.name) for found in source.list()}
    if not refs:
        raise UsageError(f"{origin} holds nothing to move", "envguard secrets list")
    found = source.read(list(refs.values()))
    return {name: found[ref] for name, ref in refs.items() if ref in found}


def _step(request: Request, name: str, number: int, answers: Answers) -> Step:
    step = Step(name, number, Action.MOVE, None, _REASON, kind="secret")
    wanted = name not in request.exclude and (not request.only or name in request.only)
    if wanted and answers.choose is not None:
        wanted = answers.choose(request.origin or "", step)
    return step if wanted else planning.kept(step, "not chosen")


def _follow(
    source: Source, config: Config, old: set[str], moved: Mapping[str, Secret], held: Held
) -> FilePlan:
    """What happens to one file: references by one of the `old` names get the new one."""
    steps: list[Step] = []
    for entry in source.document.entries:
        text = "" if entry.value is None else entry.value.reveal()
        reference = parse_reference(text, config.backends)
        step = Step(entry.key, entry.line, Action.KEEP, None, "no reference to the other backend")
        if reference is not None and reference.backend in old and reference.name in moved:
            if reference.version is not None:
                step = replace(step, reason="refers to one version there")
            else:
                new = reference._replace(backend=source.alias or PROFILE_BACKEND)
                step = replace(
                    step,
                    action=Action.LINK,
                    reference=new,
                    reason="a reference to the other backend",
                    kind="reference",
                    held=held.versions.get(reference.name),
                )
        steps.append(step)
    changed = any(step.action is not Action.KEEP for step in steps)
    return FilePlan(
        str(source.path),
        source.place.profile.name,
        source.alias,
        tuple(steps),
        source.place.layers if changed else (),
        source.dialect,
    )
