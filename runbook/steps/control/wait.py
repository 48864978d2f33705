"""Waits until something holds.

Exactly one of `http`, `tcp`, `file`, `log`, `process`, `sql`, `command`, or `sleep`. It is asked `every` second until
it holds or `timeout` is over, the last time just then; the failure says what was seen last. A single look takes no
longer than what is left of the time. A host that cannot be reached is one more thing that does not hold yet.

`http`, `file` and `process` hold when a step with these options passes; `tcp` when somebody listens; `log` when a line
matches; `sql` when `until` holds of its outcome, without it when there are rows; `command` when its exit code is 0.

Outcome: `elapsed` (seconds), `attempts`, `last` (what was seen last), `away` (looks for which the host could not be
reached).

```yaml
- name: The application answers
  wait:
    http:
      url: http://localhost:8000/docs
      contains: swagger-ui
    timeout: 60

- name: The import is through
  wait:
    sql:
      database: app
      query: SELECT count(*) AS pending FROM jobs WHERE done_at IS NULL
      until: pending == 0
    timeout: 10m
    every: 5s
```
"""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from runbook.common.durations import seconds, show
from runbook.common.frozen import Frozen, replace
from runbook.runs.events import Outcome, Status, failed, passed
from runbook.steps import KINDS
from runbook.steps.base import Args, Context, Detail, StepError
from runbook.steps.files import file
from runbook.steps.logs import log
from runbook.steps.processes import port, process
from runbook.steps.requests import http, sql
from runbook.steps.traits import CommandLine, Conditions, Fields, Query, SourceFile, traits
from runbook.steps.weaker import fewer
from runbook.templating.render import is_template
from runbook.transports.base import CommandTimeout, Unreachable

Probe = Callable[[Any, Context], tuple[bool, str]]
"""Asks once: does it hold, and what was seen."""

SHORTEST = 0.05
"""Seconds between two looks, at the least."""
LOOK = 1.0
"""Seconds that a single look has in any case."""

THINGS = ("http", "tcp", "file", "log", "process", "sql", "command", "sleep")
_UNTIL = {"until": {"type": ["string", "boolean"], "description": "Bare expression over the outcome."}}


def _either(schema: Mapping[str, Any], description: str, **more: Any) -> dict[str, Any]:
    """A bare value, or the options of a kind of step."""
    options = {**schema, "properties": {**schema["properties"], **more}}
    return {"anyOf": [{"type": "string", "minLength": 1}, options], "description": description}


SCHEMA: Mapping[str, Any] = {
    "type": "object",
    "description": "Something that must come to hold.",
    "additionalProperties": False,
    "properties": {
        "http": _either(http.SCHEMA, "URL, or the options of an `http` step."),
        "tcp": _either(port.SCHEMA, "`host:port`, or the options of a `port` step."),
        "file": _either(file.SCHEMA, "Path, or the options of a `file` step."),
        "log": _either(log.SCHEMA, "File, or the options of a `log` step."),
        "process": _either(process.SCHEMA, "Pattern, or the options of a `process` step."),
        "sql": _either(sql.SCHEMA, "Query, or the options of an `sql` step, and `until`.", **_UNTIL),
        "command": {"type": "string", "minLength": 1, "description": "Shell text that must end with exit code 0."},
        "sleep": {"type": ["number", "string"], "description": "Just this long: seconds, or text such as 30s."},
        "timeout": {"type": ["number", "string"], "default": 60, "description": "How long at the most."},
        "every": {"type": ["number", "string"], "default": 1, "description": "Pause between two looks."},
    },
    "allOf": [
        {
            "not": {"not": {"anyOf": [{"required": [name]} for name in THINGS]}},
            "description": f"needs one of {', '.join(THINGS)}",
        }
    ],
}
SHORT = ""
PATIENT = True
FIELDS = Fields(frozenset({"elapsed", "attempts", "last", "away"}))
COMMAND_LINE = CommandLine("command", by_shell=True)
_ASKED = {"http": "http", "tcp": "port", "file": "file", "log": "log", "process": "process", "sql": "sql"}
"""The kinds of step that it asks, by the options that hold theirs."""


def changes(args: Args) -> bool:
    """Only what it asks may change something: a POST, a query that writes."""
    asked = ((kind, args.get(name)) for kind, name in ((http, "http"), (sql, "sql")))
    return any(isinstance(wanted, Mapping) and kind.changes(wanted) for kind, wanted in asked)


def plan(args: Args) -> str:
    what = next((key for key in (*_PROBES, "sleep") if key in args), "")
    value = args.get(what, "")
    shown = ", ".join(f"{key} {item}" for key, item in value.items()) if isinstance(value, Mapping) else str(value)
    return f"{what} {shown}" + (f", up to {args['timeout']} s" if "timeout" in args and what != "sleep" else "")


def detail(args: Args) -> tuple[Detail, ...]:
    """The shell text that is tried, where it has several lines; the query that is asked."""
    if isinstance(query := args.get("sql"), Mapping):
        return tuple(Detail("until this holds", one.text, one.language) for one in sql.detail(query))
    text = str(args.get("command", ""))
    return (Detail("until this succeeds", text, "sh", ("command",)),) if "\n" in text.strip() else ()


