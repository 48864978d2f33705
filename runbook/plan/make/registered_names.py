"""Which registered names a step may find set: those of the steps that run before it."""

from __future__ import annotations

from collections.abc import Iterator

from runbook.model import Block, Choose, Node, Step
from runbook.plan.make.plan import Plan, names_set


def registered_before(plan: Plan) -> dict[str, frozenset[str]]:
    """For each node's number the names that steps before it register; left out steps register nothing."""
    seen: set[str] = set()
    out: dict[str, frozenset[str]] = {}
    kept: frozenset[str] = frozenset()
    for stage in plan.playbook.stages:
        for node in _in_order(stage.block):
            if len(kept) != len(seen):
                kept = frozenset(seen)
            out[node.number] = kept
            if isinstance(node, Step) and node.number not in plan.left_out:
                seen.update(names_set(node))
    return out


def _in_order(node: Node) -> Iterator[Node]:
    """A node and all in it, in the order in which a run comes to them; what follows a failure after the step."""
    yield node
    inside: tuple[Node, ...] = ()
    if isinstance(node, Block):
        inside = (*node.steps, *node.rescue, *node.always)
    elif isinstance(node, Choose):
        inside = tuple(step for option in node.options for step in option.steps)
    branches = tuple(step for branch in node.common.remediate for step in branch.steps)
    for one in (*inside, *node.common.diagnose, *branches):
        yield from _in_order(one)
