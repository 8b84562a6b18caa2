"""A detector from the cache is the detector that the rules give."""

from __future__ import annotations

import stat
import subprocess
import sys
from pathlib import Path

import pytest

from envguard.core.document import Document
from envguard.core.errors import ConfigError
from envguard.detection import cache
from envguard.detection import prepare as module
from envguard.detection.builtin import RuleFile, built_in
from envguard.detection.detector import Detector
from envguard.detection.prepare import prepare
from tests.detection import samples
from tests.detection.oracle import RULES, Sight, sight

RULE = b"""
[[rule]]
id = "own-token"
title = "Own token"
severity = "low"
confidence = "medium"
pattern = '''own_(?P<secret>[0-9]{9})'''
anchor = '''own_[0-9]{9}'''
source = "https://example.com"
revoke = ""
weighed = true
examples = []
non_examples = []
"""
OWN: RuleFile = (Path("own.toml"), RULE)
TEXT = b"\n".join(
    [samples.expand(example) for rule in RULES for example in rule.examples]
    + [b"own_123456780", b'password = "tr0ub4dor&3x"']
)


def sights(detector: Detector) -> list[tuple[Sight, object]]:
    found = detector.candidates(Document("", TEXT))
    return [
        (sight(c), (c.rule.title, c.rule.severity, c.rule.revoke, c.confidence(""))) for c in found
    ]


def kept(folder: Path) -> list[Path]:
    return sorted(folder.iterdir())


def test_a_detector_from_the_cache_finds_the_same(tmp_path: Path) -> None:
    files = [*built_in(), OWN]
    plain = sights(prepare(files, None))
    assert len(plain) > len(RULES)
    assert sights(prepare(files, tmp_path)) == plain
    assert sights(prepare(files, tmp_path)) == plain


def test_the_second_start_reads_no_rules(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    prepare([OWN], tmp_path)
    monkeypatch.delattr(module, "_built")
    assert sights(prepare([OWN], tmp_path))


def test_without_a_folder_nothing_is_kept(tmp_path: Path, own_world: Path) -> None:
    prepare([OWN], None)
    assert kept(tmp_path) == []
    assert list(own_world.iterdir()) == []


def test_one_other_byte_in_a_rule_file_makes_another_file(tmp_path: Path) -> None:
    prepare([OWN], tmp_path)
    prepare([(OWN[0], RULE.replace(b"Own token", b"Own Token"))], tmp_path)
    prepare([OWN, (Path("more.toml"), RULE.replace(b"own-", b"more-"))], tmp_path)
    assert len(kept(tmp_path)) == 3
    prepare([(Path("elsewhere.toml"), RULE)], tmp_path)
    assert len(kept(tmp_path)) == 3  # the content counts, not its name


def test_another_platform_makes_another_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    prepare([OWN], tmp_path)
    monkeypatch.setattr(module, "platform_key", lambda: "0.0 another processor")
    prepare([OWN], tmp_path)
    assert len(kept(tmp_path)) == 2


@pytest.mark.parametrize("damage", ["flip", "cut", "wide", "no automaton"])
def test_a_file_that_cannot_be_trusted_is_made_again(tmp_path: Path, damage: str) -> None:
    plain = sights(prepare([OWN], tmp_path))
    (file,) = kept(tmp_path)
    content = file.read_bytes()
    if damage == "flip":
        file.write_bytes(content[:-9] + bytes([content[-9] ^ 4]) + content[-8:])
    elif damage == "cut":
        file.write_bytes(content[:-9])
    elif damage == "wide":
        file.chmod(0o644)
    else:  # whole for the cache, but no automaton that this library takes
        payload = cache.read(file)
        assert payload is not None
        cache.write(file, payload[: 4 + int.from_bytes(payload[:4], "big")] + b"x" * 200)
    assert sights(prepare([OWN], tmp_path)) == plain
    assert kept(tmp_path) == [file]
    assert file.read_bytes() == content
    assert stat.S_IMODE(file.stat().st_mode) == 0o600


def test_a_folder_that_cannot_be_made_only_costs_time(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    assert sights(prepare([OWN], tmp_path / "file" / "envguard"))


PROGRAM = """
import sys
from pathlib import Path
from envguard.core.document import Document
from envguard.detection.prepare import standard
detector = standard(Path(sys.argv[1]))
print(len(detector.candidates(Document("", sys.stdin.buffer.read()))))
"""


def test_two_processes_may_start_at_once(tmp_path: Path) -> None:
    folder = tmp_path / "cache" / "envguard"
    line = samples.expand("{github:ghp_}")
    started = [
        subprocess.Popen(
            [sys.executable, "-c", PROGRAM, folder],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
        )
        for _ in range(3)
    ]
    for process in started:
        out, err = process.communicate(line + b"\n" + line)
        assert (out.strip(), err, process.returncode) == (b"2", b"", 0)
    (file,) = kept(folder)
    assert cache.read(file) is not None


@pytest.mark.parametrize("anchor", [b"own_(?=x)y", b"own_a{90000}"])
def test_an_anchor_that_the_matcher_refuses_is_an_error_that_names_it(
    tmp_path: Path, anchor: bytes
) -> None:
    wrong = RULE.replace(b"own_[0-9]{9}", anchor)
    for folder in (None, tmp_path):
        with pytest.raises(ConfigError) as caught:
            prepare([(OWN[0], wrong)], folder)
        assert anchor.decode() in caught.value.what
        assert caught.value.hint
    assert kept(tmp_path) == []


def test_a_wrong_rule_is_an_error_that_names_the_file(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"own\.toml"):
        prepare([(OWN[0], b"[[rule]]\nid = 1")], tmp_path)
