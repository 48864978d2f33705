"""Plans and runs whole playbooks, from a text or a file, on the hosts that a test gives."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from runbook.engine.mode import Mode
from runbook.engine.run import execute
from runbook.engine.session import Tools, TransportFor
from runbook.model import Group, Host, Inventory, Variable
from runbook.plan.make.plan import Plan
from runbook.plan.make.request import PlanRequest, make_plan
from runbook.playbook.load import load_playbook, playbook_from_text
from runbook.runs.record import Run, fold
from runbook.steps.base import Answer, Question
from runbook.transports.base import Transport
from runbook.transports.local.transport import LocalTransport

Hosts = Mapping[str, Transport | None]
"""Each host's name, and the way to it: None is this machine."""
ONE: Hosts = {"one": None}


def run_playbook(
    playbook: str | Path,
    hosts: Hosts = ONE,
    *,
    inventory: Inventory | None = None,
    extra: Mapping[str, Any] | None = None,
    mode: Mode = Mode.RUN,
    ask: Callable[[Question], Answer | None] = lambda _question: None,
) -> Run:
    """The record of a run of a playbook (its text, or its path). `extra` is what `-e` gives.

    >>> run_playbook("name: T\\nhosts: all\\nstages: [{name: One, steps: [{note: hello}]}]").verdict
    <Verdict.PASSED: 'passed'>
    """
    request = PlanRequest(variables=extra or {})
    plan = plan_playbook(playbook, inventory or inventory_of({name: {} for name in hosts}), request)
    return fold(execute(plan, Tools(ways_to(hosts), ask=ask, run_id="test", mode=mode)))


def plan_playbook(playbook: str | Path, inventory: Inventory, request: PlanRequest | None = None) -> Plan:
    """The plan of a playbook (its text, or its path). Raises Problems for what is wrong, as the command line does."""
    loaded = load_playbook(playbook) if isinstance(playbook, Path) else playbook_from_text(playbook)
    return make_plan(loaded, inventory, request or PlanRequest())


def inventory_of(hosts: Mapping[str, Mapping[str, Any]], group: str = "") -> Inventory:
    """Hosts with their variables; all in the group, if one is named."""
    inside = (group,) if group else ()
    made = {
        name: Host(name, {key: Variable(value) for key, value in variables.items()}, inside)
        for name, variables in hosts.items()
    }
    names = tuple(made)
    groups = {"all": Group("all", children=(*inside, "ungrouped")), "ungrouped": Group("ungrouped")}
    return Inventory(made, groups | {name: Group(name, hosts=names) for name in inside or ("ungrouped",)})


def ways_to(hosts: Hosts) -> TransportFor:
    """What the engine takes to reach a host; one that is not named is this machine."""

    def transport_for(name: str, _variables: Mapping[str, Any], *, stop: threading.Event, **_: object) -> Transport:
        return hosts.get(name) or LocalTransport(stop)

    return transport_for
