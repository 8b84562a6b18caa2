"""Composite rules: parts that belong together are one finding."""

from __future__ import annotations

from base64 import b64encode
from pathlib import Path

import pytest

from envguard.core.document import Document
from envguard.core.rule import Confidence
from envguard.detection.details import of
from envguard.detection.detector import Candidate, Detector
from envguard.detection.prepare import prepare
from tests.detection import samples

RULES = b"""
[[rule]]
id = "main"
title = "Main"
severity = "high"
confidence = "high"
pattern = '''main_[0-9]{4}'''
anchor = '''main_[0-9]{4}'''
source = "https://example.com"
revoke = ""
requires = [
    { rules = ["key", "other-key"], within = 2 },
    { rule = "owner", within = 3, optional = true },
]
alone = "low"
examples = ["main_1234", "main_4321"]
non_examples = ["main_", "x"]

[[rule]]
id = "key"
title = "Key"
severity = "high"
confidence = "high"
pattern = '''key_[0-9]{4}'''
anchor = '''key_[0-9]{4}'''
source = "https://example.com"
revoke = ""
examples = ["key_1234", "key_4321"]
non_examples = ["key_", "x"]

[[rule]]
id = "other-key"
title = "Other key"
part = true
pattern = '''wok_[0-9]{4}'''
source = "https://example.com"
examples = ["wok_1234", "wok_4321"]
non_examples = ["wok_", "x"]

[[rule]]
id = "owner"
title = "owner"
part = true
detail = "shown"
pattern = '''owner: (?P<secret>[a-z]{2,9})'''
source = "https://example.com"
examples = ["owner: ada", "owner: bob"]
non_examples = ["owner:", "x"]

[[rule]]
id = "strict"
title = "Strict"
severity = "high"
confidence = "high"
pattern = '''strict_[0-9]{4}'''
anchor = '''strict_[0-9]{4}'''
source = "https://example.com"
revoke = ""
requires = [{ rule = "key", within = 0, columns = 20 }]
examples = ["strict_1234", "strict_4321"]
non_examples = ["strict_", "x"]
"""


