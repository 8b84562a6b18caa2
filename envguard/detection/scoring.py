"""How likely it is that a value given to a credential's name is a credential.

Pure functions over the name, the value and the kind of file. What is certain to be none
(placeholders, references, prose, metadata about a credential) is dropped; the rest adds up
small pieces of evidence into a confidence.
"""

from __future__ import annotations

import re

from envguard.core.rule import Confidence
from envguard.detection.entropy import entropy

# A last word that makes the name speak about a credential instead of holding one.
_METADATA = frozenset(
    """algorithm algo alias arn attempts attribute bits callback check class column confirm
    confirmation count created description dir directory domain duration enabled encoding endpoint
    env error event exp expiration expires expiry field file filename flag folder format grant
    group handler hash hashed header help hint host id ident identifier index info input issuer
    label len length lifetime limit link list location max message method min mode model msg name
    names namespace needed number option options page param parameter params parser path pattern
    placeholder policy port prefix prompt provider ref reference regex regexp region required
    reset resource response role rotation rule rules salt schema scheme scope scopes selector sep
    service size source state status store strategy strength style suffix table tag template
    text time timeout title ttl type uri url usage user username valid validation validator
    validity var variable version""".split()
)
_PLACEHOLDER = re.compile(
    r"""(?ix)
      ^[<\[{(%*]            # <your-key>, {{ value }}, %(value)s, [redacted]
    | \$\{ | \{\{ | \$\( | ^\$\w+$ | ^%\w+%$ | ^\#\{ | %s | \{[\w:.!-]{0,40}\} | <[\w\s.-]+>
    | (?:^|[\W_])(?:your|my|the|some|any|insert|enter|replace|change|update|fill|put|add|set|todo
        |fixme|example|sample|dummy|fake|mock|placeholder|redacted|masked|hidden|omitted|removed
        |changeme|change|not[_-]?a?[_-]?real|undefined|null|none|nil|void|true|false|default
        |optional|required|empty|invalid|secretsmanager|keyvault)(?:$|[\W_])
    | ^(?:os\.|process\.|env\.|env\[|getenv|system\.|config\.|settings\.|self\.|this\.|args\.
        |options\.|params\.|request\.|req\.|vault:|secret:|ssm:|aws-sm|op://|ref\+|arn:|!)
    | x{4,} | \*{3,} | \.{3,} | _{4,} | -{4,} | \?{3,}
    """
)
# What documentation and tests write where a password would stand.
_USUAL = frozenset(
    """admin admin123 bar changeme example foo foobar guest hello mypass mypassword pass pass1234
    passw0rd passwd password password1 password123 postgres pw pwd root secret secret123 test
    test123 token user user1 username xxx 123 1234 12345 123456 12345678""".split()
)
# Pieces of minified or concatenated code between two quotes.
_CODE_PIECE = re.compile(r"^[),;:.?+]|[)}\]][,;.)]|&&|\|\||=>|\bfunction\b|\\[nrt]$")
_SEQUENCES = ("01234", "12345", "23456", "34567", "45678", "56789", "98765", "87654", "abcdef",
              "qwerty", "asdf", "deadbeef", "cafebabe")  # fmt: skip
_UUID = re.compile(r"[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}")
_WORDS = re.compile(r"[A-Za-z]{2,}(?:[ ._/-][A-Za-z]{2,})*")
_IDENTIFIER = re.compile(r"[A-Za-z_$][\w$]*(?:(?:\.|::|->)[A-Za-z_$][\w$]*)*")
_LOCATION = re.compile(r"(?:[a-z][a-z0-9+.-]*:)?//|\.{0,2}/[\w.-]|~/|[A-Za-z]:\\")
_NAME_PARTS = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|[0-9]+")
_STRONG_NAME = re.compile(
    r"(?i)pass|pwd|secret|token|credential|(?:api|access|private|auth)[ _.-]?key"
)

_CODE = frozenset(
    """py pyi js jsx mjs cjs ts tsx go rs java kt kts scala c cc cpp cxx h hpp cs fs vb rb php pl pm
    swift m mm dart lua ex exs erl clj hs ml elm r jl groovy gradle vue svelte sol""".split()
)
_PROSE = frozenset("md markdown rst adoc txt html htm tex ipynb po pot".split())
_TEST_PATH = re.compile(
    r"(?i)(?:^|[/_.-])(?:tests?|specs?|testdata|fixtures?|mocks?|examples?|samples?|demos?|docs?"
    r"|__tests__|e2e|i18n|locales?|translations?)(?:[/_.-]|$)"
)


