"""What is told about credentials: what stands in them, and never their value."""

from __future__ import annotations

import json
import time
from base64 import b64encode

import pytest
from hypothesis import given
from hypothesis import strategies as st

from envguard.core.document import Document
from envguard.core.rule import Confidence
from envguard.detection.details import DETAILS
from envguard.detection.detector import Candidate, Detector
from envguard.detection.findings import describe
from envguard.detection.proofs import PROOFS
from tests.detection import samples


def told(name: str, value: str | bytes) -> dict[str, str]:
    """The details that a function gives, without the empty ones."""
    value = value.encode() if isinstance(value, str) else value
    return {name: text for name, text in DETAILS[name](value) if text}


def token(header: object, payload: object) -> str:
    """A JSON Web Token."""
    parts = [samples.unpadded(json.dumps(part).encode()) for part in (header, payload)]
    return ".".join((*parts, "c2lnbmF0dXJl"))


_JSON = st.recursive(
    st.none() | st.booleans() | st.floats() | st.integers() | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.sampled_from(["permissions", "projects", "m", "iss", "exp"]), inner)
    ),
    max_leaves=6,
)


def _macaroon(caveat: object) -> bytes:
    content = json.dumps(caveat).encode()[:127]
    fields = (1, b"pypi.org"), (2, b"id"), (0, b""), (2, content), (0, b""), (6, b"x" * 32)
    packed = (bytes([kind, len(text)]) + text if kind else b"\0" for kind, text in fields)
    return b"pypi-" + b64encode(b"\x02" + b"".join(packed))


def _openssh(hidden: bytes) -> bytes:
    parts = (b"none", b"none", b"", None, b"public", hidden)
    body = b"".join(
        b"\0\0\0\1" if part is None else len(part).to_bytes(4, "big") + part for part in parts
    )
    data = b64encode(b"openssh-key-v1\0" + body + b"\0" * 99)
    return b"-----BEGIN OPENSSH PRIVATE KEY-----\n" + data + b"\n-----END OPENSSH PRIVATE KEY-----"


_HOSTILE = (
    st.binary(max_size=80)
    | st.binary(max_size=80).map(b64encode)
    | st.builds(lambda a, b: token(a, b).encode(), _JSON, _JSON)
    | _JSON.map(_macaroon)
    | st.binary(max_size=4).map(_openssh)
    | st.integers(1, 20).map(lambda size: _openssh(bytes(range(size, 0, -1))[::-1][1:]))
)


@given(_HOSTILE)
def test_no_text_makes_a_detail_or_a_proof_fail(value: bytes) -> None:
    for proof in PROOFS.values():
        assert proof(value) in (True, False)
    for detail in DETAILS.values():
        assert all(isinstance(text, str) for _, text in detail(value))


@pytest.mark.parametrize("projects", [5, None, {"a": 1}, "all"])
def test_a_caveat_of_another_form_tells_no_projects(projects: object) -> None:
    value = _macaroon({"permissions": {"projects": projects}})
    assert told("pypi", value) == {"index": "pypi.org"}


def test_an_openssh_key_that_breaks_off_in_its_padding_has_no_comment() -> None:
    assert "comment" not in told("key", _openssh(b"\2"))


def test_the_detail_of_a_service_account_tells_no_other_value() -> None:
    assert told("service-account", "not@an-account") == {}


def test_an_aws_key_id_tells_its_account() -> None:
    # https://awsteele.com/blog/2020/09/26/aws-access-key-format.html
    assert told("aws", "ASIAY34FZKBOK" + "MUTVV7A") == {"account": "609629065308"}  # envguard:allow


def test_a_jwt_tells_issuer_kind_of_subject_algorithm_and_dates() -> None:
    payload = {"iss": "https://id.example", "sub": "ada@example.com", "iat": 86400, "exp": 172800}
    assert told("jwt", token({"alg": "RS256"}, payload)) == {
        "algorithm": "RS256",
        "issuer": "https://id.example",
        "subject": "e-mail",
        "issued": "1970-01-02",
        "expires": "1970-01-03",
        "expired": "yes",
    }
    later = told("jwt", token({"alg": "RS256"}, {"exp": time.time() + 10**6}))
    assert later["expired"] == "no"


@pytest.mark.parametrize(
    ("subject", "kind"),
    [
        ("ada@example.com", "e-mail"),
        ("1234567890", "number"),
        (42, "number"),
        ("0f8fad5b-d9cb-469f-a165-70867728950e", "UUID"),
        ("system:serviceaccount:shop:deployer", "service account shop/deployer"),
        ("auth0|507f1f77", "name"),
    ],
)
def test_the_subject_of_a_jwt_is_told_by_its_kind(subject: object, kind: str) -> None:
    assert told("jwt", token({"alg": "HS256"}, {"sub": subject}))["subject"] == kind


@pytest.mark.parametrize("wrong", [-1, 0, 10**30, 1e400, "soon", True, None, [1], float("nan")])
def test_a_date_that_is_none_is_left_out(wrong: object) -> None:
    assert told("jwt", token({"alg": "HS256"}, {"exp": wrong})) == {"algorithm": "HS256"}


