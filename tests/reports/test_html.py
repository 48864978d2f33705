"""The HTML page: self-contained, safe, and as people see it in a real browser."""

from __future__ import annotations

import base64
import hashlib
import re
from collections.abc import Iterator
from html.parser import HTMLParser
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from playwright.sync_api import Browser, Page, sync_playwright

from runbook.reports.html import render
from runbook.runs.record import Run, fold
from runbook.testing.run_events import EventWriter, outcome, table
from tests.lab.chromium import Chromium
from tests.reports import sample

EVIL = "</script></style><img src=x onerror='document.title=1'>\"'&<b>"


class Parsed(HTMLParser):
    """Elements that are never closed, ids, links, and everything that could load or run something."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.ids: list[str] = []
        self.links: list[str] = []
        self.tags: list[str] = []
        self.open: list[str] = []
        self.risky: list[str] = []
        self.text = ""
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        if tag not in ("meta", "link", "input", "br", "th", "td", "tr", "thead", "tbody", "option"):
            self.open.append(tag)
        for name, value in attrs:
            if name == "id":
                self.ids.append(value or "")
            elif name == "href" and tag == "a":
                self.links.append(value or "")
            elif name.startswith("on") or name in ("src", "href", "action", "srcset", "data"):
                self.risky.append(f"{tag} {name}={value}")

    def handle_endtag(self, tag: str) -> None:
        if tag in self.open:
            assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.text += data


def _evil() -> Run:
    return _saying(EVIL)


def _saying(text: str) -> Run:
    """A run in which every text is this one."""
    log = EventWriter(("web1", text), playbook=text, labels={text: text}, user=text, description=text, version=text)
    with log.stage("1", text), log.on(text, "1", text, outcome=outcome("failed", text)):
        failed = outcome("failed", text, evidence=table((text,), (text,), title=text), diff=text, data={"stdout": text})
        more = {"action": text, "causes": (text,), "excerpt": text, "place": text, "items": ((text, failed),)}
        log.step(text, "1.1", text, "shell", failed, **more)
    return fold(log.end())


def test_it_loads_nothing_and_every_link_leads_somewhere() -> None:
    page = Parsed(render(fold(sample.events())))
    assert page.risky == ["link href=data:,"]
    assert len(page.ids) == len(set(page.ids))
    assert {link.removeprefix("#") for link in page.links} <= set(page.ids)
    assert page.open == []


def test_the_page_allows_its_own_script_alone() -> None:
    text = render(_evil())
    (script,) = re.findall(r"<script>(.*?)</script>", text, re.S)
    digest = base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()
    assert f"script-src 'sha256-{digest}'" in text
    assert "default-src 'none'" in text


@given(st.text(min_size=1))
def test_any_text_stays_text(text: str) -> None:
    page = Parsed(render(_saying(text)))
    assert page.risky == ["link href=data:,"]
    assert page.open == []


def test_causes_and_what_needs_attention_come_before_the_stages() -> None:
    text = render(fold(sample.events()))
    text = text[text.index("<body") :]
    parts = ("class='verdict failed'", "Likely causes", "Needs attention", "Timeline", "class=stage")
    order = [text.index(part) for part in parts]
    assert order == sorted(order)
    first = re.search(r"class='attention'.*?<li>(.*?)</li>", text, re.S)
    assert first is not None
    assert "failed" in first[1]


def test_in_a_stage_the_host_that_failed_stands_first() -> None:
    text = render(fold(sample.events()))
    stage = text[text.index("id='stage-2'") : text.index("id='stage-3'")]
    assert stage.index("<h3>web2</h3>") < stage.index("<h3>web1</h3>")


def test_of_many_hosts_those_that_passed_are_closed() -> None:
    hosts = tuple(f"web{number}" for number in range(20))
    log = EventWriter(hosts)
    with log.stage("1", "One"):
        for host in hosts:
            with log.on(host, "1", "One", outcome=outcome("failed" if host == "web7" else "passed")):
                log.step(host, "1.1", "Look", "shell", outcome("failed" if host == "web7" else "passed"))
    text = render(fold(log.end()))
    assert re.findall(r"<details class=host data-host='(\w+)' open>", text) == ["web7"]
    assert text.count("<details class=host") == 20


# --- in a browser ----------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def browser(chromium: Chromium) -> Iterator[Browser]:
    with sync_playwright() as playwright:
        browser = chromium.launch(playwright)
        yield browser
        browser.close()


@pytest.fixture
def written(tmp_path: Path) -> Path:
    path = tmp_path / "отчёт.html"
    path.write_text(render(fold(sample.events())), encoding="utf-8")
    return path


def _opened(browser: Browser, path: Path, width: int = 1200, **more: object) -> Page:
    page = browser.new_page(viewport={"width": width, "height": 800}, **more)  # type: ignore[arg-type] # passed on
    page.on("pageerror", lambda error: pytest.fail(str(error)))
    page.on("console", lambda message: pytest.fail(message.text) if message.type in ("error", "warning") else None)
    page.goto(path.as_uri())
    return page


def _visible(page: Page) -> list[str]:
    """The numbers of the steps that stand directly in a host and are seen."""
    return page.locator(".host > .step:visible > .line > .number").all_inner_texts()


@pytest.mark.parametrize("width", [320, 360, 768, 1200])
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_no_width_makes_the_page_scroll_sideways(browser: Browser, written: Path, width: int, scheme: str) -> None:
    page = _opened(browser, written, width, color_scheme=scheme)
    page.evaluate("document.querySelectorAll('details').forEach((one) => (one.open = true))")
    assert page.evaluate("document.scrollingElement.scrollWidth") == width


def test_filters_by_result_and_host(browser: Browser, written: Path) -> None:
    page = _opened(browser, written)
    everything = _visible(page)
    page.uncheck("input[value=passed]")
    assert "2.1" in _visible(page)
    assert page.locator(".filters output").inner_text() == f"{len(_visible(page))} of {len(everything)} steps"
    page.select_option("select[name=host]", "web2")
    assert _visible(page) == ["1.2", "2.1"]
    assert page.locator(".stage:visible").count() == 2
    page.check("input[value=passed]")
    page.select_option("select[name=host]", "")
    assert _visible(page) == everything


def test_a_link_opens_what_it_leads_to(browser: Browser, written: Path) -> None:
    page = _opened(browser, written)
    page.click("button[data-open='']")
    assert page.locator(".stage details[open]").count() == 0
    page.uncheck("input[value=failed]")
    page.click(".attention li:first-child a")
    assert page.locator(".step:target > .line").is_visible()
    assert page.locator(".step:target > .inside").is_visible()


def test_it_is_whole_without_scripts(browser: Browser, written: Path) -> None:
    page = _opened(browser, written, java_script_enabled=False)
    assert page.locator(".filters").is_hidden()
    assert "KeyError: 'model'" in page.inner_text("main")
    page.click("text=Swagger UI отвечает")
    assert page.locator("text=GET /docs").is_visible()


def test_what_a_host_said_runs_nothing(browser: Browser, tmp_path: Path) -> None:
    path = tmp_path / "evil.html"
    path.write_text(render(_evil()), encoding="utf-8")
    page = _opened(browser, path)
    assert page.title() != "1"
    assert EVIL in page.inner_text("h1")
    assert page.locator("img").count() == 0


def test_every_control_has_a_name_and_every_text_enough_contrast(browser: Browser, written: Path) -> None:
    for scheme in ("light", "dark"):
        page = _opened(browser, written, color_scheme=scheme)
        assert page.locator("h1").count() == 1
        assert page.locator("header, main, footer").count() == 3
        assert page.get_by_role("combobox", name="Host").count() == 1
        assert page.get_by_role("checkbox", name="failed").count() == 1
        assert page.evaluate(CONTRAST) == []


# Texts whose contrast with the nearest background is below WCAG AA (4.5).
CONTRAST = """() => {
  const parse = (color) => (color.match(/[\\d.]+/g) || []).map(Number);
  const channel = (value) => (value /= 255) <= 0.03928 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4;
  const light = ([r, g, b]) => 0.2126 * channel(r) + 0.7152 * channel(g) + 0.0722 * channel(b);
  const back = (element) => {
    for (let one = element; one; one = one.parentElement) {
      const color = parse(getComputedStyle(one).backgroundColor);
      if (color.length === 3 || color[3] === 1) return color;
    }
    return [255, 255, 255];
  };
  const bad = [];
  for (const element of document.querySelectorAll("body *")) {
    const own = [...element.childNodes].some((node) => node.nodeType === 3 && node.data.trim());
    if (!own || !element.checkVisibility() || element.closest("script, option")) continue;
    const [a, b] = [light(parse(getComputedStyle(element).color)), light(back(element))].sort((x, y) => y - x);
    const ratio = (a + 0.05) / (b + 0.05);
    if (ratio < 4.5) bad.push(`${element.tagName}.${element.className} ${ratio.toFixed(2)} ${element.textContent}`);
  }
  return bad;
}"""
