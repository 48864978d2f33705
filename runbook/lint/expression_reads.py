"""What an expression reads, as its syntax tree tells: names, which of them for certain, and which with a guard."""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache

from jinja2 import TemplateError, nodes
from jinja2.meta import find_undeclared_variables

from runbook.common.frozen import Frozen
from runbook.templating.environment import environment


class Reads(Frozen):
    """`names` are free in the text; `sure` are read whatever the values are; `guarded` may well be undefined."""

    names: frozenset[str] = frozenset()
    sure: frozenset[str] = frozenset()
    guarded: frozenset[str] = frozenset()
    keys: frozenset[tuple[str, str]] = frozenset()
    """`a.b` and `a['b']` as (a, b), without a guard."""


@lru_cache(maxsize=1024)
def reads(text: str, bare: bool) -> Reads:
    """Nothing for a text that cannot be parsed: the loader tells what is wrong with it."""
    try:
        tree = environment().parse("{{ " + text + " }}" if bare else text)
        names = frozenset(find_undeclared_variables(tree)) - frozenset(environment().globals)
    except (TemplateError, RecursionError):
        return Reads()
    guarded = frozenset(name for name, _ in _guards(tree))
    asked = {key for _, key in _guards(tree)}
    keys = frozenset((name, key) for name, key in _keys(tree) if key not in asked)
    return Reads(names, frozenset(_sure(tree)), guarded, keys)


def _guards(tree: nodes.Node) -> Iterator[tuple[str, str]]:
    """(root, first attribute) of all that is asked whether it is defined, or has a default."""
    for inside in tree.find_all(nodes.Compare):  # 'b' in a
        if isinstance(inside.expr, nodes.Const) and inside.ops[0].op in ("in", "notin"):
            yield "", str(inside.expr.value)
    for node in tree.find_all((nodes.Test, nodes.Filter)):
        asks = isinstance(node, nodes.Test) and node.name in ("defined", "undefined")
        defaults = isinstance(node, nodes.Filter) and node.name in ("default", "d")
        asked = getattr(node, "node", None)
        if (asks or defaults) and asked is not None:
            whole = nodes.Output([asked])  # so that it is found itself, and not only what is in it
            for name in whole.find_all(nodes.Name):
                yield name.name, ""
            for _, key in _keys(whole):
                yield "", key


def _keys(tree: nodes.Node) -> Iterator[tuple[str, str]]:
    """`a.b` and `a['b']` as (a, b)."""
    for node in tree.find_all((nodes.Getattr, nodes.Getitem)):
        match node:
            case nodes.Getattr(node=nodes.Name(name=name), attr=key):
                yield name, key
            case nodes.Getitem(node=nodes.Name(name=name), arg=nodes.Const(value=key)):
                yield name, str(key)


def _sure(node: nodes.Node) -> Iterator[str]:
    """Names that are read whichever way the conditions in the text go."""
    match node:
        case nodes.Name(ctx="load"):
            yield node.name
        case nodes.And() | nodes.Or():
            yield from _sure(node.left)
        case nodes.CondExpr() | nodes.If():
            yield from _sure(node.test)
        case nodes.For():
            yield from _sure(node.iter)
        case _:
            for child in node.iter_child_nodes():
                yield from _sure(child)
