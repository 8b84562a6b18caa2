"""gitleaks' configuration: what each field does, and what is said about those that do nothing."""

from __future__ import annotations

from pathlib import Path

import pytest

from envguard.core.document import Document
from envguard.core.errors import ConfigError
from envguard.core.rule import Confidence
from envguard.detection.automaton import Automaton
from envguard.detection.book import book
from envguard.detection.builtin import RuleFile, built_in
from envguard.detection.detector import Detector, named
from envguard.detection.prepare import prepare
from envguard.detection.rule_files import complete
from tests.detection import samples

FILE = Path("gitleaks.toml")
RULE = """
[[rules]]
id = "own"
description = "Own token"
regex = '''own_([0-9a-z]{8})'''
"""


def detector(text: str, *more: RuleFile) -> Detector:
    """Without our own rules, whose automaton takes a second to make."""
    return alone([(FILE, text.encode()), *more])


def alone(files: list[RuleFile]) -> Detector:
    rules = book(files)
    automaton = Automaton.compiled([rule.anchor for rule in rules.rules])
    return Detector(rules.rules, automaton, beside=rules.beside)


def with_ours(text: str) -> Detector:
    return prepare([*built_in(), (FILE, text.encode())], None)


def found(text: str, content: str, path: str = "a.txt") -> list[tuple[str, str]]:
    """Rules and secrets in a file, of those that are likely there; ours are left out."""
    return of(detector(text), content, path)


def of(finder: Detector, content: str, path: str = "a.txt") -> list[tuple[str, str]]:
    return [
        (c.rule.id, c.secret.reveal())
        for c in finder.candidates(Document(path, content.encode()))
        if c.rule.checks is not None and c.rule.checks.is_foreign and c.confidence(path) is not None
    ]


def notes(text: str) -> tuple[str, ...]:
    return book([(FILE, text.encode())]).beside.notes


def test_a_rule_finds_its_first_group() -> None:
    assert found(RULE, "x = own_12345678;") == [("own", "12345678")]


def test_a_rule_of_theirs_carries_its_description_and_is_of_medium_confidence() -> None:
    (candidate,) = detector(RULE).candidates(Document("a", b"own_12345678"))
    assert (candidate.rule.title, candidate.best) == ("Own token", Confidence.MEDIUM)


def test_the_secret_is_the_group_that_is_asked_for() -> None:
    rule = RULE.replace("own_([0-9a-z]{8})", "(own)_([0-9a-z]{8})")
    assert found(rule, "own_12345678") == [("own", "own")]
    assert found(rule + "secretGroup = 2", "own_12345678") == [("own", "12345678")]


def test_a_match_goes_on_over_lines() -> None:
    rule = RULE.replace("own_", r"own[\s]{0,3}=\s*")
    assert found(rule, "own =\n  abcdefgh\n") == [("own", "abcdefgh")]


def test_a_rule_needs_one_of_its_keywords_anywhere_in_the_text() -> None:
    rule = RULE + 'keywords = ["Hippo", "rhino"]'
    assert found(rule, "own_12345678") == []
    assert found(rule, "own_12345678\n\nthe HIPPO") == [("own", "12345678")]


def test_a_rule_without_a_literal_is_looked_for_by_its_keywords() -> None:
    rule = RULE.replace("own_([0-9a-z]{8})", r"\b([0-9]{8}[|%][a-f]{4})\b") + 'keywords = ["hippo"]'
    assert found(rule, "12345678|abcd") == []
    assert found(rule, "hippo\n" + "x\n" * 9000 + "12345678|abcd") == [("own", "12345678|abcd")]


@pytest.mark.parametrize(("entropy", "is_found"), [("2.9", True), ("3", False), ("3.1", False)])
def test_a_secret_needs_more_than_the_entropy(entropy: str, is_found: bool) -> None:
    assert bool(found(f"{RULE}entropy = {entropy}", "own_12345678")) == is_found


def test_a_path_limits_a_rule() -> None:
    rule = RULE + r"path = '''(?i)\.PHP$'''"
    assert found(rule, "own_12345678", "src/a.php")
    assert found(rule, "own_12345678", "src/a.py") == []


def test_a_rule_of_a_path_alone_looks_at_names() -> None:
    rule = "[[rules]]\nid = 'keys'\npath = '''\\.p12$'''"
    beside = book([(FILE, rule.encode())]).beside
    assert [c.rule.id for c in named(beside, "a/b.p12")] == ["keys"]
    assert named(beside, "a/b.txt") == []


