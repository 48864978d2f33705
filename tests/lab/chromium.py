"""A real browser: pages as a person sees them."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from .tools import require

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Playwright

# No sandbox, since root has none; and nothing that would call the vendor's servers.
FLAGS = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
    "--hide-scrollbars",
    "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE localhost, EXCLUDE 127.0.0.1",
)


@dataclass(frozen=True)
class Chromium:
    """The browser's program. For more than a picture: `launch` it within Playwright."""

    path: str

    def launch(self, playwright: Playwright) -> Browser:
        """A browser without a window; the caller closes it."""
        return playwright.chromium.launch(executable_path=self.path, args=FLAGS, chromium_sandbox=False)

    def screenshot(self, page: Path | str, picture: Path, width: int = 1280, height: int = 800) -> str:
        """Writes a PNG of the whole page, `width` wide and at least `height` high; gives the text that is seen.

        `page` is a file or a URL. Fails on an error in the page's console.
        """
        from playwright.sync_api import sync_playwright

        url = page if isinstance(page, str) else page.resolve().as_uri()
        errors: list[str] = []
        with sync_playwright() as playwright:
            browser = self.launch(playwright)
            view = browser.new_page(viewport={"width": width, "height": height})
            view.on("pageerror", lambda error: errors.append(str(error)))
            view.on("console", lambda message: errors.append(message.text) if message.type == "error" else None)
            view.goto(url)
            view.screenshot(path=picture, full_page=True)
            text: str = view.inner_text("body")
            browser.close()
        assert errors == [], errors
        return text


@pytest.fixture(scope="session")
def chromium(lab_dir: Path) -> Chromium:
    """Debian's Chromium, started for each use."""
    return Chromium(require("chromium", "apt-get install chromium"))
