"""Start, stop, restart or reload a service, or check that it runs.

`name` is what the manager calls the service: a unit (`.service` is added where nothing stands behind the dot), a
compose service, a PM2 application, a supervisor program or group, and for `process` any name you like. `all` means
every one that compose, PM2 or supervisor has.

**A restart is proved.** The manager's word is not enough: afterwards the main process must be a new one, must run, must
stay up for `settle` seconds as the same process, and must have been started after every file in `newer_than` was
written. Otherwise the step fails, with the manager's status and the last lines of the log as evidence.

`state`:

- `restarted`: always restarts; starts what was not running. With `stop_wait` it is stopped, and started after a pause.
- `started`, `stopped`: nothing is changed where it is so already. A service that its manager keeps starting again
  counts as not stopped.
- `reloaded`: it reads its configuration again without a restart; SIGHUP where the manager knows nothing better.
- `running`: only looks. With `newer_than`: was the process started after these files were last written?

A process that is found younger than `settle` is watched until it is not, so that a crash loop is not taken for a
running service. A systemd unit without a process of its own (a oneshot that remains active) counts as started, but
neither as running nor as restarted; one that stands for others, such as Debian's `postgresql`, is judged by them.

`manager: auto` takes the first that knows the name, in the order in which the option lists them; `process` only where
`pid_file` is given. What the line of an option begins with is the manager that it belongs to: it rules the others out.

With `process` the command is started in a session of its own and survives the end of the run. A stale pid file, or one
whose pid another process has got since, is recognised; a stranger is never killed. Children are ended together with it.

Outcome: `manager`, `name`, `state` (as asked for), `running`, `pid`, `started` (seconds since the epoch, by the host's
clock), `uptime` (seconds), `previous_pid`, `detail` (the manager's own word).

Example:

```yaml
- name: Restart the application after the edit
  service:
    name: bot-generic
    manager: systemd
    state: restarted
    newer_than: /srv/bot-generic/app/main.py
  register: restart
  expect: restart.pid != restart.previous_pid

- name: A development server, by its pid file
  service:
    name: bot-generic
    manager: process
    state: started
    command: exec .venv/bin/python -m uvicorn app.main:app --port 8000
    chdir: /srv/bot-generic
    pid_file: /srv/bot-generic/app.pid
    log_file: /srv/bot-generic/app.log
```
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from runbook.common.durations import show
from runbook.common.frozen import replace
from runbook.runs.events import Evidence, Outcome, changed, failed, passed
from runbook.services import MANAGERS
from runbook.services.base import Service, ServiceError, ServiceState, Shell
from runbook.services.state_change import (
    ACTIONS,
    ManagedService,
    Result,
    WantedState,
    change_state,
    detected,
    is_already,
)
from runbook.steps.base import Args, Context, StepError
from runbook.steps.traits import Fields
from runbook.steps.weaker import given
from runbook.transports.base import CommandResult, CommandTimeout

SHORT = ""
FIELDS = Fields(
    frozenset({"manager", "name", "state", "running", "pid", "started", "uptime", "previous_pid", "detail"})
)
IN_LINE = ("name", "state", "manager")
OWN_VERDICT = ("running",)
CHECKED_BY = ("newer_than",)

LOG_LINES = 50
MOST_FILES = 3
"""Of `newer_than` that are named one by one."""
_EVIDENCE_SECONDS = 20.0

_SECONDS = {"type": "number", "minimum": 0}
_COMMON: dict[str, Any] = {
    "name": {"type": "string", "minLength": 1, "description": "What the manager calls it."},
    "manager": {
        "enum": ["auto", *MANAGERS],
        "default": "auto",
        "description": "Who runs the service; `auto` asks each of them.",
    },
    "state": {
        "enum": ["restarted", "started", "stopped", "reloaded", "running"],
        "description": "What it is to be. `running` only looks and changes nothing.",
    },
    "settle": {**_SECONDS, "default": 2, "description": "Seconds that it must stay up, as the same process."},
    "wait": {**_SECONDS, "default": 30, "description": "Seconds that it may take until it runs, or until it is down."},
    "stop_wait": {**_SECONDS, "description": "Restart in two halves: stop, a pause of so many seconds, start."},
    "newer_than": {
        "anyOf": [
            {"type": "string", "minLength": 1},
            {"type": "array", "items": {"type": "string", "minLength": 1}},
        ],
        "description": "A file on the host, or several, that must have been written before the process was started.",
    },
}

_OWNERS: dict[str, tuple[str, ...]] = {
    option: tuple(name for name, manager in MANAGERS.items() if option in manager.OPTIONS)
    for manager in MANAGERS.values()
    for option in manager.OPTIONS
}
"""Which managers an option belongs to."""


def _options() -> dict[str, Any]:
    """The managers' own options, each with whose it is."""
    return {
        option: {**schema, "description": f"{', '.join(_OWNERS[option])}: {schema['description']}"}
        for manager in MANAGERS.values()
        for option, schema in manager.OPTIONS.items()
    }


