"""What remains after a migration, as a list to tick off. No values."""

from __future__ import annotations

import shlex
from collections.abc import Iterator
from pathlib import Path

from envguard.core.errors import UsageError
from envguard.core.files import write_atomically
from envguard.core.text import printable
from envguard.jobs.migrate.aftercare import Aftercare, Rotation, Standing
from envguard.sources.traces import Place, Trace

_NAMED = 5
"""How many commits of one value, and how many refs, are named; the rest is counted."""

_WHERE = {
    Place.STASH: "a stash",
    Place.REFLOG: "a reflog",
    Place.MESSAGE: "the message of a commit or tag",
    Place.OBJECT: "an object that no commit names",
}


def render(found: Aftercare) -> str:
    """The list as plain text; empty where nothing remains."""
    return "".join(line + "\n" for line in _lines(found))


def write(found: Aftercare, file: Path) -> None:
    """Writes the list, readable by its owner only; where nothing remains, it says so.

    Raises UsageError.
    """
    try:
        text = render(found) or "nothing remains to be done\n"
        write_atomically(file, text.encode("utf-8", "backslashreplace"), mode=0o600)
    except OSError as error:
        raise UsageError(
            f"{printable(str(file))} cannot be written: {error.strerror}", "choose another file"
        ) from None


def _lines(found: Aftercare) -> Iterator[str]:
    for staged in found.staged:
        yield f"[ ] the next commit would hold {_list(staged.keys)}: {printable(staged.command)}"
    for path in found.unignored:
        place = Path(path)
        ignore = shlex.quote(printable(str(place.with_name(".gitignore"))))
        command = f"echo {shlex.quote(printable('/' + place.name))} >>{ignore}"
        yield f"[ ] git does not ignore {printable(path)}: add it to .gitignore: {command}"
    for rotation in found.rotations:
        yield from _rotation(rotation)
    for standing in found.standing:
        yield _standing(standing)
    for text in found.remains:
        yield f"[ ] {text}"
    if found.unsearched:
        count = len(found.unsearched)
        yield (
            f"[ ] {count} not looked for, too short or a plain word: "
            f"{_list(found.unsearched)}; do you use {'it' if count == 1 else 'them'} elsewhere?"
        )
    for unseen in found.coverage.skipped:
        yield f"[ ] not looked into: {printable(unseen.path)} ({printable(unseen.reason)})"


def _rotation(rotation: Rotation) -> Iterator[str]:
    what = f" ({rotation.title})" if rotation.title else ""
    pushed = rotation.pushed_to
    where = f"pushed to {_list(pushed)}" if pushed else "in git, not seen in a remote branch"
    page = f"; revoke it: {rotation.revoke}" if rotation.revoke else ""
    yield f"[ ] rotate {printable(rotation.key)}{what}: {where}{page}"
    commits = [trace for trace in rotation.seen if trace.commit is not None]
    for trace in commits[:_NAMED]:
        yield f"      {_commit(trace)}"
    if len(commits) > _NAMED:
        yield f"      and {len(commits) - _NAMED} more"
    if any(trace.place is Place.OBJECT for trace in rotation.seen):
        yield f"      in {_WHERE[Place.OBJECT]}: git gc --prune=now removes it"


def _commit(trace: Trace) -> str:
    words = [f"since {(trace.commit or '')[:12]}", printable(trace.path)]
    if trace.date:
        words.append(trace.date[:10])
    if trace.author:
        words.append(printable(trace.author))
    where = _WHERE.get(trace.place)
    return "  ".join(words) + (f"  (in {where})" if where else "")


def _standing(standing: Standing) -> str:
    path = printable(standing.path)
    if standing.is_copy:
        advice = f"remove the copy: rm {shlex.quote(path)}"
    else:
        advice = "take it out there, too"
    return f"[ ] {path}:{standing.line} holds {_list(standing.keys)}: {advice}"


def _list(names: tuple[str, ...]) -> str:
    shown = ", ".join(printable(name) for name in names[:_NAMED])
    return shown + (f" and {len(names) - _NAMED} more" if len(names) > _NAMED else "")
