"""detect-secrets' own plugin tests, run against its plugins as they run inside envguard.

    python benchmarks/quality/detect_secrets_tests.py CHECKOUT [PYTEST-OPTIONS]

CHECKOUT is a checkout of https://github.com/Yelp/detect-secrets ; needs pytest, `responses` and
`requests`. Its files tests/plugins/*_test.py run unchanged. In them every call of a plugin's
`analyze_line` goes through envguard: the matcher looks for the plugin's anchor in the line, and the
plugin is asked where it was found. Filters are off, as in those tests.
"""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path
from typing import Any

from envguard.core.document import Document
from envguard.detection.automaton import Automaton
from envguard.detection.book import book
from envguard.detection.detector import Detector, anchors


class Embedded:
    """Puts envguard's detector in the place of `analyze_line` of each plugin."""

    def __init__(self) -> None:
        self._detectors: dict[str, Detector] = {}
        self._is_inside = False
        self.calls = 0
        self.others = 0

    def install(self) -> None:
        """Replaces the method of every plugin that comes with detect-secrets."""
        from detect_secrets.core.plugins.util import (  # noqa: PLC0415 - the checkout's
            get_mapping_from_secret_type_to_class,
        )

        for kind in list(get_mapping_from_secret_type_to_class().values()):
            kind.analyze_line = self._replaced(kind.analyze_line)

    def _replaced(self, original: Any) -> Any:
        def analyze_line(
            plugin: Any, filename: str, line: str, line_number: int = 0, context: Any = None,
            **more: Any,
        ) -> Any:  # fmt: skip
            eager = more.get("enable_eager_search")
            verifies = context is not None
            if (
                self._is_inside
                or eager
                or verifies
                or type(plugin).analyze_line is not analyze_line
            ):
                self.others += not self._is_inside
                return original(
                    plugin, filename=filename, line=line, line_number=line_number, context=context,
                    **more,
                )  # fmt: skip
            self.calls += 1
            self._is_inside = True
            try:
                return self._found(plugin, filename, line, line_number)
            finally:
                self._is_inside = False

        return analyze_line

    def _found(self, plugin: Any, filename: str, line: str, line_number: int) -> set[Any]:
        from detect_secrets.core.potential_secret import PotentialSecret  # noqa: PLC0415

        content = json.dumps({"plugins_used": [plugin.json()], "filters_used": []}).encode()
        detector = self._detectors.get(content.decode())
        if detector is None:
            rules = book([(Path("test.json"), content)])
            automaton = Automaton.compiled(anchors(rules.rules))
            detector = Detector(rules.rules, automaton, beside=rules.beside)
            self._detectors[content.decode()] = detector
        text = line.encode("utf-8", "surrogateescape")
        return {
            PotentialSecret(
                type=plugin.secret_type,
                filename=filename,
                secret=candidate.secret.reveal(),
                line_number=line_number,
            )
            for candidate in detector.candidates(Document(filename, text))
            if candidate.rule.checks is not None and candidate.confidence(filename) is not None
        }


def main() -> int:
    """Runs the tests; pytest's exit code."""
    checkout = Path(sys.argv[1]).resolve()
    os.chdir(checkout)
    sys.path.insert(0, str(checkout))
    import pytest  # noqa: PLC0415 - the checkout comes first

    embedded = Embedded()
    embedded.install()
    code = pytest.main(
        ["-q", "-p", "no:cacheprovider", "-c", os.devnull, "--rootdir", ".", "tests/plugins",
         *sys.argv[2:]]
    )  # fmt: skip
    print(f"{embedded.calls} calls went through envguard, {embedded.others} did not"
          " (eager search, or with a context for verification)")  # fmt: skip
    return int(code)


if __name__ == "__main__":
    sys.exit(main())