def _foreign(name: str) -> dict[str, Any]:
    """With this manager, the options of the others are wrong."""
    others = [option for option, owners in _OWNERS.items() if name not in owners]
    wrong = {option: {"not": {}, "description": _belongs(option, name)} for option in others}
    needs = {"required": ["pid_file"]} if name == "process" else {}
    condition = {"properties": {"manager": {"const": name}}, "required": ["manager"]}
    return {"if": condition, "then": {"properties": wrong, **needs}}


def _belongs(option: str, name: str) -> str:
    return f"{option} is an option of manager {' or '.join(_OWNERS[option])}, not of {name}"


SCHEMA: dict[str, Any] = {
    "type": "object",
    "additionalProperties": False,
    "required": ["name", "state"],
    "properties": {**_COMMON, **_options()},
    "allOf": [_foreign(name) for name in MANAGERS],
}


def changes(args: Args) -> bool:
    return bool(args.get("state") != "running")


def _few(files: list[str]) -> str:
    return ", ".join(files) if len(files) <= MOST_FILES else f"{', '.join(files[:2])} and {len(files) - 2} more files"


def plan(args: Args) -> str:
    name, state, manager = args.get("name"), str(args.get("state")), args.get("manager", "auto")
    verb = {**ACTIONS, "running": ""}.get(state, f"bring to {state}:")
    whose = "by whichever manager has it" if manager == "auto" else f"by {manager}"
    files = args.get("newer_than")
    newer = f", newer than {_few(files) if isinstance(files, list) else files}" if files else ""
    if not verb:
        return f"check that {name} is running{newer} ({whose})"
    proof = f", and prove it{newer}" if state == "restarted" else newer
    return f"{verb} {name} {whose}{proof}"


def checks(args: Args) -> bool:
    return not changes(args) or given(args, CHECKED_BY)


def run(args: Args, context: Context) -> Outcome:
    name, managed = _managed(args, context)
    try:
        return _outcome(args["state"], name, managed.service, change_state(_wanted(args), managed), context)
    except ServiceError as error:
        return _failed(args["state"], name, managed.service, str(error))


def preview(args: Args, context: Context) -> Outcome:
    """How the service is now, and what would be done to it."""
    name, managed = _managed(args, context)
    wanted, service = args["state"], managed.service
    try:
        now = managed.state()
    except ServiceError as error:
        return _failed(wanted, name, service, str(error))
    data = _data(wanted, name, service, now, now)
    if wanted == "reloaded" and not now.running:
        return failed(f"{service.name} ({name}): there is nothing to reload: {now.detail}", **data)
    say, said = (passed, "is so already") if is_already(wanted, now) else (changed, f"would be {wanted}")
    return say(f"{service.name} ({name}) {said}; now {_now(now)}", **data)


def _managed(args: Args, context: Context) -> tuple[str, ManagedService]:
    """The manager's name, and what it is worked with. Raises StepError."""
    options = {option: args[option] for option in _OWNERS if option in args}
    service, shell = Service(args["name"], options), shell_of(context)
    try:
        name = _manager(args.get("manager", "auto"), service, shell)
        service = MANAGERS[name].prepare(service, shell)
    except ServiceError as error:
        raise StepError(f"{service.name}: {error}") from None
    return name, ManagedService(MANAGERS[name], service, shell, context.pause)


