"""The results of the contract suite as a table in Markdown, between two marks of a file.

python -m tests.contract.table            prints it
python -m tests.contract.table README.md  writes it there
"""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

BEGIN, END = "<!-- contract suite: begin -->", "<!-- contract suite: end -->"
_WORSE = ("no", "refused", "yes", "")
"""What several tests of one case say together: the first of these that one of them says."""

MANY = 500
"""Keys that the large cases write for the table; in the tests, where it takes long, fewer."""


class Results:
    """A plugin of pytest that keeps what each case said of each home."""

    def __init__(self) -> None:
        self.cells: dict[str, dict[str, str]] = {}
        self.homes: dict[str, None] = {}

    def pytest_runtest_call(self, item: pytest.Item) -> None:
        """Makes the large cases as large as they can be."""
        home = getattr(item, "funcargs", {}).get("home")
        if home is not None:
            home.many = MANY

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_makereport(self, item: pytest.Function, call: object) -> object:
        """Notes one test."""
        report = yield
        title = getattr(getattr(item, "function", None), "case", None)
        home = getattr(item, "funcargs", {}).get("home")
        if title is None or home is None or report.when == "teardown":
            return report
        if report.when == "setup" and report.passed:
            return report
        self.homes.setdefault(home.name)
        said = ""
        if report.failed:
            said = "no"
        elif report.passed:
            watch = item.funcargs.get("watch")
            said = getattr(watch, "outcome", "") or "yes"
        row = self.cells.setdefault(title, {})
        row[home.name] = min(row.get(home.name, ""), said, key=_WORSE.index)
        return report

    def table(self) -> str:
        """Rows are cases, columns are homes."""
        lines = [
            "| | " + " | ".join(self.homes) + " |",
            "|---|" + "---|" * len(self.homes),
        ]
        for title, row in self.cells.items():
            cells = [row.get(home) or "-" for home in self.homes]
            lines.append(f"| {title} | " + " | ".join(cells) + " |")
        return "\n".join(lines)


def write(file: Path, table: str) -> None:
    """Puts the table between the marks of a file."""
    text = file.read_text(encoding="utf-8")
    before, begin, rest = text.partition(BEGIN)
    _, end, after = rest.partition(END)
    if not (begin and end):
        sys.exit(f"{file} has no {BEGIN} and {END}")
    file.write_text(f"{before}{BEGIN}\n{table}\n{END}{after}", encoding="utf-8")


def main(arguments: list[str]) -> int:
    """Runs the suite; its exit code."""
    results = Results()
    suite = str(Path(__file__).with_name("test_backend_contract.py"))
    code = pytest.main([suite, "--quiet", "--no-header", "-p", "no:xdist", "-rN"], [results])
    if arguments:
        write(Path(arguments[0]), results.table())
    else:
        print(results.table())  # noqa: T201 - what it is for
    return int(code)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
