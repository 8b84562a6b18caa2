"""Signatures for AWS: Signature Version 4.

https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv-create-signed-request.html
"""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Mapping
from datetime import datetime

from envguard.core.secret import Secret

_ALGORITHM = "AWS4-HMAC-SHA256"


def signed(
    headers: Mapping[str, str],
    body: bytes,
    *,
    key_id: Secret,
    secret: Secret,
    host: str,
    region: str,
    service: str,
    now: datetime,
) -> dict[str, str]:
    """The headers of a `POST /` with its signature; `now` is in UTC."""
    time, day = now.strftime("%Y%m%dT%H%M%SZ"), now.strftime("%Y%m%d")
    all_headers = {**headers, "X-Amz-Date": time}
    canonical = {name.lower(): value for name, value in all_headers.items()} | {"host": host}
    names = ";".join(sorted(canonical))
    lines = "".join(f"{name}:{canonical[name]}\n" for name in sorted(canonical))
    request = "\n".join(("POST", "/", "", lines, names, hashlib.sha256(body).hexdigest()))
    scope = f"{day}/{region}/{service}/aws4_request"
    digest = hashlib.sha256(request.encode()).hexdigest()
    key = f"AWS4{secret.reveal()}".encode()
    for part in (day, region, service, "aws4_request"):
        key = hmac.digest(key, part.encode(), "sha256")
    text = "\n".join((_ALGORITHM, time, scope, digest))
    signature = hmac.digest(key, text.encode(), "sha256").hex()
    credential = f"{key_id.reveal()}/{scope}"
    authorization = (
        f"{_ALGORITHM} Credential={credential}, SignedHeaders={names}, Signature={signature}"
    )
    return {**all_headers, "Authorization": authorization}
