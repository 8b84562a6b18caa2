"""What the name that is given a value says: which credential it names, or what about one."""

from __future__ import annotations

import re

_PARTS = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|[0-9]+")
_KINDS = (
    ("password", "password passwd passphrase passcode pwd pass userpassword"),
    ("secret", "secret secrets"),
    ("token", "token tokens"),
    ("credential", "credential credentials"),
    ("key", "key keys apikey secretkey accesskey"),
    ("authorization", "authorization auth bearer basic authcode oauth"),
    ("other", "signature ticket sid"),
)
_KIND_OF = {word: kind for kind, words in _KINDS for word in words.split()}
_WITHIN = re.compile(
    r"(passw(?:or)?d|passphrase|passcode|pwd|pass$|secret|token|credential|key|auth|signature|ticket|sid$)"
)
# What stands before `key` and makes it a credential.
_OF_KEYS = frozenset(
    "api access private auth secret encryption signing master client consumer app".split()
)

# Words that make a name speak about a credential instead of holding one, by what they say.
_ABOUT = {
    word: group
    for group, words in (
        (
            "shown",
            "caption description error form header heading help hint info input invalid label"
            " link message messages modal msg notice placeholder prompt screen text title tooltip"
            " view visibility warning button field",
        ),
        (
            "measured",
            "age amount attempts balance bits count created creation days duration exp expiration"
            " expire expired expires expiry in length len lifetime limit max maximum min minimum"
            " minutes number price seconds size time timeout ttl until updated validity version",
        ),
        (
            "placed",
            "address bucket dir directory domain endpoint env file filename folder host location"
            " path port server store uri url",
        ),
        (
            "named",
            "alias arn attribute attr column email id ident identifier index issuer list name"
            " names namespace param parameter parameters params prefix property ref reference sep"
            " suffix table tag uid user username var variable",
        ),
        (
            "kind",
            "algorithm algo callback charset class config connector encoding format generator"
            " grant group handler helper manager method mode model mount option options page parser"
            " policy provider pattern re regex regexp resource response role rotation rule rules"
            " schema scheme scope scopes selector service setting settings source strategy strength"
            " style template type usage util utils validation validator",
        ),
        ("hashed", "checksum digest encrypted hash hashed md5 salt sha sha1 sha256 fingerprint"),
        ("switch", "enabled disabled needed required is has valid flag state status check"),
        ("public", "public pub publishable"),
    )
    for word in words.split()
}
_BEFORE = {
    word: group
    for group, words in (
        (
            "act",
            "add change changed check choose clear confirm copy create decode decrypt delete"
            " encode encrypt enter find forgot forgotten generate get hide input parse remember"
            " remove repeat request reset retype save send show toggle type update use validate"
            " verify",
        ),
        ("wrong", "bad fake incorrect invalid missing mock no not unknown wrong dummy"),
        ("test", "example expected sample test my"),
        ("default", "default initial"),
        ("next", "csrf page next previous prev continuation cursor cancellation refresh sync"),
        ("public", "public pub publishable encrypted hashed"),
    )
    for word in words.split()
}
_SHORT_METADATA = ("no", "is", "has", "forgot")


def parts(key: str) -> list[str]:
    """The words of a name, in small letters: `dbPassword_2` is db, password, 2."""
    return [part.lower() for part in _PARTS.findall(key)]


def is_metadata(key: str) -> bool:
    """Whether a name speaks about a credential (`TOKEN_TTL`) instead of holding one."""
    words = parts(key)
    return bool(words) and (
        _ABOUT.get(words[-1], "public") not in ("public", "hashed")
        or words[-1] in ("hash", "hashed", "salt")
        or words[0] in _SHORT_METADATA
    )


def describe(key: str) -> dict[str, str]:
    """The features of a name."""
    words = parts(key)
    at = next((n for n in reversed(range(len(words))) if words[n] in _KIND_OF), None)
    found = None
    if at is None:
        for n in reversed(range(len(words))):
            found = _WITHIN.search(words[n])
            if found:
                at = n
                break
    if at is None:
        kind, before, after = "none", words, []
    else:
        word = words[at] if found is None else found[1]
        kind = _KIND_OF.get(word) or _KIND_OF.get(word.rstrip("s"), "password")
        before, after = words[:at], words[at + 1 :]
        if kind == "key":
            of = _OF_KEYS.intersection(before) or words[at] != "key"
            kind = "key" if of else "some key" if before else "bare key"
    return {
        "name": kind,
        "name after": _after(after),
        "name before": next(
            (_BEFORE[w] for w in before if w in _BEFORE), "some" if before else "none"
        ),
    }


def _after(after: list[str]) -> str:
    if not after:
        return "none"
    if all(word.isdigit() for word in after):
        return "number"
    return _ABOUT.get(after[-1]) or next((_ABOUT[w] for w in after if w in _ABOUT), "some")