def _failed(wanted: str, manager: str, service: Service, why: str) -> Outcome:
    nothing = ServiceState(False, detail=why)
    return failed(f"{service.name} ({manager}): {why}", **_data(wanted, manager, service, nothing, nothing))


def shell_of(context: Context, timeout: float | None = None) -> Shell:
    """The host's shell for a manager, with the step's become, environment and timeout."""

    def shell(script: str) -> CommandResult:
        return context.command(script, timeout=timeout)

    return shell


def _wanted(args: Args) -> WantedState:
    files = args.get("newer_than", ())
    wanted = WantedState(args["state"], newer_than=(files,) if isinstance(files, str) else tuple(files))
    times: dict[str, Any] = {
        key: float(args[key]) for key in ("settle", "wait", "stop_wait") if args.get(key) is not None
    }
    return replace(wanted, **times)


def _manager(asked: str, service: Service, shell: Shell) -> str:
    """The manager's name. Raises ServiceError when it is not to be found, or an option is another's."""
    if asked != "auto":
        for option in service.options:
            if asked not in _OWNERS[option]:
                raise ServiceError(_belongs(option, asked))
        return asked
    able = [name for name in MANAGERS if all(name in _OWNERS[option] for option in service.options)]
    if not able:
        raise ServiceError(f"no manager has all these options: {', '.join(service.options)}")
    found = detected(able, service, shell, MANAGERS)
    if not found:
        raise ServiceError(
            f"none of the managers on this host knows it (asked: {', '.join(able)}); name one with manager"
        )
    return found


def _outcome(wanted: str, manager: str, service: Service, result: Result, context: Context) -> Outcome:
    data = _data(wanted, manager, service, result.before, result.after)
    if result.problem:
        evidence = _evidence(manager, service, shell_of(context, timeout=_EVIDENCE_SECONDS))
        return failed(f"{service.name} ({manager}): {result.problem}", evidence, **data)
    say = changed if result.changed else passed
    return say(f"{service.name} ({manager}): {_sentence(wanted, result)}", **data)


def _data(wanted: str, manager: str, service: Service, before: ServiceState, after: ServiceState) -> dict[str, Any]:
    return {
        "manager": manager,
        "name": service.name,
        "state": wanted,
        "running": after.running,
        "pid": after.pid,
        "started": after.started,
        "uptime": None if after.uptime is None else round(after.uptime, 2),
        "previous_pid": before.pid,
        "detail": after.detail,
    }


def _sentence(wanted: str, result: Result) -> str:
    before, after = result.before, result.after
    now = _now(after)
    match wanted:
        case "restarted" if before.running:
            was = f"pid {before.pid} → {after.pid}" if before.pid and after.pid else "a new process"
            return f"restarted, {was}, {after.detail}"
        case "restarted":
            return f"started (it was not running), {now}"
        case "stopped":
            return "stopped" if result.changed else f"already down ({after.detail})"
        case "started":
            return f"started, {now}" if result.changed else f"already running, {now}"
        case "reloaded":
            return f"reloaded, {now}"
        case _:
            return f"running, {now}"


def _now(state: ServiceState) -> str:
    words = [f"pid {state.pid}" if state.pid else "", f"up {show(state.uptime)}" if state.uptime is not None else ""]
    return ", ".join(filter(None, [*words, state.detail]))


def _evidence(manager: str, service: Service, shell: Shell) -> tuple[Evidence, ...]:
    """The manager's status and the last of the log; what cannot be had says why."""
    module = MANAGERS[manager]
    found = [
        ("status", "", _seen(lambda: module.status_text(service, shell))),
        (f"last {LOG_LINES} log lines", "log", _seen(lambda: module.logs(service, LOG_LINES, shell))),
    ]
    return tuple(Evidence(f"{service.name}: {title}", text, language=kind) for title, kind, text in found if text)


def _seen(look: Callable[[], str]) -> str:
    try:
        return look().strip("\n")
    except (ServiceError, CommandTimeout) as error:
        return f"not to be had: {error}"
