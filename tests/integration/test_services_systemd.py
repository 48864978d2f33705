"""What is systemd's own: units without a process, units that stand for others, a user's units."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

import runbook.steps.processes.process as process_kind
import runbook.steps.processes.service as service_kind
from runbook.runs.events import Outcome, Status
from runbook.services import systemd
from runbook.services.base import Service
from runbook.steps.base import Context
from runbook.testing import run_step, step_context
from runbook.transports.base import CommandResult
from tests.integration.rigs import entered
from tests.lab.systemd import SystemdHost
from tests.lab.tools import SYSTEM_PATH

UNIT = "runbook-own.service"


@pytest.fixture
def context(systemd_host: SystemdHost) -> Iterator[Context]:
    yield step_context(entered(systemd_host.pid), environment={"PATH": SYSTEM_PATH})
    systemd_host.remove_unit(UNIT)


def step(context: Context, state: str, name: str = UNIT, **options: object) -> Outcome:
    return run_step(
        service_kind, {"name": name, "manager": "systemd", "state": state, "settle": 0.3, **options}, context=context
    )


def test_a_oneshot_that_remains_has_no_process_that_could_be_new(systemd_host: SystemdHost, context: Context) -> None:
    text = "[Service]\nType=oneshot\nRemainAfterExit=yes\nExecStart=/bin/echo done once\n"
    systemd_host.write_unit(UNIT, text)
    first = step(context, "started")
    assert (first.status, first.data["running"]) == (Status.CHANGED, False)
    assert step(context, "started").status is Status.PASSED
    for state in ("restarted", "running"):
        outcome = step(context, state)
        assert outcome.status is Status.FAILED
        assert "a oneshot unit has no process of its own" in outcome.message
        assert "done once" in outcome.evidence[1].text
    assert step(context, "stopped").status is Status.CHANGED
    assert step(context, "stopped").status is Status.PASSED


def test_a_unit_that_stands_for_another_is_proved_by_it(systemd_host: SystemdHost, context: Context) -> None:
    """As Debian's postgresql.service stands for postgresql@15-main.service."""
    member = "runbook-member.service"
    systemd_host.write_unit(member, f"[Unit]\nPartOf={UNIT}\n[Service]\nExecStart=/bin/sleep 600\n")
    text = f"[Unit]\nWants={member}\n[Service]\nType=oneshot\nRemainAfterExit=yes\nExecStart=/bin/true\n"
    systemd_host.write_unit(UNIT, text)
    try:
        first = step(context, "started")
        assert (first.status, first.data["running"]) == (Status.CHANGED, True)
        second = step(context, "restarted")
        assert second.status is Status.CHANGED, second.message
        assert second.data["previous_pid"] == first.data["pid"] != second.data["pid"]
        systemd_host.run("systemctl", "stop", member)
        assert step(context, "running").status is Status.FAILED
    finally:
        systemd_host.remove_unit(member)


def test_debians_postgresql_is_restarted_and_proved(systemd_host: SystemdHost, context: Context) -> None:
    try:
        first = step(context, "started", name="postgresql")
        assert first.status is Status.CHANGED, first.message
        second = step(context, "restarted", name="postgresql")
        assert second.status is Status.CHANGED, second.message
        found = run_step(process_kind, {"pattern": r"/postgres -D", "user": "postgres"}, context=context)
        assert found.data["pid"] == second.data["pid"] != first.data["pid"]
    finally:
        systemd_host.run("systemctl", "stop", "postgresql")


def test_reload_is_what_the_unit_says(systemd_host: SystemdHost, context: Context) -> None:
    systemd_host.write_unit(UNIT, "[Service]\nExecStart=/bin/sleep 600\n")
    assert "nothing to reload" in step(context, "reloaded").message
    pid = step(context, "started").data["pid"]
    assert "reload is not applicable" in step(context, "reloaded").message
    path = systemd_host.path(f"/etc/systemd/system/{UNIT}")
    path.write_text("[Service]\nExecStart=/bin/sleep 600\nExecReload=/bin/true\n")
    outcome = step(context, "reloaded", daemon_reload=True)
    assert (outcome.status, outcome.data["pid"]) == (Status.CHANGED, pid), outcome.message


@pytest.mark.parametrize(
    ("text", "detail"),
    [
        ("[Service]\nExecStart=/nowhere/program\n", "exit status 203"),
        ("[Service]\nType=simple\n", "bad-setting"),
        ("[Service]\nUser=nobody-at-all\nExecStart=/bin/sleep 600\n", "exit status 217"),
    ],
)
def test_a_unit_that_cannot_start_says_why(systemd_host: SystemdHost, context: Context, text: str, detail: str) -> None:
    systemd_host.write_unit(UNIT, text)
    outcome = step(context, "restarted")
    assert outcome.status is Status.FAILED
    assert detail in f"{outcome.message} {outcome.data['detail']}"
    assert "Loaded:" in outcome.evidence[0].text


def test_a_users_units_are_managed_as_the_user(systemd_host: SystemdHost) -> None:
    admin = systemd_host.admin.name

    def shell(script: str) -> CommandResult:
        done = systemd_host.run("runuser", "-u", admin, "--", "/bin/sh", "-c", script)
        return CommandResult(script, done.returncode, done.stdout.encode(), done.stderr.encode())

    folder = systemd_host.path(f"/home/{admin}/.config/systemd/user")
    assert shell(f"mkdir -p /home/{admin}/.config/systemd/user").ok
    (folder / UNIT).write_text("[Service]\nExecStart=/bin/sleep 600\n")
    service = Service(UNIT, {"scope": "user", "daemon_reload": True})
    systemd.act(service, "start", shell)
    try:
        state = systemd.state(service, shell)
        assert (state.running, state.detail) == (True, "active (running)")
        assert "sleep 600" in systemd.status_text(service, shell)
        systemd.act(service, "restart", shell)
        assert systemd.state(service, shell).identity != state.identity
        assert not systemd.detect(Service(UNIT), shell), "the system has no such unit"
    finally:
        systemd.act(service, "stop", shell)
        (folder / UNIT).unlink()
