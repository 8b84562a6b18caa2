"""What is guaranteed of a masked stream, however it is cut into pieces."""

from __future__ import annotations

import base64
import json
import random
import re
import string
from collections.abc import Callable, Sequence
from urllib.parse import quote

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from envguard.core.secret import Secret
from envguard.launch.forms import forms, may_be_shown
from envguard.launch.redaction import Redactor

VALUE = "Pa55/w+rd é&t?"  # 15 bytes: its base64 ends with it
OTHER = "another-of-32-characters-in-here"
MULTI = "-----BEGIN\nline-number-two\nline-number-three"

ENCODED = {
    "raw": VALUE.encode(),
    "base64": base64.b64encode(VALUE.encode()),
    "base64 after one": base64.b64encode(b"." + VALUE.encode())[2:-3],
    "base64 after two": base64.b64encode(b".:" + VALUE.encode())[3:-2],
    "base64url": base64.urlsafe_b64encode(VALUE.encode()),
    "URL": quote(VALUE, safe="").encode(),
    "url": re.sub("%..", lambda code: code[0].lower(), quote(VALUE, safe="")).encode(),
    "JSON": json.dumps(VALUE)[1:-1].encode(),
    "JSON as UTF-8": json.dumps(VALUE, ensure_ascii=False)[1:-1].encode(),
    "hex": VALUE.encode().hex().encode(),
    "HEX": VALUE.encode().hex().upper().encode(),
}


def redactor(*values: str) -> Redactor:
    return Redactor((f"K{n}", Secret(value)) for n, value in enumerate(values))


def masked(known: Redactor, pieces: Sequence[bytes], pauses: Sequence[int] = ()) -> bytes:
    """What is shown of these pieces; `pauses` are the numbers of those that a pause follows."""
    stream = known.stream()
    shown = b""
    for number, piece in enumerate(pieces):
        shown += stream.feed(piece)
        if number in pauses:
            shown += stream.release()
    return shown + stream.close()


@pytest.mark.parametrize("form", ENCODED)
def test_every_form_is_masked_split_at_every_byte(form: str) -> None:
    secret, known = ENCODED[form], redactor(VALUE, OTHER)
    text = b"before " + secret + b" after"
    whole = b"before ***K0*** after"
    assert masked(known, [text]) == whole
    for place in range(len(text) + 1):
        assert masked(known, [text[:place], text[place:]]) == whole
    assert masked(known, [text[n : n + 1] for n in range(len(text))]) == whole


@pytest.mark.parametrize("form", ENCODED)
def test_a_pause_in_the_middle_shows_a_short_beginning_and_no_more(form: str) -> None:
    secret, known = ENCODED[form], redactor(VALUE, OTHER)
    allowed = len(secret) * may_be_shown(len(VALUE.encode())) // len(VALUE.encode())
    for place in range(1, len(secret)):
        text = [b"before ", secret[:place], secret[place:] + b" after"]
        shown = masked(known, text, pauses=[1])
        beginning = shown[len(b"before ") :].partition(b"***K0***")[0]
        assert secret.startswith(beginning)
        assert len(beginning) <= max(allowed, 1)
        assert shown == b"before " + beginning + b"***K0*** after"
    every = [secret[n : n + 1] for n in range(len(secret))]
    drop_by_drop = masked(known, every, pauses=range(len(every)))
    assert len(drop_by_drop.partition(b"***K0***")[0]) <= max(allowed, 1)


def test_each_line_is_masked_and_the_whole_with_the_line_ends_of_a_terminal() -> None:
    known = redactor(MULTI)
    assert masked(known, [MULTI.encode()]) == b"***K0***"
    assert masked(known, [MULTI.replace("\n", "\r\n").encode()]) == b"***K0***"
    assert masked(known, [b"> line-number-two <"]) == b"> ***K0*** <"
    assert masked(known, [b"  -----BEGIN\n  line-number-two\n"]) == b"  ***K0***\n  ***K0***\n"


def test_a_prompt_that_ends_like_a_value_begins_is_shown_when_the_program_waits() -> None:
    known = redactor(OTHER)
    for length in range(1, may_be_shown(len(OTHER)) + 1):
        prompt = b"type " + OTHER[:length].encode()
        stream = known.stream()
        assert stream.feed(prompt) == b"type "
        assert stream.holding
        assert stream.release() == OTHER[:length].encode()
        assert not stream.holding
        # What follows is compared with what was shown.
        rest = OTHER[length:].encode()
        allowed = OTHER[length : may_be_shown(len(OTHER))].encode()
        assert stream.feed(rest[:-1]) + stream.release() == allowed
        assert stream.feed(rest[-1:]) == b"***K0***"
        stream = known.stream()
        stream.feed(prompt)
        stream.release()
        assert stream.feed(b"!\n") == b"!\n"


