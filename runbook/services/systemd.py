"""Units of systemd, the system's or a user's.

A unit that only stands for others (Debian's `postgresql.service`: a oneshot without a process) is judged by the units
that are part of it (`ConsistsOf`): a restart of it is proved when their processes are new.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from shlex import join
from typing import Any

from runbook.common.frozen import Frozen
from runbook.services.base import Service, ServiceError, ServiceState, Shell
from runbook.services.commands import must, near, plain, said_by
from runbook.services.process_table import Process, snapshot
from runbook.transports.base import CommandResult

OPTIONS: Mapping[str, Any] = {
    "scope": {
        "enum": ["system", "user"],
        "description": "Whose units: the system's, or those of the user that the step runs as; system when not said.",
    },
    "daemon_reload": {
        "type": "boolean",
        "description": "Have systemd read its unit files again before it acts.",
    },
}

_KINDS = (
    *(".service", ".socket", ".target", ".timer", ".path", ".mount", ".automount", ".swap", ".slice", ".scope"),
    ".device",
)
_PROPERTIES = (
    *("Id", "LoadState", "LoadError", "ActiveState", "SubState", "Result", "Type", "MainPID", "InvocationID"),
    *("NRestarts", "ExecMainStatus", "ExecMainStartTimestampMonotonic", "ActiveEnterTimestampMonotonic", "ConsistsOf"),
)
_USER_BUS = 'XDG_RUNTIME_DIR="${XDG_RUNTIME_DIR:-/run/user/$(id -u)}"; export XDG_RUNTIME_DIR\n'
_PHASES = {"activating": "starting", "reloading": "", "deactivating": "starting", "maintenance": ""}


class Clock(Frozen):
    """The host's clock, and how long it has been up, in seconds."""

    now: float | None = None
    uptime: float | None = None

    def at(self, microseconds: str) -> float | None:
        """A monotonic time of systemd as seconds since the epoch."""
        if not microseconds.isdigit() or not int(microseconds) or self.now is None or self.uptime is None:
            return None
        return round(self.now - self.uptime + int(microseconds) / 1e6, 3)


def unit_name(name: str) -> str:
    """The name with `.service` where it has no kind of unit at its end."""
    return name if name.endswith(_KINDS) else f"{name}.service"


def systemctl(service: Service, *words: str) -> str:
    """sh text for a call of systemctl in the service's scope."""
    if service.options.get("scope") == "user":
        return f"{_USER_BUS}systemctl --user --no-ask-password {join(words)}"
    return f"systemctl --no-ask-password {join(words)}"


def detect(service: Service, shell: Shell) -> bool:
    result = shell(systemctl(service, "show", "-p", "LoadState", "--", unit_name(service.name)))
    return result.ok and result.out.strip() in ("LoadState=loaded", "LoadState=masked", "LoadState=error")


def prepare(service: Service, shell: Shell) -> Service:  # noqa: ARG001 - every manager has this signature
    return service


def state(service: Service, shell: Shell) -> ServiceState:
    units, clock = _show(service, [unit_name(service.name)], shell)
    unit = units[0]
    if unit.get("LoadState") == "not-found":
        raise ServiceError(f"systemd knows no unit {unit_name(service.name)}; {_near(service, shell)}")
    members = [name for name in unit.get("ConsistsOf", "").split() if name.endswith(".service")]
    if unit.get("Type") == "oneshot" and unit.get("SubState") == "exited" and members:
        units, clock = _show(service, members, shell)
    pids = [int(unit.get("MainPID", "0")) for unit in units]
    found = snapshot(shell, pids) if any(pids) else None
    processes = [found.get(pid) if found else None for pid in pids]
    states = [judge(unit, clock, process) for unit, process in zip(units, processes, strict=True)]
    return states[0] if len(states) == 1 else together(states, [unit["Id"] for unit in units])


def act(service: Service, action: str, shell: Shell) -> CommandResult:
    script = systemctl(service, action, "--", unit_name(service.name))
    if service.options.get("daemon_reload"):
        script = f"{systemctl(service, 'daemon-reload')} || exit\n{script}"
    result = shell(script)
    said = said_by(result)
    hint = "`become: true` is needed" if "authentication" in said or "Access denied" in said else ""
    return must(result, f"systemctl {action} {unit_name(service.name)}", hint)


def status_text(service: Service, shell: Shell) -> str:
    result = shell(systemctl(service, "status", "--no-pager", "--full", "-n", "0", "--", unit_name(service.name)))
    return plain(result.out or result.err)  # the exit code is 3 for a unit that is not running


