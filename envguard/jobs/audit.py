"""audit: what was done with a store's secrets, by whom, and that nobody changed the account."""

from __future__ import annotations

import stat
from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta, timezone
from typing import NamedTuple

from envguard.backends.local import LocalBackend
from envguard.core.backend import Backend
from envguard.core.dates import FORMAT
from envguard.core.errors import UsageError
from envguard.store.keys import KEY_FILE
from envguard.store.records import Line

UNREAD = 90
"""Days without a reading after which a secret is worth a question."""

_SYSLOG = "envguard@32473"
"""The name of our data: RFC 5424 wants a registered number there; this is that of examples
(RFC 5612), as we have none."""

_READS = ("secret.read", "run")


class Filter(NamedTuple):
    """Which lines. `action` is one, or the part before the dot; `since` and `until` are times in
    `dates.FORMAT`; empty texts choose nothing."""

    action: str = ""
    name: str = ""
    actor: str = ""
    since: str = ""
    until: str = ""
    limit: int | None = None


class Verified(NamedTuple):
    """Whether the trail is whole: how many lines it has, its head, and what is wrong with it."""

    lines: int
    head: str
    problem: str | None


class Access(NamedTuple):
    """Who can open a store: where its key is, and for a key file its owner's number and mode."""

    home: str
    place: str
    mode: str


class Review(NamedTuple):
    """What an auditor asks. `actors` are those of the last 90 days with how much they read and
    wrote; `unread` are secrets that nobody read in that time, with the day of the last reading;
    `expired` and `overdue` are names."""

    access: Access
    actors: Sequence[tuple[str, int, int]]
    unread: Sequence[tuple[str, str]]
    expired: Sequence[str]


def log(backend: Backend, wanted: Filter) -> list[tuple[int, Line]]:
    """The lines of the trail that a filter chooses, with their numbers, the oldest first; of these
    the last ones, where it says how many. Raises BackendError where the trail was changed."""
    with _store(backend).open() as store:
        found = [(number, line) for number, line, _ in store.trail() if _chosen(line, wanted)]
    return found[-wanted.limit :] if wanted.limit else found


def head(backend: Backend) -> str:
    """`NUMBER:LINK` of the last line, to be kept elsewhere."""
    found = verify(backend)
    if found.problem is not None:
        raise UsageError(found.problem, "envguard audit verify")
    return found.head


def verify(backend: Backend, known: str | None = None) -> Verified:
    """Whether the trail is what was written; with `known`, a head that was kept, also whether it
    goes on from there. Raises UsageError for a text that is no head."""
    with _store(backend).open() as store:
        proof = store.proved()
        links = {number: link for number, _, link in store.trail()} if not proof.broken_at else {}
    problem = None
    if proof.broken_at is not None:
        problem = f"line {proof.broken_at} of the trail is not what was written, or is missing"
    elif known is not None:
        number, link = _head(known)
        if number > proof.lines:
            problem = f"the trail has {proof.lines} lines, and had {number}: it was cut or replaced"
        elif number and links[number] != link:
            problem = f"line {number} of the trail is another one than it was"
    return Verified(proof.lines, f"{proof.lines}:{proof.link}", problem)


def review(backend: Backend) -> Review:
    """Who can open the store, who used it, and what nobody uses."""
    local = _store(backend)
    today = datetime.now(timezone.utc)
    since = (today - timedelta(days=UNREAD)).strftime(FORMAT)
    with local.open() as store:
        lines = [line for _, line, _ in store.trail()]
        secrets = store.list()
        access = _access(local, store.home)
    actors: dict[str, list[int]] = {}
    last: dict[str, str] = {}
    for line in lines:
        reads = line.action in _READS
        # What a run got from another backend was not read here.
        if line.namespace == local.namespace and reads and not line.detail.startswith("from "):
            last.update(dict.fromkeys(line.names, line.time))
        if line.time >= since:
            counts = actors.setdefault(line.actor, [0, 0])
            counts[0 if reads else 1] += len(line.names) or 1
    unread = [
        (row.name, last.get(row.name, "")[:10])
        for row in secrets
        if max(last.get(row.name, ""), row.created) < since
    ]
    now = today.strftime(FORMAT)
    expired = [row.name for row in secrets if row.expires_at and row.expires_at <= now]
    who = [(actor, read, wrote) for actor, (read, wrote) in sorted(actors.items())]
    return Review(access, who, unread, expired)


def _chosen(line: Line, wanted: Filter) -> bool:
    action = wanted.action
    return (
        (not action or line.action == action or line.action.startswith(f"{action}."))
        and (not wanted.name or wanted.name in line.names)
        and (not wanted.actor or wanted.actor in line.actor)
        and (not wanted.since or line.time >= wanted.since)
        and (not wanted.until or line.time < wanted.until)
    )


def _head(text: str) -> tuple[int, str]:
    number, _, link = text.strip().partition(":")
    if not number.isdigit() or (link and set(link) - set("0123456789abcdef")):
        raise UsageError("that is no head of a trail", "envguard audit head")
    return int(number), link


def _access(local: LocalBackend, home: str) -> Access:
    if home != KEY_FILE or local.key.given is not None:
        return Access(home, "ENVGUARD_KEY" if local.key.given is not None else home, "")
    try:
        found = local.key.file.stat()
    except OSError:
        return Access(home, str(local.key.file), "")
    mode = f"{stat.filemode(found.st_mode)} of user {found.st_uid}"
    return Access(home, str(local.key.file), mode)


def _store(backend: Backend) -> LocalBackend:
    if not isinstance(backend, LocalBackend):
        raise UsageError(
            "the trail is kept by the embedded store, and this backend is none",
            "ask the service itself, or use --backend local:",
        )
    return backend


def as_syslog(lines: Sequence[tuple[int, Line]]) -> Iterator[str]:
    """The lines in the form of RFC 5424: facility 13 (log audit), severity 6, the names and the
    rest as structured data."""
    for number, line in lines:
        host = line.place.partition(":")[0] or "-"
        said = {
            "number": str(number),
            "actor": line.actor,
            "place": line.place,
            "namespace": line.namespace,
            "names": " ".join(line.names),
            "detail": line.detail,
        }
        data = " ".join(f'{key}="{_quoted(value)}"' for key, value in said.items() if value)
        head = f"<110>1 {line.time} {_word(host)} envguard - {_word(line.action)}"
        yield f"{head} [{_SYSLOG} {data}]"


def _quoted(text: str) -> str:
    # RFC 5424, section 6.3.3: these three are escaped.
    return "".join(f"\\{c}" if c in '"\\]' else c for c in text if c.isprintable())


def _word(text: str) -> str:
    kept = "".join(c for c in text if "!" <= c <= "~")
    return kept[:32] or "-"
