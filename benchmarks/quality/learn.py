"""Learns the scorer's points from labelled splits, and shows what they are worth.

    python benchmarks/quality/learn.py --evaluator creddata_eval.py --split DEV --split WORDS
        [--split ANY] [--write] [--ablation]

The splits are copies of one corpus (the development split, and word_like.py's copies of it): the
same repositories with other values. Needs scikit-learn; what it learns are plain numbers.

- `letters.bin`: how words are spelled, counted in the first split's own texts (a word counts where
  it stands in three repositories and more; what is random stands in none).
- `weights.json`: a logistic regression over the features of `envguard/detection/evidence`. Each
  true row is a positive, each false one and each example a negative, and what is unlabelled a weak
  negative. Repositories with many rows count for less.

Cross-validation is five-fold by repository: none is judged by points that it had a part in.
"""

from __future__ import annotations

import argparse
import collections
import json
import math
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from labelled import HEAD, Sight, Split, evaluator, line
from sklearn.feature_extraction import DictVectorizer
from sklearn.linear_model import LogisticRegression

from envguard.core.rule import Confidence
from envguard.detection import evidence
from envguard.detection.evidence import features, identifiers, letters, paths

FOLDER = Path(evidence.__path__[0])
WEIGHED = ("generic-credential", "database-url", "url-credentials")
OF_URLS = ("password", "url", False, "")  # as scoring.weigh_chosen asks
FOLDS = 5
STRENGTH = 0.08  # of the regression; the smaller, the more regular
PAIR = 0.4  # how much a pair counts beside a feature by itself
UNLABELLED = 0.35
LARGE = 0.3  # the power by which repositories with many rows count for less
LEAST = 0.03  # points that are worth keeping
# The points of evidence/identifiers.py, which are not learned, nor is anything from what has them.
NOTHING = "opens nothing"
NO_POINTS = -10.0
LEVELS = {"high": 2.0, "medium": 0.3, "low": -0.6}
SURE = 0.98  # the precision on labelled sights that is asked of the points chosen in the folds
Drop = Callable[[str], bool]
Texts = Mapping[str, str]
Weighed = Sequence[Sequence[float | None]]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--evaluator", type=Path, required=True)
    parser.add_argument("--split", type=Path, action="append", required=True)
    parser.add_argument("--write", action="store_true", help="into the package")
    parser.add_argument("--ablation", action="store_true")
    given = parser.parse_args()
    if given.write:
        (FOLDER / "letters.bin").write_bytes(spelling(given.split[0] / "files"))
        letters.table.cache_clear()
    module = evaluator(given.evaluator)
    splits = [Split(folder, module) for folder in given.split]
    data = Data(splits, [split.sights(raw=True) for split in splits])
    names = [folder.name for folder in given.split]
    print(HEAD)
    learner = Learner(data)
    for title, measured in learner.tables():
        for name, kept in zip(names, measured, strict=True):
            print(f"| {name}, {title} | {kept} |")
    if given.write:
        content = json.dumps(learner.content(), sort_keys=True, separators=(",", ":"), indent=0)
        (FOLDER / "weights.json").write_text(content + "\n", encoding="ascii")
    if given.ablation:
        ablation(data, names)


def spelling(files: Path) -> bytes:
    """The bits that each letter takes after two others, in sixteenths, from the words in files."""
    found: dict[str, set[str]] = collections.defaultdict(set)
    for path in sorted(files.rglob("*")):
        if path.is_file():
            repository = path.relative_to(files).parts[0]
            text = path.read_text("utf-8", "replace")
            for word in set(re.findall(r"[A-Z]?[a-z]{2,15}|[A-Z]{3,15}(?![a-z])", text)):
                if len(word) >= 3:
                    found[word.lower()].add(repository)
    counts: list[collections.Counter[tuple[int, ...]]] = [collections.Counter() for _ in range(3)]
    for word, repositories in found.items():
        if len(repositories) < 3:
            continue
        before = (0, 0)
        for code in [*(ord(letter) - 96 for letter in word), 0]:
            for known in range(3):
                counts[known][(*before[2 - known :], code)] += math.log2(len(repositories))  # type: ignore[assignment]  # weights
            before = before[1], code
    sums = [collections.Counter() for _ in range(3)]  # type: ignore[var-annotated]
    for known, counter in enumerate(counts):
        for place, count in counter.items():
            sums[known][place[:-1]] += count
    table = bytearray()
    codes = range(27)
    for first in codes:
        for second in codes:
            for third in codes:
                share = (counts[0][third,] + 1) / (sums[0][()] + 27)
                share = (counts[1][second, third] + 20 * share) / (sums[1][second,] + 20)
                share = (counts[2][first, second, third] + 10 * share) / (
                    sums[2][first, second] + 10
                )
                table.append(min(255, round(-math.log2(share) * 16)))
    return bytes(table)


