"""A document as one self-contained page: no network, readable on a phone, on paper, in the dark and without scripts.

The templates escape every text that they show. The policy in the page's head lets nothing run but the page's own
script, and nothing be loaded, whatever a text holds.
"""

from __future__ import annotations

import base64
import hashlib
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from functools import cache
from importlib.resources import files
from typing import TYPE_CHECKING

from runbook.documents.changes import diff_text
from runbook.documents.harmless import Harmless, bounded, cell, clean, diff_line, exact, is_number, shortened, tail
from runbook.documents.model import Block, Code, Document, Entry, Limits, Table

if TYPE_CHECKING:
    from jinja2 import Environment


def as_page(document: Document, limits: Limits, *, script: bool = False, large: bool = False) -> str:
    """The whole of it. `script`: its filters work. `large`: it is drawn bit by bit, which needs the script."""
    harmless = exact if document.exact else clean
    return (
        _environment(harmless)
        .get_template("page.html.j2")
        .render(
            document=document,
            title=_title(document),
            large=large,
            limits=limits,
            style=_trusted("page.css"),
            script=_trusted("page.js") if script else "",
            script_hash=base64.b64encode(hashlib.sha256(_asset("page.js").encode()).digest()).decode(),
            **_functions(limits, harmless),
        )
    )


def _title(document: Document) -> str:
    """What a browser's tab shows."""
    badge = document.verdict.badge if document.verdict else None
    what = f"{badge.sign} {badge.word}" if badge and badge.word else document.what
    return f"{what} – {document.title}"


@cache
def _environment(harmless: Harmless) -> Environment:
    from jinja2 import Environment, FunctionLoader, StrictUndefined

    return Environment(
        autoescape=True,
        undefined=StrictUndefined,
        loader=FunctionLoader(_template),
        finalize=lambda value: harmless(value) if type(value) is str else value,
        auto_reload=False,
    )


@cache
def _asset(name: str) -> str:
    return (files("runbook.documents") / "assets" / name).read_text(encoding="utf-8")


def _template(name: str) -> str:
    """The text of a template without the line ends and the indentation that are there for who reads it."""
    return "".join(line.strip() for line in _asset(name).splitlines())


def _trusted(name: str) -> str:
    """An asset of ours, which is shown as it is."""
    from markupsafe import Markup

    return Markup(_asset(name))  # noqa: S704 - it is no text of a host or a playbook


def _functions(limits: Limits, harmless: Harmless) -> dict[str, Callable[..., object]]:
    """What the templates ask of a block."""
    from markupsafe import escape

    def lines(node: Code) -> list[str]:
        most = limits.diff if node.language == "diff" else limits.lines
        return (tail if node.ends else bounded)(node.text, most, harmless)

    def unheard_of(node: object) -> str:
        raise TypeError(f"no template draws {type(node).__name__}")

    return {
        "lines": lines,
        "whole": lambda node: escape("\n".join(lines(node))),
        "change_lines": lambda node: diff_text(node, harmless).split("\n"),
        "in_line": lambda value: shortened(" ".join(harmless(value).split()), limits.value),
        "cell": cell,
        "counted": _counted,
        "diff_line": diff_line,
        "drawn": _drawn,
        "moment": lambda at: time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(at)),
        "numeric": _numeric,
        "percent": lambda value: f"{value:.2f}%",
        "unheard_of": unheard_of,
    }


def _drawn(entry: Entry, lazy: bool) -> Iterator[tuple[bool, Entry, bool, bool]]:
    """An entry and those in it: whether it begins or ends, the entry, can it be folded, is what it holds drawn later.

    In what is drawn later all is drawn at once.
    """
    stack: list[tuple[Iterator[Entry], Entry | None, bool, bool]] = [(iter((entry,)), None, False, False)]
    put_off = 0
    while stack:
        entries, holder, foldable, later = stack[-1]
        if (found := next(entries, None)) is not None:
            foldable = found.open is not None and bool(found.blocks or found.entries)
            later = lazy and not put_off and foldable and not found.open
            put_off += later
            yield True, found, foldable, later
            stack.append((iter(found.entries), found, foldable, later))
            continue
        stack.pop()
        put_off -= later
        if holder is not None:
            yield False, holder, foldable, later


def _counted(blocks: Sequence[Block]) -> str:
    """How many of the entries directly in a fold ended how, for filters that run before they are drawn."""
    counts = Counter(block.badge.tone for block in blocks if isinstance(block, Entry) and block.badge)
    return " ".join(f"{tone}:{count}" for tone, count in counts.items())


def _numeric(table: Table, column: int) -> bool:
    """Is the column of numbers? NULL stands in columns of either kind."""
    return all(row[column] is None or is_number(row[column]) for row in table.rows)
