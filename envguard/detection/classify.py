"""What an entry of a .env file is: a secret, plain configuration, or a reference already."""

from __future__ import annotations

import re
from collections.abc import Collection
from dataclasses import dataclass
from enum import Enum

from envguard.core.document import Document
from envguard.core.reference import parse_reference
from envguard.core.secret import Secret
from envguard.detection.detector import GENERIC
from envguard.detection.finder import Finder
from envguard.detection.harmless import is_harmless
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


_LONG = 12
"""Characters from which on a value is no word that people chose for something else."""

_CUTS = re.compile(r"[\s,;|()\[\]{}<>\"'=/?&@]+")

_SYMBOL = re.compile(r"[^\w\s.,:/@+-]")
_MANY = 3
_SENTENCE = re.compile(r"[()\[\]{}<>\"'`,;=|]+")

_SECRET_WORD = re.compile(r"(?i)\b(?:pass\w*|pw|pwd|pin|secrets?|tokens?|keys?|credentials?)\b")


class Kind(Enum):
    """What an entry holds."""

    SECRET = "secret"  # noqa: S105 - a name, not a value
    UNSURE = "unsure"  # named like configuration, and nothing says that it is no secret
    CONFIGURATION = "configuration"
    REFERENCE = "reference"
    EMPTY = "empty"


@dataclass(frozen=True, slots=True)
class Classification:
    """What an entry is, and the reason in a few words; never the value."""

    kind: Kind
    reason: str


def classify(
    key: str, value: Secret | None, detector: Finder, aliases: Collection[str] = ()
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
    if is_placeholder(text):
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
    if could_be_secret(text):
        return Classification(Kind.UNSURE, "looks like it could be a secret")
    return Classification(Kind.CONFIGURATION, "a plain value")


def is_placeholder(text: str) -> bool:
    """Whether a text only says that a value belongs there."""
    return _PLACEHOLDER.fullmatch(text) is not None


def could_be_secret(text: str) -> bool:
    """Whether a value of a neutral name could be a credential: one long word of none but random
    letters, a password of words and digits, a URL with a random part."""
    text = text.strip()
    if len(text) < _LONG or any(c.isspace() for c in text) or is_harmless(text):
        return False
    # Of what people write, with brackets and commas, not every part is known here.
    return len(max(_CUTS.split(text), key=len)) >= _LONG


def _provider(text: str, detector: Finder) -> str | None:
    """The title of the provider's rule that finds something in the value."""
    document = Document("", text.encode("utf-8", "surrogateescape"))
    for candidate in detector.candidates(document):
        if candidate.rule is not GENERIC and candidate.confidence("") is not None:
            return candidate.rule.title
    return None


def is_plain_comment(text: str, detector: Finder) -> bool:
    """Whether a comment may be shown to others: nothing in it is, or looks like, a credential."""
    document = Document("", text.encode("utf-8", "surrogateescape"))
    if any(c.confidence("") is not None for c in detector.candidates(document)):
        return False
    words = text.split()
    if _SECRET_WORD.search(text) and any(_is_mixed(word) for word in words):
        return False
    return not any(looks_random(word) or _is_hidden(word) for word in words)


def _is_hidden(word: str) -> bool:
    """Whether a word of a comment is as long as a password and made of no words."""
    word = word.strip("#()[]{}<>\"'`,.;:!?*")
    if len(word) < _LONG:
        return False
    # Text has a bracket or quote inside a word; with two, every piece counts, and four are none.
    symbols = len(_SYMBOL.findall(word))
    if symbols > _MANY:
        return True
    least = _LONG if symbols < 2 else 1
    pieces = (piece.strip("#.:!?*") for piece in _SENTENCE.split(word))
    return any(len(piece) >= least and not is_harmless(piece) for piece in pieces)


def _is_mixed(word: str) -> bool:
    """Whether a word could be a password: in a sentence, letters with digits among them."""
    return len(word) >= 6 and any(c.isdigit() for c in word) and any(c.isalpha() for c in word)
