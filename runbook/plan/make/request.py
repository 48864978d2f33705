"""From a playbook, an inventory and what is asked of them to a plan that may run: inputs coerced, asked for, checked.

plan = make_plan(playbook, inventory, PlanRequest(limit="web1", variables={"variant": "redis"}))
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from runbook.common.frozen import Frozen, field
from runbook.model import Input, Inventory, Playbook
from runbook.plan.make.host_names import unusable_names
from runbook.plan.make.inputs import check_inputs, coerce, from_environment, missing
from runbook.plan.make.plan import Plan, build
from runbook.plan.make.selection import Selection
from runbook.plan.make.variables import Given
from runbook.runs.start import RunStart
from runbook.source.document import Problems

AskInput = Callable[[Input], Any]
"""Gives the value of an input that nobody has given."""


class PlanRequest(Frozen):
    """What a run of a playbook is asked for with."""

    selection: Selection = Selection()
    limit: str | None = None
    """A pattern: only these of the hosts that the playbook names."""
    variables: Mapping[str, Any] = field(default_factory=dict)
    """They win over all others. A text for an input becomes what the input's type says."""
    run: RunStart | None = None
    """The run that the plan is for, where one is about to begin."""


def make_plan(
    playbook: Playbook,
    inventory: Inventory,
    request: PlanRequest = PlanRequest(),  # noqa: B008 - it is frozen
    ask: AskInput | None = None,
    *,
    secrets: bool = True,
) -> Plan:
    """A checked plan. `ask` is for inputs that nobody has given; without `secrets` those may be missing, or wrong.

    Raises Problems with all that is wrong.
    """
    inputs = playbook.inputs
    given = {**from_environment(playbook), **request.variables}
    given = {name: coerce(value, inputs[name]) if name in inputs else value for name, value in given.items()}
    plan = _built(playbook, inventory, request, given)
    lacking = missing(playbook, plan.variables, plan.hosts) if ask else []
    if ask and lacking:
        given |= {item.name: coerce(ask(item), item) for item in lacking}
        plan = _built(playbook, inventory, request, given)
    check_inputs(playbook, plan.variables, plan.hosts, secrets=secrets)
    if wrong := list(unusable_names(plan.hosts, inventory.sources)):
        raise Problems(wrong)
    return plan


def _built(playbook: Playbook, inventory: Inventory, request: PlanRequest, given: Mapping[str, Any]) -> Plan:
    return build(playbook, inventory, Given(given, request.run), request.selection, request.limit)
