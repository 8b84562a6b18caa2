"""migrate: a .env file becomes a plan, the plan is shown, and then carried out."""

from __future__ import annotations

from secrets import token_hex

from envguard.backends.registry import open_backend
from envguard.core.config import Config, Profile, Settings
from envguard.detection.detector import Detector
from envguard.jobs.migrate.plan import Resolve
from envguard.jobs.migrate.plan import plan as make_plan
from envguard.jobs.migrate.request import Planned, Request
from envguard.workspace import trust


def plan(
    request: Request,
    config: Config,
    profile: Profile,
    settings: Settings,
    detector: Detector,
    on_conflict: Resolve,
) -> Planned:
    """What the migration will do; nothing is written. Raises EnvguardError."""
    if config.project_id or request.backend in config.backends or _is_the_trees(request, profile):
        trust.require(settings.folders, config, profile)
    # A project without an id gets one when the plan is applied: nothing is under it yet.
    project = config if config.project_id else config._replace(project_id=token_hex(16))
    backend = open_backend(request.backend, project, settings)
    return make_plan(request, config, profile, backend, detector, on_conflict)


def _is_the_trees(request: Request, profile: Profile) -> bool:
    """Whether the target is what a configuration file in the tree says, and not our default."""
    return request.backend == profile.backend != Profile().backend
