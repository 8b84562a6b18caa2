"""What is said about a secret, as tags of AWS: `envguard-NAME`, or for a field of a JSON secret
`envguard-NAME/FIELD`; and its date of expiry, as a staging label of the version."""

from __future__ import annotations

import re
from collections.abc import Iterable

from envguard.backends.service.aws_state import MOST_LABELS, State
from envguard.core.backend import About, Metadata
from envguard.core.errors import UsageError

KEY = "envguard-key"
"""The tag with the key of the program that a secret was written for."""

EXPIRES = "envguard-expires-"
"""How the labels with a date begin."""

_NAMES = ("category", "tags", "rotate-every")
_JOINT = " "  # of several tags of ours; a tag of AWS has no comma

# https://docs.aws.amazon.com/general/latest/gr/aws_tagging.html
_CHARACTERS = re.compile(r"[\w\s.:/=+@-]*")
_LONGEST_KEY, _LONGEST_VALUE = 128, 256


def key_tag(key: str) -> dict[str, str]:
    """The tag with the key; none for a key that no tag can hold."""
    return {KEY: key} if len(key) <= _LONGEST_VALUE else {}


def tag(name: str, field: str | None) -> str:
    """The key of a tag."""
    return f"envguard-{name}" + (f"/{field}" if field is not None else "")


def about_tags(about: About, field: str | None) -> dict[str, str]:
    """What is said, as tags; an empty value takes one away. The description of a whole secret is
    not among them: AWS has a place for it. Raises UsageError for what no tag can hold."""
    joined = None if about.tags is None else _JOINT.join(t.replace(_JOINT, "_") for t in about.tags)
    said = {"category": about.category, "tags": joined, "rotate-every": about.rotate_every}
    if field is not None:
        said["description"] = about.description
    found = {tag(name, field): value for name, value in said.items() if value is not None}
    for key, value in found.items():
        if len(key) > _LONGEST_KEY or len(value) > _LONGEST_VALUE:
            raise UsageError(
                f"{value[:20]!a}… is too long for a tag of AWS", f"at most {_LONGEST_VALUE}"
            )
        if not _CHARACTERS.fullmatch(value):
            raise UsageError(
                f"{value!a} cannot be a tag of AWS",
                "use letters, digits, blanks and _ . : / = + - @",
            )
    return found


def expires_at(labels: Iterable[str], field: str | None) -> str | None:
    """The date that the labels of a version give to it, or to one of its fields."""
    return next((date for label in labels if (date := _expiry(label, field)) is not None), None)


def expiry_labels(
    labels: Iterable[str], field: str | None, date: str
) -> tuple[list[str], list[str]]:
    """The labels to take away and those to give, so that a date is said; none, where it is empty.
    Raises UsageError where a version would have more than AWS keeps."""
    labels = list(labels)
    old = [label for label in labels if _expiry(label, field) is not None]
    new = [f"{EXPIRES}{date}" + (f"/{field}" if field is not None else "")] if date else []
    if len(labels) - len(old) + len(new) >= MOST_LABELS:  # AWSCURRENT is one more
        raise UsageError(
            f"a secret of AWS has at most {MOST_LABELS} labels, and this one has them",
            "give fewer of its fields a date, or use ?layout=each",
        )
    return [label for label in old if label not in new], [
        label for label in new if label not in old
    ]


def _expiry(label: str, field: str | None) -> str | None:
    date, _, of = label.removeprefix(EXPIRES).partition("/")
    return date if label.startswith(EXPIRES) and of == (field or "") else None


def metadata(key: str, field: str | None, state: State) -> Metadata:
    """What is known of a key, whose secret, or field of one, is in this state."""
    category, tags, period = (state.tags.get(tag(name, field), "") for name in _NAMES)
    told = state.description if field is None else state.tags.get(tag("description", field), "")
    return Metadata(
        key,
        0,
        state.created,
        state.updated,
        told,
        category or "other",
        tuple(tags.split(_JOINT)) if tags else (),
        expires_at(state.own_labels, field),
        period or None,
    )
