"""What compose is asked, and what the engine's answers mean. The same with real containers: tests/integration."""

from __future__ import annotations

import json
from typing import Any

import pytest

from runbook.services import compose
from runbook.services.base import Service, ServiceError
from runbook.testing import ScriptedHost

DOCKER = {"compose_command": "docker compose"}


def container(service: str = "web", status: str = "running", **state: Any) -> dict[str, Any]:
    """A container as `docker inspect` shows it."""
    return {
        "Id": f"{service}-0123456789abcdef",
        "State": {
            "Status": status,
            "Pid": 4242 if status == "running" else 0,
            "ExitCode": 0,
            "StartedAt": "2025-11-24T00:52:00.123456789Z",
            **state,
        },
        "Config": {"Labels": {"com.docker.compose.service": service, "com.docker.compose.oneoff": "False"}},
        "HostConfig": {"RestartPolicy": {"Name": "always"}},
    }


def inspected(*containers: dict[str, Any]) -> str:
    return "1763945530.5\n" + json.dumps(containers)


@pytest.mark.parametrize(
    ("options", "call"),
    [
        ({}, "docker compose ps"),
        ({"files": ["a b.yml", "c.yml"], "project_name": "p q"}, "docker compose -f 'a b.yml' -f c.yml -p 'p q' ps"),
        ({"compose_command": "/opt/my tools/docker-compose"}, "/opt/my tools/docker-compose ps"),
        ({"compose_command": "'/opt/my tools/docker-compose'"}, "'/opt/my tools/docker-compose' ps"),
    ],
)
def test_options_are_words_of_the_call(options: dict[str, Any], call: str) -> None:
    assert compose.compose(Service("web", {**DOCKER, **options}), "ps") == call


@pytest.mark.parametrize(
    ("name", "action", "there", "options", "calls"),
    [
        ("web", "start", True, {}, [("up", "-d", "web")]),
        ("all", "start", False, {}, [("up", "-d")]),
        ("web", "stop", True, {}, [("stop", "web")]),
        ("web", "reload", True, {}, [("kill", "-s", "HUP", "web")]),
        ("web", "restart", True, {}, [("restart", "web")]),
        ("web", "restart", False, {"recreate": True}, [("up", "-d", "web")]),
        ("web", "restart", True, {"recreate": True}, [("up", "-d", "--force-recreate", "--no-deps", "web")]),
        ("all", "restart", True, {"recreate": True}, [("down",), ("up", "-d")]),
        ("all", "restart", True, {"recreate": False}, [("restart",)]),
    ],
)
def test_actions_are_calls(
    name: str, action: str, there: bool, options: dict[str, Any], calls: list[tuple[str, ...]]
) -> None:
    assert compose.action_words(Service(name, options), action, there) == calls


def test_calls_run_in_the_project_and_stop_at_the_first_that_fails() -> None:
    host = ScriptedHost({"ps -a -q": inspected(container()), "down": ""})
    compose.act(Service("all", {**DOCKER, "project_dir": "~/a b", "recreate": True}), "restart", host.shell)
    assert host.scripts[-1] == "cd \"$HOME\"'/a b' || exit\ndocker compose down && docker compose up -d"


@pytest.mark.parametrize(
    ("containers", "running", "phase", "detail"),
    [
        ([container()], True, "", "running"),
        ([], False, "", "no container"),
        ([container(status="exited", ExitCode=3)], False, "", "exited (3)"),
        ([container(status="restarting", ExitCode=3)], False, "retrying", "restarting"),
        ([container(status="stopped")], False, "retrying", "stopped"),
        ([container(status="created", StartedAt="0001-01-01T00:00:00Z")], False, "", "created"),
        ([container(Health={"Status": "unhealthy"})], True, "", "running (unhealthy)"),
        ([container(), container("job", "exited")], True, "", "web running, job exited (0)"),
        ([container(), container("job", "exited", ExitCode=1)], False, "leftover", "web running, job exited (1)"),
        ([container(), container("web", "exited", ExitCode=137)], False, "leftover", "web running, web exited (137)"),
    ],
)
def test_containers_mean_a_state(containers: list[dict[str, Any]], running: bool, phase: str, detail: str) -> None:
    state = compose.judge(compose.parse_inspect(json.dumps(containers), "all"), 1_763_945_530.5)
    assert (state.running, state.phase, state.detail) == (running, phase, detail)
    assert state.pid == (4242 if running else None)


def test_times_and_identity_come_from_the_engine() -> None:
    host = ScriptedHost({"ps -a -q web": inspected(container(), container("other"))})
    state = compose.state(Service("web", DOCKER), host.shell)
    assert state.started == pytest.approx(1_763_945_520.123456)
    assert state.uptime == pytest.approx(10.376544)
    assert state.identity == "web-01234567@2025-11-24T00:52:00.123456789Z"
    later = compose.judge(
        compose.parse_inspect(json.dumps([container(StartedAt="2025-11-24T01:52:01+01:00")]), "web"), None
    )
    assert later.started == 1_763_945_521
    assert later.identity != state.identity


def test_containers_of_others_and_one_off_runs_do_not_count() -> None:
    once = container()
    once["Config"]["Labels"]["com.docker.compose.oneoff"] = "True"
    podman = container("web")
    podman["Config"]["Labels"] = {"io.podman.compose.service": "web"}
    found = compose.parse_inspect(json.dumps([once, podman, container("db")]), "web")
    assert len(found) == 1


def test_an_unknown_service_is_told_with_the_nearest() -> None:
    host = ScriptedHost({"config --services": "web\nworker\n", "ps -a -q": "1.0\n"})
    with pytest.raises(ServiceError, match="no service 'wrker'; did you mean worker"):
        compose.state(Service("wrker", DOCKER), host.shell)
    assert compose.state(Service("web", DOCKER), host.shell).detail == "no container"


@pytest.mark.parametrize("there", compose.COMMANDS)
def test_the_command_is_the_one_that_is_there(there: str) -> None:
    host = ScriptedHost({f"echo {there};": f"{there}\n"})
    assert compose.prepare(Service("web"), host.shell).options == {"compose_command": there}
    given = Service("web", {"compose_command": "x"})
    assert compose.prepare(given, host.shell) is given


def test_no_command_is_an_error_that_names_all() -> None:
    with pytest.raises(ServiceError, match="none of these is there: docker compose, docker-compose, podman compose"):
        compose.prepare(Service("web"), ScriptedHost({"version": ""}).shell)
    assert not compose.detect(Service("web"), ScriptedHost({"version": ""}).shell)


def test_an_answer_that_is_no_json_is_an_error() -> None:
    with pytest.raises(ServiceError, match="answered no JSON: 'Error: oops'"):
        compose.parse_inspect("Error: oops", "web")
