"""Services of Docker Compose: `docker compose`, `docker-compose` 1 and 2, `podman compose`, `podman-compose`.

Containers are found by `ps -q` and looked at with the engine's `inspect`, which all of them share; their own `ps` has
a form of its own in each version.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from datetime import datetime
from shlex import join, quote, split
from typing import Any

from runbook.common.frozen import Frozen, replace
from runbook.services.base import Service, ServiceError, ServiceState, Shell
from runbook.services.commands import must, near, plain
from runbook.services.process_table import path_word
from runbook.transports.base import CommandResult

OPTIONS: Mapping[str, Any] = {
    "project_dir": {"type": "string", "minLength": 1, "description": "Folder of the project, with its compose file."},
    "files": {
        "type": "array",
        "minItems": 1,
        "items": {"type": "string", "minLength": 1},
        "description": "Compose files, in order, instead of the folder's own.",
    },
    "project_name": {
        "type": "string",
        "minLength": 1,
        "description": "Name of the project; the folder's when not said.",
    },
    "compose_command": {
        "type": "string",
        "minLength": 1,
        "description": "Command to use; else the first that is there of docker compose, docker-compose, podman compose "
        "and podman-compose.",
    },
    "recreate": {
        "type": "boolean",
        "description": "Restart with new containers, so that changed images, files and variables of the project hold: "
        "`down` and `up -d` for the whole project, `up -d --force-recreate` for one service.",
    },
}

COMMANDS = ("docker compose", "docker-compose", "podman compose", "podman-compose")
_ENGINE = "$(command -v docker || command -v podman || echo docker)"
_NEVER = "0001-01-01"
_RETRYING = ("restarting", "stopped")
"""Docker's word for one that will be started again, and podman's: a container that nobody wants back is `exited`."""


class Container(Frozen):
    """One container as `inspect` shows it. `status` is the engine's word: running, exited, restarting, created …"""

    id: str
    service: str
    status: str
    pid: int | None
    started: float | None
    began: str
    exit_code: int
    health: str
    comes_again: bool
    """Has it a restart policy?"""


def detect(service: Service, shell: Shell) -> bool:
    try:
        return service.name in ("all", *_services(prepare(service, shell), shell))
    except ServiceError:
        return False


def prepare(service: Service, shell: Shell) -> Service:
    """With the `compose_command` that the host has."""
    if "compose_command" in service.options:
        return service
    tries = " ".join(f"if {command} version >/dev/null 2>&1; then echo {command}; exit; fi;" for command in COMMANDS)
    found = shell(tries).out.strip()
    if not found:
        raise ServiceError(f"none of these is there: {', '.join(COMMANDS)}; name one with compose_command")
    return replace(service, options={**service.options, "compose_command": found})


def state(service: Service, shell: Shell) -> ServiceState:
    service = prepare(service, shell)
    containers, now = _containers(service, shell)
    if not containers and service.name != "all" and service.name not in (known := _services(service, shell)):
        raise ServiceError(f"the compose project has no service {service.name!r}; {near(service.name, known)}")
    return judge(containers, now)


def act(service: Service, action: str, shell: Shell) -> CommandResult:
    service = prepare(service, shell)
    there = action == "restart" and bool(_containers(service, shell)[0])
    words = action_words(service, action, there)
    text = " && ".join(compose(service, *call) for call in words)
    return must(shell(script(service, text)), " and ".join(f"compose {call[0]}" for call in words))


def action_words(service: Service, action: str, there: bool) -> list[tuple[str, ...]]:
    """The calls of compose for an action, in order; `there` says whether it has containers."""
    name = _name(service)
    match action:
        case "start":
            return [("up", "-d", *name)]
        case "stop":
            return [("stop", *name)]
        case "reload":
            return [("kill", "-s", "HUP", *name)]
    if not there:
        return [("up", "-d", *name)]
    if not service.options.get("recreate"):
        return [("restart", *name)]
    return [("up", "-d", "--force-recreate", "--no-deps", *name)] if name else [("down",), ("up", "-d")]


def status_text(service: Service, shell: Shell) -> str:
    service = prepare(service, shell)
    text = f"{compose(service, 'ps', '-a', *_name(service))} || {compose(service, 'ps')}"
    result = shell(script(service, text))
    return plain(result.out or result.err)


def logs(service: Service, lines: int, shell: Shell) -> str:
    service = prepare(service, shell)
    tail = ["--tail", str(int(lines)), *_name(service)]
    text = f"{compose(service, 'logs', '--no-color', *tail)} || {compose(service, 'logs', *tail)}"
    result = shell(script(service, text))
    return plain("\n".join(filter(None, (result.out, result.err))))


