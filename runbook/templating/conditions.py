"""Judges a bare expression and keeps the value of every operand, so that a failure explains itself.

`recent > 0` that does not hold is shown with `recent = 0`.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from functools import lru_cache
from typing import Any

from jinja2 import nodes
from jinja2.exceptions import TemplateError as JinjaError
from jinja2.parser import Parser

from runbook.runs.events import Condition
from runbook.source.document import Place, Span
from runbook.templating.environment import FAILURES, condition, environment, evaluate_node
from runbook.templating.errors import TemplateError
from runbook.templating.expression_text import text_of
from runbook.templating.sandbox.partly_read import NotRead
from runbook.templating.unknown import UnknownValue

MAX_VALUE = 200
"""Characters of a value that are shown."""


def judged(
    text: str, scope: Mapping[str, Any], place: Place | Span | None = None, keyword: str = "expect"
) -> Condition:
    """Does it hold? Raises TemplateError when it cannot be computed."""
    holds = condition(text, scope, place)
    return Condition(text, holds, tuple(_values(text, scope)), keyword)


def _values(text: str, scope: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    seen = set()
    for source, node in _operands(text):
        if source in seen:
            continue
        seen.add(source)
        try:
            yield source, show(evaluate_node(node, scope))
        except NotRead:
            yield source, "not all of it was read"
        except (JinjaError, TemplateError, RecursionError, MemoryError, *FAILURES):
            yield source, "undefined"
        except UnknownValue:
            yield source, "unknown"


def show(value: Any) -> str:
    """A value as JSON where it is that, cut to one readable line."""
    try:
        text = json.dumps(value, ensure_ascii=False, default=str)
    except (TypeError, ValueError):
        text = repr(value)
    return text if len(text) <= MAX_VALUE else text[: MAX_VALUE - 3] + "..."


@lru_cache(maxsize=4096)
def _operands(text: str) -> tuple[tuple[str, nodes.Expr], ...]:
    node = Parser(environment(), text, state="variable").parse_expression()
    found = list(_parts(node))
    if not found and not isinstance(node, nodes.Const):
        found = [node]
    return tuple((text_of(part), part) for part in found)


def _parts(node: nodes.Node) -> Iterator[nodes.Expr]:
    """The operands worth showing: what a comparison compares, what a test asks about, the names of the rest."""
    match node:
        case nodes.And() | nodes.Or():
            yield from _parts(node.left)
            yield from _parts(node.right)
        case nodes.Not():
            yield from _parts(node.node)
        case nodes.Compare():
            for side in (node.expr, *(operand.expr for operand in node.ops)):
                if isinstance(side, nodes.BinExpr):
                    yield side
                yield from _parts(side)
        case nodes.Test():
            yield from _parts(node.node)
        case nodes.BinExpr():
            yield from _parts(node.left)
            yield from _parts(node.right)
        case nodes.Name() | nodes.Getattr() | nodes.Getitem() | nodes.Filter() | nodes.Call():
            yield node
        case _:
            return
