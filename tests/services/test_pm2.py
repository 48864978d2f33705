"""What PM2 is asked, and what its list means. The same with a real PM2: tests/integration."""

from __future__ import annotations

import json
from typing import Any

import pytest

from runbook.services import pm2
from runbook.services.base import Service, ServiceError
from runbook.services.process_table import Process, Snapshot
from runbook.testing import ScriptedHost

NOISE = ">>>> In-memory PM2 is out-of-date, do:\n>>>> $ pm2 update\n[PM2] Spawning PM2 daemon [1, 2]\n\n"


def app(name: str = "web", id_: int = 0, status: str = "online", pid: int = 80, **env: Any) -> dict[str, Any]:
    return {
        "name": name,
        "pm_id": id_,
        "pid": pid,
        "pm2_env": {
            "status": status,
            "restart_time": 0,
            "pm_out_log_path": "/l/out",
            "pm_err_log_path": "/l/e rr",
            **env,
        },
    }


def table(*pids: int) -> Snapshot:
    rows = (Process(pid, 1, pid, pid, "bot", 1_700_000_000.0 + pid, "node", str(pid)) for pid in pids)
    return Snapshot(tuple(rows), 1_700_000_200.0)


@pytest.mark.parametrize(
    "text",
    [
        json.dumps([app()]),
        NOISE + json.dumps([app()]),
        NOISE + json.dumps([app()]) + "\n[PM2] done [x]",
        f"[\n{json.dumps(app(), indent=1)}\n]",
    ],
)
def test_the_list_is_found_in_the_noise(text: str) -> None:
    assert [(one.name, one.pid, one.status) for one in pm2.parse_list(text)] == [("web", 80, "online")]


def test_what_has_no_list_is_an_error() -> None:
    with pytest.raises(ServiceError, match="answered no JSON"):
        pm2.parse_list(NOISE)


@pytest.mark.parametrize(
    ("apps", "pids", "running", "phase", "detail"),
    [
        ([app()], [80], True, "", "online"),
        ([app(restart_time=4)], [80], True, "", "online, restart count 4"),
        ([app()], [], False, "retrying", "online, but its process is gone"),
        ([app(status="stopped", pid=0)], [], False, "", "stopped"),
        (
            [app(status="stopped", restart_time=7)],
            [],
            False,
            "retrying",
            "its process is gone, and PM2 starts it again, restart count 7",
        ),
        ([app(status="errored", pid=0, restart_time=15)], [], False, "", "errored, restart count 15"),
        ([app(status="launching")], [80], False, "starting", "launching"),
        ([app(status="waiting restart", pid=0)], [], False, "retrying", "waiting restart"),
        ([app(), app(id_=1, pid=81)], [80, 81], True, "", "web (0) online, web (1) online"),
        ([app(), app(id_=1, status="stopped", pid=0)], [80], False, "leftover", "web (0) online, web (1) stopped"),
    ],
)
def test_the_list_means_a_state(
    apps: list[dict[str, Any]], pids: list[int], running: bool, phase: str, detail: str
) -> None:
    state = pm2.judge(pm2.parse_list(json.dumps(apps)), table(*pids))
    assert (state.running, state.phase, state.detail) == (running, phase, detail)
    assert (state.pid, state.started) == ((80, 1_700_000_080.0) if running else (None, None))
    assert state.identity == " ".join(f"{pid}@{pid}" for pid in pids)


@pytest.mark.parametrize(
    ("name", "found"),
    [("web", [0, 1]), ("all", [0, 1, 2, 3]), ("2", [2]), ("jobs", [3]), ("api", [2]), ("nobody", [])],
)
def test_a_name_is_an_application_an_id_or_a_namespace(name: str, found: list[int]) -> None:
    apps = [app(), app(id_=1), app("api", 2), app("worker", 3, namespace="jobs")]
    asked = ScriptedHost({"jlist": json.dumps(apps)})
    host = Service(name)
    assert [one.id for one in pm2._chosen(host, pm2._list(host, asked.shell))] == found


@pytest.mark.parametrize(
    ("options", "script"),
    [
        ({}, "pm2 restart 'my app'"),
        ({"pm2_home": "/srv/a b"}, "PM2_HOME='/srv/a b'; export PM2_HOME; pm2 restart 'my app'"),
        ({"pm2_command": "/opt/x/pm2"}, "/opt/x/pm2 restart 'my app'"),
    ],
)
def test_an_action_is_a_call(options: dict[str, Any], script: str) -> None:
    host = ScriptedHost({"restart": ""})
    pm2.act(Service("my app", options), "restart", host.shell)
    assert host.scripts == [script]


def test_no_daemon_is_started_by_a_look() -> None:
    host = ScriptedHost({"pm2.pid": ""})
    state = pm2.state(Service("web"), host.shell)
    assert (state.running, state.detail) == (False, "no PM2 daemon is running")
    assert not pm2.detect(Service("web"), host.shell)
    assert all(script.startswith('pid=$(cat "${PM2_HOME:-$HOME/.pm2}"/pm2.pid') for script in host.scripts)


def test_an_unknown_application_is_told_with_the_nearest() -> None:
    host = ScriptedHost(
        {"jlist": json.dumps([app("worker")]), "restart": (1, "[PM2][ERROR] Process or Namespace x not found")}
    )
    for ask in (
        lambda: pm2.state(Service("wrker"), host.shell),
        lambda: pm2.act(Service("wrker"), "restart", host.shell),
    ):
        with pytest.raises(ServiceError, match="no application 'wrker'; did you mean worker"):
            ask()


def test_its_logs_are_the_ends_of_its_files() -> None:
    host = ScriptedHost({"jlist": json.dumps([app()]), "tail": "a\nb\n"})
    assert pm2.logs(Service("web"), 50, host.shell) == "a\nb"
    assert host.scripts[-1] == "tail -n 50 /l/out 2>/dev/null\ntail -n 50 '/l/e rr' 2>/dev/null"
