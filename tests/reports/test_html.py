"""The HTML report: one file, escaped, filtered in a real browser, and nothing leaves it."""

from __future__ import annotations

import base64
import hashlib
import re
from collections.abc import Callable
from html.parser import HTMLParser
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from envguard.core.finding import Occurrence
from envguard.reports.html import render
from tests.reports.browser import chromium
from tests.reports.every import HOSTILE_TEXTS, PAGE, START, evil, is_clean, usual
from tests.reports.samples import ADA, AT_HEAD, IN_A_FILE, WEAK, incomplete

if TYPE_CHECKING:
    from playwright.sync_api import Page

_LOADING = {"src", "srcset", "data", "action", "formaction", "background", "poster", "style"}


class Reader(HTMLParser):
    """The elements, with what would load or run something told apart."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.loading: list[tuple[str, str]] = []
        self.links: list[str | None] = []
        self.policy = ""
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        for name, value in attrs:
            if name in _LOADING or name.startswith("on"):
                self.loading.append((name, value or ""))
            if name == "href":
                self.links.append(value)
        given = dict(attrs)
        if given.get("http-equiv") == "Content-Security-Policy":
            self.policy = given["content"] or ""


def test_the_report_is_as_it_was(golden: Callable[[str, str], None]) -> None:
    golden("scan.html", render(usual()))


@pytest.mark.parametrize("report", [usual(), usual(incomplete()), *map(evil, HOSTILE_TEXTS)])
def test_it_is_self_contained(report: Any) -> None:
    text = render(report)
    assert is_clean(text)
    read = Reader(text)
    assert read.loading == []
    assert (read.tags.count("script"), read.tags.count("style")) == (1, 1)
    assert not {"link", "img", "iframe", "object", "embed", "base", "x"} & set(read.tags)
    assert all((link or "").startswith("https://") for link in read.links)
    assert read.policy.startswith("default-src 'none'; style-src 'sha256-")
    assert "unsafe" not in read.policy
    assert text.count("<tr data-") == len(report.findings)


def test_the_policy_knows_the_script_by_its_digest() -> None:
    text = render(usual())
    script = re.search(r"<script>(.*)</script>", text, re.DOTALL)
    assert script is not None
    digest = base64.b64encode(hashlib.sha256(script[1].encode()).digest()).decode()
    assert f"script-src 'sha256-{digest}'" in text
    assert "<script>" in PAGE
    assert "{{" not in script[1]


def test_an_incomplete_scan_says_so_first() -> None:
    text = render(usual(incomplete()))
    assert text.index("The scan is incomplete") < text.index("Introduced and removed")
    assert "The scan is incomplete" not in render(usual())


def test_a_tree_has_no_timeline_and_says_how_to_get_one() -> None:
    text = render(usual()._replace(findings=[IN_A_FILE]))
    assert "<svg" not in text
    assert "envguard scan --history" in text


@given(st.text(st.characters(), min_size=1))
def test_no_text_makes_elements(text: str) -> None:
    plain = Reader(render(evil("x"))).tags
    shown = Reader(render(evil(text))).tags
    # A text may have a group of its own in the choice of rules and authors; nothing else differs.
    assert set(shown) <= set(plain) | {"a"}
    assert Reader(render(evil(text))).loading == []


@pytest.fixture
def page(tmp_path: Path) -> Any:
    """The report in a browser; `page.left` are the requests for anything but the file itself."""
    day = 86400
    recent = AT_HEAD._replace(author="Grace <g@example.com>", date="2024-05-01T00:00:00Z")
    nameless = WEAK._replace(rule="</script><script>alert(1)</script>", path="<img src=x>.py")
    moved = recent._replace(
        occurrences=(
            Occurrence("introduced", "a", 1, "5" * 40, ADA, "2022-01-02T00:00:00Z"),
            Occurrence("removed", "a", None, "6" * 40, ADA, "2023-03-02T00:00:00Z"),
        )
    )
    findings = [IN_A_FILE, AT_HEAD._replace(date="2022-05-06"), recent, moved, nameless]
    report = usual()._replace(findings=findings, ended=START + day)
    file = tmp_path / "report.html"
    file.write_text(render(report), encoding="utf-8")
    with chromium() as browser:
        opened = browser.new_page(viewport={"width": 1200, "height": 900})
        opened.set_default_timeout(20_000)
        left: list[str] = []
        problems: list[str] = []
        opened.on("request", lambda request: left.append(request.url))
        opened.on("console", lambda message: problems.append(message.text))
        opened.on("pageerror", lambda error: problems.append(str(error)))
        opened.goto(file.as_uri())
        yield opened
        assert left == [file.as_uri()]
        assert problems == []


def shown(page: Page) -> int:
    """How many findings are to be seen; the line above the table says the same."""
    count = page.locator("#findings tbody tr:visible").count()
    assert page.locator("#shown").inner_text() == f"{count} of 5 shown"
    return count


def test_a_browser_filters_it_and_nothing_leaves(page: Page, tmp_path: Path) -> None:
    assert shown(page) == 5
    page.get_by_label("critical").uncheck()
    assert shown(page) == 4
    page.get_by_label("Rule").select_option("generic-credential")
    assert shown(page) == 3
    page.get_by_label("Author").select_option(ADA)
    assert shown(page) == 1
    page.get_by_role("button", name="Show all").click()
    page.wait_for_function("document.getElementById('shown').textContent.startsWith('5 ')")
    assert shown(page) == 5
    for age, count in {"0-29": 2, "365-": 1, "?": 2, "30-179": 0, "": 5}.items():
        page.get_by_label("Age").select_option(age)
        assert shown(page) == count
    page.get_by_label("Rule").select_option("</script><script>alert(1)</script>")
    assert shown(page) == 1
    assert page.locator("svg rect.introduced").count() > 10
    picture = tmp_path / "report.png"
    page.screenshot(path=picture, full_page=True)
    assert picture.read_bytes().startswith(b"\x89PNG")


def test_it_prints_with_all_its_details(page: Page, tmp_path: Path) -> None:
    page.emulate_media(media="print")
    assert not page.locator("#filter").is_visible()
    page.evaluate("dispatchEvent(new Event('beforeprint'))")
    assert page.locator("details:not([open])").count() == 0
    assert page.pdf().startswith(b"%PDF")


def test_without_its_script_it_is_complete(tmp_path: Path) -> None:
    file = tmp_path / "report.html"
    file.write_text(render(usual()), encoding="utf-8")
    with chromium() as browser:
        page = browser.new_context(java_script_enabled=False).new_page()
        page.goto(file.as_uri())
        assert page.locator("#findings tbody tr:visible").count() == 4
        assert not page.locator("#filter").is_visible()


def test_its_controls_have_names_and_its_parts_have_roles(page: Page) -> None:
    for role, count in {"combobox": 3, "checkbox": 3, "button": 1, "status": 1, "main": 1}.items():
        found = page.get_by_role(role)  # type: ignore[arg-type]  # the names of ARIA
        assert found.count() == count, role
        for one in found.all() if role in ("combobox", "checkbox") else ():
            assert one.evaluate("element => element.labels.length") == 1
    assert page.locator("html").get_attribute("lang") == "en"
    assert page.title()
