"""Each rule against its own examples; the rulebook against good and bad files."""

from __future__ import annotations

import re
import sys
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import hyperscan
import pytest
from hypothesis import HealthCheck, given, seed, settings
from hypothesis import strategies as st

from envguard.core.errors import ConfigError
from envguard.core.rule import Confidence, Rule, Severity
from envguard.detection import assignments, known, rulebook
from envguard.detection.proofs import PROOFS
from tests.detection import samples

if sys.version_info >= (3, 11):
    from re import _parser as parser
else:
    import sre_parse as parser

RULES = rulebook.load()
SEARCHED = [rule for rule in RULES if not rule.part]
EACH = pytest.mark.parametrize("rule", RULES, ids=[rule.id for rule in RULES])
EACH_SEARCHED = pytest.mark.parametrize("rule", SEARCHED, ids=[rule.id for rule in SEARCHED])
UNNAMED = [rule for rule in SEARCHED if not rule.names]
EACH_UNNAMED = pytest.mark.parametrize("rule", UNNAMED, ids=[rule.id for rule in UNNAMED])
NAMED = [rule for rule in SEARCHED if rule.names]
EACH_NAMED = pytest.mark.parametrize("rule", NAMED, ids=[rule.id for rule in NAMED])
ANCHORS = {
    **{rule.id: rule.anchor for rule in SEARCHED if rule.anchor},
    **{f"assignments {n}": anchor for n, anchor in enumerate(assignments.ANCHORS)},
}
EACH_ANCHOR = pytest.mark.parametrize(("name", "anchor"), ANCHORS.items(), ids=ANCHORS)
SPANS = {rule.id: rule.span for rule in RULES}


def found(rule: Rule, text: bytes) -> list[bytes]:
    """The values that a rule finds in a text: what its pattern matches and its proof accepts."""
    parts = [text] if rule.span else text.splitlines()
    matches = [match for part in parts for match in re.finditer(rule.pattern.encode(), part)]
    values = [m["secret"] if "secret" in m.re.groupindex else m[0] for m in matches]
    return [v for v in values if rule.proof is None or PROOFS[rule.proof](v)]


def ends(database: hyperscan.Database, text: bytes) -> list[int]:
    """Where the anchor of a database matches in a text."""
    places: list[int] = []
    database.scan(text, match_event_handler=lambda _id, _from, to, _flags, _ctx: places.append(to))
    return places


def database(rule: Rule) -> hyperscan.Database:
    """The anchor of one rule, compiled."""
    return matcher(rule.anchor)


def matcher(expression: str) -> hyperscan.Database:
    """An expression of one line or several, compiled."""
    lines = [line.encode() for line in expression.split("\n")]
    database = hyperscan.Database()
    database.compile(expressions=lines, ids=[0] * len(lines), flags=[0] * len(lines))
    return database


Parsed = Iterable[tuple[Any, Any]]
"""An expression, as the parser of `re` gives it."""


def rarest(parsed: Parsed, run: int = 0) -> int:
    """The bytes of the longest literal that every match of a parsed expression holds, where `run`
    bytes of one stand before it. A class of up to eleven bytes counts as a byte: Hyperscan looks
    for each."""
    best = run
    for operation, argument in parsed:
        kind = str(operation)
        branches: list[Parsed] = []
        if kind == "SUBPATTERN":
            branches = [argument[-1]]
        elif kind == "BRANCH":
            branches = argument[-1]
        if kind == "LITERAL" or (kind == "IN" and breadth(argument) <= 11):
            run += 1
        elif branches:
            best = max(best, min(rarest(branch, run) for branch in branches))
            run = run + min(map(size, branches)) if all(map(is_literal, branches)) else 0
        elif kind != "AT":
            run = 0
        best = max(best, run)
    return best


def is_literal(parsed: Parsed) -> bool:
    """Whether a parsed expression is nothing but literals."""
    return all(
        str(operation) == "LITERAL" or (str(operation) == "IN" and breadth(argument) <= 11)
        for operation, argument in parsed
    )


def size(parsed: Parsed) -> int:
    return sum(1 for _ in parsed)


def breadth(members: Parsed) -> int:
    """How many bytes a class holds."""
    return sum(
        {"LITERAL": 1, "RANGE": 0}.get(str(kind), 100)
        + (value[1] - value[0] + 1 if str(kind) == "RANGE" else 0)
        for kind, value in members
    )


@EACH
def test_a_rule_finds_its_examples(rule: Rule) -> None:
    assert len(rule.examples) >= 2
    for example in rule.examples:
        for number in range(20):
            text = samples.expand(example, number)
            assert len(found(rule, text)) == 1, text
            assert len(found(rule, b"a = 1\n" + text + b"\nb = 2")) == 1, text