def compose(service: Service, *words: str) -> str:
    """sh text for one call of compose on the service's project."""
    options = service.options
    command = split(options["compose_command"])
    for file in options.get("files", []):
        command += ["-f", file]
    if "project_name" in options:
        command += ["-p", options["project_name"]]
    return join([*command, *words])


def script(service: Service, text: str) -> str:
    """sh text that runs in the project's folder."""
    folder = service.options.get("project_dir")
    return f"cd {path_word(folder)} || exit\n{text}" if folder else text


def judge(containers: Sequence[Container], now: float | None) -> ServiceState:
    """One state for all containers. One that ended well beside others that run has done its work (a migration)."""
    up = [container for container in containers if container.status == "running"]
    down = [c for c in containers if c.status != "running" and not (up and c.status == "exited" and c.exit_code == 0)]
    started = [container.started for container in up if container.started is not None]
    retrying = any(container.status in _RETRYING and container.comes_again for container in down)
    detail = ", ".join(_detail(container, len(containers) > 1) for container in containers)
    running = bool(up) and not down
    return ServiceState(
        running,
        up[0].pid if running else None,
        min(started) if running and started else None,
        " ".join(sorted(f"{container.id[:12]}@{container.began}" for container in up)),
        detail or "no container",
        "retrying" if retrying else "leftover" if up and down else "",
        now,
    )


def _detail(container: Container, several: bool) -> str:
    words = f"{container.status} ({container.exit_code})" if container.status == "exited" else container.status
    return (f"{container.service} " if several else "") + words + (f" ({container.health})" if container.health else "")


def _name(service: Service) -> tuple[str, ...]:
    return () if service.name == "all" else (service.name,)


def _services(service: Service, shell: Shell) -> list[str]:
    result = must(shell(script(service, compose(service, "config", "--services"))), "compose config --services")
    return result.out.split()


def _containers(service: Service, shell: Shell) -> tuple[list[Container], float | None]:
    """The containers of the service, and the host's clock. Raises ServiceError."""
    engine = _engine(split(service.options["compose_command"]))
    text = (
        # podman-compose knows neither -a nor names here, and lists all
        f"ids=$({compose(service, 'ps', '-a', '-q', *_name(service))}) || "
        f"ids=$({compose(service, 'ps', '-q')}) || exit\n"
        'date +%s.%N\n[ -z "$ids" ] ||'
        f" {engine} inspect --type container $ids"
    )
    result = must(shell(script(service, text)), "compose ps")
    date, _, answer = result.out.partition("\n")
    now = float(date) if date.replace(".", "", 1).isdigit() else None
    return parse_inspect(answer, service.name), now


def _engine(compose_command: Sequence[str]) -> str:
    """sh word for the engine's own client: the program whose word `compose` is, else what the host has."""
    program = compose_command[0]
    if compose_command[1:2] == ["compose"]:
        return quote(program)
    return "podman" if program.endswith("podman-compose") else f'"{_ENGINE}"'


def parse_inspect(answer: str, name: str) -> list[Container]:
    """The containers in an answer of `inspect` that belong to a service (or to any, for `all`). Raises ServiceError."""
    try:
        rows = json.loads(answer) if answer.strip() else []
    except ValueError:
        raise ServiceError(f"the engine's inspect answered no JSON: {answer[:200]!r}") from None
    containers = []
    for row in rows:
        labels = row.get("Config", {}).get("Labels") or {}
        service = labels.get("com.docker.compose.service") or labels.get("io.podman.compose.service") or ""
        once = str(labels.get("com.docker.compose.oneoff", "")).lower() == "true"
        if not once and name in ("all", service):
            containers.append(_container(row, service))
    return containers


def _container(row: Mapping[str, Any], service: str) -> Container:
    state = row["State"]
    began = str(state.get("StartedAt") or "")
    health = (state.get("Health") or state.get("Healthcheck") or {}).get("Status") or ""
    return Container(
        row["Id"],
        service,
        str(state.get("Status", "")).lower(),
        state.get("Pid") or None,
        None if not began or began.startswith(_NEVER) else datetime.fromisoformat(began).timestamp(),
        began,
        int(state.get("ExitCode") or 0),
        "" if health == "none" else health,
        row.get("HostConfig", {}).get("RestartPolicy", {}).get("Name", "no") not in ("", "no"),
    )
