"""What supervisorctl is asked, and what its lines mean. The same with a real supervisord: tests/integration."""

from __future__ import annotations

import pytest

from runbook.services import supervisor
from runbook.services.base import Service, ServiceError
from runbook.services.process_table import Process, Snapshot
from runbook.testing import ScriptedHost
from runbook.testing.hosts import Answer
from runbook.transports.base import CommandResult

STATUS = """\
web                              RUNNING   pid 80, uptime 0:00:05
jobs:jobs_00                     RUNNING   pid 81, uptime 1 day, 0:00:05
jobs:jobs_01                     STARTING
late                             BACKOFF   Exited too quickly (process log may have details)
old                              STOPPED   Not started
dead                             FATAL     Exited too quickly (process log may have details)
"""


def table(*pids: int) -> Snapshot:
    rows = (Process(pid, 1, pid, pid, "bot", 1_700_000_000.0 + pid, "python", str(pid)) for pid in pids)
    return Snapshot(tuple(rows), 1_700_000_200.0)


@pytest.mark.parametrize(
    ("name", "pids", "running", "phase", "detail"),
    [
        ("web", [80], True, "", "RUNNING"),
        ("web", [], False, "retrying", "RUNNING, but its process 80 has ended"),
        ("jobs", [81], False, "starting", "jobs:jobs_00 RUNNING, jobs:jobs_01 STARTING"),
        ("jobs:*", [81], False, "starting", "jobs:jobs_00 RUNNING, jobs:jobs_01 STARTING"),
        ("jobs:jobs_00", [81], True, "", "RUNNING"),
        ("late", [], False, "retrying", "BACKOFF: Exited too quickly (process log may have details)"),
        ("old", [], False, "", "STOPPED: Not started"),
        ("dead", [], False, "", "FATAL: Exited too quickly (process log may have details)"),
    ],
)
def test_lines_mean_a_state(name: str, pids: list[int], running: bool, phase: str, detail: str) -> None:
    state = supervisor.judge(supervisor.chosen(name, supervisor.parse_status(STATUS)), table(*pids))
    assert (state.running, state.phase, state.detail) == (running, phase, detail)
    assert state.pid == (pids[0] if running else None)
    assert state.identity == " ".join(f"{pid}@{pid}" for pid in pids)


def test_all_means_every_program() -> None:
    assert len(supervisor.chosen("all", supervisor.parse_status(STATUS))) == 6


@pytest.mark.parametrize(
    ("name", "action", "call"),
    [
        ("web", "restart", "supervisorctl -c '/etc/my sup.conf' restart web"),
        ("jobs", "stop", "supervisorctl -c '/etc/my sup.conf' stop 'jobs:*'"),
        ("jobs:jobs_01", "start", "supervisorctl -c '/etc/my sup.conf' start jobs:jobs_01"),
        ("all", "restart", "supervisorctl -c '/etc/my sup.conf' restart all"),
        ("web", "reload", "supervisorctl -c '/etc/my sup.conf' signal HUP web"),
    ],
)
def test_an_action_is_a_call(name: str, action: str, call: str) -> None:
    host = ScriptedHost({"status": STATUS, "supervisorctl": ""})
    supervisor.act(Service(name, {"config": "/etc/my sup.conf"}), action, host.shell)
    assert host.scripts[-1] == call


@pytest.mark.parametrize(
    ("action", "answer"),
    [
        ("restart", "web: ERROR (not running)\nweb: started"),
        ("start", CommandResult("", 7, b"web: ERROR (already started)\n")),
        ("stop", CommandResult("", 7, b"web: ERROR (not running)\n")),
    ],
)
def test_what_is_so_already_is_no_error(action: str, answer: Answer) -> None:
    supervisor.act(Service("web"), action, ScriptedHost({"status": STATUS, "supervisorctl": answer}).shell)


@pytest.mark.parametrize(
    ("action", "said"),
    [
        ("start", "web: ERROR (spawn error)"),
        ("restart", "web: ERROR (not running)\nweb: ERROR (no such file)"),
        ("stop", "error: <class 'PermissionError'>, [Errno 13] Permission denied"),
    ],
)
def test_a_failure_says_what_supervisor_said(action: str, said: str) -> None:
    answer = CommandResult("", 7, said.encode())
    with pytest.raises(ServiceError) as caught:
        supervisor.act(Service("web"), action, ScriptedHost({"status": STATUS, "supervisorctl": answer}).shell)
    assert said.splitlines()[-1] in str(caught.value)


def test_a_silent_supervisord_is_an_error_with_a_hint() -> None:
    host = ScriptedHost({"status": CommandResult("", 4, b"unix:///run/supervisor.sock no such file\n")})
    with pytest.raises(ServiceError, match=r"supervisor\.sock no such file; does supervisord run"):
        supervisor.state(Service("web"), host.shell)
    assert not supervisor.detect(Service("web"), host.shell)


def test_an_unknown_program_is_told_with_the_nearest() -> None:
    with pytest.raises(ServiceError, match="no program 'wep'; did you mean web"):
        supervisor.state(Service("wep"), ScriptedHost({"status": STATUS}).shell)
