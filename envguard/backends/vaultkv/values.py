"""What the fields of a secret of Vault mean as values of a program."""

from __future__ import annotations

import json

from envguard.backends.vaultkv.engine import Fields
from envguard.core.errors import UsageError
from envguard.core.reference import Reference
from envguard.core.secret import Secret

VALUE = "value"
"""The field of a secret that holds one value alone, as `vault kv put NAME value=…` writes it."""

# Storage takes 1 MiB an entry (Consul 512 KiB), with what encryption adds:
# https://developer.hashicorp.com/vault/docs/internals/limits
LARGEST = (1 << 20) - (4 << 10)


def whole_of(fields: Fields) -> Secret:
    """The value of a secret: its only field `value`, or all of its fields as JSON."""
    if fields.keys() == {VALUE}:
        return _text(fields[VALUE])
    return Secret(json.dumps(fields, ensure_ascii=False))


def field_of(fields: Fields, field: str) -> Secret | None:
    """A field of a secret that holds many keys; None where there is none."""
    return _text(fields[field]) if field in fields else None


def holder_of(ref: Reference, fields: Fields) -> Secret:
    """The JSON object that the field of a reference is taken from: the secret, or the one value
    that it holds."""
    if fields.keys() == {VALUE} and (ref.field != VALUE or _is_object(fields[VALUE])):
        return _text(fields[VALUE])
    return Secret(json.dumps(fields, ensure_ascii=False))


def check_text(name: str, value: Secret) -> None:
    """Raises UsageError where a value is no text that JSON can carry."""
    try:
        value.reveal().encode("utf-8")
        is_text = True
    except UnicodeEncodeError:
        is_text = False
    if not is_text:
        raise UsageError(
            f"{name} is no text that vault can hold", "write it as UTF-8, or as base64"
        )


def check_size(path: str, fields: Fields) -> None:
    """Raises UsageError where a secret would be larger than Vault's storage takes."""
    size = len(json.dumps(fields, ensure_ascii=False).encode())
    if size > LARGEST:
        raise UsageError(
            f"{path} would have {size} bytes, and vault takes at most {LARGEST}",
            "keep large values in files, and write file:PATH; or ?layout=each",
        )


def _is_object(text: object) -> bool:
    try:
        return isinstance(text, str) and isinstance(json.loads(text), dict)
    except (ValueError, RecursionError):
        return False


def _text(found: object) -> Secret:
    if isinstance(found, str):
        return Secret(found)
    return Secret(json.dumps(found, ensure_ascii=False, separators=(",", ":")))
