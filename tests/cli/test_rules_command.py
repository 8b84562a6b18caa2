"""`envguard rules`: list, show, test, explain."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from envguard.detection import rulebook
from tests.cli.program import call
from tests.detection.samples import ALNUM, expand, letters, seeded
from tests.jobs.scans import OWN_RULES

if TYPE_CHECKING:
    from tests.conftest import Repository

TOKEN = expand("{github:ghp_}").decode()
PASSWORD = letters(seeded("rules"), ALNUM, 18) + "7!q"


@pytest.fixture
def own(tmp_path: Path) -> Path:
    file = tmp_path / "own.toml"
    file.write_text(OWN_RULES)
    return file


def test_the_list_has_the_built_in_rules_and_those_of_files(own: Path, tmp_path: Path) -> None:
    known = [rule.id for rule in rulebook.load()]
    listed = call("rules", "list", "-f", "json", cwd=tmp_path).report
    assert (listed["schema"], [rule["id"] for rule in listed["rules"]]) == (1, known)
    done = call("rules", "list", "--rules", own.name, cwd=tmp_path)
    assert done.code == 0
    assert [line.split()[0] for line in done.out.splitlines()] == [*known, "acme-key"]
    assert "acme-key" in done.out
    (tmp_path / "envguard.toml").write_text('[scan]\nrules = ["own.toml"]\n')
    assert "acme-key" in call("rules", "list", cwd=tmp_path).out


def test_a_rule_is_shown_with_examples_that_look_true(tmp_path: Path) -> None:
    done = call("rules", "show", "github-token", cwd=tmp_path)
    assert done.code == 0
    for told in ("GitHub token", "critical", "https://github.com/settings/tokens", "advice"):
        assert told in done.out
    assert "{github:" not in done.out
    rule = call("rules", "show", "github-token", "-f", "json", cwd=tmp_path).report["rule"]
    assert rule["id"] == "github-token"
    assert rule["proof"] == "github"
    (tmp_path / "examples.txt").write_text("\n".join(rule["examples"]))
    found = call("scan", "examples.txt", "-f", "json", cwd=tmp_path).report["findings"]
    assert [finding["rule"] for finding in found] == ["github-token"] * len(rule["examples"])
    (tmp_path / "examples.txt").write_text("\n".join(rule["non_examples"]))
    found = call("scan", "examples.txt", "-f", "json", cwd=tmp_path).report["findings"]
    assert "github-token" not in {finding["rule"] for finding in found}


def test_a_rule_of_a_file_and_the_finder_of_assignments_are_shown(
    own: Path, tmp_path: Path
) -> None:
    assert "Key of Acme" in call("rules", "show", "acme-key", "--rules", str(own), cwd=tmp_path).out
    assert call("rules", "show", "generic-credential", cwd=tmp_path).code == 0


def test_an_unknown_rule_is_not_found_and_the_nearest_is_named(tmp_path: Path) -> None:
    call("rules", "show", "github-tokn", cwd=tmp_path).says(
        5, "there is no rule github-tokn", "github-token"
    )
    call("rules", "show", cwd=tmp_path).says(2, "nothing is named")


def test_the_examples_of_the_built_in_rules_come_out_right(tmp_path: Path) -> None:
    done = call("rules", "test", cwd=tmp_path)
    assert (done.code, done.out.splitlines()[-1].endswith(" 0 come out wrong")) == (0, True), done


@pytest.mark.parametrize(
    ("old", "new", "what"),
    [
        ('"ACME-12345678"', '"ACMO-12345678"', "its pattern does not match"),
        ('["ACME-1234567"]', '["ACME-12345678"]', "is found, and must not be"),
        ("anchor = 'ACME-", "anchor = 'ACMX-", "its anchor does not match"),
        ('revoke = ""', 'revoke = ""\nproof = "github"', "fails the proof github"),
    ],
)
def test_an_example_that_comes_out_wrong_is_named(
    old: str, new: str, what: str, own: Path, tmp_path: Path
) -> None:
    done = call("rules", "test", own.name, cwd=tmp_path)
    assert (done.code, done.out) == (0, "1 rules, 2 examples, 0 come out wrong\n")
    assert OWN_RULES.count(old) == 1
    own.write_text(OWN_RULES.replace(old, new))
    done = call("rules", "test", own.name, cwd=tmp_path)
    assert done.code == 1
    assert done.out.startswith("acme-key: ACM")
    assert what in done.out
    (failure,) = call("rules", "test", own.name, "-f", "json", cwd=tmp_path).report["failures"]
    assert failure["rule"] == "acme-key"
    assert what in failure["what"]


def test_a_file_that_is_no_file_of_rules_is_an_error(tmp_path: Path) -> None:
    call("rules", "test", "gone.toml", cwd=tmp_path).says(2, "gone.toml cannot be read")
    (tmp_path / "bad.toml").write_text("[[rule]]\nid = 1\n")
    call("rules", "test", "bad.toml", cwd=tmp_path).says(3, "bad.toml")


def explained(root: Path, place: str, *more: str) -> list[dict[str, Any]]:
    done = call("rules", "explain", place, *more, "-f", "json", cwd=root)
    assert done.code == 0, done
    for value in (TOKEN, PASSWORD):
        assert value not in done.out
    shown = call("rules", "explain", place, *more, cwd=root)
    assert shown.code == 0
    for value in (TOKEN, PASSWORD):
        assert value not in shown.out
    found: list[dict[str, Any]] = done.report["candidates"]
    for candidate in found:
        assert f"({candidate['rule']})" in shown.out
        for reason in candidate["reasons"]:
            assert " ".join(reason.split()) in " ".join(shown.out.split())
    return found


def lines(root: Path, *texts: str, name: str = "a.py") -> None:
    (root / name).write_text("".join(f"{text}\n" for text in texts))


def one(found: list[dict[str, Any]], rule: str) -> tuple[bool, str]:
    (candidate,) = (candidate for candidate in found if candidate["rule"] == rule)
    return candidate["reported"], "; ".join(candidate["reasons"])


def test_what_is_not_used_of_the_rules_is_told_beside_the_explanation(tmp_path: Path) -> None:
    lines(tmp_path, "x = 1")
    (tmp_path / "envguard.toml").write_text('[scan]\nrules = ["own.py"]\n')
    assert "plugins, which are not loaded" in call("rules", "explain", "a.py:1", cwd=tmp_path).err


def test_a_token_is_reported_for_its_form_and_its_check(tmp_path: Path) -> None:
    lines(tmp_path, "# one", f'T = "{TOKEN}"')
    found = explained(tmp_path, "a.py:2")
    assert one(found, "github-token") == (
        True,
        "it has the form, and passes the offline check github",
    )
    assert (found[0]["line"], found[0]["column"], found[0]["confidence"]) == (2, 6, "high")


def test_a_token_with_a_wrong_checksum_is_none(tmp_path: Path) -> None:
    wrong = TOKEN[:-6] + ("zzzzzz" if TOKEN[-6:] != "zzzzzz" else "yyyyyy")
    lines(tmp_path, f'T = "{wrong}"')
    reported, why = one(explained(tmp_path, "a.py:1"), "github-token")
    assert (reported, "fails the offline check github" in why) == (False, True)


def test_a_marker_an_exclusion_and_git_are_reasons(repository: Repository) -> None:
    root = repository.root
    lines(root, f'T = "{TOKEN}"  # envguard:allow')
    assert one(explained(root, "a.py:1"), "github-token") == (
        False,
        "an inline marker allows it",
    )
    (root / "envguard.toml").write_text('[scan]\nexclude = ["vendor/**"]\n')
    (root / "vendor").mkdir()
    lines(root, f'T = "{TOKEN}"', name="vendor/a.py")
    reported, why = one(explained(root, "vendor/a.py:1"), "github-token")
    assert (reported, "passed by" in why) == (False, True)
    assert "excluded by scan.exclude" in call("rules", "explain", "vendor/a.py:1", cwd=root).out
    repository.write(".gitignore", ".env\n")
    lines(root, f"T={TOKEN}", name=".env")
    assert one(explained(root, ".env:1"), "github-token")[0] is False
    assert "git ignores the file" in call("rules", "explain", ".env:1", cwd=root).out


def test_a_confidence_below_the_minimum_is_a_reason(tmp_path: Path) -> None:
    lines(tmp_path, f'password = "{PASSWORD}"')
    (found,) = explained(tmp_path, "a.py:1")
    assert found["rule"] == "generic-credential"
    assert found["reported"] is True
    assert found["points"], "the scorer says what it counted"
    if found["confidence"] != "high":
        reported, why = one(
            explained(tmp_path, "a.py:1", "--min-confidence", "high"), "generic-credential"
        )
        assert (reported, "below the minimum, high" in why) == (False, True)


def test_a_documented_example_is_a_reason(tmp_path: Path) -> None:
    lines(tmp_path, 'key = "AKIAIOSFODNN7' + 'EXAMPLE"')
    reported, why = one(explained(tmp_path, "a.py:1"), "aws-access-key-id")
    assert (reported, "documentation" in why) == (False, True)


def test_what_stands_encoded_is_explained(tmp_path: Path) -> None:
    import base64

    lines(tmp_path, f"x: {base64.b64encode(TOKEN.encode()).decode()}", name="a.yml")
    (found,) = explained(tmp_path, "a.yml:1")
    assert (found["rule"], found["decoded"], found["reported"]) == ("github-token", "base64", True)


def test_a_plain_line_holds_nothing(tmp_path: Path) -> None:
    lines(tmp_path, "print('hello')")
    assert explained(tmp_path, "a.py:1") == []
    assert "nothing here has the form" in call("rules", "explain", "a.py:1", cwd=tmp_path).out


@pytest.mark.parametrize(
    ("place", "what"),
    [
        ("a.py", "a FILE:LINE is needed"),
        ("a.py:x", "a FILE:LINE is needed"),
        ("a.py:0", "no line 0"),
        ("a.py:2", "has 1 lines"),
        ("gone.py:1", "cannot be read"),
    ],
)
def test_a_place_that_is_none_is_an_error(place: str, what: str, tmp_path: Path) -> None:
    lines(tmp_path, "text")
    call("rules", "explain", place, cwd=tmp_path).says(2, what)


def test_rules_of_a_file_explain_too(own: Path, tmp_path: Path) -> None:
    lines(tmp_path, "ACME-12345678")
    found = explained(tmp_path, "a.py:1", "--rules", own.name)
    assert one(found, "acme-key") == (True, "it has the form, which nothing else has")
