"""Offline checks: true tokens pass, wrong ones do not, and nothing makes a check fail itself."""

from __future__ import annotations

import json
import string

import pytest
from hypothesis import given
from hypothesis import strategies as st

from envguard.detection import proofs
from envguard.detection.proofs import PROOFS
from tests.detection import samples

CHECKSUMS = [
    ("github", "github", "ghp_"),
    ("github", "github", "npm_"),
    ("gitlab", "gitlab", "glpat-"),
    ("grafana", "grafana", ""),
    ("confluent", "confluent", ""),
    ("cloudflare", "cloudflare", "cfut_"),
    ("atlassian", "atlassian", "ATATT3"),
    ("atlassian", "atlassian", "ATBB"),
    ("age", "age", ""),
    ("zuplo", "zuplo", ""),
]


@pytest.mark.parametrize(("proof", "token", "argument"), CHECKSUMS)
def test_a_checksum_tells_a_thousand_true_tokens_from_wrong_ones(
    proof: str, token: str, argument: str
) -> None:
    random = samples.seeded(5)
    check = PROOFS[proof]
    for _ in range(1000):
        true = samples.TOKENS[token](random, argument)
        assert check(true.encode()), true
        place = random.randrange(len(argument) + 16, len(true) - 10)
        letters = string.digits if token != "age" else samples.BECH32.upper()
        other = random.choice([c for c in letters if c != true[place]])
        wrong = true[:place] + other + true[place + 1 :]
        assert not check(wrong.encode()), wrong


def test_the_published_example_of_github_passes() -> None:
    body = "zQWBuTSOoRi4A9spHcVY5ncnsDkxkJ"
    assert proofs.github(f"ghp_{body}0mLq17".encode())
    assert not proofs.github(f"ghp_{body}0mLq18".encode())


def test_the_published_example_of_npm_passes() -> None:
    assert proofs.github(("npm_" + "qkJaB6MffYVzZXWqmcoF49yrUxP3wf" + "0LsakP").encode())


# From the tests of their makers, or of other scanners, in two pieces.
PUBLISHED = [
    ("grafana", "glsa_yscW25imSKJIuav8zF37RZmnbiDvB05G" + "_fcaaf58a"),  # envguard:allow
    (
        "confluent",
        "cfltcUBElySxR0ubmwjcLaVic7aOYceZ1HzCyW9B"  # envguard:allow
        + "bhBhC+KbPgaTcGc9S4HfrjhA",
    ),
    ("gitlab", "glpat-vSY1cyL948aAB440qB6L4zlu9OzsUmEV" + ".01.0w0sfevch"),  # envguard:allow
    ("zuplo", "zpka_3e6c4f7d39954ca29353b7ab88589b64" + "_de26cd55"),  # envguard:allow
    ("zuplo", "zpka_b3f94d8d3d4d4a6ea5c5b20d0a5bb407" + "_18eb262b"),  # envguard:allow
    (
        "github",
        "ghr_xgrrGzSbbGRL34Wp39JU9nxtN27Pr1v1He8FjE7x7w"
        + "bExGGs7nfJszJDAmZuoKasxZ0KxJ1HSzgc",  # envguard:allow
    ),
]


@pytest.mark.parametrize(("proof", "token"), PUBLISHED)
def test_a_published_example_passes(proof: str, token: str) -> None:
    assert PROOFS[proof](token.encode())
    last = "1" if token[-1] != "1" else "2"
    assert not PROOFS[proof]((token[:-1] + last).encode())


def test_the_published_example_of_age_passes() -> None:
    head = "AGE-SECRET-KEY-1GFPYYSJZGFPYYSJZGFPYYSJZGFPYYSJZGFPYYSJZ"
    assert proofs.age(f"{head}GFPYYSJZGFPQ4EGAEX".encode())


def test_a_gitlab_token_of_the_first_routable_form_passes() -> None:
    payload = samples.unpadded(b"r" * 16 + b"o:1" + b"\3")
    head = f"glpat-{payload}.0{string.ascii_lowercase[len(payload) - 10]}"
    check = samples.in_base(proofs.crc32(head.encode()), string.digits + string.ascii_lowercase, 7)
    assert proofs.gitlab(f"{head}{check}".encode())


