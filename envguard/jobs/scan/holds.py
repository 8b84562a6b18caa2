"""Which content of a repository holds which credentials, each known by a number."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from typing import NamedTuple

from envguard.core.digest import digest
from envguard.detection.detector import Candidate
from envguard.detection.findings import Key, key
from envguard.detection.fingerprint import WEAK_BITS, bits

_NAME = 16  # bytes

ReadAgain = Callable[[Collection[str]], Mapping[str, Sequence[Candidate]]]
"""What gives the candidates of contents that were looked at before, as they were then."""


class ChangedError(Exception):
    """A content does not give what it gave before: nothing that is remembered holds."""


class Sight(NamedTuple):
    """A credential in a content, by its number. Lines count from 1."""

    number: int
    line: int
    marked: bool


class Remembered(NamedTuple):
    """What an earlier scan knows of a credential: the rule, and a name of the value by which it is
    found again (`Holds.name_of`); empty where that would tell too much of it."""

    rule: str
    name: bytes


class Holds:
    """The sights in each blob and in each message, by its id, in the order of its candidates. The
    candidates of what is remembered are read again where they are needed.

    `name_of` gives the name of a credential, under which a remembered one is found again.
    """

    def __init__(
        self,
        credentials: Sequence[Remembered] = (),
        sights: Mapping[str, Sequence[Sight]] | None = None,
        said: Mapping[str, Sequence[Sight]] | None = None,
        name_of: Callable[[Key], bytes] = lambda _: b"",
        read_again: ReadAgain = lambda _: {},
    ) -> None:
        self.sights: dict[str, Sequence[Sight]] = dict(sights or {})
        """Those in blobs."""
        self.said: dict[str, Sequence[Sight]] = dict(said or {})
        """Those in messages."""
        self._remembered = credentials
        self.rules = [credential.rule for credential in credentials]
        """The id of the rule of each credential."""
        self.name_of = name_of
        self._read_again = read_again
        self._by_name = {c.name: number for number, c in enumerate(credentials) if c.name}
        self._nameless = {number for number, c in enumerate(credentials) if not c.name}
        self._numbers: dict[Key, int] = {}
        self._candidates: dict[str, Sequence[Candidate]] = {}

    def add(
        self,
        blobs: Mapping[str, Sequence[Candidate]],
        messages: Mapping[str, Sequence[Candidate]],
        near: Iterable[str] = (),
    ) -> None:
        """Takes in the candidates of new contents. What is in those `near` is likely the same."""
        contents = (*blobs.items(), *messages.items())
        keys = dict.fromkeys(key(c) for _, candidates in contents for c in candidates)
        for credential in keys:
            number = self._by_name.get(self.name_of(credential)) if self._by_name else None
            if number is not None:
                self._numbers[credential] = number
        if self._nameless:
            self._find_nameless(keys, near)
        for name, candidates in contents:
            self._candidates[name] = candidates
            sights = self.sights if name in blobs else self.said
            sights[name] = [Sight(self._number(key(c)), c.line, c.marked) for c in candidates]

    def numbers(self) -> dict[str, frozenset[int]]:
        """The credentials in each blob."""
        return {
            blob: frozenset([number for number, _, _ in found])
            for blob, found in self.sights.items()
        }

    def at(self, blob: str, number: int) -> Iterator[Sight]:
        """Where a credential stands in a content, from the top."""
        return (sight for sight in self.sights[blob] if sight.number == number)

    def candidates(self, blob: str, number: int) -> Iterator[Candidate]:
        """The candidates that a credential is there."""
        self.read([blob])
        for sight, candidate in zip(self.sights[blob], self._candidates[blob], strict=True):
            if sight.number == number:
                yield candidate

    def read(self, blobs: Iterable[str]) -> None:
        """Reads those again whose candidates are not at hand, all at once. Raises ChangedError."""
        wanted = [blob for blob in dict.fromkeys(blobs) if blob not in self._candidates]
        if not wanted:
            return
        found = self._read_again(wanted)
        for blob in wanted:
            candidates, sights = found.get(blob, ()), self.sights.get(blob) or self.said[blob]
            if len(candidates) != len(sights):
                raise ChangedError(blob)
            for sight, candidate in zip(sights, candidates, strict=True):
                then = self.rules[sight.number], sight.line, sight.marked
                if then != (candidate.rule.id, candidate.line, candidate.marked):
                    raise ChangedError(blob)
            self._candidates[blob] = candidates
            for sight, candidate in zip(sights, candidates, strict=True):
                self._numbers[key(candidate)] = sight.number
                self._nameless.discard(sight.number)

    def _find_nameless(self, keys: Iterable[Key], near: Iterable[str]) -> None:
        """Reads remembered contents again until it is clear which of the credentials in them that
        have no name are among these."""
        if self._open(keys):
            self.read(blob for blob in near if blob in self.sights)
        rules = {rule for rule, _ in self._open(keys)}
        wanted = {number for number in self._nameless if self.rules[number] in rules}
        chosen: list[str] = []
        for blob, sights in (*self.sights.items(), *self.said.items()):
            if not wanted:
                break
            here = wanted.intersection(sight.number for sight in sights)
            if here:
                chosen.append(blob)
                wanted -= here
        self.read(chosen)

    def _open(self, keys: Iterable[Key]) -> list[Key]:
        """Those that may be remembered under no name."""
        return [key for key in keys if key not in self._numbers and not self.name_of(key)]

    def _number(self, credential: Key) -> int:
        number = self._numbers.get(credential)
        if number is None:
            number = self._numbers[credential] = len(self.rules)
            self.rules.append(credential[0])
        return number

    def credentials(self) -> list[Remembered]:
        """All of them, to be remembered."""
        names = [credential.name for credential in self._remembered]
        names += [b""] * (len(self.rules) - len(names))
        for credential, number in self._numbers.items():
            names[number] = self.name_of(credential)
        return [Remembered(*pair) for pair in zip(self.rules, names, strict=True)]


def namer(key: bytes) -> Callable[[Key], bytes]:
    """What names credentials for a memory with this key: by a digest where nobody can guess the
    value from it; a name of a value that could be guessed is empty."""
    known: dict[Key, bytes] = {}

    def name(credential: Key) -> bytes:
        found = known.get(credential)
        if found is None:
            rule, value = credential[0], credential[1].reveal()
            found = b""
            if bits(value) >= WEAK_BITS:
                text = value.encode("utf-8", "surrogateescape")
                found = digest(key, rule.encode(), text)[:_NAME]
            known[credential] = found
        return found

    return name
