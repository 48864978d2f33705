"""Runs playbooks given as text, for real, on this machine."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from typing import Any

from runbook.engine.mode import Mode
from runbook.engine.run import execute
from runbook.engine.session import Tools
from runbook.model import Group, Host, Inventory, Variable
from runbook.plan.make.plan import Plan, build
from runbook.plan.make.selection import Selection
from runbook.plan.make.variables import Given
from runbook.playbook.load import playbook_from_text
from runbook.runs.events import Event
from runbook.runs.record import Run, fold
from runbook.steps.base import Answer, Question
from runbook.transports.base import Command, CommandResult, OnOutput, Transport, Unreachable
from runbook.transports.local.transport import LocalTransport


class Down:
    """A host that is not there: a port where nothing listens, said in a transport's words."""

    local = False

    def run(self, command: Command, on_output: OnOutput | None = None) -> CommandResult:  # noqa: ARG002 # the Transport's signature
        raise Unreachable("no route to host")

    def forward(self, host: str, port: int) -> tuple[str, int]:  # noqa: ARG002 # the Transport's signature
        raise Unreachable("no route to host")

    def close(self) -> None:
        """Nothing is open."""


def connect(name: str, variables: Mapping[str, Any], *, stop: threading.Event, jumps: object) -> Transport:
    return Down() if name.startswith("down") else LocalTransport(stop)


def planned(text: str, hosts: str = "one", **given: Any) -> Plan:
    names = hosts.split()
    inventory = Inventory(
        {name: Host(name, {"n": Variable(name)}, ("web",)) for name in names},
        {"all": Group("all", children=("web",)), "web": Group("web", tuple(names)), "ungrouped": Group("ungrouped")},
    )
    selection = given.pop("selection", Selection())
    return build(playbook_from_text(text), inventory, Given(given), selection)


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
    return f"name: Test\n{before}\nstages:\n  - name: One\n    steps:\n{inner}\n"


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