def test_what_was_held_is_shown_whole_when_it_turns_out_to_be_nothing() -> None:
    stream = redactor(OTHER).stream()
    almost = OTHER[:-1].encode()
    assert stream.feed(almost) == b""
    assert stream.release() == almost[: may_be_shown(len(OTHER))]
    assert stream.release() == b""
    assert stream.feed(b"?") == almost[may_be_shown(len(OTHER)) :] + b"?"
    assert stream.feed(almost) == b""
    assert stream.close() == almost


def test_values_too_short_are_named_and_not_masked() -> None:
    known = Redactor(
        (("A", Secret("1")), ("PORT", Secret("8081")), ("E", Secret("")), ("B", Secret(OTHER)))
    )
    assert known.unmasked == ["A", "PORT"]
    assert masked(known, [b"1 of 8081 " + OTHER.encode()]) == b"1 of 8081 ***B***"


def test_without_values_everything_passes() -> None:
    known = Redactor([])
    assert masked(known, [b"a", b"", b"b"]) == b"ab"


def test_the_longest_of_several_values_counts_and_overlaps_are_masked_whole() -> None:
    known = redactor("abcdef", "abcdefghijkl", "klmnopq")
    assert masked(known, [b"<abcdefghijkl>"]) == b"<***K1***>"
    assert masked(known, [b"<abcdefgh>"]) == b"<***K0***gh>"
    assert masked(known, [b"<abcdefghijklmnopq>"]) == b"<***K1******K2***>"
    # A pause after the shorter one masks it; the longer one is masked all the same.
    pieces = [b"<abcdef", b"ghijkl>"]
    assert masked(known, pieces, pauses=[0]) == b"<***K0******K1***>"


def test_the_name_of_a_key_cannot_steer_a_terminal() -> None:
    known = Redactor([("A\x1b[2J", Secret(OTHER))])
    assert masked(known, [OTHER.encode()]) == rb"***A\x1b[2J***"


# A slow and simple account of the same, to compare with.


def occurrences(known: Sequence[str], text: bytes) -> list[tuple[int, int, bytes, int]]:
    """Every (start, end, mask, bytes that may be shown) of every form, the longest of a start."""
    longest: dict[int, tuple[int, int, bytes, int]] = {}
    for number, value in enumerate(known):
        for form, shown in forms(value).items():
            start = text.find(form)
            while start >= 0:
                end = start + len(form)
                if start not in longest or end > longest[start][1]:
                    longest[start] = (start, end, b"***K%d***" % number, shown)
                start = text.find(form, start + 1)
    return [longest[start] for start in sorted(longest)]


def expected(known: Sequence[str], text: bytes) -> bytes:
    """The text with every form masked."""
    shown, done = b"", 0
    for start, end, mask, _ in occurrences(known, text):
        if end > done:
            shown += text[done:start] + mask
            done = end
    return shown + text[done:]


def keeps_the_guarantee(known: Sequence[str], text: bytes, shown: bytes) -> bool:
    """Whether `shown` can be had from the text by putting masks in the place of bytes of
    occurrences only, of each of which no more than its allowed beginning stands there."""
    in_form = [False] * len(text)
    may_stand = [True] * len(text)
    for value in known:
        for form, allowed in forms(value).items():
            start = text.find(form)
            while start >= 0:
                for place in range(start, start + len(form)):
                    in_form[place] = True
                    may_stand[place] &= place < start + allowed
                start = text.find(form, start + 1)
    # Every place of the text that a beginning of `shown` can reach.
    reached = {0}
    rest = shown
    while rest:
        mask = rest.startswith(b"***K") and rest[5:8] == b"***"
        following = set()
        for place in reached:
            if mask:
                end = place
                while end < len(text) and in_form[end]:
                    end += 1
                    following.add(end)
            elif place < len(text) and may_stand[place] and text[place] == rest[0]:
                following.add(place + 1)
        reached = following
        rest = rest[8 if mask else 1 :]
    return len(text) in reached


