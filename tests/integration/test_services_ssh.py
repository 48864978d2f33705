"""A command started over SSH goes on when the session is over, and is found again by the next one."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from runbook.services import process
from runbook.services.base import Service, Shell
from runbook.testing.processes import alive, wait_until
from runbook.transports.base import CommandResult
from tests.lab.sshd import Sshd


@pytest.fixture
def shell(sshd: Sshd) -> Shell:
    """Each command in an SSH session of its own."""

    def run(script: str) -> CommandResult:
        done = sshd.ssh(script)
        return CommandResult(script, done.returncode, done.stdout.encode(), done.stderr.encode())

    return run


@pytest.fixture
def service(shell: Shell, tmp_path: Path) -> Iterator[Service]:
    command = "echo up; trap 'echo hung up' HUP; while :; do sleep 0.2; done"
    made = Service("it", {"pid_file": f"{tmp_path}/it.pid", "command": command, "stop_timeout": 0.5})
    yield made
    process.act(made, "stop", shell)


def test_it_outlives_the_session_that_started_it(service: Service, shell: Shell, tmp_path: Path) -> None:
    process.act(service, "start", shell)
    log = tmp_path / "it.log"
    wait_until(lambda: log.read_text() == "up\n", "it runs")
    first = process.state(service, shell)
    assert first.running
    assert first.pid is not None
    process.act(service, "restart", shell)
    second = process.state(service, shell)
    assert second.running
    assert second.identity != first.identity
    assert not alive(first.pid)
    assert "hung up" not in log.read_text(), "the end of a session is not its business"
    process.act(service, "stop", shell)
    assert not process.state(service, shell).running
