"""detect-secrets inside: its plugins, and those of the user's own, in our matcher."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from envguard.core.document import Document
from envguard.core.errors import ConfigError
from envguard.detection.automaton import Automaton
from envguard.detection.book import book
from envguard.detection.builtin import RuleFile
from envguard.detection.detector import Detector
from envguard.detection.prepare import prepare
from envguard.detection.rule_files import ALL

pytest.importorskip("detect_secrets")

# A plugin as its documentation shows one.
HIPPO = """
import re

from detect_secrets.plugins.base import RegexBasedDetector


class HippoDetector(RegexBasedDetector):
    secret_type = "hippo"

    denylist = (re.compile(r"hippo-[a-z]{6}"),)
"""
OWN: RuleFile = (Path("own.py"), HIPPO.encode())
BASE64 = "c3VwZXIgbG9uZyBzdHJpbmcgc2hvdWxkIGNhdXNlIGVub3VnaCBlbnRyb3B5"
HEX = "2b00042f7481c7b056c4b410d28f33cf"


def detector(*files: RuleFile) -> Detector:
    rules = book(list(files))
    automaton = Automaton.compiled([rule.anchor for rule in rules.rules])
    return Detector(rules.rules, automaton, beside=rules.beside)


def found(finder: Detector, text: str, path: str = "a.py") -> list[tuple[str, str, int]]:
    """Rules, secrets and lines of what is likely in the file."""
    return [
        (c.rule.id.removeprefix("detect-secrets/"), c.secret.reveal(), c.line)
        for c in finder.candidates(Document(path, text.encode()))
        if c.confidence(path) is not None
    ]


def baseline(*plugins: dict[str, Any], filters: list[dict[str, Any]] | None = None) -> RuleFile:
    data = {"version": "1.5.0", "plugins_used": plugins, "results": {}}
    if filters is not None:
        data["filters_used"] = filters
    return Path(".secrets.baseline"), json.dumps(data).encode()


@pytest.fixture(scope="module")
def everything() -> Detector:
    return detector(ALL)


def test_a_custom_plugin_of_the_documentation_works_unchanged() -> None:
    assert found(detector(OWN), "x\ny = 'hippo-abcdef'\n") == [("hippo", "hippo-abcdef", 2)]


def test_every_plugin_that_comes_with_it_is_a_rule(everything: Detector) -> None:
    ids = {rule.id for rule in everything.rules}
    assert {"detect-secrets/aws-access-key", "detect-secrets/secret-keyword"} <= ids
    assert len([rule for rule in ids if rule.startswith("detect-secrets/")]) >= 25


@pytest.mark.parametrize(
    ("text", "path", "expected"),
    [
        (f"x = '{HEX}'", "a.py", [("hex-high-entropy-string", HEX, 1)]),
        (f"x = '{BASE64}'", "a.py", [("base64-high-entropy-string", BASE64, 1)]),
        ("password: hunter2foo", "a.yaml", [("secret-keyword", "hunter2foo", 1)]),
        ("password: hunter2foo", "a.py", []),
        ('password := "hunter2foo"', "a.go", [("secret-keyword", "hunter2foo", 1)]),
        ("x = '0123456789abcdef'", "a.py", []),  # a sequence, which a filter passes by
        (f"x = '{HEX}'", "yarn.lock", []),
        (f'"hashed_secret": "{HEX}"', ".secrets.baseline", []),
        ("x = '\0" + HEX + "'", "a.py", []),
    ],
)
def test_plugins_find_what_they_find_in_such_files(
    everything: Detector, text: str, path: str, expected: list[tuple[str, str, int]]
) -> None:
    assert found(everything, text, path) == expected


def test_options_of_a_baseline_hold() -> None:
    keyword = {"name": "KeywordDetector", "keyword_exclude": "hippo"}
    finder = detector(baseline(keyword, {"name": "HexHighEntropyString", "limit": 3.6}))
    assert found(finder, 'hippo_password = "hunter2foo"') == []
    assert found(finder, 'password = "hunter2foo"') == [("secret-keyword", "hunter2foo", 1)]
    assert found(finder, f"x = '{HEX}'") == []
    lower = detector(baseline({"name": "HexHighEntropyString", "limit": 3.4}))
    assert found(lower, f"x = '{HEX}'") != []


def test_empty_options_say_nothing() -> None:
    assert found(
        detector(baseline({"name": "KeywordDetector", "keyword_exclude": ""})),
        'password = "hunter2foo"',
    )


def test_filters_of_a_baseline_hold() -> None:
    path = "detect_secrets.filters.regex.should_exclude_"
    filters = [
        {"path": f"{path}line", "pattern": ["no line"]},
        {"path": f"{path}secret", "pattern": ["^2b00"]},
        {"path": f"{path}file", "pattern": "^vendor/"},
    ]
    finder = detector(baseline({"name": "HexHighEntropyString", "limit": 3}, filters=filters))
    assert found(finder, f"x = '{HEX}'") == []
    other = HEX[::-1]
    assert found(finder, f"x = '{other}'") != []
    assert found(finder, f"x = '{other}' # no line") == []
    assert found(finder, f"x = '{other}'", "vendor/a.py") == []
    # Filters that the baseline does not name are off.
    assert found(finder, "x = '0123456789abcdef'") != []


def test_a_filter_whose_path_is_no_text_is_told() -> None:
    file = baseline({"name": "AWSKeyDetector"}, filters=[{"path": ["x"]}, {"path": {}}])
    assert len(book([file]).beside.notes) == 2


def test_what_a_baseline_names_and_is_not_loaded_is_told() -> None:
    file = baseline(
        {"name": "Hippo", "path": "file:///somewhere/hippo.py"},
        {"name": "NoSuchDetector"},
        {"name": "AWSKeyDetector"},
        filters=[{"path": "file://own_filter.py::f"}],
    )
    notes = book([file]).beside.notes
    assert len(notes) == 3
    assert any("/somewhere/hippo.py" in note for note in notes)
    assert any("NoSuchDetector" in note for note in notes)
    assert any("own_filter.py" in note for note in notes)


NEVER = (
    HIPPO
    + """
    def verify(self, secret):
        raise AssertionError("asked")
