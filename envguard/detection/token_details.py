"""What can be told about a token from its own text, without asking anybody."""

from __future__ import annotations

import json
import re
import time
from collections.abc import Iterator, Mapping
from typing import Any

from envguard.detection.keys.base64_text import unbase64
from envguard.detection.proofs import aws as aws_key_id
from envguard.detection.proofs import aws_account, macaroon_fields

Details = Iterator[tuple[str, str]]


def aws(key_id: bytes) -> Details:
    """An access key id: the account that it belongs to."""
    if aws_key_id(key_id):
        yield "account", aws_account(key_id)


def jwt(token: bytes) -> Details:
    """A JSON Web Token (RFC 7519): who issued it, to what kind of subject, and until when."""
    header, payload = (_json(part) for part in (token + b"..").split(b".")[:2])
    yield "algorithm", _text(header.get("alg"))
    yield "issuer", _text(payload.get("iss"))
    yield "subject", _kind_of_subject(payload.get("sub"))
    yield "issued", _date(payload.get("iat"))
    expires = _date(payload.get("exp"))
    yield "expires", expires
    if expires:
        yield "expired", "yes" if payload["exp"] < time.time() else "no"


def _json(part: bytes) -> Mapping[str, Any]:
    try:
        found = json.loads(unbase64(part) or b"")
    except (ValueError, RecursionError):
        return {}
    return found if isinstance(found, dict) else {}


def _text(value: object) -> str:
    return value if isinstance(value, str) else str(value) if isinstance(value, int) else ""


_SUBJECTS = (
    ("service account", re.compile(r"system:serviceaccount:.*", re.DOTALL)),
    ("e-mail", re.compile(r"[^@\s]{1,64}@[^@\s]{1,255}")),
    ("UUID", re.compile(r"[0-9A-Fa-f]{8}(?:-[0-9A-Fa-f]{4}){3}-[0-9A-Fa-f]{12}")),
    ("number", re.compile(r"[0-9]+")),
)


def _kind_of_subject(value: object) -> str:
    """What kind of name a subject is; of a Kubernetes service account, the name itself."""
    text = _text(value)
    kind = next((kind for kind, shape in _SUBJECTS if shape.fullmatch(text)), "name")
    if kind == "service account":
        return f"{kind} {text.removeprefix('system:serviceaccount:').replace(':', '/')}"
    return kind if text else ""


_LAST_DATE = 253_402_300_799  # the end of the year 9999


def _date(value: object) -> str:
    """The day of a number of seconds since 1970."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        return ""
    return time.strftime("%Y-%m-%d", time.gmtime(value)) if 0 < value <= _LAST_DATE else ""


_GITHUB = {
    b"ghp_": "personal access token",
    b"gho_": "OAuth access token",
    b"ghu_": "GitHub App user token",
    b"ghs_": "GitHub App installation token",
    b"ghr_": "GitHub App refresh token",
}
"""https://docs.github.com/en/authentication/keeping-your-account-and-data-secure/about-authentication-to-github#githubs-token-formats"""


def github(token: bytes) -> Details:
    """A token of GitHub: its kind."""
    yield "kind", _GITHUB.get(token[:4], "")


_GITLAB = {
    b"glpat": "personal, project or group access token",
    b"gloas": "OAuth application secret",
    b"gldt": "deploy token",
    b"glrt": "runner authentication token",
    b"glrtr": "runner registration token",
    b"glcbt": "CI/CD job token",
    b"glptt": "trigger token",
    b"glft": "feed token",
    b"glimt": "incoming mail token",
    b"glagent": "agent for Kubernetes token",
    b"glsoat": "SCIM token",
    b"glffct": "feature flags client token",
}
"""https://docs.gitlab.com/security/tokens/#token-prefixes"""
_ROUTED = {b"c": "cell", b"g": "group", b"o": "organization", b"p": "project", b"u": "user"}


def gitlab(token: bytes) -> Details:
    """A token of GitLab: its kind; of a routable one also whom it leads to."""
    yield "kind", _GITLAB.get(token.partition(b"-")[0], "")
    if b"." in token:
        # At the end, with its length in the last byte: one line each, numbers in base 36.
        payload = unbase64(token.partition(b"-")[2].rpartition(b"_")[2].partition(b".")[0]) or b"\0"
        for line in payload[-1 - payload[-1] : -1].split(b"\n"):
            letter, _, number = line.partition(b":")
            if letter in _ROUTED and re.fullmatch(rb"[0-9a-z]{1,12}", number):
                yield _ROUTED[letter], str(int(number, 36))


def slack(token: bytes) -> Details:
    """A token or a webhook of Slack: the workspace, and the app of an app-level token.
    https://docs.slack.dev/authentication/tokens"""
    webhook = re.search(rb"hooks\.slack\.com/[a-z]+/([TE][A-Z0-9]+)/", token)
    app = re.match(rb"xapp-[0-9]-(A[A-Z0-9]+)-", token)
    workspace = re.match(rb"xox[abpr]-([0-9]{9,14})-[0-9]", token)
    if webhook:
        yield "workspace", webhook[1].decode()
    if app:
        yield "app", app[1].decode()
    if workspace:
        yield "workspace", workspace[1].decode()


