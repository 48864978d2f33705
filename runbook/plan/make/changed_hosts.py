"""Which hosts a run may change: those of every stage with a step that is not known to look only."""

from __future__ import annotations

from runbook.model import Host, Stage, Step, walk
from runbook.plan.make.plan import Plan
from runbook.steps import KINDS


def may_change(plan: Plan) -> tuple[Host, ...]:
    """The hosts in the inventory's order. Repairs count; what only the run can tell counts as a change."""
    stages = [planned for planned in plan.stages if _changes(planned.stage, plan.left_out)]
    touched = {host.name for planned in stages for host in planned.hosts}
    return tuple(host for host in plan.hosts if host.name in touched)


def _changes(stage: Stage, left_out: frozenset[str]) -> bool:
    return any(
        node.number not in left_out and (KINDS[node.kind].changes(node.args) if node.changes is None else node.changes)
        for node in walk((stage.block,))
        if isinstance(node, Step)
    )