SPELLINGS = ("[[rules.allowlists]]", "[rules.allowlist]", "[[allowlists]]", "[allowlist]")


@pytest.mark.parametrize("spelling", SPELLINGS)
@pytest.mark.parametrize(
    ("condition", "content", "path"),
    [
        ("regexes = ['''^1234''']", "own_12345678", "a"),
        ("regexes = ['''own_1''']\nregexTarget = 'match'", "own_12345678", "a"),
        ("regexes = ['''hippo''']\nregexTarget = 'line'", "the hippo: own_12345678 x", "a"),
        ("stopwords = ['ABCD']", "own_xxabcdxx", "a"),
        ("paths = ['''^vendor/''']", "own_12345678", "vendor/a"),
        ("condition = 'AND'\nregexes = ['''^1''']\nstopwords = ['45']", "own_12345678", "a"),
        ("condition = '&&'\nregexes = ['''^1''']\npaths = ['''\\.bb$''']", "own_12345678", "a.bb"),
        ("condition = 'and'\npaths = ['''\\.bb$''']", "own_12345678", "a.bb"),
    ],
)
def test_an_allow_list_holds_in_every_spelling(
    spelling: str, condition: str, content: str, path: str
) -> None:
    assert found(f"{RULE}{spelling}\n{condition}", content, path) == []
    other = "own_99999999" if "path" not in condition else content
    assert found(f"{RULE}{spelling}\n{condition}", other, "other.txt")


@pytest.mark.parametrize(
    ("condition", "content", "path"),
    [
        ("condition = 'AND'\nregexes = ['''^1''']\nstopwords = ['zz']", "own_12345678", "a"),
        ("condition = 'AND'\nregexes = ['''^9''']\npaths = ['''\\.bb$''']", "own_12345678", "a.bb"),
        ("condition = 'AND'\nregexes = ['''^1''']\npaths = ['''\\.bb$''']", "own_12345678", "a.cc"),
        ("regexes = ['''own_''']", "own_12345678", "a"),
    ],
)
def test_an_allow_list_needs_its_target_and_all_that_it_joins(
    condition: str, content: str, path: str
) -> None:
    assert found(f"{RULE}[[rules.allowlists]]\n{condition}", content, path)


def test_a_flag_in_one_expression_holds_for_the_next_as_in_gitleaks() -> None:
    lists = "[[rules.allowlists]]\nregexes = ['''(?i)zzz''', '''ABCD''']"
    assert found(RULE + lists, "own_abcdefgh") == []


def test_a_targeted_list_holds_for_its_rules_alone() -> None:
    rules = RULE + RULE.replace("own", "two")
    lists = "[[allowlists]]\ntargetRules = ['two']\nstopwords = ['123']"
    assert found(rules + lists, "own_12345678 two_12345678") == [("own", "12345678")]
    assert any("there is no rule three" in n for n in notes(rules + lists.replace("two", "three")))


REQUIRED = (
    RULE
    + """
[[rules.required]]
id = "part"
LIMIT
[[rules]]
id = "part"
regex = '''part_[0-9]{4}'''
skipReport = true
"""
)


@pytest.mark.parametrize(
    ("limit", "content", "is_found"),
    [
        ("", "own_12345678", False),
        ("", "own_12345678" + "\n" * 99 + "part_1234", True),
        ("withinLines = 2", "own_12345678\n\npart_1234", True),
        ("withinLines = 2", "part_1234\n\n\nown_12345678", False),
        ("withinLines = 0", "part_1234 own_12345678", True),
        ("withinLines = 1\nwithinColumns = 3", "own_12345678\n  part_1234", True),
        ("withinLines = 1\nwithinColumns = 3", "own_12345678\n     part_1234", False),
    ],
)
def test_a_rule_needs_what_it_requires_nearby(limit: str, content: str, is_found: bool) -> None:
    expected = [("own", "12345678")] if is_found else []
    assert found(REQUIRED.replace("LIMIT", limit), content) == expected


