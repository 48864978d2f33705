"""The HTML page as axe-core, a keyboard and a camera see it; and a large one, of which little is drawn at first."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page, sync_playwright

from runbook.reports.html import render
from runbook.reports.parts.stages import LARGE
from runbook.runs.record import Run, fold
from runbook.testing.run_events import EventWriter, outcome
from tests.cli.terminal import ROOT
from tests.lab.chromium import Chromium
from tests.reports import sample

PICTURES = ROOT / ".artefacts" / "report"
HOSTS = 25


@pytest.fixture(scope="module")
def browser(chromium: Chromium) -> Iterator[Browser]:
    with sync_playwright() as playwright:
        browser = chromium.launch(playwright)
        yield browser
        browser.close()


@pytest.fixture(scope="module")
def small(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("small") / "report.html"
    path.write_text(render(fold(sample.events())), encoding="utf-8")
    return path


def _large() -> Run:
    """More results than are drawn at once; one host fails, and the others pass."""
    hosts = tuple(f"web{number:02}" for number in range(HOSTS))
    log = EventWriter(hosts)
    for stage in ("1", "2"):
        with log.stage(stage, f"Stage {stage}"):
            for host in hosts:
                bad = host == "web07" and stage == "2"
                with log.on(host, stage, f"Stage {stage}", outcome=outcome("failed" if bad else "passed")):
                    for number in range(1, 25):
                        failed = bad and number == 24
                        data = {"rc": 0, "stdout": f"said by {host} <b>"}
                        log.step(
                            host,
                            f"{stage}.{number}",
                            "Look",
                            "shell",
                            outcome("failed" if failed else "passed", data=data),
                        )
    return fold(log.end())


@pytest.fixture(scope="module")
def large(tmp_path_factory: pytest.TempPathFactory) -> Path:
    run = _large()
    assert sum(1 for _ in run.results()) > LARGE
    path = tmp_path_factory.mktemp("large") / "report.html"
    path.write_text(render(run), encoding="utf-8")
    return path


def _opened(browser: Browser, path: Path, width: int = 1200, **more: object) -> Page:
    page = browser.new_page(viewport={"width": width, "height": 800}, **more)  # type: ignore[arg-type] # passed on
    page.on("pageerror", lambda error: pytest.fail(str(error)))
    page.on("console", lambda message: pytest.fail(message.text) if message.type in ("error", "warning") else None)
    page.on(
        "request", lambda request: pytest.fail(request.url) if not request.url.startswith(("file:", "data:")) else None
    )
    page.goto(path.as_uri())
    return page


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_nothing_that_keeps_anybody_out(browser: Browser, small: Path, scheme: str) -> None:
    page = _opened(browser, small, color_scheme=scheme)
    page.click("text=Open all")

    found = Axe().run(page).response["violations"]

    assert [(rule["id"], [node["html"] for node in rule["nodes"]][:3]) for rule in found] == []


def test_the_keyboard_filters_and_opens(browser: Browser, small: Path) -> None:
    page = _opened(browser, small)
    page.focus("input[name=status][value=passed]")
    page.keyboard.press("Space")
    assert "of" in page.inner_text(".filters output")
    page.focus(".stage details.host > summary >> nth=0")
    before = page.locator(".stage details.host >> nth=0").get_attribute("open")
    page.keyboard.press("Enter")
    assert page.locator(".stage details.host >> nth=0").get_attribute("open") != before


@pytest.mark.parametrize(
    ("name", "width", "more"),
    [
        ("light", 1200, {"color_scheme": "light"}),
        ("dark", 1200, {"color_scheme": "dark"}),
        ("phone", 360, {"color_scheme": "light"}),
        ("print", 794, {"color_scheme": "dark"}),
    ],
)
def test_pictures_of_it_are_kept(browser: Browser, small: Path, name: str, width: int, more: dict[str, str]) -> None:
    PICTURES.mkdir(parents=True, exist_ok=True)
    page = _opened(browser, small, width, **more)
    if name == "print":
        page.emulate_media(media="print")
    page.screenshot(path=PICTURES / f"{name}.png", full_page=True)

    assert (PICTURES / f"{name}.png").stat().st_size > 20_000
    background = page.evaluate("getComputedStyle(document.body).backgroundColor")
    assert background == {"light": "rgb(247, 247, 245)", "dark": "rgb(20, 23, 27)"}.get(
        name, "rgb(247, 247, 245)" if name == "phone" else "rgb(255, 255, 255)"
    )


def _drawn(page: Page) -> int:
    return page.locator(".step").count()


def test_of_a_large_page_what_is_closed_is_drawn_when_it_is_opened(browser: Browser, large: Path) -> None:
    page = _opened(browser, large)
    assert _drawn(page) == 24, "those of the host that failed"
    page.click("details.host[data-host=web03] >> nth=0 >> summary >> nth=0")
    page.locator("details.host[data-host=web03] .step >> nth=0").wait_for()
    assert _drawn(page) == 48
    page.click("text=Open all")
    assert _drawn(page) == HOSTS * 48
    assert page.locator("text=said by web24 <b>").count() == 48


def test_of_a_large_page_filters_count_what_is_not_drawn(browser: Browser, large: Path) -> None:
    page = _opened(browser, large)
    page.uncheck("input[value=passed]")
    assert page.inner_text(".filters output") == f"1 of {HOSTS * 48} steps"
    assert page.locator(".stage .host:not([hidden])").count() == 1
    page.check("input[value=passed]")
    page.select_option("select[name=host]", "web03")
    assert page.inner_text(".filters output") == f"48 of {HOSTS * 48} steps"
    page.click("details.host[data-host=web03] >> nth=1 >> summary >> nth=0")
    page.locator("details.host[data-host=web03] .step >> nth=0").wait_for()
    assert page.inner_text(".filters output") == f"48 of {HOSTS * 48} steps"


def test_of_a_large_page_a_link_draws_what_it_leads_to(browser: Browser, large: Path) -> None:
    page = _opened(browser, large)
    page.evaluate("location.hash = document.querySelector('[data-host=web03]').dataset.key + '-2.5'")
    page.locator(".step:target > .line").wait_for()
    assert page.locator(".step:target .number").inner_text() == "2.5"


def test_a_large_page_is_whole_without_scripts(browser: Browser, large: Path) -> None:
    page = _opened(browser, large, java_script_enabled=False)
    assert _drawn(page) == HOSTS * 48
    page.click("details.host[data-host=web03] >> nth=0 >> summary >> nth=0")
    assert page.locator("details.host[data-host=web03] .step >> nth=0").is_visible()
