"""`.secrets.baseline` of detect-secrets 1.5: its results, read and written, labels included.

https://github.com/Yelp/detect-secrets/blob/v1.5.0/detect_secrets/core/baseline.py and
`potential_secret.py`. The file holds plain SHA-1 of values, by which a weak one can be guessed:
that is its format.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, NamedTuple

from envguard.detection.baseline.entries import State
from envguard.detection.baseline.told import Told
from envguard.detection.secrets_baseline import FILE_NAME

VERSION = "1.5.0"

_SHA1 = re.compile(r"[0-9a-f]{40}")
_IS_SECRET = {None: State.UNREVIEWED, True: State.ROTATE, False: State.FALSE_POSITIVE}

_PLAIN = (
    *("ArtifactoryDetector", "AWSKeyDetector", "AzureStorageKeyDetector", "BasicAuthDetector"),
    *("CloudantDetector", "DiscordBotTokenDetector", "GitHubTokenDetector", "GitLabTokenDetector"),
    *("IbmCloudIamDetector", "IbmCosHmacDetector", "IPPublicDetector", "JwtTokenDetector"),
    *("MailchimpDetector", "NpmDetector", "OpenAIDetector", "PrivateKeyDetector"),
    *("PypiTokenDetector", "SendGridDetector", "SlackDetector", "SoftlayerDetector"),
    *("SquareOAuthDetector", "StripeDetector", "TelegramBotTokenDetector", "TwilioKeyDetector"),
)
PLUGINS: Mapping[str, Mapping[str, Any]] = {
    **{name: {} for name in _PLAIN},
    "Base64HighEntropyString": {"limit": 4.5},
    "HexHighEntropyString": {"limit": 3.0},
    "KeywordDetector": {"keyword_exclude": ""},
}
"""What `detect-secrets scan` of 1.5.0 uses: its plugins with their options."""

# And its filters.
_FILTERS = (
    *("is_indirect_reference", "is_likely_id_string", "is_lock_file"),
    *("is_not_alphanumeric_string", "is_potential_uuid", "is_prefixed_with_dollar_sign"),
    *("is_sequential_string", "is_swagger_file", "is_templated_secret"),
)


class Row(NamedTuple):
    """One of its results. `kind` is its word for what was found, `sha1` is of the value."""

    path: str
    kind: str
    sha1: str
    line: int
    is_secret: bool | None = None


def is_baseline(data: Any) -> bool:
    """Whether JSON data is a baseline of detect-secrets."""
    return isinstance(data, dict) and isinstance(data.get("results"), dict) and "version" in data


def read(data: Any) -> Iterator[Told]:
    """What a baseline says of findings. Raises ValueError, KeyError or TypeError for one that is
    none."""
    for row in rows(data):
        yield Told(
            row.path,
            row.line,
            row.line,
            sha1=row.sha1,
            rule=row.kind,
            state=_IS_SECRET[row.is_secret],
            reason=f"in {FILE_NAME}",
        )


def rows(data: Any) -> Iterator[Row]:
    """Its results. Raises as `read`."""
    for path, found in data["results"].items():
        for one in found:
            sha1, label = str(one["hashed_secret"]).lower(), one.get("is_secret")
            if not _SHA1.fullmatch(sha1):
                raise ValueError("no SHA-1")
            # Its baselines from Windows have backslashes.
            yield Row(
                path.replace("\\", "/"),
                str(one["type"]),
                sha1,
                int(one.get("line_number") or 0),
                label if isinstance(label, bool) else None,
            )


def label_of(state: State) -> bool | None:
    """`is_secret` for what was decided: what is accepted or to be rotated is a secret."""
    return {State.UNREVIEWED: None, State.FALSE_POSITIVE: False}.get(state, True)


def render(results: Iterable[Row], before: Mapping[str, Any] | None, now: str) -> str:
    """A baseline with these results, in the order of paths, lines and kinds; everything else is
    as in the one `before`, or what `detect-secrets scan` writes."""
    by_path: dict[str, list[dict[str, Any]]] = {}
    for row in sorted(set(results), key=lambda row: (row.path, row.line, row.kind, row.sha1)):
        by_path.setdefault(row.path, []).append(_result(row))
    whole = dict(before) if before is not None else {"version": VERSION, **_settings()}
    whole["results"] = by_path
    whole["generated_at"] = now
    return json.dumps(whole, indent=2) + "\n"


def _result(row: Row) -> dict[str, Any]:
    result: dict[str, Any] = {
        "type": row.kind,
        "filename": row.path,
        "hashed_secret": row.sha1,
        "is_verified": False,
        "line_number": row.line,
    }
    return result if row.is_secret is None else result | {"is_secret": row.is_secret}


def _settings() -> dict[str, Any]:
    names = sorted(PLUGINS, key=str.lower)
    plugins = [{"name": name, **PLUGINS[name]} for name in names]
    filters: list[dict[str, Any]] = [
        {"path": "detect_secrets.filters.allowlist.is_line_allowlisted"},
        {
            "path": "detect_secrets.filters.common.is_baseline_file",
            "filename": FILE_NAME,
        },
        {
            "path": "detect_secrets.filters.common.is_ignored_due_to_verification_policies",
            "min_level": 2,
        },
    ]
    filters += [{"path": f"detect_secrets.filters.heuristic.{name}"} for name in _FILTERS]
    return {"plugins_used": plugins, "filters_used": filters}
