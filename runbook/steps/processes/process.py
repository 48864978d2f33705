"""Find processes on the host by their command line, their user or their pid.

Looks and changes nothing. It never finds itself: not its own shell, not another look of the same kind, and on this
machine not the run itself, although the pattern may stand in its arguments.

`pattern` is a regular expression that is searched in the whole command line (arguments joined with spaces; a kernel
thread is `[name]`). `user` and `pid` narrow it. By itself the step fails when there is none; `state: absent` fails when
there is one; `state: any` leaves the judgement to `expect`.

Outcome: `count`; `processes`, the newest first, each with `pid`, `user`, `started` (seconds since the epoch, by the
host's clock), `uptime` (seconds) and `command`; and `pid`, `user`, `started`, `uptime`, `command` of the newest.

Example:

```yaml
- name: The application was started lately
  process:
    pattern: uvicorn app\\.main:app
    user: bot
  expect:
    - count == 1
    - uptime < 600

- name: No import is running
  process: {pattern: scripts/import_usage, state: absent}
```
"""

from __future__ import annotations

import os
import re
from typing import Any

from runbook.common.durations import show
from runbook.common.frozen import Frozen
from runbook.runs.events import Evidence, Outcome, Table, failed, passed
from runbook.services.base import ServiceError
from runbook.services.process_table import Process, Snapshot, snapshot
from runbook.services.state_change import moment
from runbook.steps.base import Args, Context, StepError
from runbook.steps.processes.service import shell_of
from runbook.steps.traits import Fields
from runbook.steps.weaker import ANYTHING, turned

SHORT = "pattern"
FIELDS = Fields(frozenset({"count", "processes", "pid", "user", "started", "uptime", "command"}))
OWN_VERDICT = ("count",)

SCHEMA: dict[str, Any] = {
    "type": "object",
    "additionalProperties": False,
    "properties": {
        "pattern": {
            "type": "string",
            "minLength": 1,
            "description": "Regular expression that is searched in the command line.",
        },
        "user": {"type": "string", "minLength": 1, "description": "Whose process it is; the user's name."},
        "pid": {"type": "integer", "minimum": 1, "description": "Its pid."},
        "state": {
            "enum": ["present", "absent", "any"],
            "default": "present",
            "description": "What makes the step pass: that there is one, that there is none, or either.",
        },
    },
}

SHOWN = 50
"""Rows of the table in the report; the outcome has them all."""


class _Found(Frozen):
    processes: tuple[Process, ...]
    now: float


BY_EXIT_CODE = False


def changes(args: Args) -> bool:  # noqa: ARG001 - every kind has this signature
    return False


def asks_once(_args: Args) -> bool:
    return True


def plan(args: Args) -> str:
    verb = {"present": "find", "absent": "make sure that there is no", "any": "look for"}
    return f"{verb.get(str(args.get('state', 'present')), 'look for')} process {_what(args)}"


def checks(args: Args) -> bool:
    return bool(args.get("state") != "any")


def weaker(before: Args, after: Args) -> tuple[str, ...]:
    return (ANYTHING,) if turned(before, after, "state", "any", usual="present") else ()


def run(args: Args, context: Context) -> Outcome:
    if not {"pattern", "user", "pid"} & set(args):
        raise StepError("say which process: with pattern, user or pid")
    try:
        table = snapshot(shell_of(context))
    except ServiceError as error:
        raise StepError(str(error)) from None
    found = _Found(_matching(args, table, _own(table) if context.transport.local else set()), table.now)
    data = _data(found)
    evidence = (_table(found),) if found.processes else ()
    wanted = args.get("state", "present")
    if wanted == "present" and not found.processes:
        return failed(f"no process {_what(args)}", **data)
    if wanted == "absent" and found.processes:
        return failed(f"{_count(found)} {_what(args)}, where there should be none", evidence, **data)
    return passed(f"{_count(found)} {_what(args)}", evidence, **data)


def _matching(args: Args, table: Snapshot, own: set[int]) -> tuple[Process, ...]:
    """The processes that are meant, the newest first."""
    try:
        pattern = re.compile(args.get("pattern", ""))
    except re.error as error:
        raise StepError(f"pattern is not a regular expression: {error}") from None
    meant = [
        process
        for process in table.processes
        if process.pid not in own
        and pattern.search(process.command)
        and args.get("user", process.user) == process.user
        and args.get("pid", process.pid) == process.pid
    ]
    return tuple(sorted(meant, key=lambda process: (process.started, process.pid), reverse=True))


def _own(table: Snapshot) -> set[int]:
    """This run, and what only passed its arguments on to it: `sudo runbook run …`, `sh -c 'runbook run …'`."""
    own = process = table.get(os.getpid())
    if own is None:
        return set()
    arguments = own.command.partition(" ")[2]
    found = {own.pid}
    while process is not None and arguments and (process := table.get(process.parent)) is not None:
        if arguments not in process.command:
            break
        found.add(process.pid)
    return found


def describe(process: Process, now: float) -> dict[str, Any]:
    """A process as outcomes show it."""
    return {
        "pid": process.pid,
        "user": process.user,
        "started": process.started,
        "uptime": round(max(0.0, now - process.started), 2),
        "command": process.command,
    }


def _data(found: _Found) -> dict[str, Any]:
    rows = [describe(process, found.now) for process in found.processes]
    newest = rows[0] if rows else dict.fromkeys(("pid", "user", "started", "uptime", "command"))
    return {"count": len(rows), "processes": rows, **newest}


def _table(found: _Found) -> Evidence:
    shown = found.processes[:SHOWN]
    rows = tuple((p.pid, p.user, moment(p.started), show(max(0.0, found.now - p.started)), p.command) for p in shown)
    return Evidence("processes", table=Table(("pid", "user", "started", "up", "command"), rows, len(found.processes)))


def _count(found: _Found) -> str:
    number = len(found.processes)
    return f"{number} process" if number == 1 else f"{number} processes"


def _what(args: Args) -> str:
    words = [
        f"that matches {args['pattern']}" if "pattern" in args else "",
        f"of user {args['user']}" if "user" in args else "",
        f"with pid {args['pid']}" if "pid" in args else "",
    ]
    return " ".join(filter(None, words))
