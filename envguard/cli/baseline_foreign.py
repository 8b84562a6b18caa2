"""`envguard baseline create|update --format detect-secrets`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from envguard.cli.baseline_looked import counted, looked, place_of, request_for, tell_skipped
from envguard.cli.session import Session
from envguard.core import dates
from envguard.core.errors import UsageError
from envguard.core.files import write_atomically
from envguard.detection.secrets_baseline import FILE_NAME
from envguard.jobs.baseline import kept
from envguard.jobs.baseline import secrets_file as job

if TYPE_CHECKING:
    from envguard.cli.baseline import CreateOptions


def write(session: Session, options: CreateOptions, *, is_new: bool) -> int:
    """Writes the file; returns 0, or 2 where something was not looked at."""
    if options.history:
        raise UsageError("detect-secrets knows the files alone", "leave --history out")
    place = place_of(session, None)
    file = session.folder / options.baseline if options.baseline else place.top / FILE_NAME
    if is_new and file.exists():
        raise UsageError(
            f"there is a baseline already: {file}",
            "envguard baseline update --format detect-secrets",
        )
    before = None if is_new else job.read(file)
    ours = kept.load(place) or kept.begin(session.config)
    seen = looked(session, request_for(place, ours, options.min_confidence), history=False)
    done = job.write(seen.findings, place.top, ours, before, dates.now())
    write_atomically(file, done.text.encode("ascii"), mode=None if file.exists() else 0o644)
    print(f"{file.name}: {counted(done.results, 'result')}")
    if done.unseen is None:
        session.say(
            "detect-secrets is not installed, so some of its types are guessed:"
            " pip install 'envguard-cli[detect-secrets]'"
        )
    elif done.unseen:
        session.say(f"{counted(done.unseen)} that no plugin of detect-secrets sees")
    session.say("it holds plain SHA-1 of the values, by which weak ones can be guessed")
    return tell_skipped(session, seen.skipped)
