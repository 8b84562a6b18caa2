"""What is said about a key, as custom metadata of the secret that it is in: texts under the names
of `service.notes`, for a field of a secret with `/FIELD` behind them."""

from __future__ import annotations

from envguard.backends.service.notes import EXPIRES_AT, PREFIX, Notes, read_notes
from envguard.backends.vaultkv.engine import Known, Texts
from envguard.backends.vaultkv.remembered import LONGEST_NAME, LONGEST_TEXT, MOST_TEXTS
from envguard.backends.vaultkv.remembered import PREFIX as WRITES
from envguard.core.backend import Metadata
from envguard.core.errors import UsageError


def expires_at(texts: Texts, field: str | None) -> str | None:
    """The date of a key."""
    return texts.get(EXPIRES_AT + _behind(field))


def notes_of(texts: Texts, field: str | None) -> Notes:
    """What is said about a key."""
    behind = _behind(field)
    own = {
        name[: len(name) - len(behind)]: text for name, text in texts.items() if _is(name, field)
    }
    return read_notes(own)


def changed(texts: Texts, field: str | None, notes: Notes) -> dict[str, str | None]:
    """The texts to write so that the notes are these; None takes one away. Raises UsageError where
    Vault cannot hold them."""
    new = {name + _behind(field): text for name, text in notes.texts().items()}
    for name, text in new.items():
        if len(name.encode()) > LONGEST_NAME or len(text.encode()) > LONGEST_TEXT:
            raise UsageError(
                f"{name} is longer than vault's custom metadata takes",
                f"at most {LONGEST_TEXT} bytes, and {LONGEST_NAME} for its name",
            )
    old = [name for name in texts if _is(name, field)]
    others = [name for name in texts if name not in old and not name.startswith(WRITES)]
    if len(others) + len(new) > MOST_TEXTS // 2:
        raise UsageError(
            f"vault's custom metadata has room for {MOST_TEXTS // 2} notes on the keys of a secret",
            "describe fewer of them, or keep one secret a key: ?layout=each",
        )
    gone = [name for name in old if name not in new]
    return {**dict.fromkeys(gone), **{k: v for k, v in new.items() if texts.get(k) != v}}


def metadata(key: str, known: Known, notes: Notes) -> Metadata:
    """What is shown of a key."""
    return Metadata(key, known.current, known.created, known.updated, *notes[1:])


def _behind(field: str | None) -> str:
    return "" if field is None else f"/{field}"


def _is(name: str, field: str | None) -> bool:
    """Whether a text is one of ours about this key."""
    _, slash, of = name.partition("/")
    ours = name.startswith(PREFIX) and not name.startswith(WRITES)
    return ours and (not slash if field is None else bool(slash) and of == field)
