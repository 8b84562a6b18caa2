"""The points: what they add up to, and that the shipped ones fit the features."""

from __future__ import annotations

import json
from pathlib import Path

from envguard.core.rule import Confidence
from envguard.detection.evidence import features, identifiers, paths, weights
from envguard.detection.evidence.weights import Weights

PAIRS = [
    ("file", "given", {"code": {"=": -1.0}, "yaml": {"=": 2.0}}),
    ("a", "b", {"1": {"2": 4.0}}),
]
OWN = Weights(
    0.5,
    {"high": 3.0, "low": 0.0, "medium": 1.0},
    {"a": {"1": 1.0}, "file": {"code": 0.25}, "purpose": {"test": -8.0}},
    PAIRS,
)


def test_points_are_those_of_the_features_of_the_pairs_and_of_the_file() -> None:
    found = {"a": "1", "b": "x", "given": "="}
    assert OWN.points(found, "a.py") == 0.5 + 1.0 + 0.25 - 1.0
    assert OWN.points(found, "a.yml") == 0.5 + 1.0 + 2.0
    assert OWN.points(found, "tests/a.yml") == 0.5 + 1.0 + 2.0 - 8.0
    assert OWN.points({**found, "b": "2"}, "a.md") == 0.5 + 1.0 + 4.0


def test_without_a_path_it_is_the_likeliest_file() -> None:
    found = {"a": "1", "b": "x", "given": "="}
    files = [f"{folder}x.{ending}" for folder in ("", "tests/") for ending in ("py", "yml", "md")]
    assert OWN.points(found, "") == max(OWN.points(found, path) for path in files)


def test_a_sum_of_points_is_a_level() -> None:
    assert [OWN.level(p) for p in (3.0, 2.9, 1.0, 0.9, 0.0, -0.1)] == [
        Confidence.HIGH,
        Confidence.MEDIUM,
        Confidence.MEDIUM,
        Confidence.LOW,
        Confidence.LOW,
        None,
    ]


def test_the_shipped_points_are_for_features_that_there_are() -> None:
    content = json.loads(Path(weights.__file__).with_name("weights.json").read_text())
    found = features.describe("public_key", "hunter2", "=", False, "rest:end").keys()
    known = {*found, "file", "purpose"}
    assert {n for n in content["single"] if not n.startswith("line ")} <= known
    assert {(first, second) for first, second, _ in content["pairs"]} <= set(features.PAIRS)
    assert set(content["single"]["opens nothing"]) == set(identifiers.REASONS)
    assert set(content["single"]["file"]) <= set(paths.KINDS)
    assert set(content["single"]["purpose"]) <= set(paths.PURPOSES)
