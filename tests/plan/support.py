"""Plans from texts, for tests."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from runbook.model import Group, Host, Inventory, Variable
from runbook.plan.describe.make_view import view_of
from runbook.plan.describe.view import PlanView, StepView
from runbook.plan.make.plan import Plan, build
from runbook.plan.make.selection import Selection
from runbook.plan.make.variables import Given
from runbook.playbook.load import playbook_from_text

HERE = Path(__file__).resolve().parent


def inventory(**hosts: dict[str, Any]) -> Inventory:
    """Hosts with their variables, all in the group `web`."""
    made = {name: Host(name, {k: Variable(v) for k, v in values.items()}, ("web",)) for name, values in hosts.items()}
    groups = {"all": Group("all", children=("web",)), "web": Group("web", tuple(made)), "ungrouped": Group("ungrouped")}
    return Inventory(made, groups)


def plan_of(text: str, hosts: Inventory | None = None, limit: str | None = None, **chosen: Any) -> Plan:
    extra = chosen.pop("extra", {})
    hosts = hosts or inventory(a={}, b={}, c={})
    return build(playbook_from_text(text), hosts, Given(extra), Selection(**chosen), limit)


def view(text: str, hosts: Inventory | None = None, **chosen: Any) -> PlanView:
    return view_of(plan_of(text, hosts, **chosen))


def steps(text: str, hosts: Inventory | None = None, head: str = "", **extra: Any) -> tuple[StepView, ...]:
    """The lines of a list of steps, on the first host."""
    indented = "\n".join(f"      {line}" for line in text.strip("\n").splitlines())
    shown = view(f"name: Test\n{head}\nstages:\n  - name: One\n    steps:\n{indented}\n", hosts, extra=extra)
    return shown.stages[0].variants[0].steps
