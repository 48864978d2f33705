"""The pages of the documentation, taken apart: blocks of code, links, commands."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from textwrap import dedent

from tests.cli.terminal import ROOT

TOP = [ROOT / name for name in ("README.md", "CONTRIBUTING.md", "CHANGELOG.md")]
PAGES = [*TOP, *sorted((ROOT / "docs").rglob("*.md"))]

_FENCE = re.compile(r"^( *)(`{3,})(\w*)\n(.*?)^ *\2$", re.MULTILINE | re.DOTALL)
_LINK = re.compile(r"\]\(([^)\s]+)\)")
_SPAN = re.compile(r"`([^`\n]+)`")


@dataclass(frozen=True)
class Code:
    """A fenced block: what stands after the fence, its text without the common indent, where it begins."""

    page: Path
    line: int
    language: str
    text: str

    @property
    def name(self) -> str:
        """For the name of a test."""
        return f"{self.page.relative_to(ROOT)}:{self.line}"


def blocks(*languages: str) -> list[Code]:
    """Every block in one of these languages."""
    return [code for page in PAGES for code in _blocks(page) if code.language in languages]


def _blocks(page: Path) -> Iterator[Code]:
    text = page.read_text(encoding="utf-8")
    for found in _FENCE.finditer(text):
        yield Code(page, text.count("\n", 0, found.start()) + 1, found[3], dedent(found[4]))


def links(page: Path) -> list[str]:
    """Where the page leads, but for addresses of the web."""
    found = _LINK.findall(_FENCE.sub("", page.read_text(encoding="utf-8")))
    return [link for link in found if "://" not in link]


def anchors(page: Path) -> set[str]:
    """The headings of a page, as a link names them."""
    heads = re.findall(r"^#+ (.+)$", _FENCE.sub("", page.read_text(encoding="utf-8")), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", head.lower()).replace(" ", "-") for head in heads}


def commands() -> list[tuple[str, str]]:
    """Every `runbook …` that a page shows, with the place: whole lines of shell blocks, and words within the text."""
    found = []
    for code in blocks("sh"):
        joined = code.text.replace("\\\n", " ")
        found += [(code.name, line) for line in joined.splitlines() if re.search(r"(^|[;&|] *)runbook ", line)]
    for page in PAGES:
        spans = _SPAN.findall(_FENCE.sub("", page.read_text(encoding="utf-8")))
        found += [(str(page.relative_to(ROOT)), span) for span in spans if span.startswith("runbook ")]
    return found