@pytest.mark.parametrize(
    ("name", "value", "details"),
    [
        ("github", "ghs_abc", {"kind": "GitHub App installation token"}),
        ("gitlab", "gldt-abc", {"kind": "deploy token"}),
        ("slack", "xoxb-123456789012-123456789012-x", {"workspace": "123456789012"}),
        ("slack", "xapp-1-A0123ABC-123-x", {"app": "A0123ABC"}),
        ("slack", "hooks.slack.com/services/T0123/B0123/x", {"workspace": "T0123"}),
        ("bot", "123456789:AAx", {"bot": "123456789"}),
        ("vault", "hvb.x", {"kind": "batch token"}),
        (
            "service-account",
            "ci@acme-prod.iam.gserviceaccount.com",
            {"account": "ci@acme-prod.iam.gserviceaccount.com", "project": "acme-prod"},
        ),
    ],
)
def test_a_prefix_or_a_number_tells_kind_and_owner(
    name: str, value: str, details: dict[str, str]
) -> None:
    assert told(name, value) == details


def test_what_tokens_carry_as_json_is_told_but_for_the_secret() -> None:
    random = samples.seeded(1)
    org = {"iat": 86400, "url": "https://sentry.io", "region_url": "https://us.io", "org": "acme"}
    body = b64encode(json.dumps(org).encode()).decode()
    assert told("sentry", f"sntrys_{body}_x") == {
        "organization": "acme",
        "host": "https://us.io",
        "issued": "1970-01-02",
    }
    policy = {"o": "42", "n": "ci", "k": "hidden", "m": {"r": "eu"}}
    body = b64encode(json.dumps(policy).encode()).decode()
    assert told("grafana", f"glc_{body}") == {"organization": "42", "name": "ci", "region": "eu"}
    account = {"email": "a@1p.example", "signInAddress": "acme.1password.com", "muk": "hidden"}
    body = samples.unpadded(json.dumps(account).encode())
    assert told("onepassword", f"ops_{body}") == {
        "account": "a@1p.example",
        "host": "acme.1password.com",
    }
    assert told("pypi", samples.pypi(random, "pypi.org")) == {
        "index": "pypi.org",
        "projects": "all of the user",
    }
    assert told("bot", samples.discord(random, ""))
    assert told("nkey", samples.nkey(random, "O")) == {"kind": "operator"}


def test_a_routable_gitlab_token_tells_whom_it_leads_to() -> None:
    assert told("gitlab", samples.gitlab(samples.seeded(1), "glpat-")) == {
        "kind": "personal, project or group access token",
        "cell": "1",
        "organization": "1",
        "user": "2",
    }


def test_keys_of_azure_tell_their_service_and_when_they_were_made() -> None:
    assert told("azure", samples.azure(samples.seeded(1), "cosmos")) == {"service": "Cosmos DB"}
    annotated = "a" * 52 + "JQQJ99BCAC" + "A" * 14 + "AZDO" + "abcd"
    assert told("azure", annotated) == {"service": "DevOps", "created": "2025-03"}


@pytest.mark.parametrize(
    ("name", "form", "label"),
    [
        ("key", samples.pem, "RSA PRIVATE KEY"),
        ("key-base64", samples.pem_base64, "RSA PRIVATE KEY"),
        ("der", samples.der, "RSA"),
    ],
)
def test_a_private_key_tells_its_type_its_size_and_whether_it_is_encrypted(
    name: str, form: samples.Form, label: str
) -> None:
    details = told(name, form(samples.seeded(1), label))
    assert details in (
        {"type": "RSA 1024 bits", "encrypted": "no"},
        {"type": "RSA 2048 bits", "encrypted": "no"},
    )


@pytest.mark.parametrize("name", sorted(DETAILS))
@given(value=st.binary(max_size=300) | st.from_regex(rb"[A-Za-z0-9_.=+/:{}\"-]{0,300}"))
def test_whatever_it_is_given_a_function_tells_text(name: str, value: bytes) -> None:
    if name == "aws":  # asked only for what the proof has accepted
        return
    for what, text in DETAILS[name](value):
        assert isinstance(what, str)
        assert isinstance(text, str)


def finding(detector: Detector, text: str) -> tuple[Candidate, dict[str, str]]:
    """The one finding in a text."""
    found = detector.candidates(Document("", text.encode()))
    (candidate,) = [c for c in found if not c.taken and c.best > Confidence.LOW]
    return candidate, dict(describe(candidate, candidate.best, "a", None).details)


def test_a_finding_carries_its_details(detector: Detector) -> None:
    _, details = finding(detector, samples.github(samples.seeded(1), "ghp_"))
    assert details == {"kind": "personal access token"}


def test_a_long_text_is_cut(detector: Detector) -> None:
    claims = token({"alg": "HS256"}, {"iss": "x" * 500})
    _, details = finding(detector, f"Authorization: Bearer {claims}{'A' * 30}")
    assert details["issuer"] == "x" * 199 + "…"


def test_a_password_in_a_url_tells_scheme_user_and_host_and_not_itself(detector: Detector) -> None:
    password = samples.letters(samples.seeded(5), samples.ALNUM, 14)
    text = f"A=redis://cache:6379\nURL=postgres://app:{password}@db.internal:5432/shop # amqp://x"
    _, details = finding(detector, text)
    assert details == {"scheme": "postgres", "user": "app", "host": "db.internal:5432"}
    assert password not in repr(details)
