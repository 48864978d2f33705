"""The table of transports, and what a transport need not be able to do."""

from __future__ import annotations

import threading
from contextlib import closing

import pytest

from runbook.testing import ScriptedHost, run_playbook
from runbook.transports import TRANSPORTS
from runbook.transports.base import Transport, pipelined
from runbook.transports.connect import transport_for
from runbook.transports.ssh.jumps import Jumps
from tests.engine.support import ends, steps


def made(name: str, stop: threading.Event) -> Transport:
    return transport_for("web", {"ansible_connection": name}, stop=stop, jumps=Jumps())


@pytest.mark.parametrize("name", TRANSPORTS)
def test_each_row_makes_a_transport(name: str, stop: threading.Event) -> None:
    with closing(made(name, stop)) as transport:
        assert transport.local in (True, False)


@pytest.mark.parametrize("name", ["local", "ssh", "paramiko", "paramiko_ssh", "smart", "ansible.builtin.ssh"])
def test_a_far_host_is_asked_ahead(name: str, stop: threading.Event) -> None:
    with closing(made(name, stop)) as transport:
        assert transport.local is (name == "local")
        assert pipelined(transport) is (None if transport.local else transport)


def test_a_transport_that_sends_nothing_ahead_runs_a_playbook() -> None:
    """With nothing but what every transport has."""
    hosts = {name: ScriptedHost({"true": "", "false": (1, ""), "echo end": "end"}) for name in ("one", "two")}

    text = steps("- shell: 'true'\n- shell: 'false'\n  ignore_errors: true\n- shell: echo end\n  register: last")
    found = ends(run_playbook(text, hosts))

    assert found == {
        f"{host} {number}": status
        for host in ("one", "two")
        for number, status in (("1.1", "changed"), ("1.2", "warned"), ("1.3", "changed"))
    }
    assert [pipelined(host) for host in hosts.values()] == [None, None]
    assert all(host.closed for host in hosts.values())
