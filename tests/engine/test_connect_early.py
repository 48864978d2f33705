"""Hosts that a stage is sure to ask something are connected to before their first step."""

from __future__ import annotations

import pytest

from runbook.engine.mode import Mode
from runbook.engine.run import execute
from runbook.engine.session import Tools
from runbook.testing import FarHost, ways_to
from runbook.transports.base import Command, CommandResult, OnOutput
from tests.engine.support import planned, steps


class Told(FarHost):
    """Notes what it is asked, in a list that several share."""

    def __init__(self, name: str, said: list[str]) -> None:
        super().__init__()
        self._name, self._said = name, said

    def connect_early(self) -> None:
        self._said.append(f"{self._name} connect")

    def ahead(self, commands: tuple[Command, ...]) -> None:
        """It saves nothing: each is asked for in its turn."""

    def run(self, command: Command, on_output: OnOutput | None = None) -> CommandResult:
        self._said.append(f"{self._name} {command.script}")
        return super().run(command, on_output)


def said(text: str, hosts: str = "one", mode: Mode = Mode.RUN, forks: int = 10) -> list[str]:
    """What the hosts were asked, in order."""
    found: list[str] = []

    ways = ways_to({name: Told(name, found) for name in hosts.split()})
    list(execute(planned(text, hosts), Tools(ways, mode=mode, forks=forks)))
    return found


@pytest.mark.parametrize(
    "first",
    ["- shell: 'true'", "- steps: [{shell: 'true'}]", "- steps: [{steps: [{shell: 'true'}]}]"],
)
def test_before_its_first_step(first: str) -> None:
    """First the way there, then the greeting."""
    assert said(steps(first)) == ["one connect", "one connect", "one true"]


def test_as_many_hosts_at_a_time_as_there_are_forks() -> None:
    found = said(steps("- shell: 'true'"), "one two three", forks=2)

    assert {line for line in found if "connect" in line} == {"one connect", "two connect"}
    assert found[0].endswith("connect")
    assert found.count("three true") == 1


@pytest.mark.parametrize(
    "first",
    [
        "- shell: 'true'\n  when: n == 1",
        "- shell: 'true'\n  delegate_to: localhost",
        "- shell: 'true'\n  run_once: true",
        "- shell: 'true'\n  throttle: 1",
        "- shell: 'true'\n  loop: [1]",
        "- set: {a: 1}\n- shell: 'true'",
        "- steps: [{shell: 'true'}]\n  when: n == 1",
    ],
)
def test_not_where_the_first_step_may_not_ask_it_anything(first: str) -> None:
    assert "one connect" not in said(steps(first))


def test_not_in_a_check() -> None:
    assert said(steps("- shell: 'true'"), mode=Mode.CHECK) == []
