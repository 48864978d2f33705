"""A command that nobody else manages: started apart from everything, found again by its pid file.

It is started in a session of its own, so that neither the end of the run, nor the end of the SSH session, nor a kill of
the step's process group ends it. Beside the pid file stands `PID_FILE.started` with the exact birth of the process, so
that a pid that was given to another process later is recognised and never killed. For a pid file that another program
wrote, a process born after the file was written is not the one it means. Where a system logs users out with
`KillUserProcesses=yes`, use systemd.
"""

from __future__ import annotations

import re
import time
from collections.abc import Iterable, Mapping
from shlex import quote
from typing import Any

from runbook.common.frozen import Frozen
from runbook.services.base import Service, ServiceError, ServiceState, Shell
from runbook.services.commands import must
from runbook.services.process_table import Process, Snapshot, file_times, path_word, snapshot
from runbook.transports.base import CommandResult

OPTIONS: Mapping[str, Any] = {
    "command": {"type": "string", "minLength": 1, "description": "What /bin/sh runs to start it. Needed to start it."},
    "chdir": {"type": "string", "minLength": 1, "description": "Folder that the command starts in."},
    "pid_file": {
        "type": "string",
        "minLength": 1,
        "description": "File with its pid; written at the start, removed at the stop. Always needed.",
    },
    "log_file": {
        "type": "string",
        "minLength": 1,
        "description": "File that its output is added to; the pid file's name with .log when not said.",
    },
    "environment": {
        "type": "object",
        "additionalProperties": {"type": ["string", "number", "boolean"]},
        "description": "Environment variables for it, beside the step's own.",
    },
    "stop_signal": {
        "type": "string",
        "pattern": "^(SIG)?[A-Z][A-Z0-9]*$",
        "description": "Signal that asks it to end, for all its children too; TERM when not said.",
    },
    "stop_timeout": {
        "type": "number",
        "minimum": 0,
        "description": "Seconds that it is given to end before it is killed; 10 when not said.",
    },
}

_KILL_GRACE = 5.0
"""Seconds that the kernel is given to end what was killed."""

_START = """\
cd {chdir} || exit 1
: >>{log} || exit 1
: >>{pid} || exit 1
rm -f {pid} {pid}.started
{exports}\
run() {{
  exec "$@" /bin/sh -c {wrapper} {pid} {command} </dev/null >>{log} 2>&1 3<&- 4<&- 5<&- 6<&- 7<&- 8<&- 9<&-
}}
# Not with & where it can be helped: sh has what runs in the background ignore SIGINT, for ever.
if setsid -f true 2>/dev/null; then (run setsid -f)
elif command -v perl >/dev/null 2>&1; then (run perl -e 'use POSIX; fork and exit; POSIX::setsid(); exec @ARGV')
elif command -v python3 >/dev/null 2>&1; then
  (run python3 -c 'import os, sys; os.fork() and os._exit(0); os.setsid(); os.execvp(sys.argv[1], sys.argv[1:])')
elif command -v setsid >/dev/null 2>&1; then run setsid &
else set -m 2>/dev/null; run nohup &
fi
n=0
while [ ! -s {pid} ] && [ $n -lt 100 ]; do n=$((n + 1)); sleep 0.05 2>/dev/null || sleep 1; done
cat {pid}
"""

# $0 is the pid file, $1 the command. exec keeps the pid and its birth (field 22 of /proc/PID/stat).
_WRAPPER = """\
c=$1
r=$(cat /proc/$$/stat 2>/dev/null) && set -- ${r##*") "} && \
echo "$$ ${20} $(cat /proc/sys/kernel/random/boot_id)" >"$0.started"
echo $$ >"$0.new" && mv -f "$0.new" "$0" && exec /bin/sh -c "$c"
"""


class _Seen(Frozen):
    """What the pid file leads to: the main process, or why there is none; `family` are all that belong to it."""

    main: Process | None
    family: tuple[Process, ...]
    now: float
    detail: str


def detect(service: Service, shell: Shell) -> bool:  # noqa: ARG001 - every manager has this signature
    """It is named by its pid file."""
    return "pid_file" in service.options


def prepare(service: Service, shell: Shell) -> Service:  # noqa: ARG001 - every manager has this signature
    return service


def state(service: Service, shell: Shell) -> ServiceState:
    seen = _look(service, shell)
    main = seen.main
    if main is None:
        return ServiceState(False, detail=seen.detail, phase="leftover" if seen.family else "", now=seen.now)
    return ServiceState(True, main.pid, main.started, main.identity, seen.detail, now=seen.now)


def act(service: Service, action: str, shell: Shell) -> CommandResult:
    match action:
        case "start":
            return _start(service, shell)
        case "stop":
            return _stop(service, shell)
        case "restart":
            _stop(service, shell)
            return _start(service, shell)
        case _:
            main = _look(service, shell).main
            if main is None:
                raise ServiceError("it is not running, so there is nothing to reload")
            return must(shell(f"kill -s HUP {main.pid}"), f"kill -s HUP {main.pid}")


def status_text(service: Service, shell: Shell) -> str:
    seen = _look(service, shell)
    rows = [f"{p.pid:>8} {p.user:<12} {_clock(p.started)} {p.command}" for p in seen.family]
    return "\n".join([f"{service.name}: {seen.detail} (pid file {_pid_file(service)})", *rows])


def logs(service: Service, lines: int, shell: Shell) -> str:
    result = shell(f"tail -n {int(lines)} {path_word(_log_file(service))}")
    return result.out if result.ok else result.err


