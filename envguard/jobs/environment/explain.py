"""Where each value of a program's environment comes from; nothing is resolved, no value shown."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from envguard.core.config import Config, Profile, Settings
from envguard.envfile.interpolate import names
from envguard.jobs.environment import written
from envguard.jobs.environment.request import Request
from envguard.jobs.environment.written import Written
from envguard.launch.environment import is_own_key

CALLING, CALLER = "environment", "the calling environment"


class Explained(NamedTuple):
    """One key. `layer` is `file`, `profile` or `environment`; `value` is its reference, `plain`,
    or what it is built from; `instead_of` are the origins that it wins over, nearest first."""

    key: str
    origin: str
    layer: str
    value: str
    instead_of: tuple[str, ...]


def explain(
    request: Request, config: Config, profile: Profile, settings: Settings
) -> list[Explained]:
    """The chosen keys, in the order of their files. Raises UsageError."""
    everything = written.read(request, config, profile)
    by_key: dict[str, list[Written]] = {}
    chosen = written.choose(request, everything)
    for item in everything:
        # envguard's own keys reach no program; a key without a value gives none.
        if item.key in chosen and not is_own_key(item.key):
            by_key.setdefault(item.key, []).append(item)
    called = {} if request.clean else settings.environ
    return [
        _explained(items, config, profile, called=key in called, override=request.override)
        for key, items in by_key.items()
    ]


def _explained(
    items: Sequence[Written], config: Config, profile: Profile, *, called: bool, override: bool
) -> Explained:
    last = items[-1]
    earlier = [item.origin for item in reversed(items[:-1])]
    # A key without a value, written last, leaves the variable of the caller as it is.
    if called and (not override or last.text is None):
        origins = (last.origin, *earlier)
        return Explained(last.key, CALLER, CALLING, "plain", origins)
    if called:
        earlier.append(CALLER)
    return Explained(last.key, last.origin, last.layer, _value(last, config, profile), (*earlier,))


def _value(item: Written, config: Config, profile: Profile) -> str:
    if item.text is None:
        return "no value"
    whole = item.reference(config, profile)
    if whole is not None:
        # The text of a literal is a value.
        return "literal" if whole.backend == "literal" else str(whole)
    used = [*names(item.pieces()), *(str(reference) for reference in item.inside(profile))]
    return f"built from {', '.join(dict.fromkeys(used))}" if used else "plain"
