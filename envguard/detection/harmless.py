"""Which values may be shown to others: those that are nothing but words, numbers, hosts, paths.

Everything else could be a credential, whatever its name: this is a list of what is allowed, and no
list of what is forbidden. To hide a harmless value costs little; to show another cannot be undone.
"""

from __future__ import annotations

import re

from envguard.detection.letters import are_words

# What stands between the parts of a setting: of a list, a mapping, a sentence.
_SEPARATORS = re.compile(r"[\s,;|()\[\]{}<>\"'=]+")
# Characters that a setting without blanks has no use for, and a password does.
_ODD = re.compile(r"[!$^`\\#%?&*]|[^\x20-\x7e]")
_BRACKETS = re.compile(r"[|()\[\]{}<>\"']")
_URL = re.compile(
    r"(?P<scheme>[a-z][a-z0-9+.-]{0,20}://)(?P<user>[^\s/@?#]*@)?(?P<host>[^\s/?#@]*)"
    r"(?P<path>/[^\s?#]*)?(?P<query>\?[^\s#]*)?(?P<fragment>#\S*)?"
)
# A value that is built from others shows nothing of them but their names.
_VARIABLE = re.compile(r"\$\{\w+(?::?-(?P<default>[^${}]*))?\}")
# Who, and instead of a password nothing, or what says that one belongs there.
_USER = re.compile(
    r"(?:[A-Za-z][A-Za-z_-]{0,15})?(?::|:(?i:your|change|example|placeholder|x{3})[\w-]*)?@|"
)
_EMAIL = re.compile(r"(?P<name>[A-Za-z][A-Za-z.+_-]*)@(?P<host>[A-Za-z0-9.-]+\.[A-Za-z]{2,})")
_PORT = re.compile(r":\d{0,5}\Z")
_ADDRESS = re.compile(r"\d{1,3}(?:\.\d{1,3}){3}|\[[0-9A-Fa-f:.]*\]")
# Dates, times, versions, addresses: digits in short groups.
_GROUPS = re.compile(r"[+-]?\d{1,10}(?:[.:/+TZ_-]{1,2}\d{1,6}){0,7}Z?")
_NUMBER = re.compile(r"[+-]?\d{1,12}(?:\.\d{1,6})?(?:[a-zA-Z]{1,3}|%)?")
# A word, also with a short number after it (`db1`), or a number with a letter (`v2`, `3d`).
_WORD = re.compile(r"(?P<word>[a-z]+|[A-Z][a-z]+|[A-Z]+)\d{0,2}|\d{1,4}[a-z]?|[vV]\d{1,3}")
_CAMEL = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+")
_PARTS = re.compile(r"[-_.:/~@+]+")
# Names with numbers inside that settings hold: ciphers, hashes, encodings, systems.
_KNOWN = re.compile(
    r"(?i)argon2id?|aes-?(?:128|192|256)(?:-(?:gcm|cbc|ctr))?|sha-?(?:1|224|256|384|512)|md5"
    r"|(?:hs|rs|es|ps)(?:256|384|512)|utf-?(?:8|16)(?:mb4)?(?:_[a-z]{2,8}|_\d{3,4}){0,4}"
    r"|iso-?8859-\d{1,2}|x86_64|amd64|arm64(?:v8)?|base64|oauth2|http2|ipv[46]|es20\d\d|s3|k8s"
)
_MIXED = 12
"""Characters from which on a text of letters and digits could be a password made of words."""


_ACRONYM = 4
"""The capitals that may stand together inside a name such as `myHTTPProxy`."""


def is_harmless(text: str) -> bool:
    """Whether a value can be no credential by its form alone, whatever its name."""
    text = _VARIABLE.sub(lambda found: found["default"] or "", text.strip())
    if _URL.fullmatch(text):
        return without_secrets(text) == text
    is_sentence = any(c.isspace() for c in text)
    if not is_sentence and (_ODD.search(text) or _BRACKETS.search(text)):
        return False
    return all(map(_is_item, _SEPARATORS.split(text)))


def without_secrets(text: str) -> str:
    """A URL without what could be a credential in it: its user, and each part of its path, query
    and fragment that is not harmless. Empty where it is no URL, or its host is not harmless."""
    url = _URL.fullmatch(text.strip())
    if url is None or not _is_host(url["host"]):
        return ""
    path = "/".join(part if _is_item(part) else "" for part in (url["path"] or "").split("/"))
    user = url["user"] or ""
    if not _USER.fullmatch(user) or not _is_item(user[:-1].partition(":")[0]):
        user = ""
    query = "&".join(map(_pair, url["query"][1:].split("&"))) if url["query"] else ""
    fragment = url["fragment"] or ""
    return (
        f"{url['scheme']}{user}{url['host']}{path}"
        + ("?" + query if url["query"] else "")
        + (fragment if _is_item(fragment[1:]) else "")
    )


def _pair(text: str) -> str:
    """`NAME=VALUE` of a query, without a value that is not harmless."""
    name, equal, value = text.partition("=")
    return name + equal + (value if _is_item(value) else "") if _is_item(name) else ""


def _is_item(item: str) -> bool:
    """Whether a text without blanks is a number, or made of words: a host, a path, an address."""
    item = item.strip(".:!?`*")
    if _NUMBER.fullmatch(item) or _GROUPS.fullmatch(item) or _KNOWN.fullmatch(item):
        return True
    if _ODD.search(item):
        return False
    if "://" in item:
        return without_secrets(item) == item
    email = _EMAIL.fullmatch(item)
    if email is not None:
        return _is_host(email["host"]) and _are_parts(_PARTS.split(email["name"]))
    digits = sum(c.isdigit() for c in item)
    if digits > 1 and len(item) >= _MIXED and not any(c in "./:" for c in item):
        return False
    return _are_parts(_PARTS.split(item))


def _is_host(host: str) -> bool:
    """A name or an address with or without a port, or several of them after commas."""
    for one in host.split(","):
        name = _PORT.sub("", one)
        if not _ADDRESS.fullmatch(name) and not (
            re.fullmatch(r"[A-Za-z0-9._-]*", name) and _are_parts(re.split(r"[._-]", name))
        ):
            return False
    return True


def _are_parts(parts: list[str]) -> bool:
    """Whether the parts of a name are words with at most a short number each."""
    words: list[str] = []
    for part in parts:
        if not part or _KNOWN.fullmatch(part):
            continue
        found = _WORD.fullmatch(part)
        if found is not None:
            words += [found["word"]] if found["word"] else []
        elif part.isalpha() and part.isascii():
            # `myAppName`: several words.
            pieces = _CAMEL.findall(part)
            shouted = [piece for piece in pieces if piece.isupper() and len(piece) > _ACRONYM]
            if shouted or len(part) < 3 * len(pieces):
                return False
            words += pieces
        else:
            return False
    return are_words([word.lower() for word in words])
