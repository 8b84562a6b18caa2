"""Private keys: what is read of those that the real programs make, and what is none."""

from __future__ import annotations

import shutil
import subprocess
from base64 import b64decode, b64encode
from pathlib import Path

import pytest

from envguard.detection.keys import binary_keys
from envguard.detection.keys.private_keys import PrivateKey, armoured, der
from tests.detection import samples

OPENSSL = shutil.which("openssl")
KEYGEN = shutil.which("ssh-keygen")


def told(key: PrivateKey | None) -> tuple[str, str, bool]:
    assert key is not None
    return key.kind, key.size, key.encrypted


def openssl(*arguments: str, given: bytes = b"") -> bytes:
    """What openssl writes."""
    command = [str(OPENSSL), *arguments]
    return subprocess.run(command, input=given, capture_output=True, check=True).stdout


@pytest.mark.skipif(OPENSSL is None, reason="openssl is not here")
@pytest.mark.parametrize(
    ("arguments", "kind", "size"),
    [
        (["RSA", "-pkeyopt", "rsa_keygen_bits:2048"], "RSA", "2048 bits"),
        (["RSA", "-pkeyopt", "rsa_keygen_bits:1024"], "RSA", "1024 bits"),
        (["EC", "-pkeyopt", "ec_paramgen_curve:P-256"], "EC", "P-256"),
        (["EC", "-pkeyopt", "ec_paramgen_curve:secp384r1"], "EC", "P-384"),
        (["EC", "-pkeyopt", "ec_paramgen_curve:secp256k1"], "EC", "secp256k1"),
        (["ED25519"], "Ed25519", ""),
        (["X25519"], "X25519", ""),
        (["ED448"], "Ed448", ""),
    ],
)
def test_a_key_of_openssl_is_read_plain_traditional_and_encrypted(
    arguments: list[str], kind: str, size: str
) -> None:
    plain = openssl("genpkey", "-algorithm", *arguments)
    assert told(armoured(plain)) == (kind, size, False)
    assert told(der(b64decode(b"".join(plain.splitlines()[1:-1])))) == (kind, size, False)
    locked = ["-aes-128-cbc", "-passout", "pass:x"]
    encrypted = openssl("pkcs8", "-topk8", "-v2", "aes-128-cbc", *locked[1:], given=plain)
    assert told(armoured(encrypted)) == ("", "", True)
    if kind in ("RSA", "EC"):
        form = [kind.lower(), *(["-traditional"] if kind == "RSA" else [])]
        assert told(armoured(openssl(*form, given=plain))) == (kind, size, False)
        assert told(armoured(openssl(*form, *locked, given=plain))) == (kind, "", True)


@pytest.mark.skipif(KEYGEN is None, reason="ssh-keygen is not here")
@pytest.mark.parametrize(
    ("arguments", "kind", "size"),
    [
        (["rsa", "-b", "2048"], "RSA", "2048 bits"),
        (["ecdsa", "-b", "384"], "EC", "P-384"),
        (["ed25519"], "Ed25519", ""),
    ],
)
@pytest.mark.parametrize("passphrase", ["", "correct horse"])
def test_a_key_of_openssh_is_read_with_its_comment_where_that_is_open(
    tmp_path: Path, arguments: list[str], kind: str, size: str, passphrase: str
) -> None:
    file = tmp_path / "key"
    command = [str(KEYGEN), "-q", "-N", passphrase, "-C", "ada@laptop", "-f", str(file)]
    subprocess.run([*command, "-t", *arguments], check=True)
    found = armoured(file.read_bytes())
    assert told(found) == (kind, size, bool(passphrase))
    assert found is not None
    assert found.comment == ("" if passphrase else "ada@laptop")


@pytest.mark.parametrize(("encryption", "encrypted"), [("none", False), ("aes256-cbc", True)])
def test_a_key_file_of_putty_is_read(encryption: str, encrypted: bool) -> None:
    text = samples.putty(samples.seeded(1), encryption)
    for form in (text, text.replace("\n", "\r\n"), text.replace("\n", "\\n")):
        found = binary_keys.putty(form.encode())
        assert found == PrivateKey("Ed25519", "", encrypted, "ada@example.com")  # envguard:allow


@pytest.mark.parametrize(
    "change",
    [
        lambda text: text.replace("AAAAC3Nz", "AAAAC3Ny"),
        lambda text: text.replace("File-3: ssh-ed25519", "File-3: ssh-rsa"),
        lambda text: text.replace("Private-Lines: 1", "Private-Lines: 0"),
        lambda text: text.partition("Private-Lines")[0],
    ],
)
def test_a_key_file_of_putty_whose_parts_do_not_fit_is_none(change: samples.Change) -> None:
    text = samples.putty(samples.seeded(1), "none")
    assert binary_keys.putty(change(text).encode()) is None


LABELS = {
    "RSA PRIVATE KEY": "RSA",
    "DSA PRIVATE KEY": "DSA",
    "EC PRIVATE KEY": "EC",
    "PRIVATE KEY": "RSA",
    "OPENSSH PRIVATE KEY": "Ed25519",  # envguard:allow
    "PGP PRIVATE KEY BLOCK": "PGP RSA",
}


@pytest.mark.parametrize("label", LABELS)
@pytest.mark.parametrize("form", [samples.pem, samples.pem_escaped, samples.pem_quoted])
def test_a_key_is_read_in_every_form_that_code_gives_it(label: str, form: samples.Form) -> None:
    for seed in range(20):
        found = armoured(form(samples.seeded(seed), label).encode())
        assert found is not None
        assert (found.kind, found.encrypted) == (LABELS[label], False)


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"...",
        b"MIIEvQIBADANBgkqhkiG9w0BAQEFAASCBKcwggSjAgEAAoIBAQDf2MK4oEl3SQi",
        b64encode(b"\x30\x82\x01\x00" + bytes(256)),
        b64encode(b"\x30\x82\x01\x00\x02\x01\x05" + b"x" * 253),
        b64encode(b"\x30\x82\x01\x00\x02\x01\x00\x02\x82\xff\xff" + b"x" * 249),
        b64encode(b"x" * 300),
    ],
)
def test_a_body_that_is_no_key_is_none(body: bytes) -> None:
    text = b"-----BEGIN PRIVATE KEY-----\n" + body + b"\n-----END PRIVATE KEY-----"
    assert armoured(text) is None


def test_a_certificate_is_no_key() -> None:
    # SEQUENCE { SEQUENCE { [0] version … }: RFC 5280, section 4.1
    assert der(b"\x30\x82\x01\x00\x30\x81\xf0\xa0\x03\x02\x01\x02" + b"x" * 248) is None
