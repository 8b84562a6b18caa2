"""What a migration wrote to the backend, taken back where nobody has changed it since."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from envguard.core.backend import Backend, Batch, Versions
from envguard.core.reference import Reference
from envguard.core.secret import Secret
from envguard.core.text import printable
from envguard.jobs.migrate import held
from envguard.journal.record import Record, RecordedWrite


def undo(
    record: Record,
    backend: Backend,
    needed: Mapping[str, str],
    load_values: Callable[[], Mapping[str, Secret]],
) -> tuple[list[str], list[str]]:
    """Writes the older version again, or deletes what was new. `needed` names what must stay, and
    says why; `load_values` gives the values that were, or were to be, written.

    Returns the names that are as they were, and a sentence for each other one. Raises
    BackendError where the backend fails; what was undone by then stays so.
    """
    if not record.writes:
        return [], []
    compared = not isinstance(backend, Versions) or any(w.version is None for w in record.writes)
    values = load_values() if compared else {}
    refs = {write.name: backend.locate(write.name) for write in record.writes}
    now = held.current(backend, list(refs.values()))
    there = backend.read(list(now))
    done, remains = [], []
    older: dict[Reference, Secret] = {}
    new: list[Reference] = []
    before = _before(record, refs, now, backend)
    for write in record.writes:
        ref = refs[write.name]
        was = before.get(ref)
        if _is_as_it_was(write, now.get(ref), there.get(ref), was, backend):
            done.append(write.name)
            continue
        why = None
        if not _is_ours(write, now.get(ref), there.get(ref), values, backend):
            why = "it was changed since"
        elif write.name in needed:
            why = needed[write.name]
        elif write.held is None:
            new.append(ref)
        elif was is None:
            why = "what was there before cannot be read any more"
        else:
            older[ref] = was
        if why is None:
            done.append(write.name)
        else:
            remains.append(f"{printable(write.name)} stays in the backend: {why}")
    _change(backend, older, new, token=f"{record.id}:undo")
    return done, remains


def _before(
    record: Record,
    refs: Mapping[str, Reference],
    now: Mapping[Reference, str],
    backend: Backend,
) -> dict[Reference, Secret]:
    """What each name held before the migration, where that is another version than now."""
    wanted = {}
    for write in record.writes:
        ref = refs[write.name]
        if write.held not in (None, held.SOME_VERSION, now.get(ref)):
            wanted[Reference(ref.backend, ref.name, ref.field, write.held)] = ref
    found = backend.read(list(wanted)) if wanted else {}
    return {wanted[ref]: value for ref, value in found.items()}


def _is_as_it_was(
    write: RecordedWrite,
    version: str | None,
    value: Secret | None,
    before: Secret | None,
    backend: Backend,
) -> bool:
    if version == write.held:
        return version is None or isinstance(backend, Versions)
    return before is not None and value == before


def _is_ours(
    write: RecordedWrite,
    version: str | None,
    value: Secret | None,
    values: Mapping[str, Secret],
    backend: Backend,
) -> bool:
    if write.version is not None and isinstance(backend, Versions):
        return version == write.version
    # Killed before it could be written down, or there are no versions.
    return value is not None and value == values.get(write.name)


def _change(
    backend: Backend, older: Mapping[Reference, Secret], new: list[Reference], *, token: str
) -> None:
    if isinstance(backend, Batch):
        if older:
            backend.write_all(older, token=token)
        backend.delete_all(new)
        return
    for ref, value in older.items():
        backend.write(ref, value, token=token)
    for ref in new:
        backend.delete(ref)
