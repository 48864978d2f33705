"""The page of a plan: whole in one file, and readable in a browser on a phone, in the light and in the dark."""

from __future__ import annotations

import re
from html.parser import HTMLParser
from pathlib import Path

import pytest

from runbook.plan.show.html import as_html
from tests.committed import committed
from tests.lab.chromium import Chromium
from tests.plan.support import HERE, MAKES, view

PAGE = HERE / "golden" / "shop" / "plan.html"
VOID = {"meta", "link", "br", "hr", "img", "input"}


class Balanced(HTMLParser):
    """Every element that begins ends, in order."""

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []
        self.wrong: list[str] = []

    def handle_starttag(self, tag: str, attrs: object) -> None:  # noqa: ARG002 - the signature of the base
        if tag not in VOID:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        if not self.open or self.open.pop() != tag:
            self.wrong.append(tag)


def test_the_page_is_whole_and_loads_nothing() -> None:
    text = committed(PAGE, MAKES)
    parser = Balanced()
    parser.feed(text)
    assert (parser.open, parser.wrong) == ([], [])
    assert not re.search(r"<[^>]*(?:src|href)=(?!\"data:)|url\(|@import", text)
    assert "<script" not in text


def test_of_a_long_plan_the_parts_are_closed() -> None:
    steps = ", ".join("{note: x}" for _ in range(400))
    assert "<details class=variant>" in as_html(view(f"name: x\nhosts: all\nstages: [{{name: s, steps: [{steps}]}}]"))
    assert "<details class=variant open>" in committed(PAGE, MAKES)


@pytest.mark.lab
def test_a_browser_shows_it(chromium: Chromium, tmp_path: Path) -> None:
    from playwright.sync_api import sync_playwright

    colours = set()
    with sync_playwright() as playwright:
        browser = chromium.launch(playwright)
        for scheme, width in (("light", 1280), ("dark", 390)):
            page = browser.new_page(viewport={"width": width, "height": 800}, color_scheme=scheme)  # type: ignore[arg-type]
            errors: list[str] = []
            page.on("console", lambda message, errors=errors: errors.append(message.text))
            page.goto(PAGE.as_uri())
            assert page.evaluate("document.documentElement.scrollWidth") <= width, "nothing hangs over the edge"
            assert page.get_by_text("-DEBUG = True").first.is_visible()
            assert page.get_by_text("5 steps change 3 hosts").is_visible()
            assert errors == []
            colours.add(page.evaluate("getComputedStyle(document.body).backgroundColor"))
            page.screenshot(path=tmp_path / f"{scheme}.png", full_page=True)
        browser.close()
    assert len(colours) == 2
