"""What learning and evaluating share: a labelled split, the candidates in it, and the measures.

A split is a folder with `files/` and `labels.jsonl` (a row: path, line, end_line, label T, F or X,
value_start, value_end, category, weak). The evaluator is the Python file that comes with it: it
says how a finding meets a row, and counts.
"""

from __future__ import annotations

import collections
import importlib.util
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from types import ModuleType
from typing import Any, NamedTuple

from envguard.core.document import Document
from envguard.core.rule import Confidence
from envguard.detection.detector import Candidate
from envguard.detection.evidence.standins import is_no_value
from envguard.detection.prepare import standard
from envguard.detection.surroundings import BASIC

Row = dict[str, Any]
VIEWS = ("CORE", "STRONG")


class Sight(NamedTuple):
    """A candidate in a file of a split. `verdict` is `true`, `false`, `ignored` or `unlabelled`;
    `context` is what a name says, None for a rule; `confidence` what it was found with."""

    path: str
    line: int
    end_line: int
    value: str
    rule: str
    context: tuple[str, str, bool, str] | None
    confidence: Confidence
    verdict: str


def evaluator(path: Path) -> ModuleType:
    """The evaluator as a module."""
    found = importlib.util.spec_from_file_location("evaluator", path)
    assert found is not None and found.loader is not None
    module = importlib.util.module_from_spec(found)
    found.loader.exec_module(module)
    return module


class Split:
    """A labelled split, and the module that evaluates it."""

    def __init__(self, folder: Path, module: ModuleType) -> None:
        self.files = folder / "files"
        self._module = module
        self.rows: dict[str, list[Row]] = collections.defaultdict(list)
        for row in module.read_jsonl(folder / "labels.jsonl"):
            self.rows[row["path"]].append(row)
        self._lines = module.Lines(self.files)
        self._aside = frozenset(module.SET_ASIDE)

    def sights(self, *, raw: bool = False) -> list[Sight]:
        """What envguard finds at any confidence; `raw`: also what its scorer gives none."""
        detector = standard(None)
        if raw:
            _accept_all()
        found = []
        for path in sorted(self.rows):
            for candidate in detector.candidates(Document(path, (self.files / path).read_bytes())):
                confidence = candidate.confidence(path)
                if confidence is not None and not candidate.marked:
                    found.append(self._sight(path, candidate, confidence))
        return found

    def _sight(self, path: str, candidate: Candidate, confidence: Confidence) -> Sight:
        value = candidate.secret.reveal()
        value = "" if "\n" in value else value
        finding = {"line": candidate.line, "end_line": candidate.end_line, "value": value}
        hits = [r for r in self.rows[path] if self._module.matches(finding, r, self._lines)]
        aside = [r for r in hits if self._module.set_aside(r, self._aside)]
        true = [r for r in hits if r["label"] == "T" and r not in aside]
        verdict = "true" if true else "ignored" if aside else "false" if hits else "unlabelled"
        place = candidate.line, candidate.end_line
        context = candidate.assignment
        return Sight(path, *place, value, candidate.rule.id, context, confidence, verdict)

    def measures(self, kept: Iterable[Sight]) -> dict[str, dict[str, float]]:
        """Precision, recall and F1 of some sights, in each view."""
        findings: dict[str, list[Row]] = collections.defaultdict(list)
        for sight in kept:
            findings[sight.path].append(
                {"line": sight.line, "end_line": sight.end_line, "value": sight.value}
            )
        return {
            view: self._module.ratios(
                self._module.score(self.rows, findings, self.files, self._aside, view == "STRONG")
            )
            for view in VIEWS
        }


def _accept_all() -> None:
    """Lets the scorer keep all but what is certain to be none."""
    from envguard.detection import scoring  # noqa: PLC0415
    from envguard.detection.evidence.standins import password_of  # noqa: PLC0415

    def weigh(_key: str, value: str, *, around: str = "", **_: object) -> Confidence | None:
        dropped = is_no_value(value) or (BASIC in around and not password_of(value))
        return None if dropped else Confidence.LOW

    def weigh_chosen(value: str, *_: object) -> Confidence | None:
        return None if is_no_value(value) else Confidence.LOW

    scoring.weigh = weigh  # type: ignore[assignment]  # in this process only
    scoring.weigh_chosen = weigh_chosen  # type: ignore[assignment]  # the same


def line(measures: Mapping[str, Mapping[str, float]]) -> str:
    """The measures of both views, as cells of a table."""
    cells: Sequence[str] = ("p", "p_all", "recall", "f1")
    return " | ".join(f"{measures[view][cell]:.3f}" for view in VIEWS for cell in cells)


HEAD = (
    "| | CORE P | P all | R | F1 | STRONG P | P all | R | F1 |\n"
    "|---|---|---|---|---|---|---|---|---|"
)