def logs(service: Service, lines: int, shell: Shell) -> str:
    scope = ["--user"] if service.options.get("scope") == "user" else []
    words = [
        "journalctl",
        *scope,
        "-u",
        unit_name(service.name),
        "-n",
        str(int(lines)),
        "--no-pager",
        "-o",
        "short-iso",
    ]
    prefix = _USER_BUS if scope else ""
    result = shell(prefix + join([*words, "--quiet"]))
    return plain(result.out or result.err)


def _show(service: Service, names: Sequence[str], shell: Shell) -> tuple[list[dict[str, str]], Clock]:
    """The properties of each unit, and the clock. Raises ServiceError."""
    show = systemctl(service, "show", "-p", ",".join(_PROPERTIES), "--", *names)
    result = shell(f"date +%s.%N; cut -d ' ' -f 1 /proc/uptime\n{show}")
    must(result, "systemctl show", "is systemd running there?" if "not been booted" in said_by(result) else "")
    return parse_show(result.out)


def parse_show(text: str) -> tuple[list[dict[str, str]], Clock]:
    """The answer to `_show`: two lines of clock, then `Name=value` lines, an empty line between units."""
    date, uptime, properties = text.split("\n", 2)
    try:
        clock = Clock(float(date), float(uptime))
    except ValueError:
        clock = Clock()
    blocks = properties.strip("\n").split("\n\n")
    return [dict(line.partition("=")[::2] for line in block.splitlines()) for block in blocks], clock


def judge(unit: Mapping[str, str], clock: Clock, process: Process | None) -> ServiceState:
    """What the properties of one unit mean. `process` is its main process, as /proc shows it."""
    active, sub = unit.get("ActiveState", ""), unit.get("SubState", "")
    pid = int(unit.get("MainPID", "0")) or None
    entered = clock.at(unit.get("ExecMainStartTimestampMonotonic" if pid else "ActiveEnterTimestampMonotonic", ""))
    running = active in ("active", "reloading") and sub != "exited"
    if active == "active" and sub == "exited":
        phase = "finished"
    else:
        phase = "retrying" if sub.startswith("auto-restart") else _PHASES.get(active, "")
    return ServiceState(
        running,
        pid if running else None,
        (process.started if process else entered) if running else None,
        _identity(unit, process) if running else "",
        _detail(unit),
        "" if running else phase,
        clock.now,
    )


def _identity(unit: Mapping[str, str], process: Process | None) -> str:
    if process is not None:
        return process.identity
    began = unit.get("ExecMainStartTimestampMonotonic") or "0"
    run = unit.get("InvocationID") or unit.get("ActiveEnterTimestampMonotonic") or "?"
    return f"{unit.get('MainPID', '0')}@{began}@{run}"


def _detail(unit: Mapping[str, str]) -> str:
    if unit.get("LoadState") not in ("loaded", ""):
        problem = unit.get("LoadError", "").strip('"')
        return f"{unit.get('LoadState')}: {problem}" if problem else str(unit.get("LoadState"))
    words = [f"{unit.get('ActiveState')} ({unit.get('SubState')})"]
    if unit.get("Result", "success") != "success":
        words.append(f"result {unit['Result']}, exit status {unit.get('ExecMainStatus', '?')}")
    if unit.get("NRestarts", "0") not in ("0", ""):
        words.append(f"restarted by systemd {unit['NRestarts']} times")
    if unit.get("Type") == "oneshot" and unit.get("SubState") == "exited":
        words.append("a oneshot unit has no process of its own")
    return ", ".join(words)


def together(states: Sequence[ServiceState], names: Sequence[str]) -> ServiceState:
    """One state for several: running when all are, as old as the oldest."""
    started = [state.started for state in states if state.started is not None]
    return ServiceState(
        all(state.running for state in states),
        next((state.pid for state in states if state.pid), None),
        min(started) if started else None,
        " ".join(state.identity for state in states if state.identity),
        "; ".join(f"{name} {state.detail}" for name, state in zip(names, states, strict=True)),
        next((state.phase for state in states if state.phase), ""),
        states[0].now,
    )


def _near(service: Service, shell: Shell) -> str:
    lists = [
        systemctl(service, "list-unit-files", "--no-legend", "--no-pager", "--type=service"),
        systemctl(service, "list-units", "--all", "--no-legend", "--no-pager", "--plain", "--type=service"),
    ]
    known = [line.split()[0] for line in shell("\n".join(lists)).out.splitlines() if line.strip()]
    names = sorted({name.removesuffix(".service") for name in known if not name.endswith("@.service")})
    return near(service.name.removesuffix(".service"), names)