def weigh(key: str, value: str, *, quoted: bool, operator: str, path: str) -> Confidence | None:
    """The confidence that `value`, given to `key` in the file `path`, is a credential; None
    where it is certainly none. An empty path is an unknown one and drops nothing."""
    if is_no_value(value) or not value.isascii() or is_metadata(key):
        return None
    if not quoted and (_extension(path) in _CODE or operator in ("(", ",")):
        return None
    if not quoted and _IDENTIFIER.fullmatch(value) and not any(c.isdigit() for c in value):
        return None
    if operator in ("(", ",", ">", "==") and not looks_random(value):
        return None
    if _same_words(key, value):
        return None
    evidence = 2 if _STRONG_NAME.search(key) else 0
    evidence += _value_evidence(value)
    if _is_elsewhere(path):
        evidence -= 1
    if evidence >= 4:
        return Confidence.HIGH
    if evidence >= 2:
        return Confidence.MEDIUM
    return Confidence.LOW if evidence == 1 else None


def weigh_chosen(value: str, confidence: Confidence, path: str) -> Confidence | None:
    """What is left of a rule's confidence for a value that people choose, such as the password
    in a URL; None for a placeholder. An empty path is an unknown one and takes nothing away."""
    if _PLACEHOLDER.search(value):
        return None
    is_word = value.isalpha() and value.islower() and len(value) < 10
    if value.lower() in _USUAL or is_word or len(set(value)) < 3:
        return Confidence.LOW
    if _is_elsewhere(path):
        return Confidence(max(confidence - 1, Confidence.LOW))
    return confidence


def _is_elsewhere(path: str) -> bool:
    """Whether a file shows or tests things instead of running in production."""
    return bool(_TEST_PATH.search(path)) or _extension(path) in _PROSE


def _extension(path: str) -> str:
    _, dot, extension = path.rpartition("/")[2].rpartition(".")
    return extension.lower() if dot else ""


def is_no_value(value: str) -> bool:
    """Whether a text stands in the place of a value: too short, a placeholder, a reference to
    something else, a sentence, a location, a run or a sequence of characters."""
    if len(value) < 6 or " " in value.strip() or _PLACEHOLDER.search(value):
        return True
    if _LOCATION.match(value) or _CODE_PIECE.search(value):
        return True
    if len(set(value)) < 4 or len(set(value.lower())) * 4 < len(value) <= 40:
        return True
    lower = value.lower()
    sequence = sum(len(s) for s in _SEQUENCES if s in lower)
    return sequence * 2 >= len(value)


def looks_random(value: str) -> bool:
    """Whether a text is long and mixed enough to have come from a generator."""
    if len(value) < 16 or _WORDS.fullmatch(value):
        return False
    digits = sum(c.isdigit() for c in value)
    letters = sum(c.isalpha() for c in value)
    return digits >= 2 and letters >= 2 and entropy(value) >= 3.0


def _value_evidence(value: str) -> int:
    if _UUID.fullmatch(value):
        return 0
    if looks_random(value):
        return 2
    digits = any(c.isdigit() for c in value)
    letters = any(c.isalpha() for c in value)
    symbols = any(not c.isalnum() for c in value.strip("._-"))
    if letters and (digits or symbols) and not _WORDS.fullmatch(value):
        return 0
    return -1


def is_metadata(key: str) -> bool:
    """Whether a name speaks about a credential (`TOKEN_TTL`) instead of holding one."""
    parts = [part.lower() for part in _NAME_PARTS.findall(key)]
    return bool(parts) and (parts[-1] in _METADATA or parts[0] in ("no", "is", "has", "forgot"))


def _same_words(key: str, value: str) -> bool:
    """Whether the value only repeats its name or names a credential: `password: "password"`."""
    named = {part.lower() for part in _NAME_PARTS.findall(key)} | {
        "password", "passwd", "pass", "secret", "token", "key", "api", "user", "admin", "test",
    }  # fmt: skip
    return all(part.lower() in named or (part.isdigit() and len(part) < 4)
               for part in _NAME_PARTS.findall(value))  # fmt: skip
