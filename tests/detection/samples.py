"""Synthetic credentials, made when a test runs: no scanner finds one in this repository.

`expand` fills a template of the rule files: `{alnum:36}` is 36 random letters and digits,
`{github:ghp_}` a whole token with its checksum. Everything else stays as it is.
"""

from __future__ import annotations

import json
import re
import string
from base64 import b64encode, urlsafe_b64encode
from collections.abc import Callable, Mapping
from random import Random
from zlib import crc32

ALNUM = string.ascii_letters + string.digits
BECH32 = "qpzry9x8gf2tvdw0s3jn54khce6mua7l"
ALPHABETS: Mapping[str, str] = {
    "alnum": ALNUM,
    "base64": ALNUM + "+/",
    "digits": string.digits,
    "hex": "0123456789abcdef",
    "letters": string.ascii_letters,
    "lower32": string.ascii_lowercase + "234567",
    "lower36": string.ascii_lowercase + string.digits,
    "upper23": "ACDEFGHJKLMNPQRSTUVWXYZ",
    "upper36": string.ascii_uppercase + string.digits,
    "word": ALNUM + "_-",
}
Form = Callable[[Random, str], str]
PLACEHOLDER = re.compile(r"\{([a-z][a-z0-9-]*):([A-Za-z0-9_. -]*)\}")


def expand(template: str, seed: int = 0) -> bytes:
    """The template with its placeholders filled; equal seeds give equal texts."""
    random = seeded(f"{seed} {template}")

    def fill(match: re.Match[str]) -> str:
        name, argument = match.groups()
        if name in ALPHABETS:
            return letters(random, ALPHABETS[name], int(argument))
        return TOKENS[name](random, argument)

    return PLACEHOLDER.sub(fill, template).encode()


def seeded(seed: int | str) -> Random:
    """A source of random letters that gives the same ones each time."""
    return Random(seed)  # noqa: S311  # samples, not secrets


def letters(random: Random, alphabet: str, count: int) -> str:
    """`count` letters of an alphabet."""
    return "".join(random.choices(alphabet, k=count))


def in_base(number: int, alphabet: str, width: int) -> str:
    """A number in an alphabet's base."""
    text = ""
    for _ in range(width):
        number, rest = divmod(number, len(alphabet))
        text = alphabet[rest] + text
    return text


def unpadded(data: bytes) -> str:
    """Base64 for URLs, without padding."""
    return urlsafe_b64encode(data).decode().rstrip("=")


def github(random: Random, prefix: str) -> str:
    """A token of GitHub or npm."""
    body = letters(random, ALNUM, 30)
    digits = string.digits + string.ascii_uppercase + string.ascii_lowercase
    return prefix + body + in_base(crc32(body.encode()), digits, 6)


def gitlab(random: Random, prefix: str) -> str:
    """A routable token of GitLab."""
    routing = b"c:1\no:1\nu:2"
    payload = unpadded(random.randbytes(16) + routing + bytes([len(routing)]))
    digits = string.digits + string.ascii_lowercase
    head = f"{prefix}{payload}.01.{in_base(len(payload), digits, 2)}"
    return head + in_base(crc32(head.encode()), digits, 7)


def grafana(random: Random, _: str) -> str:
    """A service account token of Grafana."""
    head = "glsa_" + letters(random, ALNUM, 32)
    return f"{head}_{crc32(head.encode()).to_bytes(4, 'little').hex()}"


def confluent(random: Random, _: str) -> str:
    """An API secret of Confluent Cloud."""
    body = letters(random, ALNUM + "+/", 54)
    check = b64encode(crc32(body.encode()).to_bytes(4, "little")).decode()
    return f"cflt{body}{check[:6]}"


def cloudflare(random: Random, prefix: str) -> str:
    """A scannable credential of Cloudflare."""
    body = letters(random, ALNUM, 40)
    return f"{prefix}{body}{crc32(body.encode()):08x}"


def atlassian(random: Random, prefix: str) -> str:
    """An API token of Atlassian, or an app password of Bitbucket."""
    head = prefix + letters(random, ALNUM, 24 if prefix == "ATBB" else 176)
    head += "" if prefix == "ATBB" else "="
    return f"{head}{crc32(head.encode()):08X}"