def test_a_base_is_extended_by_its_path(tmp_path: Path) -> None:
    base, own = tmp_path / "base.toml", tmp_path / "own.toml"
    base.write_text(RULE + RULE.replace("own", "two") + RULE.replace("own", "six"))
    own.write_text(
        "[extend]\npath = 'base.toml'\ndisabledRules = ['six', 'nine']\n"
        "[[rules]]\nid = 'two'\nentropy = 5.0\n" + RULE.replace("own", "new")
    )
    files = complete([(own, own.read_bytes())])
    finder = alone(files)
    text = "own_12345678 two_12345678 six_12345678 new_12345678"
    assert {rule for rule, _ in of(finder, text)} == {"own", "new"}
    assert finder.beside is not None
    assert any("no rule nine" in note for note in finder.beside.notes)


def test_the_default_configuration_is_ours_and_this_is_said() -> None:
    text = "[extend]\nuseDefault = true\ndisabledRules = ['github-pat', 'private-key']\n" + RULE
    finder = with_ours(text)
    assert finder.beside is not None
    assert any("ours are used" in note for note in finder.beside.notes)
    assert any("github-pat" in note for note in finder.beside.notes)
    token = samples.expand("{github:ghp_}")
    assert [c.rule.id for c in finder.candidates(Document("a", token))] == ["github-token"]


def test_a_file_that_only_turns_our_rules_off_says_so(tmp_path: Path) -> None:
    text = b"[extend]\nuseDefault = true\ndisabledRules = ['github-token']\n"
    files = [*built_in(), (Path("one.toml"), text), (Path("two.toml"), text)]
    for _ in ("built", "from the cache"):
        beside = prepare(files, tmp_path).beside
        assert beside is not None
        off = [note for note in beside.notes if note.endswith("our rule github-token is off")]
        assert [note.partition(":")[0] for note in off] == ["one.toml", "two.toml"]


@pytest.mark.parametrize(
    "rules", [f"a = {'[' * 3000}\n[[rules]]", f"[[rules]]\nid = 'a'\nregex = '{'(' * 3000}'"]
)
def test_what_is_nested_too_deeply_is_an_error(rules: str) -> None:
    with pytest.raises(ConfigError, match="nested too deeply"):
        book([(FILE, rules.encode())])


def test_a_file_of_allow_lists_alone_turns_no_rule_off() -> None:
    finder = with_ours("[allowlist]\npaths = ['''^tests/''']\nstopwords = ['hippopotamus']")
    token = samples.expand("{github:ghp_}")
    (candidate,) = finder.candidates(Document("a", token))
    assert candidate.confidence("src/a.py") is Confidence.HIGH
    assert candidate.confidence("tests/a.py") is None
    assert finder.candidates(Document("a", b"password = 'hippopotamusX7q'")) == []
    assert finder.beside is not None
    assert any("our rules are used" in note for note in finder.beside.notes)


def test_the_lists_of_a_file_with_rules_leave_ours_alone() -> None:
    finder = with_ours(RULE + "[allowlist]\npaths = ['''.''']")
    (candidate,) = finder.candidates(Document("a", samples.expand("{github:ghp_}")))
    assert candidate.confidence("tests/a.py") is not None


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("tags = ['x']", "rule own: tags"),
        ("severity = 'high'", "rule own: severity is no field"),
        ("[[rules.allowlists]]\nwords = ['a']\nstopwords = ['b']", "words is no field"),
        ("[[allowlists]]\ncondition = 'AND'\ncommits = ['a']\npaths = ['b']", "commits can not"),
        ("[extend]\nurl = 'https://example.com'", "[extend] url"),
        ("[other]\na = 1", "other is no field"),
    ],
)
def test_what_cannot_be_honoured_is_named(text: str, said: str) -> None:
    assert any(said in note for note in notes(f"{RULE}{text}")), notes(f"{RULE}{text}")


def test_a_newer_version_is_named() -> None:
    assert any("minVersion" in note for note in notes(f"minVersion = 'v9.0.0'\n{RULE}"))
    assert notes(f"minVersion = 'v8.25.0'\n{RULE}") == ()


def test_a_rule_that_matches_nothing_at_all_is_left_out_and_named() -> None:
    said = notes(RULE + "[[rules]]\nid = 'empty'\nregex = 'a*'")
    assert any("rule empty: is left out" in note for note in said)