def bot(token: bytes) -> Details:
    """A bot's token of Telegram or Discord: the number of the bot."""
    first = token.partition(b":" if b":" in token else b".")[0]
    number = first if first.isdigit() else unbase64(first) or b""
    yield "bot", number.decode("ascii", "replace")


def pypi(token: bytes) -> Details:
    """A token of PyPI: the index, and what its first caveat says."""
    fields = list(macaroon_fields(unbase64(token.removeprefix(b"pypi-")) or b""))
    yield (
        "index",
        b"".join(content for kind, content in fields[:1] if kind == 1).decode("ascii", "replace"),
    )
    for _, content in fields[2:3]:
        try:
            caveat = json.loads(content)
        except (ValueError, RecursionError):
            continue
        scope = caveat.get("permissions") if isinstance(caveat, dict) else None
        projects = scope.get("projects") if isinstance(scope, dict) else None
        if isinstance(projects, list):
            yield "projects", ", ".join(map(_text, projects))
        elif scope == "user":
            yield "projects", "all of the user"


def sentry(token: bytes) -> Details:
    """An organization's token of Sentry: the organization, and where.
    https://github.com/getsentry/rfcs/blob/main/text/0091-ci-upload-tokens.md"""
    content = _json(token.removeprefix(b"sntrys_").rpartition(b"_")[0])
    yield "organization", _text(content.get("org"))
    yield "host", _text(content.get("region_url") or content.get("url"))
    yield "issued", _date(content.get("iat"))


def grafana(token: bytes) -> Details:
    """An access policy token of Grafana Cloud: organization, name, region."""
    content = _json(token.removeprefix(b"glc_"))
    where = content.get("m")
    yield "organization", _text(content.get("o"))
    yield "name", _text(content.get("n"))
    yield "region", _text(where.get("r")) if isinstance(where, dict) else ""


def onepassword(token: bytes) -> Details:
    """A service account's token of 1Password: its account and its address."""
    content = _json(token.removeprefix(b"ops_"))
    yield "account", _text(content.get("email"))
    yield "host", _text(content.get("signInAddress"))


def service_account(address: bytes) -> Details:
    """The e-mail address of a service account of Google: itself, and its project.
    https://cloud.google.com/iam/docs/service-account-overview#identify"""
    name, _, domain = address.decode("utf-8", "replace").partition("@")
    if not domain.endswith("gserviceaccount.com"):
        return  # whatever it is, it may be a secret
    yield "account", f"{name}@{domain}"
    if domain.endswith(".iam.gserviceaccount.com"):
        yield "project", domain.removesuffix(".iam.gserviceaccount.com")


_AZURE = {
    b"+ABa": "Batch",
    b"+ACR": "Container Registry",
    b"+AEh": "Event Hubs",
    b"+AMC": "Machine Learning (classic)",
    b"+ARm": "Relay",
    b"+ASb": "Service Bus",
    b"+ASt": "Storage",
    b"ACDb": "Cosmos DB",
    b"AIoT": "IoT",
    b"APIM": "API Management",
    b"AZEG": "Event Grid",
    b"AzCa": "Cache for Redis",
    b"AzFu": "Functions",
    b"AzSe": "AI Search",
    b"AZAC": "App Configuration",
    b"AZCS": "Communication Services",
    b"AZDO": "DevOps",
    b"AZMP": "Maps",
    b"ACOG": "AI services",
}
"""Services by their signature: https://github.com/microsoft/security-utilities"""
_MARK = slice(52, 56)  # of a common annotated key, and what follows: year and month


def azure(key: bytes) -> Details:
    """A key of an Azure service: which one, and when it was made, where the key says so."""
    bare = key.rstrip(b"=")
    if bare[_MARK] == b"JQQJ":
        yield "service", _AZURE.get(bare[76:80].upper(), "")
        letters = b"ABCDEFGHIJKLMNOPQRSTUVWXYZ"
        year, month = letters.find(bare[58:59]), letters.find(bare[59:60])
        if year >= 0 and 0 <= month < 12:
            yield "created", f"{2024 + year}-{month + 1:02d}"
    else:
        yield "service", _AZURE.get(bare[-10:-6], "")


_NKEYS = {"A": "account", "C": "cluster", "N": "server", "O": "operator", "U": "user", "X": "curve"}


def nkey(seed: bytes) -> Details:
    """A seed of NATS: what kind of identity it is."""
    yield "kind", _NKEYS.get(seed[1:2].decode("ascii", "replace"), "")


_VAULT = {b"hvs.": "service token", b"hvb.": "batch token", b"hvr.": "recovery token"}


def vault(token: bytes) -> Details:
    """A token of Vault: its kind.
    https://developer.hashicorp.com/vault/docs/concepts/tokens#token-prefixes"""
    yield "kind", _VAULT.get(token[:4], "")
