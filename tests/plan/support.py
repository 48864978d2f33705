"""Plans from texts, for tests."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from runbook.model import Inventory
from runbook.plan.describe.make_view import view_of
from runbook.plan.describe.view import PlanView, StepView
from runbook.plan.make.plan import Plan
from runbook.plan.make.request import PlanRequest
from runbook.plan.make.selection import Selection
from runbook.testing import inventory_of, plan_playbook

HERE = Path(__file__).resolve().parent
MAKES = "make golden"
"""The command that makes the golden files."""


def inventory(**hosts: dict[str, Any]) -> Inventory:
    """Hosts with their variables, all in the group `web`."""
    return inventory_of(hosts, "web")


def plan_of(text: str, hosts: Inventory | None = None, limit: str | None = None, **chosen: Any) -> Plan:
    extra = chosen.pop("extra", {})
    hosts = hosts or inventory(a={}, b={}, c={})
    return plan_playbook(text, hosts, PlanRequest(Selection(**chosen), limit, extra))


def view(text: str, hosts: Inventory | None = None, **chosen: Any) -> PlanView:
    return view_of(plan_of(text, hosts, **chosen))


def steps(text: str, hosts: Inventory | None = None, head: str = "", **extra: Any) -> tuple[StepView, ...]:
    """The lines of a list of steps, on the first host."""
    indented = "\n".join(f"      {line}" for line in text.strip("\n").splitlines())
    shown = view(
        f"name: Test\n{head}\nhosts: all\nstages:\n  - name: One\n    steps:\n{indented}\n", hosts, extra=extra
    )
    return shown.stages[0].variants[0].steps
