"""A document as one self-contained page: no network, readable on a phone, on paper, in the dark and without scripts.

The templates escape every text that they show. The policy in the page's head lets nothing run but the page's own
script, and nothing be loaded, whatever a text holds.
"""

from __future__ import annotations

import base64
import hashlib
import time
from collections import Counter
from collections.abc import Callable, Hashable, Iterator
from functools import cache
from importlib.resources import files
from itertools import chain, islice
from typing import TYPE_CHECKING, Any, TypeAlias

from runbook.documents.changes import diff_text
from runbook.documents.harmless import Harmless, bounded, cell, clean, diff_line, exact, is_number, shortened, tail
from runbook.documents.model import Block, Changes, Code, Document, Entry, Fold, Limits, Section, Table

if TYPE_CHECKING:
    from jinja2 import Environment

TOGETHER = 100
"""Blocks that are drawn at once."""
Token: TypeAlias = tuple[str, Block, bool, bool]
"""The name of a block, after `/` where it ends, or `Under` before what stands under an entry; the block; can it be
folded; is what it holds drawn later?"""


def as_page(document: Document, limits: Limits, *, script: bool = False, large: bool = False) -> str:
    """The whole of it. `script`: its filters work. `large`: it is drawn bit by bit, which needs the script."""
    made = _environment(limits, exact if document.exact else clean)
    pieces = made.get_template("page.html.j2").generate(
        document=document,
        title=_title(document),
        large=large,
        limits=limits,
        style=_trusted("page.css"),
        script=_trusted("page.js") if script else "",
        script_hash=base64.b64encode(hashlib.sha256(_asset("page.js").encode()).digest()).decode(),
    )
    return "".join(pieces)


def _title(document: Document) -> str:
    """What a browser's tab shows."""
    badge = document.verdict.badge if document.verdict else None
    what = f"{badge.sign} {badge.word}" if badge and badge.word else document.what
    return f"{what} – {document.title}"


# --- templates -------------------------------------------------------------------------------------------------


@cache
def _environment(limits: Limits, harmless: Harmless) -> Environment:
    from jinja2 import Environment, FunctionLoader, StrictUndefined

    made = Environment(
        autoescape=True,
        undefined=StrictUndefined,
        loader=FunctionLoader(_template),
        finalize=lambda value: value if type(value) is not str or value.isprintable() else harmless(value),
        auto_reload=False,
    )
    made.filters |= _filters(limits, harmless)
    macros: Any = None

    def kept(name: str) -> Callable[..., object]:
        """A macro as a filter that makes the same but once."""

        @cache
        def filtered(*arguments: Hashable) -> object:
            nonlocal macros
            macros = macros or made.get_template("blocks.html.j2").module
            return getattr(macros, name)(*arguments)

        return filtered

    made.filters |= {"badge": kept("badge_of"), "line": kept("line_of")}
    return made


def _template(name: str) -> str:
    """The text of a template without the line ends and the indentation that are there for who reads it."""
    return "".join(line.strip() for line in _asset(name).splitlines())


@cache
def _asset(name: str) -> str:
    return (files("runbook.documents") / "assets" / name).read_text(encoding="utf-8")


def _trusted(name: str) -> str:
    """An asset of ours, which is shown as it is."""
    from markupsafe import Markup

    return Markup(_asset(name))  # noqa: S704 - it is no text of a host or a playbook


def _filters(limits: Limits, harmless: Harmless) -> dict[str, Callable[..., object]]:
    """What the templates ask of a block. A filter costs less than a function or a macro: large pages have many."""
    from markupsafe import escape

    def lines(node: Code) -> list[str]:
        most = limits.diff if node.language == "diff" else limits.lines
        return (tail if node.ends else bounded)(node.text, most, harmless)

    def whole(node: Code) -> str:
        text = harmless(node.text).rstrip("\n")
        short = not limits.lines or text.count("\n") <= limits.lines
        return escape(text if short else "\n".join(lines(node)))

    def changes(node: Changes) -> list[str]:
        return diff_text(node, harmless).split("\n")

    return {
        "cell": cell,
        "changes": changes,
        "counted": _counted,
        "diff_line": diff_line,
        "in_line": lambda value: shortened(" ".join(harmless(value).split()), limits.value),
        "lines": lines,
        "moment": lambda at: time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(at)),
        "numeric": _numeric,
        "percent": lambda value: f"{value:.2f}%",
        "tokens": lambda document, large: _some(_tokens(document, large)),
        "unheard_of": _unheard_of,
        "whole": whole,
    }


def _counted(fold: Fold) -> str:
    """How many of the entries directly in a fold ended how, for filters that run before they are drawn."""
    counts = Counter(block.badge.tone for block in fold.blocks if isinstance(block, Entry) and block.badge)
    return " ".join(f"{tone}:{count}" for tone, count in counts.items())


def _numeric(table: Table, column: int) -> bool:
    """Is the column of numbers? NULL stands in columns of either kind."""
    found = [row[column] for row in table.rows if row[column] is not None]
    return bool(found) and all(map(is_number, found))


def _unheard_of(node: object) -> str:
    raise TypeError(f"no template draws {type(node).__name__}")


# --- one block after the other ---------------------------------------------------------------------------------


def _some(tokens: Iterator[Token]) -> Iterator[list[Token]]:
    """A few at once: with each alone the templates are slower, with all of a large page they take much memory."""
    while some := list(islice(tokens, TOGETHER)):
        yield some


def _tokens(document: Document, large: bool) -> Iterator[Token]:
    """The blocks of a document one after the other; what holds others has a token for its end.

    On a large page what is closed is drawn later: where scripts run it is one piece of text until the script draws it.
    In what is drawn later all is drawn at once.
    """
    bit_by_bit = large
    stack: list[Iterator[Block | Token]] = [chain(document.notices, document.blocks)]
    while stack:
        for node in stack[-1]:
            if isinstance(node, tuple):
                yield node
                bit_by_bit = bit_by_bit or node[3]
            elif isinstance(node, Section):
                yield "Section", node, False, False
                stack.append(chain(node.blocks, (("/Section", node, False, False),)))
                break
            elif isinstance(node, Fold):
                later = bit_by_bit and node.open is False
                bit_by_bit = bit_by_bit and not later
                yield "Fold", node, node.open is not None, later
                stack.append(chain(node.blocks, (("/Fold", node, node.open is not None, later),)))
                break
            elif isinstance(node, Entry):
                folds = node.open is not None and bool(node.blocks or node.entries)
                later = bit_by_bit and folds and not node.open
                yield "Entry", node, folds, later
                for block in node.blocks:
                    yield type(block).__name__, block, False, False
                if node.entries:
                    bit_by_bit = bit_by_bit and not later
                    yield "Under", node, False, False
                    stack.append(chain(node.entries, (("/Entry", node, folds, later),)))
                    break
                yield "/Entry", node, folds, later
            else:
                yield type(node).__name__, node, False, False
        else:
            stack.pop()
