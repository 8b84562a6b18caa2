"""What a value looks like."""

from __future__ import annotations

import re
from bisect import bisect_right

from envguard.detection.entropy import entropy
from envguard.detection.evidence.letters import bits
from envguard.detection.evidence.names import parts

_HEX = re.compile(r"[0-9a-f]+|[0-9A-F]+")
_WORDS = re.compile(r"[A-Za-z]{2,}(?:[ ._/-][A-Za-z]{2,})*")
_SEQUENCES = tuple(
    """01234 12345 23456 34567 45678 56789 67890 98765 87654 76543 65432 54321 abcd bcde cdef
    qwerty asdf deadbeef cafebabe abc123 1q2w zxcv""".split()
)
_RUN = re.compile(r"(.)\1{3}")
_DIGIT = re.compile(r"[0-9]")
_CODE = re.compile(r"[a-z0-9]\(|\)\Z|\)\.|=>|&&|\|\||\$\{|\{\{|</|\[\w*\]|\{\d")
_FORMS = re.compile(
    r"""(?x)
      (?P<uuid>[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}\Z)
    | (?P<eyJ>eyJ)
    | (?P<object>\{)
    | (?P<number>(?:0x[0-9a-fA-F]+[uUlL]*|-?[\d.]+[fFlLuU]*)\Z)
    | (?P<hex>(?:[0-9a-f]{32}|[0-9A-F]{32}|[0-9a-f]{40}|[0-9A-F]{40}|[0-9a-f]{64}|[0-9A-F]{64})\Z)
    | (?P<digest>\$\w+\$|(?i:sha\d|md5)[-:$]|ENC\[|[0-9a-f]{2}(?::[0-9a-f]{2}){5})
    | (?P<small_words>[a-z]+(?:[-_][a-z]+)+\Z)
    | (?P<capital_words>[A-Z]+(?:[-_][A-Z]+)+\Z)
    | (?P<camel_words>(?:[a-z]+|[A-Z][a-z]+)(?:[A-Z][a-z]+)+\Z)
    | (?P<dotted_words>[A-Za-z_]\w*(?:\.[A-Za-z_]\w*)+\Z)
    | (?P<path>/?[\w.@-]+(?:/[\w.@-]*)+\Z)
    | (?P<mail>[\w.+-]+@[\w-]+(?:\.[\w-]+)+\Z)
    | (?P<version>(?:[vV]?\d+(?:\.\d+)+|\d{4}-\d\d-\d\d)\S*\Z)
    """
)
_NO_ALNUM = dict.fromkeys(
    map(ord, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789")
)
_BASE64, _KEBAB, _DOTTED, _PATH = map(frozenset, ("+/=", "_-", "._-~", "._-/:"))
_LENGTHS = (4, 6, 8, 10, 13, 17, 21, 32, 33, 40, 41, 64, 65, 200)
_LENGTH_TEXTS = ("0", *map(str, _LENGTHS))
# Words that say of themselves that they stand for a credential, or for nothing.
_STANDING = frozenset(
    """a access account admin an api app apikey arg auth authorization bar baz basic bearer blah
    bogus boo bool boolean changeit changeme change client code conf config cred credential
    credentials data default demo description dummy empty enter error example fake false field file
    foo foobar foobaz guest hash header hello here host id in input insecure insert int invalid is
    key label letmein login long me mock mode my mypass mypassword name new nil no none not null
    number object of old on or out param pass passw passwd password passphrase path pin
    placeholder plain private public pw pwd random redacted ref replace required root salt sample
    secret secrets security session some someone something str string strong super sys system
    temp test testing text that the this thing to todo token true type undefined unset unused url
    user username val valid value var very wrong x xx xxx xxxx xyz yes your yourpassword""".split()
)
# Signs that people write for letters (`p4$$w0rd`), and what they append to words.
_SPELLED = str.maketrans("0134578$@!", "oieastbsai")
_LETTERS = re.compile(r"[a-z]+")
_APPENDED = "0123456789!"


def looks_random(value: str) -> bool:
    """Whether a text is long and mixed enough to have come from a generator."""
    if len(value) < 16 or _WORDS.fullmatch(value):
        return False
    digits = sum(c.isdigit() for c in value)
    letters = sum(c.isalpha() for c in value)
    return digits >= 2 and letters >= 2 and entropy(value) >= 3.0


def describe(key: str, value: str) -> dict[str, str]:
    """The features of a value, given to a name."""
    words = parts(value)
    spelled, letters = bits(value)
    length = len(value)
    return {
        "length": _length(length),
        "alphabet": _alphabet(value),
        "spelling": _spelling(spelled, letters, length),
        "standing": _standing(value, words),
        "like name": _like(parts(key), words, value.lower()),
        "form": _form(value),
        "runs": _runs(value),
    }


def _length(length: int) -> str:
    return _LENGTH_TEXTS[bisect_right(_LENGTHS, length)]


def _alphabet(value: str) -> str:
    others = value.translate(_NO_ALNUM)
    if others:
        signs = set(others)
        if signs <= _BASE64:
            return "base64"
        if signs <= _KEBAB:
            return "kebab digits" if _DIGIT.search(value) else "kebab"
        return "dotted" if signs <= _DOTTED else "path" if signs <= _PATH else "symbols"
    if value.isdigit():
        return "digits"
    if value.isalpha():
        if value.islower():
            return "small"
        if value.isupper():
            return "capital"
        return "Title" if value[1:].islower() else "letters"
    if _HEX.fullmatch(value):
        return "hex"
    if value.islower():
        return "small digits"
    return "capital digits" if value.isupper() else "letters digits"


def _spelling(spelled: float, letters: int, length: int) -> str:
    if letters * 2 < length:
        return "few"
    step = min(int(max(spelled - 2.0, 0) * 2), 8)
    size = "short" if letters < 6 else "middle" if letters < 10 else "long"
    return f"{size} {2 + step / 2}"


def _standing(value: str, words: list[str]) -> str:
    words = [word for word in words if not word.isdigit()]
    if not words:
        return "none"
    spelled = _LETTERS.findall(value.lower().rstrip(_APPENDED).translate(_SPELLED))
    if spelled and all(word in _STANDING for word in spelled):
        return "all"
    standing = sum(word in _STANDING for word in words)
    if standing == len(words):
        return "all"
    return "most" if standing * 2 >= len(words) else "some" if standing else "none"


def _like(name: list[str], words: list[str], value: str) -> str:
    plain = [word for word in words if not word.isdigit()]
    if not plain:
        return "no"
    same = sum(word in name for word in plain)
    if same == len(plain):
        return "same"
    bare = "".join(name)
    if value in bare or (len(bare) > 3 and bare in "".join(words)):
        return "holds"
    return "part" if same else "no"


def _form(value: str) -> str:
    found = _FORMS.match(value)
    if found is not None and found.lastgroup is not None:
        form = found.lastgroup.replace("_", " ")
        if form == "hex":
            return f"hex {len(value)}"
        if form not in ("path", "dotted words") or sum(map(value.count, "0123456789")) < 3:
            return form
    return "code" if _CODE.search(value) else "other"


def _runs(value: str) -> str:
    lower = value.lower()
    sequence = sum(len(s) for s in _SEQUENCES if s in lower)
    if sequence * 2 >= len(value):
        return "sequence"
    if _RUN.search(value):
        return "run"
    return "part" if sequence else "none"
