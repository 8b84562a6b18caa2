"""What an entry of a .env file is: a secret, plain configuration, or a reference already."""

from __future__ import annotations

import re
from collections.abc import Collection
from dataclasses import dataclass
from enum import Enum

from envguard.core.document import Document
from envguard.core.reference import parse_reference
from envguard.core.secret import Secret
from envguard.detection.detector import GENERIC, Detector
from envguard.detection.scoring import is_metadata, looks_random

# In a .env file the name alone is strong evidence; wider than in code, where `key` is everything.
_SECRET_NAME = re.compile(
    r"(?i)pass(?:w(?:or)?d|wd|phrase)?(?:$|[_\d])|pwd|secret|token|credential|_auth$|bearer|api_?key"
    r"|(?:^|_)(?:access|private|signing|encryption|master|license|service|account|app|shared)_?key"
    r"|_key$|^key$|(?:^|_)(?:pin|salt|pepper|nonce|dsn|cert|seed|mnemonic|webhook(?:_url)?)$"
)
_SWITCH = re.compile(r"(?i)true|false|yes|no|on|off|null|none")
_PLAIN = re.compile(r"(?i)-?\d{1,6}(?:\.\d+)?|[a-z]{1,4}")
# What such a name holds is a secret however short: `DB_PASSWORD=1234`.
_PASSWORD_NAME = re.compile(r"(?i)(?:pass(?:w(?:or)?d|wd|phrase|code)?|pwd|(?:^|_)pin)$")
_PLACEHOLDER = re.compile(
    r"(?i)change.?me.*|<.*>|\{\{.*\}\}|your[-_ ].*|x{3,}|\*{3,}|\.{3}|todo|fixme"
)
# A name that is public by its framework's rule (their documentation on environment variables).
_PUBLIC_NAME = re.compile(r"(?:NEXT_PUBLIC|VITE|REACT_APP|NUXT_PUBLIC|PUBLIC|EXPO_PUBLIC|GATSBY)_")
_PUBLIC_KEY = re.compile(
    r"(?i)(?:publi(?:c|shable)_?key|client_?id|site_?key|key_?id)(?![a-z])(?!.*(?:pass|pwd|secret|token))"
)


_SECRET_WORD = re.compile(r"(?i)\b(?:pass\w*|pw|pwd|pin|secrets?|tokens?|keys?|credentials?)\b")


class Kind(Enum):
    """What an entry holds."""

    SECRET = "secret"  # noqa: S105 - a name, not a value
    CONFIGURATION = "configuration"
    REFERENCE = "reference"
    EMPTY = "empty"


@dataclass(frozen=True, slots=True)
class Classification:
    """What an entry is, and the reason in a few words; never the value."""

    kind: Kind
    reason: str


def classify(
    key: str, value: Secret | None, detector: Detector, aliases: Collection[str] = ()
) -> Classification:
    """What `key=value` in a .env file is; `aliases` are the names of declared backends."""
    text = "" if value is None else value.reveal()
    if not text:
        return Classification(Kind.EMPTY, "no value")
    reference = parse_reference(text, aliases)
    if reference is not None and reference.backend != "literal":
        return Classification(Kind.REFERENCE, "a reference")
    if reference is not None:
        text = reference.name  # `literal:TEXT` is no way around: TEXT stands in the file
        if not text:
            return Classification(Kind.EMPTY, "no value")
    provider = _provider(text, detector)
    if provider is not None:
        return Classification(Kind.SECRET, provider)
    if _SWITCH.fullmatch(text) or (_PLAIN.fullmatch(text) and not _PASSWORD_NAME.search(key)):
        return Classification(Kind.CONFIGURATION, "a plain setting")
    if _PLACEHOLDER.fullmatch(text):
        return Classification(Kind.CONFIGURATION, "a placeholder")
    is_named = _SECRET_NAME.search(key) is not None
    if is_metadata(key):
        reason = "says something about a secret" if is_named else "a plain value"
        return Classification(Kind.CONFIGURATION, reason)
    if _PUBLIC_KEY.search(key) or _PUBLIC_NAME.match(key):
        return Classification(Kind.CONFIGURATION, "public by its name")
    if is_named:
        return Classification(Kind.SECRET, "named like a secret")
    if looks_random(text) and not re.search(r"[\s/:,]", text):
        return Classification(Kind.SECRET, "looks random")
    return Classification(Kind.CONFIGURATION, "a plain value")


def _provider(text: str, detector: Detector) -> str | None:
    """The title of the provider's rule that finds something in the value."""
    document = Document("", text.encode("utf-8", "surrogateescape"))
    for candidate in detector.candidates(document):
        if candidate.rule is not GENERIC and candidate.confidence("") is not None:
            return candidate.rule.title
    return None


def is_plain_comment(text: str, detector: Detector) -> bool:
    """Whether a comment may be shown to others: nothing in it is, or looks like, a credential."""
    document = Document("", text.encode("utf-8", "surrogateescape"))
    if any(c.confidence("") is not None for c in detector.candidates(document)):
        return False
    words = text.split()
    if _SECRET_WORD.search(text) and any(_is_mixed(word) for word in words):
        return False
    return not any(looks_random(word) for word in words)


def _is_mixed(word: str) -> bool:
    """Whether a word could be a password: in a sentence, letters with digits among them."""
    return len(word) >= 6 and any(c.isdigit() for c in word) and any(c.isalpha() for c in word)
