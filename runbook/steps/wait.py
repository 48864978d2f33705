"""Waits until something holds.

Exactly one of `http`, `tcp`, `file`, `log`, `process`, `sql`, `command`, or `sleep`. It is asked `every` second until
it holds or `timeout` is over; the failure then says what was seen last.

Outcome: `elapsed` (seconds), `attempts`, `last` (what was seen last).

```yaml
- name: The application answers
  wait:
    http:
      url: http://localhost:8000/docs
      contains: swagger-ui
    timeout: 60
```
"""

from __future__ import annotations

import re
import socket
import time
from collections.abc import Callable, Mapping
from typing import Any

from runbook.durations import seconds, show
from runbook.events import Outcome, Status, failed, passed
from runbook.steps import file, http, log, process, sql
from runbook.steps.base import Args, Context, StepError

Probe = Callable[[Any, Context], tuple[bool, str]]
"""Asks once: does it hold, and what was seen."""

_EITHER = {"type": ["string", "object"]}

SCHEMA: Mapping[str, Any] = {
    "type": "object",
    "description": "Something that must come to hold.",
    "additionalProperties": False,
    "properties": {
        "http": {**_EITHER, "description": "URL, or the options of an `http` step."},
        "tcp": {**_EITHER, "description": "`host:port`, or a mapping of `host` and `port`, that accepts connections."},
        "file": {**_EITHER, "description": "Path, or the options of a `file` step."},
        "log": {"type": "object", "description": "Options of a `log` step; one line must match."},
        "process": {**_EITHER, "description": "Pattern, or the options of a `process` step."},
        "sql": {"type": "object", "description": "Options of an `sql` step, and `until`, a bare expression."},
        "command": {"type": "string", "description": "Shell text that must end with exit code 0."},
        "sleep": {"type": ["number", "string"], "description": "Just this long: seconds, or text such as 30s."},
        "timeout": {"type": ["number", "string"], "default": 60, "description": "How long at the most."},
        "every": {"type": ["number", "string"], "default": 1, "description": "Pause between two looks."},
    },
}
SHORT = ""


def changes(_args: Args) -> bool:
    return False


def plan(args: Args) -> str:
    what = next((key for key in (*_PROBES, "sleep") if key in args), "")
    value = args.get(what, "")
    shown = ", ".join(f"{key} {item}" for key, item in value.items()) if isinstance(value, Mapping) else str(value)
    return f"{what} {shown}" + (f", up to {args['timeout']} s" if "timeout" in args and what != "sleep" else "")


def run(args: Args, context: Context) -> Outcome:
    found = [key for key in (*_PROBES, "sleep") if key in args]
    if len(found) != 1:
        raise StepError(f"wait for one of {', '.join(_PROBES)} or sleep; here are {' and '.join(found) or 'none'}")
    try:
        if found[0] == "sleep":
            return _sleep(seconds(args["sleep"]), context)
        return _until(found[0], args[found[0]], seconds(args["timeout"]), seconds(args["every"]), context)
    except ValueError as error:
        raise StepError(str(error)) from None


def _sleep(duration: float, context: Context) -> Outcome:
    context.note(f"waiting {show(duration)}")
    context.pause(duration)
    return passed(f"waited {show(duration)}", elapsed=duration, attempts=1, last="")


def _until(what: str, wanted: Any, timeout: float, every: float, context: Context) -> Outcome:
    started = time.monotonic()
    attempts = 0
    while True:
        attempts += 1
        holds, seen = _PROBES[what](wanted, context)
        elapsed = time.monotonic() - started
        data: dict[str, Any] = {"elapsed": round(elapsed, 3), "attempts": attempts, "last": seen}
        if holds:
            return passed(seen, **data)
        if elapsed + every > timeout:
            return failed(f"{what} did not hold within {show(timeout)}; last seen: {seen}", **data)
        context.note(f"waiting for {what}: {seen}, {show(elapsed)}")
        context.pause(every)


# --- what can be waited for ------------------------------------------------------------------------------------


def _asks(module: Any, short: str) -> Probe:
    """A probe made of a kind of step: it holds when that step passes."""

    def probe(wanted: Any, context: Context) -> tuple[bool, str]:
        outcome = _step(module, wanted if isinstance(wanted, Mapping) else {short: wanted}, context)
        return outcome.status is not Status.FAILED, outcome.message

    return probe


def _step(module: Any, args: Mapping[str, Any], context: Context) -> Outcome:
    properties = module.SCHEMA["properties"]
    unknown = [key for key in args if key not in properties]
    if unknown:
        raise StepError(f"unknown key {unknown[0]!r}; known: {', '.join(properties)}")
    defaults = {key: option["default"] for key, option in properties.items() if "default" in option}
    try:
        outcome: Outcome = module.run({**defaults, **args}, context)
    except StepError as error:
        return failed(str(error))
    return outcome


def _tcp(wanted: Any, context: Context) -> tuple[bool, str]:
    host, port = _host_port(wanted)
    address = context.address(host, port)
    try:
        with socket.create_connection(address, timeout=5) as connection:
            # Through a tunnel the connection is taken at once and closed when the other end refuses.
            return _stays_open(connection, context), f"{host}:{port} accepts connections"
    except OSError as error:
        return False, f"{host}:{port}: {error.strerror or error}"


def _stays_open(connection: socket.socket, context: Context) -> bool:
    if context.transport.local:
        return True
    connection.settimeout(0.5)
    try:
        return connection.recv(1) != b""
    except TimeoutError:
        return True


def _host_port(wanted: Any) -> tuple[str, int]:
    if isinstance(wanted, Mapping):
        host, port = str(wanted.get("host", "localhost")), wanted.get("port")
    else:
        host, _, port = str(wanted).rpartition(":")
    if not re.fullmatch(r"\d{1,5}", str(port)):
        raise StepError(f"tcp needs host:port, not {wanted!r}")
    return (host or "localhost").strip("[]"), int(str(port))


def _log(wanted: Any, context: Context) -> tuple[bool, str]:
    outcome = _step(log, wanted, context)
    if outcome.status is Status.FAILED:
        return False, outcome.message
    return outcome.data["count"] > 0, outcome.message


def _sql(wanted: Any, context: Context) -> tuple[bool, str]:
    until = wanted.get("until")
    outcome = _step(sql, {key: value for key, value in wanted.items() if key != "until"}, context)
    if outcome.status is Status.FAILED:
        return False, outcome.message
    if until is None:
        return outcome.data["rowcount"] > 0, outcome.message
    condition = context.judge([str(until)], outcome.data)[0]
    return condition.holds, ", ".join(f"{name} = {value}" for name, value in condition.values) or outcome.message


def _command(wanted: Any, context: Context) -> tuple[bool, str]:
    result = context.command(str(wanted))
    line = (result.err or result.out).strip().splitlines()[-1:] or [""]
    return result.ok, f"exit code {result.exit_code}" + (f": {line[0]}" if line[0] else "")


_PROBES: dict[str, Probe] = {
    "http": _asks(http, "url"),
    "tcp": _tcp,
    "file": _asks(file, "path"),
    "log": _log,
    "process": _asks(process, "pattern"),
    "sql": _sql,
    "command": _command,
}