def start_script(service: Service) -> str:
    """The sh text that starts it. Raises ServiceError."""
    options = service.options
    if "command" not in options:
        raise ServiceError("manager: process needs `command` to start it")
    return _START.format(
        chdir=path_word(options["chdir"]) if "chdir" in options else ".",
        log=path_word(_absolute(_log_file(service), "log_file")),
        pid=path_word(_pid_file(service)),
        exports=_exports(options.get("environment", {})),
        wrapper=quote(_WRAPPER),
        command=quote(options["command"]),
    )


def _start(service: Service, shell: Shell) -> CommandResult:
    script = start_script(service)
    seen = _look(service, shell)
    if seen.main is not None:
        return CommandResult("", 0, f"already running as pid {seen.main.pid}".encode())
    if seen.family:  # the port of a server whose main process was killed is often still held by its children
        _end(service, seen, shell)
    return must(shell(script), "the start")


def _stop(service: Service, shell: Shell) -> CommandResult:
    seen = _look(service, shell)
    if seen.family:
        _end(service, seen, shell)
    pid_file = path_word(_pid_file(service))
    return must(shell(f"rm -f {pid_file} {pid_file}.started"), "removing the pid file")


def _end(service: Service, seen: _Seen, shell: Shell) -> None:
    """Ends the process and all that belongs to it: gently, and by force when the time is over."""
    gentle = str(service.options.get("stop_signal", "TERM")).removeprefix("SIG")
    family = seen.family
    for name, patience in ((gentle, float(service.options.get("stop_timeout", 10))), ("KILL", _KILL_GRACE)):
        told: set[str] = set()
        deadline = time.monotonic() + patience
        while family:
            untold = [process for process in family if process.identity not in told]
            if untold:
                shell(f"kill -s {quote(name)} {_pids(untold)} 2>/dev/null")
                told |= {process.identity for process in untold}
            elif time.monotonic() > deadline:
                break
            shell("sleep 0.1 2>/dev/null || sleep 1")
            family = _still(family, snapshot(shell))
    if family:
        raise ServiceError(f"pid {_pids(family)} could not be ended, not even by SIGKILL; is it another user's?")


def _still(family: Iterable[Process], now: Snapshot) -> tuple[Process, ...]:
    """Who of the family is alive, with the children that were born meanwhile."""
    known = {process.identity for process in family}
    living = [process for process in now.processes if process.identity in known]
    return tuple({process.pid: process for one in living for process in _family(one, now)}.values())


def _family(main: Process, now: Snapshot) -> list[Process]:
    """A process, its descendants, and, when it leads a group or a session, all that are in it."""
    found = [main]
    for process in found:
        found += [child for child in now.processes if child.parent == process.pid and child not in found]
    led = [p for p in now.processes if main.pid in (p.group, p.session)] if main.group == main.pid else []
    return found + [process for process in led if process not in found]


def _look(service: Service, shell: Shell) -> _Seen:
    path = _pid_file(service)
    word = path_word(path)
    pid_text, _, birth = shell(f"head -n 1 {word} 2>/dev/null; echo =; cat {word}.started 2>/dev/null").out.partition(
        "="
    )
    now = snapshot(shell)
    if not pid_text.strip().isdigit():
        return _Seen(None, (), now.now, f"the pid file holds no pid: {pid_text[:40]!r}" if pid_text else "no pid file")
    pid = int(pid_text)
    record = birth.split()
    process = now.get(pid)
    if len(record) == 3 and record[0] == str(pid):
        return _by_record(pid, process, record, now)
    written = file_times([path], shell)
    if process is None:
        return _Seen(None, (), now.now, f"ended (stale pid file, pid {pid})")
    if process.started > (written.times[path] or 0.0) + written.grain:
        return _Seen(None, (), now.now, _stranger(process))
    return _Seen(process, tuple(_family(process, now)), now.now, "running")


def _by_record(pid: int, process: Process | None, record: list[str], now: Snapshot) -> _Seen:
    _, birth, boot = record
    if boot != now.boot:
        return _Seen(None, (), now.now, f"ended with the last boot (stale pid file, pid {pid})")
    if process is not None and process.birth == birth:
        return _Seen(process, tuple(_family(process, now)), now.now, "running")
    if process is not None:
        return _Seen(None, (), now.now, _stranger(process))
    # A pid is not given again while a group or a session of that number lives: these are its children.
    left = tuple(child for child in now.processes if pid in (child.group, child.session))
    detail = f"ended (stale pid file, pid {pid})"
    return _Seen(None, left, now.now, f"{detail}; its children run on: pid {_pids(left)}" if left else detail)


def _stranger(process: Process) -> str:
    return f"ended (stale pid file: pid {process.pid} is now another process, {process.command[:60]!r})"


def _pids(processes: Iterable[Process]) -> str:
    return " ".join(str(process.pid) for process in processes)


def _pid_file(service: Service) -> str:
    if "pid_file" not in service.options:
        raise ServiceError("manager: process needs `pid_file`, to find the process again")
    return _absolute(service.options["pid_file"], "pid_file")


def _log_file(service: Service) -> str:
    return str(service.options.get("log_file") or _pid_file(service).removesuffix(".pid") + ".log")


def _absolute(path: str, option: str) -> str:
    if not path.startswith(("/", "~/")):
        raise ServiceError(f"{option} must be an absolute path (or begin with ~/), not {path!r}")
    return path


def _exports(environment: Mapping[str, Any]) -> str:
    lines = []
    for name, value in environment.items():
        if not re.fullmatch(r"[A-Za-z_][A-Za-z0-9_]*", name):
            raise ServiceError(f"{name!r} is not a name for an environment variable")
        text = str(value).lower() if isinstance(value, bool) else str(value)
        lines.append(f"{name}={quote(text)}; export {name}\n")
    return "".join(lines)


def _clock(seconds: float) -> str:
    return time.strftime("%Y-%m-%d %H:%M:%S", time.gmtime(seconds)) + "Z"
