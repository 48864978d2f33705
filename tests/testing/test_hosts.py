"""The hosts of tests: what a script answers, what is remembered, and what nobody expected."""

from __future__ import annotations

import subprocess
import sys

import pytest

from runbook.runs.record import Verdict
from runbook.testing import FarHost, LostHost, ScriptedHost, run_playbook, run_step
from runbook.transports.base import Command, CommandResult, CommandTimeout, Unreachable

BOOK = """
name: Two hosts
hosts: all
stages:
  - name: Look
    steps:
      - {shell: uptime || echo load, register: up, changes: false}
      - {assert: "'load' in up.stdout"}
"""


def test_the_first_row_that_stands_in_a_command_answers_it() -> None:
    host = ScriptedHost({"df -P": "a", "df": (2, "no"), "raw": b"\xff", "whole": CommandResult("x", 9, b"o", b"e")})

    assert [host.shell(script).exit_code for script in ("df -P /", "df", "whole")] == [0, 2, 9]
    assert host.shell("df").err == "no"
    assert host.shell("raw").stdout == b"\xff"
    assert host.scripts == ["df -P /", "df", "whole", "df", "raw"]


def test_a_list_gives_its_answers_in_turn_and_an_exception_is_raised() -> None:
    late = CommandTimeout(CommandResult("x", 137), 2)
    host = ScriptedHost({"look": ["one", (1, "two"), "three"], "wait": late})

    assert [host.shell("look").exit_code for _ in range(4)] == [0, 1, 0, 0]
    with pytest.raises(CommandTimeout):
        host.shell("wait")


def test_what_is_printed_is_also_shown_while_it_runs() -> None:
    shown: list[tuple[str, bytes]] = []
    ScriptedHost({"x": CommandResult("x", 0, b"o", b"e")}).run(Command("x"), lambda *part: shown.append(part))
    assert shown == [("stdout", b"o"), ("stderr", b"e")]


def test_what_no_row_knows_fails_the_test() -> None:
    with pytest.raises(AssertionError, match="nobody expected this command:\nrm -rf /"):
        run_step("shell", {"cmd": "rm -rf /"}, ScriptedHost({"ls": ""}))
    with pytest.raises(AssertionError, match="nobody expected"):
        run_playbook(BOOK, {"web1": ScriptedHost()})


@pytest.mark.parametrize("kind", [ScriptedHost, FarHost])
def test_every_address_leads_to_the_port_or_nowhere(kind: type[ScriptedHost | FarHost]) -> None:
    host = kind(port=4000)
    assert host.forward("db", 5432) == ("127.0.0.1", 4000)
    assert (host.wanted, host.local) == ([("db", 5432)], False)
    with pytest.raises(Unreachable, match="no way to db:5432"):
        kind().forward("db", 5432)


def test_a_far_host_runs_commands_by_what_leads_there() -> None:
    host = FarHost(by="env LANG=C sh -c")
    assert host.run(Command("echo $LANG $A", environment={"A": "it's"})).out == "C it's"
    assert FarHost().run(Command("exit 3")).exit_code == 3


def test_a_playbook_runs_on_the_hosts_that_are_given() -> None:
    hosts = {"web1": ScriptedHost({"uptime": "load: 0"}), "web2": LostHost(), "here": None}
    run = run_playbook(BOOK, hosts)

    assert run.verdict is Verdict.UNREACHABLE
    ended = {(result.host, result.number): str(result.status) for result in run.steps()}
    assert ended == {
        ("web1", "1.1"): "passed",
        ("web1", "1.2"): "passed",
        ("web2", "1.1"): "unreachable",
        ("here", "1.1"): "passed",
        ("here", "1.2"): "passed",
    }


def test_pytest_is_not_needed_to_give_playbooks_their_hosts() -> None:
    program = "import runbook.testing, sys; sys.exit('pytest' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", program]).returncode == 0