@pytest.fixture(scope="module", params=["built", "kept"])
def own(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Detector:
    """A detector for RULES, built and read back from the cache."""
    folder = tmp_path_factory.mktemp("cache") / "envguard"
    files = [(Path("own.toml"), RULES)]
    prepare(files, folder)
    return prepare(files, folder if request.param == "kept" else None)


def find(detector: Detector, *lines: str) -> list[Candidate]:
    return detector.candidates(Document("", "\n".join(lines).encode()))


def shown(candidates: list[Candidate]) -> list[tuple[str, list[str], bool, Confidence]]:
    """Rule, parts, whether taken, and how sure."""
    return [(c.rule.id, [p.secret.reveal() for p in c.parts], c.taken, c.best) for c in candidates]


HIGH, LOW = Confidence.HIGH, Confidence.LOW


def test_a_part_near_by_is_taken_in_and_no_finding_of_its_own(own: Detector) -> None:
    found = find(own, "key_1111", "", "main_2222")
    assert shown(found) == [("key", [], True, HIGH), ("main", ["key_1111"], False, HIGH)]
    assert found[1].parts[0].lines == -2


def test_the_nearest_part_is_taken_in_and_the_others_stay(own: Detector) -> None:
    assert shown(find(own, "key_1111", "", "main_2222", "key_3333")) == [
        ("key", [], False, HIGH),
        ("main", ["key_3333"], False, HIGH),
        ("key", [], True, HIGH),
    ]


def test_a_part_that_is_too_far_stays_and_the_main_one_is_worth_less(own: Detector) -> None:
    found = find(own, "key_1111", "", "", "main_2222")
    assert shown(found) == [("key", [], False, HIGH), ("main", [], False, LOW)]
    assert found[1].confidence("") is LOW
    assert found[1].confidence("a.py") is LOW


def test_any_of_several_rules_will_do_also_one_that_is_only_a_part(own: Detector) -> None:
    (found,) = find(own, "wok_5555", "main_2222")
    assert shown([found]) == [("main", ["wok_5555"], False, HIGH)]
    assert dict(of(found)) == {"Other key": "********, line 1"}


def test_a_rule_that_is_only_a_part_finds_nothing_by_itself(own: Detector) -> None:
    assert find(own, "wok_5555", "owner: ada") == []


def test_an_optional_part_is_told_and_its_lack_changes_nothing(own: Detector) -> None:
    found = find(own, "owner: bob", "owner: ada", "main_2222 key_1111")
    main = found[0]
    assert shown([main]) == [("main", ["ada", "key_1111"], False, HIGH)]
    assert dict(of(main)) == {"owner": "ada", "Key": "********, line 3"}


def test_without_a_word_on_it_a_lonely_one_is_no_candidate(own: Detector) -> None:
    assert find(own, "strict_1234") == []
    assert find(own, "strict_1234", "key_1111")[0].rule.id == "key"


@pytest.mark.parametrize(("blanks", "count"), [(1, 2), (9, 2), (10, 1), (60, 1)])
def test_columns_count_where_they_are_given(own: Detector, blanks: int, count: int) -> None:
    assert len(find(own, "strict_1234" + " " * blanks + "key_1111")) == count


def test_a_marker_on_the_main_one_does_not_hide_a_part(own: Detector) -> None:
    found = find(own, "main_2222 # envguard:allow", "key_1111")
    assert shown(found) == [("main", ["key_1111"], False, HIGH), ("key", [], False, HIGH)]
    found = find(own, "main_2222", "key_1111 # envguard:allow")
    assert shown(found) == [("main", ["key_1111"], False, HIGH), ("key", [], True, HIGH)]


def test_one_part_may_belong_to_two(own: Detector) -> None:
    found = find(own, "main_1111", "key_2222", "main_3333")
    assert [c.taken for c in found] == [False, True, False]
    assert all(len(c.parts) == 1 for c in found if c.rule.id == "main")


def test_parts_are_found_in_what_is_decoded(own: Detector) -> None:
    inner = b64encode(b"owner: ada\nx = main_2222\nkey_1111\n").decode()
    (main,) = [c for c in find(own, f"data: {inner}") if not c.taken]
    assert [p.secret.reveal() for p in main.parts] == ["ada", "key_1111"]
    assert main.decoded == "base64"


def test_parts_are_found_in_a_text_of_another_encoding(own: Detector) -> None:
    text = "owner: ada\nmain_2222\nkey_1111\n".encode("utf-16")
    (main,) = [c for c in own.candidates(Document("", text)) if not c.taken]
    assert [p.secret.reveal() for p in main.parts] == ["ada", "key_1111"]


def test_an_aws_key_is_one_finding_of_secret_id_and_account(detector: Detector) -> None:
    random = samples.seeded(1)
    key_id = samples.aws(random, "AKIA")
    secret = "aB" + samples.letters(random, samples.ALNUM, 38)
    lines = "[default]", f"aws_access_key_id = {key_id}", f"aws_secret_access_key = {secret}"
    (found,) = [c for c in find(detector, *lines) if not c.taken]
    assert found.rule.id == "aws-secret-access-key"
    details = dict(of(found))
    assert details["AWS access key id"] == f"{key_id[:4]}********, line 2"
    assert len(details["account"]) == 12
    assert secret not in repr(details)
    # Without the secret the id is a finding of its own.
    assert [c.rule.id for c in find(detector, *lines[:2])] == ["aws-access-key-id"]


def test_a_password_tells_the_user_beside_it(detector: Detector) -> None:
    password = samples.letters(samples.seeded(7), samples.ALNUM, 14)
    lines = "db:", "  user: shop_rw", f"  password: '{password}'"
    (found,) = find(detector, *lines)
    assert dict(of(found)) == {"user": "shop_rw"}


def test_a_text_without_composite_rules_is_left_as_it_is(detector: Detector) -> None:
    token = samples.github(samples.seeded(1), "ghp_")
    (found,) = find(detector, token)
    assert (found.parts, found.taken, found.lacks) == ((), False, False)


@pytest.mark.parametrize(
    ("name", "beside", "count"),
    [
        ("token", '"signature": "{hex}"', 0),
        ("token", 'signature: ["{hex}"]', 0),
        ("token", '"signature": ""', 1),
        ("token", '"design": "{hex}"', 1),
        ("access_token", '"signature": "{hex}"', 1),
        ("token", '\n\n\n"signature": "{hex}"', 1),
    ],
)
def test_the_nonce_of_a_signed_request_is_no_finding(
    detector: Detector, name: str, beside: str, count: int
) -> None:
    draw = samples.seeded(5)
    value = samples.letters(draw, samples.ALNUM, 50)
    digits = samples.letters(draw, samples.ALPHABETS["hex"], 64)
    text = f'{{\n"{name}": "{value}",\n"timestamp": 1,\n{beside.replace("{hex}", digits)}\n}}'
    found = detector.candidates(Document("a.json", text.encode()))
    assert [c.secret.reveal() for c in found if c.rule.id == "generic-credential"] == [
        value
    ] * count