letters = st.sampled_from("ab")  # few, so that everything overlaps with everything
values = st.lists(st.text(letters, min_size=6, max_size=14), min_size=1, max_size=3, unique=True)


@st.composite
def streams(draw: st.DrawFn) -> tuple[list[str], list[bytes]]:
    """Values, and pieces of a text that is full of their parts and forms."""
    known = draw(values)
    parts = [st.text(st.sampled_from("ab ="), max_size=4).map(str.encode)]
    for value in known:
        some = sorted(forms(value))
        parts.append(st.sampled_from(some))
        parts.append(
            st.builds(lambda form, end: form[:end], st.sampled_from(some), st.integers(1, 13))
        )
    text = b"".join(draw(st.lists(st.one_of(parts), max_size=8)))
    cuts = sorted(draw(st.sets(st.integers(0, len(text)), max_size=8)))
    return known, [text[a:b] for a, b in zip([0, *cuts], [*cuts, len(text)], strict=True)]


@settings(max_examples=400)
@given(streams())
def test_without_a_pause_the_cuts_change_nothing(case: tuple[list[str], list[bytes]]) -> None:
    known, pieces = case
    assert masked(redactor(*known), pieces) == expected(known, b"".join(pieces))


@settings(max_examples=400)
@given(streams(), st.sets(st.integers(0, 8)))
def test_with_pauses_the_guarantee_holds(
    case: tuple[list[str], list[bytes]], pauses: set[int]
) -> None:
    known, pieces = case
    shown = masked(redactor(*known), pieces, sorted(pauses))
    assert keeps_the_guarantee(known, b"".join(pieces), shown)


@given(streams())
def test_only_the_beginning_of_a_form_waits(case: tuple[list[str], list[bytes]]) -> None:
    known, pieces = case
    stream, text, shown = redactor(*known).stream(), b"".join(pieces), b""
    every = [form for value in known for form in forms(value)]
    for piece in pieces:
        shown += stream.feed(piece)
    if stream.holding:
        assert any(text.endswith(form[:length]) for form in every for length in range(1, len(form)))


def test_the_comparison_can_fail() -> None:
    known = ["abbaab"]
    assert keeps_the_guarantee(known, b"x abbaab y", b"x ***K0*** y")
    assert keeps_the_guarantee(known, b"x abbaab y", b"x a***K0*** y")
    for wrong in (
        b"x ab***K0*** y",
        b"x abbaab y",
        b"x ***K0***b y",
        b"***K0*** y",
        b"x ***K0***y",
    ):
        assert not keeps_the_guarantee(known, b"x abbaab y", wrong)


ALPHABET = string.ascii_letters + string.digits + '+/=&% "\\é\n'


def random_streams(count: int, seed: int) -> int:
    """Looks for a value that gets through in so many streams; how many values they held."""
    chance = random.Random(seed)  # noqa: S311 - made up
    done = planted = 0
    while done < count:
        known = ["".join(chance.choices(ALPHABET, k=chance.randint(8, 60))) for _ in range(3)]
        table = redactor(*known)
        every = [sorted(forms(value)) for value in known]
        flat = [form for some in every for form in some]
        if not all(every):
            continue
        for _ in range(min(500, count - done)):
            parts = []
            for _ in range(chance.randint(1, 4)):
                parts.append("".join(chance.choices(ALPHABET, k=chance.randint(0, 9))).encode())
                parts.append(chance.choice(chance.choice(every)))
            text = b"".join(parts)
            cuts = sorted(chance.sample(range(len(text)), min(len(text), chance.randint(0, 5))))
            pieces = [text[a:b] for a, b in zip([0, *cuts], [*cuts, len(text)], strict=True)]
            pauses = [n for n in range(len(pieces)) if chance.random() < 0.3]
            shown = masked(table, pieces, pauses)
            assert not any(form in shown for form in flat)
            if not pauses:
                assert shown == masked(table, [text])
            assert b"***K" in shown
            planted += len(parts) // 2
            done += 1
    return planted


def test_no_value_gets_through_in_a_thousand_random_streams() -> None:
    assert random_streams(1_000, seed=1) >= 1_000


@pytest.mark.prove
def test_no_value_gets_through_in_a_million_random_streams(
    figure: Callable[[str], None],
) -> None:
    planted = sum(random_streams(100_000, seed) for seed in range(10))
    figure(f"no value got through: 1,000,000 random streams, {planted:,} values in them")