"""
)


def test_nobody_is_ever_asked_whether_a_secret_is_real() -> None:
    from detect_secrets.settings import default_settings

    filters = "detect_secrets.filters.common.is_ignored_due_to_verification_policies"
    with default_settings() as settings:
        settings.filters[filters] = {"min_level": 2}
        finder = detector((Path("never.py"), NEVER.encode()))
        assert found(finder, "hippo-abcdef") == [("hippo", "hippo-abcdef", 1)]


DECIDES = """
from detect_secrets.plugins.base import BasePlugin


class Decider(BasePlugin):
    secret_type = "Decided by itself"

    def analyze_string(self, string):
        if string.endswith("!"):
            yield string.split()[-1]
"""


def test_a_plugin_that_decides_by_itself_sees_every_line() -> None:
    file: RuleFile = (Path("decides.py"), DECIDES.encode())
    finder = detector(file)
    lines = "one two!\r\n\r\nthree\nfour!"
    assert found(finder, lines) == [
        ("decided-by-itself", "two!", 1),
        ("decided-by-itself", "four!", 4),
    ]
    assert any("every line" in note for note in book([file]).beside.notes)


@pytest.mark.parametrize(
    ("source", "what"),
    [
        ("def (", "SyntaxError in line 1"),
        ("import re\nraise ValueError('s3cret')", "ValueError in line 2"),
        ("raise SystemExit(0)", "SystemExit in line 1"),
        ("import no_such_module", "ModuleNotFoundError in line 1"),
        ("x = 1", "no plugin"),
        (HIPPO.replace("hippo-[a-z]{6}", "hippo("), "in line"),
        (HIPPO + "\n    def __init__(self, needed): pass\n", "TypeError"),
    ],
)
def test_a_broken_plugin_is_an_error_that_names_the_file_and_the_line(
    source: str, what: str
) -> None:
    with pytest.raises(ConfigError) as caught:
        book([(Path("broken.py"), source.encode())])
    assert "broken.py" in caught.value.what
    assert what in caught.value.what
    assert "s3cret" not in caught.value.what


@pytest.mark.parametrize("error", ["ValueError", "SystemExit"])
def test_a_plugin_that_fails_on_a_line_is_an_error_without_the_line(error: str) -> None:
    source = HIPPO + f"\n    def analyze_string(self, string):\n        raise {error}(string)\n"
    with pytest.raises(ConfigError, match=rf"own\.py: the plugin HippoDetector failed: {error}"):
        found(detector((Path("own.py"), source.encode())), "s3cret-value")


def test_wrong_options_are_an_error_that_names_the_plugin() -> None:
    with pytest.raises(ConfigError, match="HexHighEntropyString"):
        book([baseline({"name": "HexHighEntropyString", "limit": 9})])


def test_a_limit_that_is_no_number_is_an_error() -> None:
    with pytest.raises(ConfigError, match="is no TOML"):
        book([baseline({"name": "HexHighEntropyString", "limit": float("nan")})])


def test_a_long_line_is_looked_at_around_each_hit() -> None:
    text = ("x" * 30_000 + " hippo-abcdef ") * 3
    assert [secret for _, secret, _ in found(detector(OWN), text)] == ["hippo-abcdef"] * 3


def test_a_detector_from_the_cache_runs_the_plugins_too(tmp_path: Path) -> None:
    for _ in range(2):
        finder = prepare([OWN], tmp_path)
        assert found(finder, "hippo-abcdef") == [("hippo", "hippo-abcdef", 1)]
    changed = OWN[0], HIPPO.replace("{6}", "{5}").encode()
    assert found(prepare([changed], tmp_path), "hippo-abcdef") == [("hippo", "hippo-abcde", 1)]


def test_a_file_is_not_run_before_something_is_found(tmp_path: Path) -> None:
    mark = tmp_path / "ran"
    source = f"with open({str(mark)!r}, 'a') as file: file.write('x')\n{HIPPO}".encode()
    folder = tmp_path / "cache"
    prepare([(Path("own.py"), source)], folder)
    assert mark.read_text() == "x"  # to know what it looks for
    finder = prepare([(Path("own.py"), source)], folder)
    finder.candidates(Document("a", b"nothing here"))
    assert mark.read_text() == "x"
    finder.candidates(Document("a", b"hippo-abcdef"))
    assert mark.read_text() == "xx"
