"""A value that must not be seen: masked everywhere, opened by `reveal` alone."""

from __future__ import annotations

from typing import NoReturn

MASK = "********"

# From how many characters on a mask may show its first, and also its last, characters: what is
# shown must leave more than 64 bits unknown for a random value of the base64 alphabet.
_SHOW_FIRST = 16
_SHOW_BOTH = 24


class Secret:
    """A plaintext in memory. `repr`, `str` and `format` mask it; json, pickle and copy refuse it.

    Equal to another Secret of the same text, and usable as a key of a dict.
    """

    __slots__ = ("_value",)

    def __init__(self, value: str) -> None:
        self._value = value

    def reveal(self) -> str:
        """The plaintext, for the places where it must leave: a file, a backend, a child."""
        return self._value

    def mask(self) -> str:
        """A text to recognise the value by: its ends where it is long enough, else stars."""
        value = self._value
        # Not even the ends of a value that could break a terminal or a report are shown.
        if len(value) < _SHOW_FIRST or not (value.isascii() and value.isprintable()):
            return MASK
        return value[:4] + MASK + (value[-2:] if len(value) >= _SHOW_BOTH else "")

    def __bool__(self) -> bool:
        return bool(self._value)

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Secret):
            return NotImplemented
        from hmac import compare_digest  # noqa: PLC0415 - loads OpenSSL: 3 ms of a staged scan

        # Every text can be compared: an error would carry the value.
        return compare_digest(
            self._value.encode("utf-8", "surrogatepass"),
            other._value.encode("utf-8", "surrogatepass"),
        )

    def __hash__(self) -> int:
        return hash((Secret, self._value))

    def __repr__(self) -> str:
        return f"Secret({MASK})"

    def __str__(self) -> str:
        return MASK

    def __format__(self, spec: str) -> str:
        return format(MASK, spec)

    def __reduce__(self) -> NoReturn:
        raise TypeError("a Secret cannot be pickled")

    def __deepcopy__(self, memo: object) -> NoReturn:
        # dataclasses.asdict deep-copies what it does not know.
        raise TypeError("a Secret cannot be copied")

    def __copy__(self) -> NoReturn:
        raise TypeError("a Secret cannot be copied")
