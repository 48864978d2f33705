"""The step `reboot` on a host with a real systemd, over SSH: it goes down, comes up again, and is another boot."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

import runbook.steps.control.wait as wait_kind
import runbook.steps.processes.reboot as kind
from runbook.runs.events import Status
from runbook.testing import run_step, step_context
from runbook.transports.base import Command
from runbook.transports.ssh.settings.target import target_of
from runbook.transports.ssh.transport import SshTransport
from tests.lab.sshd import Keys
from tests.lab.systemd import SystemdHost, booted

pytestmark = pytest.mark.xdist_group("lab-systemd_host")


@pytest.fixture
def host(lab_dir: Path, ssh_keys: Keys) -> Iterator[SystemdHost]:
    with booted(lab_dir, ssh_keys, "systemd-restarts", restarts=True) as made:
        yield made


def test_a_host_is_restarted_and_proved_to_be_up_again(host: SystemdHost) -> None:
    found = {
        "ansible_host": host.host,
        "ansible_port": host.port,
        "ansible_user": host.user,
        "ansible_ssh_private_key_file": str(host.key),
        "ansible_ssh_common_args": f"-o UserKnownHostsFile={host.known_hosts}",
        "ansible_ssh_timeout": 3,
    }
    with closing(SshTransport(target_of("lab", found), threading.Event())) as transport:
        before = transport.run(Command("cat /proc/sys/kernel/random/boot_id")).out
        outcome = run_step(kind, {"timeout": 90}, context=step_context(transport))
        assert outcome.status is Status.CHANGED, outcome.message
        assert outcome.data["previous_boot_id"] == before
        assert outcome.data["boot_id"] == transport.run(Command("cat /proc/sys/kernel/random/boot_id")).out != before
        transport.run(Command("nohup sh -c 'sleep 1; systemctl reboot' >/dev/null 2>&1 &"))
        again = f"[ $(cat /proc/sys/kernel/random/boot_id) != {outcome.data['boot_id']} ]"
        waited = run_step(wait_kind, {"command": again, "timeout": 90}, context=step_context(transport))
        assert waited.status is Status.PASSED, "a wait outlives a host that goes down in the middle of it"
        assert waited.data["away"] >= 1