@pytest.mark.parametrize(
    ("text", "what"),
    [
        ("[[rules]]\nregex = 'abc'", "rule 1 has no id"),
        ("[[rules]]\nid = 'x'", "rule x has neither"),
        ("[[rules]]\nid = 'x'\nregex = 'a('", "rule x has a wrong regex"),
        ("[[rules]]\nid = 'x'\nregex = 'abc'\nsecretGroup = 1", "no group 1"),
        ("[[rules]]\nid = 'x'\nregex = 'abc'\nkeywords = 'abc'", "rule x has keywords"),
        (RULE + "[[rules.allowlists]]\ndescription = 'x'", "allows nothing"),
        (RULE + "[[rules.allowlists]]\nregexes = ['(']", "wrong regexes"),
        (RULE + "[[rules.allowlists]]\nregexes = ['a']\ncondition = 'XOR'", "XOR"),
        (RULE + "[[rules.allowlists]]\nregexes = ['a']\nregexTarget = 'file'", "regexTarget"),
        (RULE + "[[rules.required]]\nid = 'nobody'", "requires nobody"),
        ("[allowlist]\npaths = ['a']\n[[allowlists]]\npaths = ['b']", "both an allowlist"),
        ("[extend]\npath = 'x.toml'\nuseDefault = true", "both a path"),
        ("[[rules]]\nid = 3\nregex = 'abc'", "rule 1 has a id"),
    ],
)
def test_a_wrong_configuration_is_an_error_that_names_the_place(text: str, what: str) -> None:
    with pytest.raises(ConfigError) as caught:
        detector(text)
    assert what in caught.value.what
    assert str(FILE) in caught.value.what
    assert caught.value.hint


def test_both_dialects_run_together() -> None:
    ours = b"""
[[rule]]
id = "ours"
title = "Ours"
severity = "low"
confidence = "medium"
pattern = '''ours_[0-9]{9}'''
anchor = '''ours_[0-9]{9}'''
source = "https://example.com"
revoke = ""
examples = []
non_examples = []
"""
    finder = detector(RULE, (Path("ours.toml"), ours))
    rules = [c.rule.id for c in finder.candidates(Document("a", b"own_12345678 ours_123456789"))]
    assert rules == ["own", "ours"]


def test_an_id_of_ours_gets_their_name_before_it() -> None:
    rule = RULE.replace('"own"', '"github-token"')
    assert of(with_ours(rule), "own_12345678") == [("gitleaks/github-token", "12345678")]


def test_a_detector_from_the_cache_decides_the_same(tmp_path: Path) -> None:
    text = REQUIRED.replace("LIMIT", "") + "tags = ['x']\n[allowlist]\npaths = ['''^no/''']"
    text += "\n[[rules]]\nid = 'keys'\npath = '''\\.p12$'''"
    for _ in range(2):
        finder = prepare([(FILE, text.encode())], tmp_path)
        assert of(finder, "own_12345678 part_1234") == [("own", "12345678")]
        assert of(finder, "own_12345678 part_1234", "no/a") == []
        assert finder.beside is not None
        assert finder.beside.notes
        assert [c.rule.id for c in named(finder.beside, "x.p12")] == ["keys"]


def test_what_theirs_and_ours_find_stays_ours_where_it_is_sure() -> None:
    rule = RULE.replace("own_([0-9a-z]{8})", "ghp_[0-9a-zA-Z]{36}")
    token = samples.expand("{github:ghp_}")
    rules = [c.rule.id for c in with_ours(rule).candidates(Document("a", token))]
    assert rules == ["github-token"]


def test_theirs_takes_nobodys_place_where_its_path_is_another() -> None:
    rule = RULE.replace("own_([0-9a-z]{8})", r"password = '([^']+)'") + r"path = '''\.php$'''"
    text = b"password = 'tr0ub4dor&3xQ'"
    candidates = prepare([(FILE, rule.encode())], None).candidates(Document("a", text))
    assert {c.rule.id for c in candidates} == {"own", "generic-credential"}
    assert [c.rule.id for c in candidates if c.confidence("a.py")] == ["generic-credential"]


def test_non_ascii_text_before_a_secret_does_not_move_it() -> None:
    text = "ä€😀 own_12345678 é"
    (candidate,) = detector(RULE).candidates(Document("a", text.encode()))
    assert (candidate.secret.reveal(), candidate.column) == ("12345678", 9)


def test_a_long_match_is_seen_whole() -> None:
    rule = RULE.replace("[0-9a-z]{8}", "[0-9a-z]{8,}")
    value = "ab1" * 900
    assert found(rule, f"own_{value} x") == [("own", value)]


def test_many_matches_in_a_line_are_each_found_once() -> None:
    text = " ".join(f"own_{number:08}" for number in range(300))
    assert [secret for _, secret in found(RULE, text)] == [f"{n:08}" for n in range(300)]
