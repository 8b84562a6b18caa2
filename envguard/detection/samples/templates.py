"""Synthetic credentials: what the examples of rules stand for.

`expand` fills a template of the rule files: `{alnum:36}` is 36 random letters and digits,
`{github:ghp_}` a whole token with its checksum. Everything else stays as it is. They are made when
they are needed, so that no scanner finds one in this repository.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from random import Random

from envguard.detection.samples.azure import azure
from envguard.detection.samples.keys import der, pem, pem_base64, pem_escaped, pem_quoted, putty
from envguard.detection.samples.letters import ALPHABETS, letters, seeded
from envguard.detection.samples.tokens import (
    age,
    atlassian,
    aws,
    cloudflare,
    confluent,
    discord,
    github,
    gitlab,
    grafana,
    jwt,
    nkey,
    packagist,
    pypi,
    uuid,
    wif,
    words,
    xprv,
    zuplo,
)

Form = Callable[[Random, str], str]


Change = Callable[[str], str]


PLACEHOLDER = re.compile(r"\{([a-z][a-z0-9-]*):([A-Za-z0-9_. -]*)\}")


def expand(template: str, seed: int = 0) -> bytes:
    """The template with its placeholders filled; equal seeds give equal texts."""
    random = seeded(f"{seed} {template}")

    def fill(match: re.Match[str]) -> str:
        name, argument = match.groups()
        if name in ALPHABETS and argument.isdigit():
            return letters(random, ALPHABETS[name], int(argument))
        return TOKENS[name](random, argument) if name in TOKENS else match[0]

    return PLACEHOLDER.sub(fill, template).encode()


TOKENS: Mapping[str, Form] = {
    "age": age,
    "atlassian": atlassian,
    "aws": aws,
    "azure": azure,
    "cloudflare": cloudflare,
    "confluent": confluent,
    "der": der,
    "discord": discord,
    "github": github,
    "gitlab": gitlab,
    "grafana": grafana,
    "jwt": jwt,
    "nkey": nkey,
    "packagist": packagist,
    "pem": pem,
    "pem-base64": pem_base64,
    "pem-escaped": pem_escaped,
    "pem-quoted": pem_quoted,
    "putty": putty,
    "pypi": pypi,
    "uuid": uuid,
    "wif": wif,
    "words": words,
    "xprv": xprv,
    "zuplo": zuplo,
}
"""Whole tokens by the name that templates use; the argument is a prefix or a kind."""
