"""Runs playbooks given as text, for real, on this machine; a host whose name begins with `down` is not there."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from runbook.engine.mode import Mode
from runbook.engine.run import execute
from runbook.engine.session import Tools
from runbook.plan.make.plan import Plan
from runbook.plan.make.request import PlanRequest
from runbook.plan.make.selection import Selection
from runbook.runs.events import Event
from runbook.runs.record import Run, fold
from runbook.steps.base import Answer, Question
from runbook.testing import LostHost, inventory_of, plan_playbook, ways_to
from tests.playbooks import on_all

connect = ways_to({"down": LostHost(), "down1": LostHost(), "down2": LostHost()})


def planned(text: str, hosts: str = "one", **given: Any) -> Plan:
    """Each host has its name in `n`, and is in the group `web`."""
    inventory = inventory_of({name: {"n": name} for name in hosts.split()}, "web")
    selection = given.pop("selection", Selection())
    return plan_playbook(text, inventory, PlanRequest(selection, variables=given))


def events(
    text: str,
    hosts: str = "one",
    ask: Callable[[Question], Answer | None] = lambda _question: None,
    mode: Mode = Mode.RUN,
    **given: Any,
) -> list[Event]:
    return list(execute(planned(text, hosts, **given), Tools(connect, ask=ask, run_id="test", mode=mode)))


def play(text: str, hosts: str = "one", **given: Any) -> Run:
    """The record of a run of this text."""
    return fold(events(text, hosts, **given))


def steps(body: str, before: str = "") -> str:
    """A playbook with one stage of these steps, which stand at the left margin."""
    inner = "\n".join(f"      {line}" if line.strip() else "" for line in body.strip("\n").splitlines())
    return on_all(f"name: Test\n{before}\nstages:\n  - name: One\n    steps:\n{inner}\n")


def ends(run: Run) -> dict[str, str]:
    """Number → status of every result; of several hosts `host number`."""
    several = len(run.hosts) > 1
    return {
        (f"{result.host} {result.number}" if several else result.number): str(result.status)
        for result in run.results()
        if result.kind != "stage"
    }


def message(run: Run, number: str) -> str:
    return next(result.outcome.message for result in run.results() if result.number == number)
