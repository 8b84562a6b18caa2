"""migrate: files, or another backend, become a plan; the plan is shown, and then carried out."""

from __future__ import annotations

from pathlib import Path
from secrets import token_hex

from envguard.backends.registry import open_backend
from envguard.core.config import Config, Profile, Settings
from envguard.core.errors import UsageError
from envguard.core.plan import Action
from envguard.core.reference import PROFILE_BACKEND
from envguard.core.text import printable
from envguard.detection.detector import Detector
from envguard.jobs.migrate import held, origin, places, planfile, readers
from envguard.jobs.migrate.besides import content
from envguard.jobs.migrate.carry import Opener
from envguard.jobs.migrate.journals import journal
from envguard.jobs.migrate.plan import plan as of_files
from envguard.jobs.migrate.plan import remains
from envguard.jobs.migrate.request import Answers, Planned, Request, targets
from envguard.jobs.migrate.undo import migrations
from envguard.journal.record import State
from envguard.workspace import trust


def plan(
    request: Request,
    config: Config,
    profile: Profile,
    settings: Settings,
    detector: Detector,
    answers: Answers,
    opener: Opener = open_backend,
) -> Planned:
    """What the migration will do; nothing is written. Raises EnvguardError."""
    _require_trust(request, config, profile, settings)
    # A project without an id gets one when the plan is applied: nothing is under it yet.
    project = config if config.project_id else config._replace(project_id=token_hex(16))
    backend = opener(request.backend, project, settings)

    def is_used(by: Profile) -> bool:
        return _is_used(by, config, settings)

    if request.origin is not None:
        source = opener(request.origin, project, settings)
        return origin.plan(
            request, config, profile, source, backend, answers, settings.environ, is_used
        )
    return of_files(request, config, profile, backend, detector, answers, settings.environ, is_used)


def target(request: Request, config: Config, profile: Profile) -> str:
    """The backend that the profiles of the files have, where the call names none. Raises
    UsageError where they have several."""
    found = {
        config.backend_url(p.backend): p.backend
        for p in (_place(file, config, profile, request).profile for file in request.files)
    }
    if len(found) > 1:
        raise UsageError(
            "the profiles of these files have several backends: " + ", ".join(sorted(found)),
            "name one: --to BACKEND; or migrate the files of one profile at a time",
        )
    return next(iter(found.values()), profile.backend)


def _place(file: Path, config: Config, profile: Profile, request: Request) -> places.Place:
    return places.place(file.parent.resolve() / file.name, config, profile, fixed=request.fixed)


def to_json(planned: Planned, config: Config, settings: Settings) -> dict[str, object]:
    """The plan for a review. Its digests need this user's key: with a store as the target, the
    store and its key are made where there are none."""
    return planfile.dump(planned, config, journal(planned.plan.backend, settings, create=True))


def from_json(
    text: str,
    path: str,
    config: Config,
    profile: Profile,
    settings: Settings,
    opener: Opener = open_backend,
) -> Planned:
    """The plan that was reviewed, to be applied. Raises UsageError with everything that has
    changed since, and where the file is not a plan of this user, as it was made."""
    url, origin_url = planfile.backend_of(text, path)
    _require_trust(Request((), url, origin=origin_url), config, profile, settings)
    kept = journal(url, settings)
    whole = planfile.load(text, path, config, kept)
    if kept.records.file(whole.id).exists():
        raise UsageError(
            f"{path} was applied before", f"see how far it came: envguard migrate resume {whole.id}"
        )
    contents: dict[str, bytes | None] = {}
    for file in whole.files:
        contents[file.path] = content(Path(file.path))
        if contents[file.path] is not None:
            readers.plain_file(Path(file.path))
    changed = planfile.changed_files(text, whole, contents, kept)
    project = config if config.project_id else config._replace(project_id=token_hex(16))
    steps = targets(whole.moves)
    now = held.Held(opener(whole.backend, project, settings))
    now.look_up(steps)
    changed += held.changed({name: step.held for name, step in steps.items()}, now.versions)
    if changed:
        raise UsageError(
            f"not as it was planned: {'; '.join(changed)}",
            "plan it again: envguard migrate --plan --format json",
        )
    origins = {f.path: readers.read(Path(f.path), settings.environ, f.dialect) for f in whole.files}
    documents = {path: found.document for path, found in origins.items()}
    values = planfile.values(whole, documents)
    if origin_url is not None:
        values |= origin.values(whole, opener(origin_url, project, settings))
    for name, step in steps.items():
        if step.action is Action.LINK and now.values.get(name) != values.get(name):
            raise UsageError(
                f"the backend has another value for {printable(name)}",
                "plan it again: envguard migrate --plan --format json",
            )
    left = remains(whole, origins)
    if whole.origin is not None:
        left += origin.remaining(whole, config)
    return Planned(whole, documents, values, left)


def _require_trust(request: Request, config: Config, profile: Profile, settings: Settings) -> None:
    named = (request.backend, request.origin)
    of_tree = any(name in config.backends for name in named)
    if config.project_id or of_tree or request.backend == profile.backend != Profile().backend:
        trust.require(settings.folders, config, profile)


def _is_used(profile: Profile, config: Config, settings: Settings) -> bool:
    """Whether files that earlier migrations of this project left refer to the profile's backend."""
    url = config.backend_url(profile.backend)
    return any(
        step.reference.backend == PROFILE_BACKEND
        for record in migrations(settings)[0]
        if record.project == config.project_id and record.state is not State.ROLLED_BACK
        for file in record.files
        if record.backend == url and file.profile == profile.name and file.path.is_file()
        for step in file.steps
    )