def aws(random: Random, prefix: str) -> str:
    """An access key id of AWS."""
    return prefix + letters(random, string.ascii_uppercase + "234567", 16)


def jwt(random: Random, algorithm: str) -> str:
    """A JSON Web Token, signed by nobody."""
    header = unpadded(json.dumps({"alg": algorithm, "typ": "JWT"}).encode())
    payload = unpadded(json.dumps({"sub": letters(random, ALNUM, 12), "exp": 1}).encode())
    return f"{header}.{payload}.{unpadded(random.randbytes(32))}"


def pypi(random: Random, host: str) -> str:
    """An API token of PyPI: a macaroon of version 2 with one caveat."""

    def field(kind: int, data: bytes) -> bytes:
        return bytes([kind, len(data)]) + data

    identifier = letters(random, "0123456789abcdef", 36).encode()
    caveat = field(2, b'{"version": 1, "permissions": "user"}') + b"\0"
    head = b"\2" + field(1, host.encode()) + field(2, identifier) + b"\0"
    return "pypi-" + unpadded(head + caveat + b"\0" + field(6, random.randbytes(32)))


def age(random: Random, _: str) -> str:
    """An identity of age, in bech32 (BIP 173)."""
    name = "age-secret-key-"
    number = int.from_bytes(random.randbytes(32), "big") << 4
    values = [number >> shift & 31 for shift in range(255, -1, -5)]
    words = [ord(c) >> 5 for c in name] + [0] + [ord(c) & 31 for c in name] + values + [0] * 6
    check = 1
    for word in words:
        top = check >> 25
        check = (check & 0x1FFFFFF) << 5 ^ word
        for bit, term in enumerate((0x3B6A57B2, 0x26508E6D, 0x1EA119FA, 0x3D4233DD, 0x2A1462B3)):
            check ^= term if top >> bit & 1 else 0
    check ^= 1
    values += [check >> shift & 31 for shift in range(25, -1, -5)]
    return f"{name}1{''.join(BECH32[value] for value in values)}".upper()


def discord(random: Random, _: str) -> str:
    """A bot's token of Discord."""
    snowflake = str(random.randrange(10**17, 10**19)).encode()
    rest = letters(random, ALNUM, 6), letters(random, ALNUM + "_-", 36) + "x"
    return ".".join((unpadded(snowflake), *rest))


def pem_lines(random: Random, label: str) -> list[str]:
    """The lines of an armoured key whose body has the right frame around random bytes."""
    content = random.randbytes(random.randrange(300, 900))
    frames = {
        "OPENSSH": b"openssh-key-v1\0" + content,
        "PGP": b"\x95" + content,
    }
    sequence = b"\x30\x82" + len(content).to_bytes(2, "big") + content
    body = b64encode(frames.get(label.split(maxsplit=1)[0], sequence)).decode()
    lines = [body[at : at + 64] for at in range(0, len(body), 64)]
    return [f"-----BEGIN {label}-----", *lines, f"-----END {label}-----"]


def pem(random: Random, label: str) -> str:
    """An armoured key."""
    return "\n".join(pem_lines(random, label)) + "\n"


def pem_escaped(random: Random, label: str) -> str:
    """An armoured key in one line of code or JSON."""
    return "\\n".join(pem_lines(random, label)) + "\\n"


def pem_quoted(random: Random, label: str) -> str:
    """An armoured key as quoted lines of code."""
    return " +\n".join(f'    "{line}\\n"' for line in pem_lines(random, label))


def pem_base64(random: Random, label: str) -> str:
    """An armoured key, in base64 once more."""
    return b64encode(pem(random, label).encode()).decode()


TOKENS: Mapping[str, Form] = {
    "age": age,
    "atlassian": atlassian,
    "aws": aws,
    "cloudflare": cloudflare,
    "confluent": confluent,
    "discord": discord,
    "github": github,
    "gitlab": gitlab,
    "grafana": grafana,
    "jwt": jwt,
    "pem": pem,
    "pem-base64": pem_base64,
    "pem-escaped": pem_escaped,
    "pem-quoted": pem_quoted,
    "pypi": pypi,
}
"""Whole tokens by the name that templates use; the argument is a prefix or a kind."""
