"""Payloads of Secret Manager: base64, with a CRC32C both ways
(https://cloud.google.com/secret-manager/docs/data-integrity)."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Mapping
from typing import Any

from envguard.backends.google.checksum import crc32c
from envguard.core.errors import BackendError


def payload(data: bytes) -> dict[str, str]:
    """What is sent."""
    return {"data": base64.b64encode(data).decode("ascii"), "dataCrc32c": str(crc32c(data))}


def text(at: str, sent: Mapping[str, Any]) -> str:
    """The text that came for a version. Raises BackendError where it came changed, or is none."""
    problem, hint = "came without a value, or with a damaged one", "try again"
    try:
        data = base64.b64decode(str(sent["data"]), validate=True)
        if str(crc32c(data)) == str(sent.get("dataCrc32c", crc32c(data))):
            return data.decode("utf-8")
        problem = "came changed: its checksum is another"
    except (KeyError, binascii.Error):
        pass
    except UnicodeDecodeError:
        problem = "is no text: it holds other bytes than UTF-8"
        hint = "read it with gcloud secrets versions access, or store it as base64"
    # Raised here, so that no error with the bytes hangs on it.
    raise BackendError(f"{at} {problem}", hint)
