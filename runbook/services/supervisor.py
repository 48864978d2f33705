"""Programs and groups of supervisord. A group's name, `group:*` and `all` mean every program in it."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from shlex import join
from typing import Any

from runbook.common.frozen import Frozen
from runbook.services.base import Service, ServiceError, ServiceState, Shell
from runbook.services.commands import must, near, plain, said_by
from runbook.services.process_table import Snapshot, path_word, snapshot
from runbook.transports.base import CommandResult

OPTIONS: Mapping[str, Any] = {
    "config": {
        "type": "string",
        "minLength": 1,
        "description": "supervisord's configuration file, if not the usual one.",
    },
    "supervisorctl_path": {
        "type": "string",
        "minLength": 1,
        "description": "The supervisorctl to use; the one on the PATH when not said.",
    },
}

_ROW = re.compile(r"(\S+)\s+(RUNNING|STARTING|BACKOFF|STOPPING|STOPPED|EXITED|FATAL|UNKNOWN)\b\s*(.*)")
_PID = re.compile(r"pid (\d+)")
_PHASES = {"STARTING": "starting", "BACKOFF": "retrying", "STOPPING": "starting", "RUNNING": "retrying"}
"""When a program has no process. One that is RUNNING without has just ended, and supervisord has not yet noticed."""
_LOG_BYTES = 16384


class Program(Frozen):
    """One line of `supervisorctl status`: `name` is `group:program`, or the program's alone."""

    name: str
    status: str
    note: str

    @property
    def pid(self) -> int | None:
        found = _PID.search(self.note)
        return int(found[1]) if found and self.status == "RUNNING" else None


def detect(service: Service, shell: Shell) -> bool:
    try:
        return bool(chosen(service.name, _list(service, shell)))
    except ServiceError:
        return False


def prepare(service: Service, shell: Shell) -> Service:  # noqa: ARG001 - every manager has this signature
    return service


def state(service: Service, shell: Shell) -> ServiceState:
    programs = _found(service, shell)
    return judge(programs, snapshot(shell, [program.pid for program in programs if program.pid]))


def act(service: Service, action: str, shell: Shell) -> CommandResult:
    programs = _found(service, shell)
    target = _target(service.name, programs)
    words = ("signal", "HUP", target) if action == "reload" else (action, target)
    result = shell(ctl(service, *words))
    said = said_by(result)
    if "ERROR" in said and not _harmless(action, said):
        raise ServiceError(f"supervisorctl {' '.join(words)}: {said}")
    return result if _harmless(action, said) else must(result, f"supervisorctl {' '.join(words)}")


def status_text(service: Service, shell: Shell) -> str:
    result = shell(ctl(service, "status"))  # its exit code says whether all run
    return plain(result.out or result.err)


def logs(service: Service, lines: int, shell: Shell) -> str:
    parts = []
    for program in _found(service, shell):
        for channel in ("stdout", "stderr"):
            text = plain(shell(ctl(service, "tail", f"-{_LOG_BYTES}", program.name, channel)).out)
            if text.strip() and "ERROR (no log file)" not in text:
                parts += text.splitlines()[-int(lines) :]
    return "\n".join(parts)


def ctl(service: Service, *words: str) -> str:
    """sh text for one call of supervisorctl."""
    command = path_word(service.options.get("supervisorctl_path", "supervisorctl"))
    config = f" -c {path_word(service.options['config'])}" if "config" in service.options else ""
    return f"{command}{config} {join(words)}"


def parse_status(text: str) -> list[Program]:
    """The lines of `supervisorctl status`."""
    rows = (_ROW.match(line) for line in plain(text).splitlines())
    return [Program(row[1], row[2], row[3].strip()) for row in rows if row]


def chosen(name: str, programs: Sequence[Program]) -> list[Program]:
    """The programs that a name means: a program, `group:program`, a group, `group:*` or `all`."""
    if name == "all":
        return list(programs)
    exact = [program for program in programs if program.name == name]
    group = name.removesuffix(":*")
    return exact or [program for program in programs if program.name.startswith(f"{group}:") or program.name == group]


def judge(programs: Sequence[Program], table: Snapshot) -> ServiceState:
    """One state for all programs: running when all are, as old as the oldest."""
    running = all(program.status == "RUNNING" for program in programs)
    processes = [process for program in programs if (process := table.get(program.pid)) is not None]
    running = running and len(processes) == len(programs)
    phases = [_PHASES.get(program.status, "") for program in programs if table.get(program.pid) is None]
    phase = next(filter(None, phases), "leftover" if processes else "")
    several = len(programs) > 1
    return ServiceState(
        running,
        processes[0].pid if running else None,
        min(process.started for process in processes) if running else None,
        " ".join(process.identity for process in processes),
        ", ".join((f"{p.name} {p.status}" if several else _detail(p)) + _ended(p, table) for p in programs),
        "" if running else phase,
        table.now,
    )


def _ended(program: Program, table: Snapshot) -> str:
    """What supervisord has not noticed yet."""
    gone = program.pid is not None and table.get(program.pid) is None
    return f", but its process {program.pid} has ended" if gone else ""


def _detail(program: Program) -> str:
    return program.status if program.pid or not program.note else f"{program.status}: {program.note}"


def _target(name: str, programs: Sequence[Program]) -> str:
    """What supervisorctl wants to hear: a group's name needs `:*`."""
    if name == "all" or len(programs) == 1:
        return name if name == "all" else programs[0].name
    return name if name.endswith(":*") else f"{name}:*"


def _harmless(action: str, said: str) -> bool:
    """`restart` of what is not running says so on its way, and starts it."""
    errors = [part for part in said.split(" / ") if "ERROR" in part]
    allowed = {"restart": "not running", "stop": "not running", "start": "already started"}.get(action)
    return bool(errors) and allowed is not None and all(allowed in part for part in errors)


def _list(service: Service, shell: Shell) -> list[Program]:
    """Every program. Raises ServiceError when supervisord does not answer."""
    result = shell(ctl(service, "status"))
    programs = parse_status(result.out)
    if not programs and not result.ok:
        must(result, "supervisorctl status", "does supervisord run, and is `config` the file it was started with?")
    return programs


def _found(service: Service, shell: Shell) -> list[Program]:
    programs = _list(service, shell)
    found = chosen(service.name, programs)
    if not found:
        names = [program.name for program in programs]
        raise ServiceError(f"supervisord has no program {service.name!r}; {near(service.name, names)}")
    return found