@EACH
def test_a_rule_does_not_find_its_non_examples(rule: Rule) -> None:
    assert len(rule.non_examples) >= 2
    for example in rule.non_examples:
        for number in range(20):
            text = samples.expand(example, number)
            assert found(rule, text) == [], text


@EACH_UNNAMED
def test_an_anchor_calls_back_once_inside_an_example(rule: Rule) -> None:
    compiled = database(rule)
    for example in rule.examples:
        text = samples.expand(example, 7)
        match = re.search(rule.pattern.encode(), text)
        assert match is not None
        places = ends(compiled, text)
        assert 1 <= len(places) <= 2, (text, places)
        assert any(match.start() < place <= match.end() for place in places)


def without_lookarounds(pattern: str) -> str:
    """A pattern that matches all that `pattern` does, and more: hypothesis can fill only such."""
    start = re.search(r"(?<!\\)\(\?<?[=!]", pattern)
    if not start:
        return pattern
    depth = 0
    for token in re.finditer(r"\\.|\[(?:\\.|[^\]\\])*\]|[()]", pattern[start.start() :]):
        depth += {"(": 1, ")": -1}.get(token[0], 0)
        if depth == 0:
            break
    return without_lookarounds(pattern[: start.start()] + pattern[start.start() + token.end() :])


@EACH_NAMED
def test_a_name_tells_an_example_where_the_generic_finder_sees_an_assignment(rule: Rule) -> None:
    generic = matcher(assignments.ANCHOR)
    own = database(rule) if rule.anchor else None
    for example in rule.examples:
        for number in range(20):
            text = samples.expand(example, number)
            match = re.search(rule.pattern.encode(), text)
            assert match is not None
            start, end = match.span("secret")
            by_name = any(name.encode() in match[0].lower() for name in rule.names)
            places = ends(generic, text) if by_name else []
            places += ends(own, text) if own else []
            assert any(start < place <= end for place in places), text


@EACH_SEARCHED
def test_an_anchor_or_a_name_is_inside_every_match_of_its_pattern(rule: Rule) -> None:
    compiled = database(rule) if rule.anchor else None

    @seed(1)
    @settings(
        max_examples=10,
        deadline=None,
        database=None,
        suppress_health_check=list(HealthCheck),
    )
    @given(st.from_regex(without_lookarounds(rule.pattern).encode(), fullmatch=True))
    def holds(text: bytes) -> None:
        is_named = any(name.encode() in text.lower() for name in rule.names)
        assert is_named or (compiled is not None and ends(compiled, text)), text

    holds()


@EACH
def test_a_rule_is_bounded_and_documented(rule: Rule) -> None:
    unbounded = re.sub(r"\[(?:\\.|[^\]\\])*\]|\\.", "c", rule.pattern)
    assert not re.search(r"[+*]|\{\d+,\}", unbounded), "each quantifier has an upper bound"
    assert rule.source.startswith("https://")
    assert rule.revoke.startswith("https://") or ((rule.weighed or rule.part) and not rule.revoke)
    assert rule.part or re.fullmatch(r"[A-Z`][^\n]*[.]", rule.advice), "it tells what to do"


@EACH_ANCHOR
def test_an_anchor_has_a_literal_of_three_bytes_and_an_upper_bound(name: str, anchor: str) -> None:
    parsed = parser.parse(anchor)
    assert parsed.getwidth()[1] <= (512 if SPANS.get(name) else 256), (
        "a version is looked at in parts"
    )
    assert rarest(parsed) >= 3, "every match holds a literal to look for"


@pytest.mark.parametrize(
    ("anchor", "literal"),
    [
        ("abc[0-9]{4}", 3),
        ("[0-9]{4}ab", 2),
        ("(?:abc|abcd)e", 4),
        ("a(?:bc|d)[a-z]xyz", 3),
        ("(?:abc)?[a-z]", 0),
        ("abc|[0-9]{4}", 0),
        ("ab(?:c[a-z]|de)", 3),
        ("ab[cd]e", 4),
        (r"a[a-z]\bb", 1),
    ],
)
def test_the_literal_of_an_anchor_is_the_longest_that_each_match_holds(
    anchor: str, literal: int
) -> None:
    assert rarest(parser.parse(anchor)) == literal


def test_the_rules_that_need_more_than_a_line_have_a_span() -> None:
    assert {rule.id: rule.span for rule in RULES if rule.span} == {
        "aws-bedrock-short-term-key": 4096,
        "aws-session-token": 4096,
        "gcp-service-account-key": 16384,
        "jwk-private-key": 8192,
        "jwt": 12288,
        "onepassword-service-account-token": 4096,
        "openssh-private-key-bare": 16384,
        "private-key": 16384,
        "private-key-base64": 16384,
        "private-key-der": 16384,
        "putty-private-key": 16384,
    }


def test_a_documented_example_is_known() -> None:
    assert known.is_known_example(b"AKIAIOSFODNN7" + b"EXAMPLE")
    assert not known.is_known_example(b"AKIAIOSFODNN7")


