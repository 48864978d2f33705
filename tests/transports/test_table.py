"""The table of transports, and what a transport need not be able to do."""

from __future__ import annotations

import threading
from collections.abc import Mapping
from typing import Any

import pytest

from runbook.engine.run import execute
from runbook.engine.session import Tools
from runbook.runs.record import fold
from runbook.transports import TRANSPORTS
from runbook.transports.base import Command, CommandResult, OnOutput, pipelined
from runbook.transports.connect import transport_for
from runbook.transports.local.transport import LocalTransport
from runbook.transports.ssh.jumps import Jumps
from tests.engine.support import ends, planned, steps


@pytest.mark.parametrize("name", [*TRANSPORTS, "ansible.builtin.ssh"])
def test_each_row_makes_a_transport(name: str, stop: threading.Event) -> None:
    made = transport_for("web", {"ansible_connection": name}, stop=stop, jumps=Jumps())
    assert made.local is (name == "local")
    assert pipelined(made) is (None if made.local else made)
    made.close()


class Bare:
    """A host with nothing but what every transport has."""

    local = False

    def __init__(self, stop: threading.Event) -> None:
        self._machine = LocalTransport(stop)
        self.closed = False

    def run(self, command: Command, on_output: OnOutput | None = None) -> CommandResult:
        return self._machine.run(command, on_output)

    def forward(self, host: str, port: int) -> tuple[str, int]:
        return host, port

    def close(self) -> None:
        self.closed = True


def test_a_transport_that_sends_nothing_ahead_runs_a_playbook(stop: threading.Event) -> None:
    made: list[Bare] = []

    def connect(_name: str, _variables: Mapping[str, Any], **shared: Any) -> Bare:
        made.append(Bare(shared["stop"]))
        return made[-1]

    text = steps("- shell: 'true'\n- shell: 'false'\n  ignore_errors: true\n- shell: echo end\n  register: last")
    found = ends(fold(list(execute(planned(text, "one two"), Tools(connect)))))
    assert found == {
        f"{host} {number}": status
        for host in ("one", "two")
        for number, status in (("1.1", "changed"), ("1.2", "warned"), ("1.3", "changed"))
    }
    assert made
    assert all(one.closed for one in made)
