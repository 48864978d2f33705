"""How a template uses what is known only when a run starts: as it is, made into something else, or to decide."""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache

from jinja2 import nodes

from runbook.templating.environment import environment

IsRuntimeName = Callable[[str], bool]
"""Is the value of this name known only at the start?"""
DECIDING = (nodes.CondExpr, nodes.Compare, nodes.Test, nodes.And, nodes.Or, nodes.Not)


def only_put_out(text: str, is_runtime: IsRuntimeName) -> bool:
    """Is nothing of that kind looked at, but only put out? Then what stands in its place can be put out too."""
    return _only_put_out(_parsed(text), is_runtime)


def runtime_names(text: str, is_runtime: IsRuntimeName) -> set[str]:
    """Those of its names."""
    return {node.name for node in _parsed(text).find_all(nodes.Name) if is_runtime(node.name)}


def made_of_one(text: str, is_runtime: IsRuntimeName) -> bool:
    """Is it one expression that reads one such value once, and decides nothing by it? Such as `{{ pw | quote }}`."""
    tree = _parsed(text)
    if len(tree.body) != 1 or not isinstance(tree.body[0], nodes.Output):
        return False
    read = [name for name in tree.find_all(nodes.Name) if is_runtime(name.name)]
    return len(read) == 1 and not any(_reads(node, is_runtime) for node in tree.find_all(DECIDING))


@lru_cache(maxsize=1024)
def _parsed(text: str) -> nodes.Template:
    return environment().parse(text)


def _only_put_out(node: nodes.Node, is_runtime: IsRuntimeName) -> bool:
    for child in node.iter_child_nodes():
        if not isinstance(child, nodes.Expr):
            if not _only_put_out(child, is_runtime):
                return False
        elif _reads(child, is_runtime) and not (isinstance(node, nodes.Output) and _is_path(child)):
            return False
    return True


def _is_path(node: nodes.Expr) -> bool:
    """A name, or something of it by a fixed key: `pw`, `env.HOME`, `conf['password']`."""
    while isinstance(node, nodes.Getattr) or (isinstance(node, nodes.Getitem) and isinstance(node.arg, nodes.Const)):
        node = node.node
    return isinstance(node, nodes.Name)


def _reads(node: nodes.Node, is_runtime: IsRuntimeName) -> bool:
    names = [node] if isinstance(node, nodes.Name) else node.find_all(nodes.Name)
    return any(is_runtime(name.name) for name in names if isinstance(name, nodes.Name))
