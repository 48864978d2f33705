"""Which fields of a variable an expression reads, as its syntax tree tells."""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache

from jinja2 import nodes

from runbook.templating.environment import parsed

WHOLE = ""
"""In the place of a field: the variable itself is read, so that any of them may count."""


@lru_cache(maxsize=1024)
def fields_read(text: str, name: str) -> frozenset[str]:
    """The fields that a bare expression reads of a variable, and the tests that it is put to. The syntax must be right.

    `failure.rc`, `failure['rc']`, `failure.get('rc')`; of `failure is unreachable` the test.
    """
    return frozenset(_read(parsed(text), name))


def _read(node: nodes.Node, name: str) -> Iterator[str]:
    match node:
        case nodes.Call(node=nodes.Getattr(node=nodes.Name(name=of), attr="get"), args=[nodes.Const(value=key), *_]):
            found = (of, str(key))
        case nodes.Getattr(node=nodes.Name(name=of), attr=key) | nodes.Test(node=nodes.Name(name=of), name=key):
            found = (of, key)
        case nodes.Getitem(node=nodes.Name(name=of), arg=nodes.Const(value=key)):
            found = (of, str(key))
        case nodes.Name(name=of):
            found = (of, WHOLE)
        case _:
            found = ("", "")
    if found[0] == name:
        yield found[1]
        return
    for child in node.iter_child_nodes():
        yield from _read(child, name)
