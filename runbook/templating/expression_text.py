"""An expression as text again, as people write it: with the brackets that it needs, and no others."""

from __future__ import annotations

import json
import re

from jinja2 import nodes

_OPERATORS = {"eq": "==", "ne": "!=", "gt": ">", "gteq": ">=", "lt": "<", "lteq": "<=", "in": "in", "notin": "not in"}
_ATOM = 11
_OPEN_TEST = re.compile(r"\bis (?:not )?[\w.]+$")
_LEVELS: tuple[tuple[int, tuple[type[nodes.Node], ...]], ...] = (
    (0, (nodes.CondExpr,)),
    (1, (nodes.Or,)),
    (2, (nodes.And,)),
    (3, (nodes.Not,)),
    (4, (nodes.Compare,)),
    (5, (nodes.Add, nodes.Sub)),
    (6, (nodes.Concat,)),
    (7, (nodes.Mul, nodes.Div, nodes.FloorDiv, nodes.Mod)),
    (8, (nodes.Pow,)),
    (9, (nodes.Test,)),
    (10, (nodes.Filter, nodes.Neg, nodes.Pos)),
)
"""How strongly what stands in an expression holds together, as Jinja's parser has it."""


def text_of(node: nodes.Node) -> str:
    """The expression's text; `…` for what no expression holds."""
    match node:
        case nodes.CondExpr():
            other = f" else {_inside(node.expr2, 0)}" if node.expr2 is not None else ""
            return f"{_before_word(node.expr1, 1)} if {_inside(node.test, 1)}{other}"
        case nodes.Or():
            return f"{_inside(node.left, 1)} or {_inside(node.right, 2)}"
        case nodes.And():
            return f"{_inside(node.left, 2)} and {_inside(node.right, 3)}"
        case nodes.Not(node=nodes.Test() as test):
            return _test(test, "is not")
        case nodes.Not():
            return f"not {_inside(node.node, 3)}"
        case nodes.Compare():
            return _comparison(node)
        case nodes.Concat():
            return " ~ ".join(_inside(part, 7) for part in node.nodes)
        case nodes.BinExpr():
            own = _level(node)
            return f"{_inside(node.left, own)} {node.operator} {_inside(node.right, own + 1)}"
        case nodes.Neg() | nodes.Pos():
            # A filter behind it would be the whole one's: `-a | abs` is `(-a) | abs`.
            return f"{node.operator}{_inside(node.node, 0 if isinstance(node.node, nodes.Neg | nodes.Pos) else _ATOM)}"
        case nodes.Test():
            return _test(node, "is")
        case _:
            return _postfix(node)


def _comparison(node: nodes.Compare) -> str:
    text, last = "", node.expr
    for operand in node.ops:
        written = _before_word if operand.op in ("in", "notin") else _inside
        text += f"{written(last, 5)} {_OPERATORS[operand.op]} "
        last = operand.expr
    return text + _inside(last, 5)


def _postfix(node: nodes.Node) -> str:
    """What stands behind something, and what stands alone."""
    match node:
        case nodes.Filter() if node.node is not None:
            return f"{_inside(node.node, 10)} | {node.name}{_arguments(node)}"
        case nodes.Call():
            return f"{_inside(node.node, _ATOM)}{_arguments(node) or '()'}"
        case nodes.Getattr():
            return f"{_inside(node.node, _ATOM)}.{node.attr}"
        case nodes.Getitem(arg=nodes.Slice() as part):
            return f"{_inside(node.node, _ATOM)}[{_slice(part)}]"
        case nodes.Getitem():
            return f"{_inside(node.node, _ATOM)}[{text_of(node.arg)}]"
        case nodes.Name():
            return node.name
        case nodes.Const():
            return _constant(node.value)
        case nodes.List():
            return f"[{', '.join(map(text_of, node.items))}]"
        case nodes.Tuple():
            return f"({', '.join(map(text_of, node.items))}{',' * (len(node.items) == 1)})"
        case nodes.Dict():
            pairs = (f"{text_of(pair.key)}: {text_of(pair.value)}" for pair in node.items)
            return f"{{{', '.join(pairs)}}}"
        case _:
            return "…"


def _test(node: nodes.Test, word: str) -> str:
    return f"{_inside(node.node, 10)} {word} {node.name}{_arguments(node)}"


def _arguments(node: nodes.Filter | nodes.Test | nodes.Call) -> str:
    given = [*map(text_of, node.args), *(f"{pair.key}={text_of(pair.value)}" for pair in node.kwargs)]
    given += [f"*{text_of(node.dyn_args)}"] if node.dyn_args is not None else []
    given += [f"**{text_of(node.dyn_kwargs)}"] if node.dyn_kwargs is not None else []
    return f"({', '.join(given)})" if given else ""


def _slice(node: nodes.Slice) -> str:
    start, stop = (text_of(part) if part is not None else "" for part in (node.start, node.stop))
    return f"{start}:{stop}" + (f":{text_of(node.step)}" if node.step is not None else "")


def _constant(value: object) -> str:
    if isinstance(value, str) and '"' in value and "'" not in value and "\\" not in value and value.isprintable():
        return f"'{value}'"
    return json.dumps(value, ensure_ascii=False, default=str) if value is not None else "none"


def _inside(node: nodes.Node, least: int) -> str:
    """In brackets where it would fall apart without them."""
    text = text_of(node)
    return text if _level(node) >= least else f"({text})"


def _before_word(node: nodes.Node, least: int) -> str:
    """The same, where a word follows: behind a test without arguments it would be one, as in `a is defined if b`."""
    text = _inside(node, least)
    return f"({text})" if _OPEN_TEST.search(text) else text


def _level(node: nodes.Node) -> int:
    if isinstance(node, nodes.Not) and isinstance(node.node, nodes.Test):
        return 9
    return next((level for level, kinds in _LEVELS if isinstance(node, kinds)), _ATOM)