@pytest.mark.parametrize(
    ("key_id", "account"),
    [
        ("ASIAY34FZKBOK" + "MUTVV7A", "609629065308"),  # envguard:allow
        ("ASIAQNZGKIQY5" + "6JQ7WML", "029608264753"),  # envguard:allow
    ],
)
def test_an_aws_key_id_names_its_account(key_id: str, account: str) -> None:
    assert proofs.aws(key_id.encode())
    assert proofs.aws_account(key_id.encode()) == account


@pytest.mark.parametrize("key_id", ["AKIA" + "1" * 16, "AKIA" + "A" * 15, "AKIA" + "a" * 16])
def test_other_letters_make_no_aws_key_id(key_id: str) -> None:
    assert not proofs.aws(key_id.encode())


@pytest.mark.parametrize(
    ("header", "payload", "true"),
    [
        ({"alg": "HS256"}, {"sub": "1"}, True),
        ({"alg": "private"}, {}, True),
        ({"alg": "none"}, {}, False),
        ({"alg": ""}, {}, False),
        ({"alg": 256}, {}, False),
        ({"typ": "JWT"}, {}, False),
        ({"alg": "HS256"}, [], False),
    ],
)
def test_a_jwt_names_an_algorithm_and_holds_an_object(
    header: object, payload: object, true: bool
) -> None:
    parts = [samples.unpadded(json.dumps(part).encode()) for part in (header, payload)]
    assert proofs.jwt(".".join((*parts, "c2lnbmF0dXJl")).encode()) is true


def test_a_pypi_token_is_a_whole_macaroon_of_pypi() -> None:
    random = samples.seeded(3)
    assert proofs.pypi(samples.pypi(random, "pypi.org").encode())
    assert proofs.pypi(samples.pypi(random, "test.pypi.org").encode())
    assert not proofs.pypi(samples.pypi(random, "example.org").encode())
    assert not proofs.pypi(samples.pypi(random, "pypi.org")[:-4].encode())


def test_a_discord_token_begins_with_a_number() -> None:
    token = samples.discord(samples.seeded(1), "")
    assert proofs.discord(token.encode())
    assert not proofs.discord(("A" + token[1:]).encode())


LABELS = ["RSA PRIVATE KEY", "PRIVATE KEY", "OPENSSH PRIVATE KEY", "PGP PRIVATE KEY BLOCK"]


@pytest.mark.parametrize("label", LABELS)
@pytest.mark.parametrize("form", [samples.pem, samples.pem_escaped, samples.pem_quoted])
def test_a_private_key_passes_in_every_form(label: str, form: samples.Form) -> None:
    for seed in range(50):
        assert proofs.pem(form(samples.seeded(seed), label).encode())


@pytest.mark.parametrize("label", LABELS)
def test_a_private_key_with_another_body_does_not_pass(label: str) -> None:
    head, first, *rest = samples.pem_lines(samples.seeded(1), label)
    for lines in ([head, "...", rest[-1]], [head, "A" + first[1:], *rest], [head, rest[-1]]):
        assert not proofs.pem("\n".join(lines).encode())


def test_a_private_key_that_breaks_off_does_not_pass() -> None:
    lines = samples.pem_lines(samples.seeded(1), "RSA PRIVATE KEY")
    assert not proofs.pem("\n".join([*lines[:3], "...", lines[-1]]).encode())


def test_an_encrypted_private_key_passes_without_a_readable_frame() -> None:
    lines = samples.pem_lines(samples.seeded(2), "RSA PRIVATE KEY")
    headers = ["Proc-Type: 4,ENCRYPTED", "DEK-Info: AES-128-CBC,00112233445566778899AABBCCDDEEFF"]
    text = "\n".join([lines[0], *headers, "", "x" + lines[1][1:], *lines[2:]])
    assert proofs.pem(text.encode())


def test_only_a_private_key_passes_in_base64() -> None:
    assert proofs.pem_base64(samples.pem_base64(samples.seeded(1), "PRIVATE KEY").encode())
    assert not proofs.pem_base64(samples.pem_base64(samples.seeded(1), "CERTIFICATE").encode())


@pytest.mark.parametrize("name", sorted(PROOFS))
@given(text=st.binary(max_size=200) | st.from_regex(rb"[A-Za-z0-9_.=+/-]{0,200}", fullmatch=True))
def test_a_check_answers_whatever_it_is_given(name: str, text: bytes) -> None:
    assert PROOFS[name](text) in (True, False)
