"""What decides must be true or false: a text, a number or a list is no answer, whatever Python takes it for."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from jinja2 import nodes, pass_context
from jinja2.runtime import Context

from runbook.templating.errors import TemplateError
from runbook.templating.expression_text import text_of
from runbook.templating.sandbox.undefined import refuse
from runbook.templating.unknown import Unknown

_DECIDES = " decides"
"""The name of a filter that no template can write."""
_SHOWN = 60


def deciding(node: nodes.Expr) -> nodes.Expr:
    """The expression with each part asked that decides what it comes to. Changes the tree."""
    match node:
        case nodes.And() | nodes.Or():
            node.left, node.right = deciding(node.left), deciding(node.right)
        case nodes.Not():
            node.node = deciding(node.node)
        case nodes.CondExpr():
            node.test, node.expr1 = deciding(node.test), deciding(node.expr1)
            node.expr2 = deciding(node.expr2) if node.expr2 is not None else None
        case nodes.Compare() | nodes.Test():
            pass
        case _:
            source = nodes.Const(text_of(node), lineno=node.lineno)
            return nodes.Filter(node, _DECIDES, [source], [], None, None, lineno=node.lineno)
    return node


@pass_context  # so that Jinja does not compute it when it compiles
def _decides(_context: Context, value: Any, source: str) -> bool:
    refuse(value)
    if isinstance(value, Unknown):
        value.refuse()
    if not isinstance(value, bool):
        raise no_truth(source, value)
    return value


DECIDES: Mapping[str, Any] = {_DECIDES: _decides}


def no_truth(source: str, value: Any) -> TemplateError:
    """The error of a value that decides and is neither true nor false."""
    what, instead = _described(value)
    shown = json.dumps(value, ensure_ascii=False, default=str)
    shown = shown if len(shown) <= _SHOWN else shown[: _SHOWN - 1] + "…"
    said = f"`{source}` is {what} {shown}" if value is not None else f"`{source}` is null"
    plain = f"({source})" if " " in source else source
    hint = f"write `{plain} | bool`" + (f", or compare it: `{source} {instead}`" if instead else "")
    return TemplateError(f"{said}, and neither true nor false", hint=hint)


def _described(value: Any) -> tuple[str, str]:
    """What it is, and how it is asked."""
    if value is None:
        return "null", "is not none"
    if isinstance(value, str):
        return "the text", "!= ''"
    if isinstance(value, int | float):
        return "the number", "!= 0"
    return ("the mapping" if isinstance(value, Mapping) else "the list"), "| length > 0"
