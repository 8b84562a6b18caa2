"""Offline checks: whether a text can be the token that its shape says.

A check takes the value that a rule's pattern found and answers without any network. A token
whose check fails is not reported as that token. `PROOFS` names them for the rule files.
"""

from __future__ import annotations

import json
from binascii import b2a_base64
from collections.abc import Callable, Iterator, Mapping
from zlib import crc32

from envguard.detection.keys.base64_text import unbase64
from envguard.detection.keys.self_checked import age, base58check, nkey

_BASE62 = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
_BASE36 = b"0123456789abcdefghijklmnopqrstuvwxyz"
_BASE32 = b"ABCDEFGHIJKLMNOPQRSTUVWXYZ234567"


def digits(number: int, alphabet: bytes, width: int) -> bytes:
    """`number` written in an alphabet's base, filled with its zero up to `width`."""
    text = bytearray()
    while number:
        number, rest = divmod(number, len(alphabet))
        text.append(alphabet[rest])
    return bytes(reversed(text)).rjust(width, alphabet[:1])


def github(token: bytes) -> bool:
    """`PREFIX_`, 30 characters, and the CRC32 of these in six digits of base 62.

    Every `gh[pousr]_` token of 36 characters carries it, a `ghr_` one also with 70 characters, and
    npm's `npm_` tokens too.
    https://github.blog/engineering/behind-githubs-new-authentication-token-formats/
    """
    body = token.partition(b"_")[2]
    return len(body) in (36, 76) and digits(crc32(body[:-6]), _BASE62, 6) == body[-6:]


def gitlab(token: bytes) -> bool:
    """A routable token: prefix, payload, version, length of the payload, and CRC32 of all before.

    The two last fields are in base 36, two and seven digits; the version is absent in the
    first tokens of this kind.
    https://handbook.gitlab.com/handbook/engineering/architecture/design-documents/cells/routable_tokens/
    """
    head, _, tail = token[:-7].rpartition(b".")
    if digits(crc32(token[:-7]), _BASE36, 7) != token[-7:] or len(tail) != 2:
        return False
    payload = head.partition(b".")[0]
    size = _BASE36.find(tail[:1]) * 36 + _BASE36.find(tail[1:])
    return size <= len(payload) and unbase64(payload[len(payload) - size :]) is not None


def grafana(token: bytes) -> bool:
    """`glsa_`, 32 characters, `_`, and the CRC32 of all before that `_` as little-endian hex.

    https://grafana.com/docs/grafana/latest/administration/service-accounts/
    """
    body, _, check = token.rpartition(b"_")
    return crc32(body).to_bytes(4, "little").hex().encode() == check


def confluent(token: bytes) -> bool:
    """`cflt`, 54 characters, and the base64 of their CRC32 in little-endian order, unpadded.

    https://docs.confluent.io/cloud/current/security/authenticate/workload-identities/service-accounts/api-keys/overview.html
    """
    check = b2a_base64(crc32(token[4:58]).to_bytes(4, "little"), newline=False)
    return len(token) == 64 and check[:6] == token[58:]


def zuplo(token: bytes) -> bool:
    """`zpka_`, 32 characters, `_`, and their CRC32 in hex.

    https://zuplo.com/docs/articles/api-key-leak-detection names a checksum; which one it is was
    found by comparing, on two keys that another scanner publishes as examples.
    """
    body, _, check = token.removeprefix(b"zpka_").partition(b"_")
    return len(body) == 32 and b"%08x" % crc32(body) == check.lower()


def cloudflare(token: bytes) -> bool:
    """`PREFIX_`, 40 characters, and their CRC32 in hex.

    https://developers.cloudflare.com/fundamentals/api/get-started/token-formats/
    """
    body = token.partition(b"_")[2]
    return len(body) == 48 and b"%08x" % crc32(body[:40]) == body[40:].lower()


def atlassian(token: bytes) -> bool:
    """The last eight characters are the CRC32, in hex, of everything before them.

    Atlassian's `ATATT3` tokens (where a `=` stands before them) and Bitbucket's `ATBB`.
    https://support.atlassian.com/organization-administration/docs/understand-api-tokens/
    """
    return b"%08X" % crc32(token[:-8]) == token[-8:].upper()


def aws(key_id: bytes) -> bool:
    """An access key id: a prefix of four letters and 16 digits of base 32.

    https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_identifiers.html
    """
    return len(key_id) == 20 and all(letter in _BASE32 for letter in key_id[4:])


def aws_account(key_id: bytes) -> str:
    """The twelve digits of the account that an AWS access key id (which `aws` accepts) belongs to.

    https://awsteele.com/blog/2020/09/26/aws-access-key-format.html
    """
    number = 0
    for letter in key_id[4:]:
        number = number << 5 | _BASE32.index(letter)
    return f"{(number >> 32 & 0x7FFFFFFFFF80) >> 7:012d}"