def rule_text(**changes: str) -> str:
    """A file with one small rule, with some of its lines changed; empty leaves a line out."""
    lines = {
        "id": '"own-token"',
        "title": '"Own token"',
        "severity": '"high"',
        "confidence": '"medium"',
        "pattern": "'''own_(?P<secret>[0-9]{9})'''",
        "anchor": "'''own_[0-9]{9}'''",
        "source": '"https://example.com"',
        "revoke": '"https://example.com"',
        "examples": '["own_{digits:9}"]',
        "non_examples": '["own_"]',
    }
    lines.update(changes)
    return "[[rule]]\n" + "".join(f"{key} = {value}\n" for key, value in lines.items() if value)


def test_an_extra_file_adds_its_rules(tmp_path: Path) -> None:
    file = tmp_path / "own.toml"
    file.write_text(rule_text(span="4096", proof='"jwt"', weighed="true", advice='"Ask."'))
    rules = rulebook.load([file])
    assert rules[:-1] == RULES
    assert rules[-1] == Rule(
        id="own-token",
        title="Own token",
        severity=Severity.HIGH,
        confidence=Confidence.MEDIUM,
        pattern="own_(?P<secret>[0-9]{9})",
        anchor="own_[0-9]{9}",
        source="https://example.com",
        revoke="https://example.com",
        proof="jwt",
        span=4096,
        weighed=True,
        examples=("own_{digits:9}",),
        non_examples=("own_",),
        advice="Ask.",
    )


def test_a_rule_with_names_needs_no_anchor(tmp_path: Path) -> None:
    file = tmp_path / "own.toml"
    file.write_text(rule_text(names='["acme", "acme-corp"]', anchor=""))
    rule = rulebook.load([file])[-1]
    assert (rule.names, rule.anchor) == (("acme", "acme-corp"), "")


@pytest.mark.parametrize(
    ("text", "what"),
    [
        (rule_text(id='"github-token"'), "two rules with the id github-token"),
        (rule_text(id='"Own Token"'), "has an id of other characters"),
        (rule_text(anchor=""), "rule own-token needs a text as anchor"),
        (rule_text(id=""), "rule 1 needs a text as id"),
        (rule_text(examples='"own_1"'), "needs a list of texts as examples"),
        (rule_text(pattern="'own_('"), "has a wrong pattern"),
        (rule_text(pattern="'ü{3}'"), "not ASCII"),
        (rule_text(anchor="'(own)?'"), "has a anchor that matches nothing"),
        (rule_text(severity='"bad"'), "has an unknown severity: bad"),
        (rule_text(proof='"none"'), "names no known proof: none"),
        (rule_text(span="true"), "has a span that is no number"),
        (rule_text(weighed='"yes"'), "has a weighed that is not true or false"),
        (rule_text(advice="1"), "has an advice that is no text"),
        (rule_text(detail='"none"'), "names no known detail: none"),
        (rule_text(detail='"shown"'), "would show what it finds"),
        (rule_text(part="1"), "has a part that is not true or false"),
        (rule_text(names='"acme"'), "has names that are no texts in small letters"),
        (rule_text(names='["Acme"]'), "has names that are no texts in small letters"),
        (rule_text(names='[""]'), "has names that are no texts in small letters"),
        (rule_text(names='["acme"]', span="4096"), "has names and a span"),
        (rule_text(names="[]", anchor=""), "rule own-token needs a text as anchor"),
        (rule_text(alone='"never"'), "has an unknown alone: never"),
        (rule_text(requires='"a"'), "has a wrong requires"),
        (rule_text(requires='[{ rule = "jwt" }]'), "has a wrong requires"),
        (rule_text(requires="[{ within = 1 }]"), "has a wrong requires"),
        (rule_text(requires='[{ rule = "jwt", within = -1 }]'), "has a wrong requires"),
        (rule_text(requires='[{ rule = "jwt", within = 1, lines = 1 }]'), "has a wrong requires"),
        (rule_text(requires='[{ rule = "no", within = 1 }]'), "requires no, which is no rule"),
        (rule_text(keywords='["own"]'), "has an unknown field keywords"),
        ("[[other]]\nid = 1\n", "has an unknown key other"),
        ("rule = 1\n", "holds no [[rule]]"),
        ("[[rule]\n", "is no TOML"),
    ],
)
def test_a_bad_file_is_an_error_that_names_it(tmp_path: Path, text: str, what: str) -> None:
    file = tmp_path / "own.toml"
    file.write_text(text, encoding="utf-8")
    with pytest.raises(ConfigError) as caught:
        rulebook.load([file])
    assert str(file) in caught.value.what
    assert what in caught.value.what
    assert caught.value.hint


def test_a_missing_file_is_an_error_that_names_it(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="cannot be read"):
        rulebook.load([tmp_path / "none.toml"])
