"""export: the environment that `run` would give, in the format of another program."""

from __future__ import annotations

from typing import NamedTuple

from envguard.core.config import Config, Profile, Settings
from envguard.envfile import write
from envguard.formats import environment as formats
from envguard.jobs.environment import values
from envguard.jobs.environment.request import Request

FORMATS = ("dotenv", *formats.FORMATS)


class Exported(NamedTuple):
    """What is written, in plaintext; `masks` are commands for the log of a GitHub workflow."""

    content: bytes
    masks: str = ""

    def __repr__(self) -> str:
        return f"Exported({len(self.content)} bytes)"


def export(
    format: str, request: Request, config: Config, profile: Profile, settings: Settings
) -> Exported:
    """What files and profile give, all of it or nothing. Raises as `run` does, and UsageError
    that names the keys which the format cannot hold."""
    found = values.resolve(request, config, profile, settings)
    given = {key: found.environ[key] for key in found.given if key in found.environ}
    if format != "dotenv":
        masks = formats.masks(given, found.referenced) if format == "github" else ""
        return Exported(formats.render(format, given), masks)
    formats.check(given)
    refused = write.not_writable(given)
    if refused:
        raise formats.cannot_hold(format, dict.fromkeys(refused, "bytes that are no UTF-8"))
    return Exported(write.render(given))