def jwt(token: bytes) -> bool:
    """A signed JSON Web Token: a header that names an algorithm, a payload, both JSON objects.

    RFC 7519. An unsigned one (`"alg": "none"`) is no credential. The algorithm need not be a
    registered one: private ones are in use.
    """
    header, payload, _ = (token + b"..").split(b".", 2)
    first, second = _json(header), _json(payload)
    if not isinstance(first, dict) or not isinstance(second, dict):
        return False
    algorithm = first.get("alg")
    return isinstance(algorithm, str) and algorithm.lower() not in ("", "none")


def _json(part: bytes) -> object:
    try:
        return json.loads(unbase64(part) or b"")
    except (ValueError, RecursionError):
        return None


def pypi(token: bytes) -> bool:
    """`pypi-` and a macaroon, version 2, of pypi.org or test.pypi.org, whole to its signature.

    https://warehouse.pypa.io/development/token-scanning.html ,
    https://github.com/rescrv/libmacaroons/blob/master/doc/format.txt
    """
    data = unbase64(token.removeprefix(b"pypi-")) or b""
    fields = list(macaroon_fields(data))
    return (
        data[:1] == b"\x02"
        and fields[:1] in ([(1, b"pypi.org")], [(1, b"test.pypi.org")])
        and fields[-1][0] == 6
        and len(fields[-1][1]) == 32
    )


def macaroon_fields(data: bytes) -> Iterator[tuple[int, bytes]]:
    """The kind and the content of each field of a macaroon of version 2."""
    place = 1
    while place < len(data):
        kind = data[place]
        place += 1
        if kind == 0:  # the end of a section
            continue
        size = shift = 0
        while place < len(data):
            size |= (data[place] & 0x7F) << shift
            shift += 7
            place += 1
            if data[place - 1] < 0x80:
                break
        yield kind, data[place : place + size]
        place += size


def discord(token: bytes) -> bool:
    """A bot's token: its first part is the base64 of the bot's id, a number of 17 to 19 digits.

    https://discord.com/developers/docs/reference#snowflakes
    """
    snowflake = unbase64(token.partition(b".")[0]) or b""
    return snowflake.isdigit() and 17 <= len(snowflake) <= 19


def pem(text: bytes) -> bool:
    """A private key in armour with a body that can be one: neither dots nor a placeholder.

    RFC 7468; RFC 1421 (encrypted); OpenSSH PROTOCOL.key; RFC 9580 (PGP).
    """
    from envguard.detection.keys.private_keys import armoured  # noqa: PLC0415 - few texts hold one

    return armoured(text) is not None


def pem_base64(text: bytes) -> bool:
    """A private key in armour, once more in base64, as in Kubernetes Secrets."""
    decoded = unbase64(text[: len(text) // 4 * 4]) or b""
    return decoded.startswith(b"-----BEGIN ") and b"PRIVATE KEY" in decoded[:60] and pem(decoded)


def der(text: bytes) -> bool:
    """A private key in DER, in base64, without armour: PKCS #1, PKCS #8, SEC 1."""
    from envguard.detection.keys.private_keys import der as read  # noqa: PLC0415 - few texts hold one

    return read(unbase64(text) or b"") is not None


def putty(text: bytes) -> bool:
    """A key file of PuTTY whose public part is what it says. A wrong `Private-MAC` leaves the key
    in it as it is, and so proves nothing.

    https://the.earth.li/~sgtatham/putty/0.83/htmldoc/AppendixC.html
    """
    from envguard.detection.keys.binary_keys import putty as read  # noqa: PLC0415 - few texts hold one

    return read(text) is not None


def azure(key: bytes) -> bool:
    """A key of an Azure service with its signature and its Marvin32 checksum.

    https://github.com/microsoft/security-utilities
    """
    from envguard.detection.keys.identifiable import identifiable  # noqa: PLC0415 - few texts hold one

    return identifiable(key)


PROOFS: Mapping[str, Callable[[bytes], bool]] = {
    "age": age,
    "atlassian": atlassian,
    "aws": aws,
    "azure": azure,
    "base58check": base58check,
    "cloudflare": cloudflare,
    "confluent": confluent,
    "der": der,
    "discord": discord,
    "github": github,
    "gitlab": gitlab,
    "grafana": grafana,
    "jwt": jwt,
    "nkey": nkey,
    "pem": pem,
    "pem-base64": pem_base64,
    "putty": putty,
    "pypi": pypi,
    "zuplo": zuplo,
}
"""Every check by the name that rule files use."""