def queries(args: Args) -> tuple[Query, ...]:
    return (Query(_of(sql, args["sql"]).get("database", ""), ("sql",)),) if "sql" in args else ()


def files(args: Args) -> tuple[SourceFile, ...]:
    asked = _of(http, args.get("http"))
    return tuple(replace(one, at=("http", *one.at)) for one in http.files(asked))


def conditions(args: Args) -> tuple[Conditions, ...]:
    """Of a query, until what it must be asked; one that is made by a template is not known yet."""
    asked = args.get("sql")
    if not isinstance(asked, Mapping) or "until" not in asked or is_template(asked["until"]):
        return ()
    return (Conditions(("sql", "until"), sql.fields(asked)),)


def checks(_args: Args) -> bool:
    return True


def weaker(before: Args, after: Args) -> Iterator[str]:
    """What the kind that is asked says of its own options; of a log it is always a line that must come."""
    for name, kind in _ASKED.items():
        if name not in before or name not in after:
            continue
        old, new = _of(KINDS[kind], before[name]), _of(KINDS[kind], after[name])
        yield from fewer(old, new, ("pattern",))
        if name != "log":
            yield from traits(kind).weaker(old, new)


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
    attempts = away = 0
    while True:
        attempts += 1
        look = _look(what, wanted, timeout - (time.monotonic() - started), context)
        away += look.away
        elapsed = time.monotonic() - started
        data: dict[str, Any] = {"elapsed": round(elapsed, 3), "attempts": attempts, "last": look.seen, "away": away}
        if look.holds:
            return passed(look.seen, **data)
        if elapsed >= timeout:
            status = Status.UNREACHABLE if look.away else Status.FAILED
            return Outcome(status, f"{what} did not hold within {show(timeout)}; last seen: {look.seen}", data)
        context.note(f"waiting for {what}: {look.seen}, {show(elapsed)}")
        context.pause(min(max(every, SHORTEST), timeout - elapsed))


class _Look(Frozen):
    """What one look gave. `away` says that the host could not be reached for it."""

    holds: bool
    seen: str
    away: bool = False


def _look(what: str, wanted: Any, left: float, context: Context) -> _Look:
    """One look, no longer than what is left of the time."""
    limit = max(left, LOOK)
    limit = limit if context.timeout is None else min(limit, context.timeout)
    try:
        return _Look(*_PROBES[what](wanted, replace(context, timeout=limit)))
    except CommandTimeout as error:
        return _Look(False, str(error))
    except Unreachable as error:
        return _Look(False, str(error), away=True)


# --- what can be waited for ------------------------------------------------------------------------------------


def _asks(module: Any) -> Probe:
    """A probe made of a kind of step: it holds when that step passes."""

    def probe(wanted: Any, context: Context) -> tuple[bool, str]:
        outcome = _step(module, wanted, context)
        return outcome.status is not Status.FAILED, outcome.message

    return probe


def _of(kind: Any, wanted: Any) -> Args:
    """The options of a kind of step, of which one may stand alone."""
    return wanted if isinstance(wanted, Mapping) else {kind.SHORT: wanted}


def _step(module: Any, wanted: Any, context: Context) -> Outcome:
    """The outcome of a kind of step. What it cannot do now (a file that is not there) it may be able to do later."""
    args = _of(module, wanted)
    defaults = {key: option["default"] for key, option in module.SCHEMA["properties"].items() if "default" in option}
    try:
        outcome: Outcome = module.run({**defaults, **args}, context)
    except StepError as error:
        return failed(str(error))
    return outcome


def _tcp(wanted: Any, context: Context) -> tuple[bool, str]:
    if not isinstance(wanted, Mapping):
        host, _, number = str(wanted).rpartition(":")
        if not re.fullmatch(r"\d{1,5}", number):
            raise StepError(f"tcp needs host:port, not {wanted!r}")
        wanted = {"host": host.strip("[]") or "localhost", "port": int(number)}
    return _asks(port)(wanted, context)


def _log(wanted: Any, context: Context) -> tuple[bool, str]:
    outcome = _step(log, wanted, context)
    return outcome.status is not Status.FAILED and outcome.data["count"] > 0, outcome.message


def _sql(wanted: Any, context: Context) -> tuple[bool, str]:
    args = _of(sql, wanted)
    outcome = _step(sql, {key: value for key, value in args.items() if key != "until"}, context)
    if outcome.status is Status.FAILED:
        return False, outcome.message
    if "until" not in args:
        return outcome.data["rowcount"] > 0, outcome.message
    condition = context.judge([str(args["until"])], outcome.data)[0]
    return condition.holds, ", ".join(f"{name} = {value}" for name, value in condition.values) or outcome.message


def _command(wanted: Any, context: Context) -> tuple[bool, str]:
    result = context.command(str(wanted))
    line = (result.err or result.out).strip().splitlines()[-1:] or [""]
    return result.ok, f"exit code {result.exit_code}" + (f": {line[0]}" if line[0] else "")


_PROBES: dict[str, Probe] = {
    "http": _asks(http),
    "tcp": _tcp,
    "file": _asks(file),
    "log": _log,
    "process": _asks(process),
    "sql": _sql,
    "command": _command,
}
