"""Applications of PM2. The name `all` means every one.

PM2 starts its daemon whenever it is asked anything; so that a look changes nothing, it is asked only where a daemon
runs already.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from shlex import join, split
from typing import Any

from runbook.common.frozen import Frozen
from runbook.services.base import Service, ServiceError, ServiceState, Shell
from runbook.services.commands import must, near, plain
from runbook.services.process_table import Snapshot, path_word, snapshot
from runbook.transports.base import CommandResult

OPTIONS: Mapping[str, Any] = {
    "pm2_home": {"type": "string", "minLength": 1, "description": "PM2's folder; $PM2_HOME or ~/.pm2 when not said."},
    "pm2_command": {"type": "string", "minLength": 1, "description": "Command to use; `pm2` when not said."},
}

NO_DAEMON = "no PM2 daemon is running"


class App(Frozen):
    """One process in PM2's list. `restarts` counts those by hand too."""

    name: str
    id: int
    namespace: str
    pid: int | None
    status: str
    restarts: int
    logs: tuple[str, ...]

    @property
    def between_lives(self) -> bool:
        """It ended, and PM2 starts it again. Until then it is called stopped, but only what stays so loses its pid."""
        return self.status == "waiting restart" or (self.status == "stopped" and self.pid is not None)


def detect(service: Service, shell: Shell) -> bool:
    try:
        return bool(_chosen(service, _list(service, shell)))
    except ServiceError:
        return False


def prepare(service: Service, shell: Shell) -> Service:  # noqa: ARG001 - every manager has this signature
    return service


def state(service: Service, shell: Shell) -> ServiceState:
    apps = _list(service, shell)
    found = _chosen(service, apps)
    if not found and apps:
        raise ServiceError(f"PM2 has no application {service.name!r}; {near(service.name, _names(apps))}")
    if not found:
        return ServiceState(False, detail=NO_DAEMON if apps is None else "PM2 has no applications")
    return judge(found, snapshot(shell, [app.pid for app in found if app.pid]))


def act(service: Service, action: str, shell: Shell) -> CommandResult:
    result = shell(pm2(service, action, service.name))
    if not result.ok and "not found" in result.out + result.err:
        known = near(service.name, _names(_list(service, shell)))
        raise ServiceError(f"PM2 has no application {service.name!r}; {known}")
    return must(result, f"pm2 {action} {service.name}")


def status_text(service: Service, shell: Shell) -> str:
    if _list(service, shell) is None:
        return NO_DAEMON
    result = shell(pm2(service, "list"))
    return plain(result.out or result.err)


def logs(service: Service, lines: int, shell: Shell) -> str:
    found = _chosen(service, _list(service, shell))
    files = list(dict.fromkeys(file for app in found for file in app.logs if file and file != "/dev/null"))
    script = "\n".join(f"tail -n {int(lines)} {path_word(file)} 2>/dev/null" for file in files)
    return plain(shell(script).out) if files else ""


def pm2(service: Service, *words: str) -> str:
    """sh text for one call of PM2."""
    home = service.options.get("pm2_home")
    prefix = f"PM2_HOME={path_word(home)}; export PM2_HOME; " if home else ""
    return prefix + join([*split(service.options.get("pm2_command", "pm2")), *words])


def list_script(service: Service) -> str:
    """Asks the daemon for its list; prints nothing where none runs."""
    home = service.options.get("pm2_home")
    folder = path_word(home) if home else '"${PM2_HOME:-$HOME/.pm2}"'
    return f'pid=$(cat {folder}/pm2.pid 2>/dev/null) && kill -0 "$pid" 2>/dev/null || exit 0\n{pm2(service, "jlist")}'


def parse_list(text: str) -> list[App]:
    """PM2's list, from behind whatever it says before (`[PM2] Spawning…`, news of versions). Raises ServiceError."""
    decoder = json.JSONDecoder()
    at = text.find("[")
    while at >= 0:
        try:
            rows, _ = decoder.raw_decode(text, at)
        except ValueError:
            rows = None
        if isinstance(rows, list) and all(isinstance(row, dict) and "pm2_env" in row for row in rows):
            return [_app(row) for row in rows]
        at = text.find("[", at + 1)
    raise ServiceError(f"pm2 jlist answered no JSON: {plain(text)[:200]!r}")


def judge(apps: Sequence[App], table: Snapshot) -> ServiceState:
    """One state for all processes of an application: running when all are online, as old as the oldest."""
    seen = {app.id: table.get(app.pid) for app in apps}
    online = [app for app in apps if app.status == "online" and seen[app.id] is not None]
    running = len(online) == len(apps)
    processes = [process for process in seen.values() if process is not None]
    return ServiceState(
        running,
        processes[0].pid if running else None,
        min(process.started for process in processes) if running else None,
        " ".join(process.identity for process in processes),
        ", ".join(_detail(app, seen[app.id] is not None, len(apps) > 1) for app in apps),
        "" if running else _phase(apps, online),
        table.now,
    )


def _phase(apps: Iterable[App], online: Sequence[App]) -> str:
    others = [app for app in apps if app not in online]
    if any(app.between_lives or app.status == "online" for app in others):  # online: PM2 has not yet noticed
        return "retrying"
    if any(app.status == "launching" for app in others):
        return "starting"
    return "leftover" if online else ""


def _detail(app: App, alive: bool, several: bool) -> str:
    words = [app.status]
    if app.status == "online" and not alive:
        words.append("but its process is gone")
    elif app.status == "stopped" and app.between_lives:
        words = ["its process is gone, and PM2 starts it again"]
    if app.restarts:
        words.append(f"restart count {app.restarts}")
    return (f"{app.name} ({app.id}) " if several else "") + ", ".join(words)


def _app(row: Mapping[str, Any]) -> App:
    env = row["pm2_env"]
    logs = tuple(str(env.get(key) or "") for key in ("pm_out_log_path", "pm_err_log_path"))
    return App(
        str(row.get("name", env.get("name", ""))),
        int(row.get("pm_id", env.get("pm_id", -1))),
        str(env.get("namespace", "default")),
        int(row.get("pid") or 0) or None,
        str(env.get("status", "")),
        int(env.get("restart_time") or 0),
        logs,
    )


def _list(service: Service, shell: Shell) -> list[App] | None:
    """PM2's list; None where no daemon runs. Raises ServiceError."""
    result = must(
        shell(list_script(service)), "pm2 jlist", "name the command with pm2_command if it is not on the PATH"
    )
    return parse_list(result.out) if result.stdout.strip() else None


def _chosen(service: Service, apps: Iterable[App] | None) -> list[App]:
    name = service.name
    listed = list(apps or ())
    if name == "all":
        return listed
    named = [app for app in listed if app.name == name]
    return named or [app for app in listed if name in (str(app.id), app.namespace)]


def _names(apps: Iterable[App] | None) -> list[str]:
    return [app.name for app in apps or ()]
