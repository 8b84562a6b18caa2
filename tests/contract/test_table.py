from __future__ import annotations

from pathlib import Path

import pytest

from tests.contract.table import BEGIN, END, Results, write

pytest_plugins = ["pytester"]


def test_a_case_counts_as_kept_only_where_every_test_of_it_is(pytester: pytest.Pytester) -> None:
    pytester.makepyfile("""
        import pytest
        from envguard.testing.case import Watch, case

        class Home:
            name = "mine"

        @pytest.fixture
        def home():
            return Home()

        @case("good")
        def test_good(home): pass

        @case("bad")
        @pytest.mark.parametrize("number", [1, 2])
        def test_bad(home, number): assert number == 1

        @case("none")
        def test_none(home): pytest.skip("has none")

        def test_of_no_case(home): pass
    """)
    results = Results()
    pytester.inline_run(plugins=[results])
    assert results.table().splitlines() == [
        "| | mine |",
        "|---|---|",
        "| good | yes |",
        "| bad | no |",
        "| none | - |",
    ]


def test_the_table_replaces_what_stands_between_the_marks(tmp_path: Path) -> None:
    file = tmp_path / "README.md"
    file.write_text(f"before\n{BEGIN}\nold\n{END}\nafter\n")
    write(file, "| new |")
    assert file.read_text() == f"before\n{BEGIN}\n| new |\n{END}\nafter\n"
    file.write_text("no marks\n")
    with pytest.raises(SystemExit):
        write(file, "| new |")