class Data:
    """The sights of the splits, with their features, and the fold of each repository."""

    def __init__(self, splits: Sequence[Split], sights: Sequence[list[Sight]]) -> None:
        self.splits = splits
        self.sights = sights
        self.texts = [[_texts(sight) for sight in found] for found in sights]
        true: collections.Counter[str] = collections.Counter()
        for path, rows in splits[0].rows.items():
            true[path.split("/")[0]] += sum(row["label"] == "T" for row in rows)
        self.fold: dict[str, int] = {}
        load = [0] * FOLDS
        for repository in sorted(true, key=lambda name: (-true[name], name)):
            self.fold[repository] = load.index(min(load))
            load[self.fold[repository]] += true[repository] + 1


def _texts(sight: Sight) -> dict[str, str] | None:
    """The features of a sight; None for a rule that leaves nothing to the scorer."""
    if sight.rule not in WEIGHED:
        return None
    key, operator, quoted, around = sight.context or OF_URLS
    texts = features.describe(key, sight.value, operator, quoted, around)
    texts |= {"file": paths.kind(sight.path), "purpose": paths.purpose(sight.path)}
    for first, second in features.PAIRS:
        texts[f"{first} + {second}"] = f"{texts[first]} | {texts[second]}"
    return texts


class Learner:
    """Learns from all but some folds; `drop` says which features are left out."""

    def __init__(self, data: Data, drop: Drop = lambda _: False) -> None:
        self._data = data
        self._fixed = lambda found: 0.0 if drop(NOTHING) else NO_POINTS * (NOTHING in found)
        self._vectors = DictVectorizer()
        self._scale = lambda texts: {
            f"{name}={text}": PAIR if "+" in name else 1.0
            for name, text in texts.items()
            if name != NOTHING and not drop(name)
        }
        rows, self._true, self._worth, self._folds = [], [], [], []
        for sights, texts in zip(data.sights, data.texts, strict=True):
            counts = collections.Counter(sight.path.split("/")[0] for sight in sights)
            for sight, found in zip(sights, texts, strict=True):
                if found is None or sight.verdict == "ignored" or self._fixed(found):
                    continue
                repository = sight.path.split("/")[0]
                rows.append(self._scale(found))
                self._true.append(sight.verdict == "true")
                worth = UNLABELLED if sight.verdict == "unlabelled" else 1.0
                self._worth.append(worth * (counts[repository] / 50) ** -LARGE)
                self._folds.append(data.fold[repository])
        self._matrix = _small(self._vectors.fit_transform(rows))

    def _model(self, without: int | None) -> Any:
        chosen = np.array([fold != without for fold in self._folds])
        model = LogisticRegression(C=STRENGTH, max_iter=300, solver="liblinear")
        true, worth = np.array(self._true), np.array(self._worth)
        return model.fit(self._matrix[chosen], true[chosen], sample_weight=worth[chosen])

    def tables(self) -> Iterator[tuple[str, list[str]]]:
        """The measures of each split: each repository judged by the others, and judged by all."""
        crossed, fitted = self._crossed(), self._weighed([self._model(None)], lambda _: 0)
        chosen = [self._least(crossed, without=fold) for fold in range(FOLDS)]
        yield "cross-validated", self.crossed(crossed)
        yield (
            "high, cross-validated",
            self._measured(crossed, Confidence.HIGH, lambda _: LEVELS["high"]),
        )
        yield (
            f"{SURE:.0%} in the other folds ({min(chosen)} to {max(chosen)} points)",
            self._measured(crossed, Confidence.HIGH, lambda sight: chosen[self._fold(sight)]),
        )
        yield "as learned", self._measured(fitted, Confidence.MEDIUM, lambda _: LEVELS["medium"])

    def crossed(self, weighed: Weighed | None = None) -> list[str]:
        """The measures of each split, each repository judged by the others."""
        weighed = weighed or self._crossed()
        return self._measured(weighed, Confidence.MEDIUM, lambda _: LEVELS["medium"])

    def _crossed(self) -> Weighed:
        return self._weighed([self._model(fold) for fold in range(FOLDS)], self._fold)

    def _fold(self, sight: Sight) -> int:
        return self._data.fold[sight.path.split("/")[0]]

    def _weighed(self, models: Sequence[Any], model_of: Callable[[Sight], int]) -> Weighed:
        """The points of each sight of each split; none for a rule that leaves nothing to them."""
        weighed = []
        for sights, texts in zip(self._data.sights, self._data.texts, strict=True):
            rows = [self._scale(found or {}) for found in texts]
            matrix = _small(self._vectors.transform(rows))
            points = [model.decision_function(matrix) for model in models]
            weighed.append(
                [
                    points[model_of(sight)][number] + self._fixed(found) if found else None
                    for number, (sight, found) in enumerate(zip(sights, texts, strict=True))
                ]
            )
        return weighed

    def _least(self, weighed: Weighed, without: int) -> float:
        """The least points with which labelled sights are as precise as SURE, in all folds but
        one."""
        rows = sorted(
            (
                (points, sight.verdict == "true")
                for sights, of_split in zip(self._data.sights, weighed, strict=True)
                for sight, points in zip(sights, of_split, strict=True)
                if points is not None
                and sight.verdict in ("true", "false")
                and self._fold(sight) != without
            ),
            reverse=True,
        )
        true = np.cumsum([is_true for _, is_true in rows])
        sure = np.flatnonzero(true / np.arange(1, len(rows) + 1) >= SURE)
        return round(float(rows[sure[-1]][0]), 2)

    def _measured(
        self, weighed: Weighed, level: Confidence, least: Callable[[Sight], float]
    ) -> list[str]:
        measured = []
        for split, sights, of_split in zip(
            self._data.splits, self._data.sights, weighed, strict=True
        ):
            kept = [
                sight
                for sight, points in zip(sights, of_split, strict=True)
                if (sight.confidence >= level if points is None else points >= least(sight))
            ]
            measured.append(line(split.measures(kept)))
        return measured

    def content(self) -> dict[str, Any]:
        """What stands in weights.json."""
        model = self._model(None)
        single: dict[str, dict[str, float]] = collections.defaultdict(dict)
        single[NOTHING] = dict.fromkeys(identifiers.REASONS, NO_POINTS)
        pairs: dict[str, dict[str, dict[str, float]]] = {}
        for column, weight in zip(self._vectors.feature_names_, model.coef_[0], strict=True):
            name, _, text = column.partition("=")
            points = round(float(weight) * (PAIR if "+" in name else 1.0), 2)
            if abs(points) < LEAST:
                continue
            if "+" in name:
                first, second = text.split(" | ")
                pairs.setdefault(name, {}).setdefault(first, {})[second] = points
            else:
                single[name][text] = points
        return {
            "start": round(float(model.intercept_[0]), 2),
            "levels": LEVELS,
            "single": single,
            "pairs": [[*name.split(" + "), table] for name, table in pairs.items()],
        }


def _small(matrix: Any) -> Any:
    """A matrix with the small indices that scikit-learn takes."""
    matrix.indices, matrix.indptr = matrix.indices.astype(np.int32), matrix.indptr.astype(np.int32)
    return matrix


def ablation(data: Data, names: Sequence[str]) -> None:
    """What each feature is worth: the cross-validated measures without it."""
    single = dict.fromkeys(
        name
        for found in data.texts
        for texts in found
        for name in texts or ()
        if "+" not in name and not name.startswith("line ")
    )
    print(f"\n{HEAD}")
    cases: dict[str, Drop] = {"all features": lambda _: False}
    for left_out in single:
        cases[f"without {left_out}"] = lambda name, left_out=left_out: left_out in name.split(" + ")  # type: ignore[misc]
    cases["without marks of the line"] = lambda name: name.startswith("line ")
    cases["without pairs"] = lambda name: "+" in name
    for title, drop in cases.items():
        for name, kept in zip(names, Learner(data, drop).crossed(), strict=True):
            print(f"| {title}, {name} | {kept} |", flush=True)


if __name__ == "__main__":
    main()
