"""Remembers where a log ends, or what a query gives, so that a later step asks about what is new since.

Exactly one of `log`, `sql` and `time`. The registered outcome is the mark: give it to `since` of a `log` step, or use
its fields.

Outcome: `type`, `time` (seconds since the epoch, by the host's clock); of a file `file`, `inode`, `offset` (bytes),
`fingerprint` (of what stands at its beginning and before that place) and `previous` (the inodes of its older files); of
another log its name (`unit`, `compose` or `pm2`) and `files`, such a mark for each; of a query what an `sql` step has.

```yaml
- name: Remember the last record
  mark:
    sql:
      database: app
      query: SELECT COALESCE(MAX(id), 0) AS last_id FROM usage_records
  register: before
```
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from runbook.runs.events import Outcome, Status, passed
from runbook.steps.base import Args, Context, Detail, StepError
from runbook.steps.logs import log_lines
from runbook.steps.logs.time_stamps import clock
from runbook.steps.requests import sql
from runbook.steps.traits import NO_FIELDS, Fields, Query

SCHEMA: Mapping[str, Any] = {
    "type": "object",
    "description": "A moment to compare with later.",
    "additionalProperties": False,
    "minProperties": 1,
    "maxProperties": 1,
    "properties": {
        "log": {
            "type": "object",
            "additionalProperties": False,
            "properties": log_lines.SOURCE_OPTIONS,
            "description": "Where this log ends now.",
        },
        "sql": {
            "type": "object",
            "additionalProperties": False,
            "required": ["query"],
            "properties": {key: sql.SCHEMA["properties"][key] for key in ("database", "query", "params", "timeout")},
            "description": "What this query gives now.",
        },
        "time": {"enum": [True], "description": "Only the time, by the host's clock."},
    },
}
SHORT = ""


def changes(_args: Args) -> bool:
    return False


def plan(args: Args) -> str:
    if isinstance(query := args.get("sql"), Mapping):
        return f"remember {sql.plan(query)}"
    if isinstance(log := args.get("log"), Mapping):
        return "remember the end of " + ", ".join(f"{key} {value}" for key, value in log.items())
    return "remember the time"


def detail(args: Args) -> tuple[Detail, ...]:
    query = args.get("sql")
    if not isinstance(query, Mapping):
        return ()
    rest = "".join(f", {name} {value}" for name, value in query.items() if name not in ("query", "database"))
    return tuple(Detail(f"remember{rest}", one.text, one.language, ("sql",)) for one in sql.detail(query))


def fields(args: Args) -> Fields:
    asked = args.get("sql")
    return Fields(log_lines.MARK_FIELDS) | (sql.fields(asked) if isinstance(asked, Mapping) else NO_FIELDS)


def queries(args: Args) -> tuple[Query, ...]:
    asked = args.get("sql")
    return (Query(asked.get("database", ""), ("sql",)),) if isinstance(asked, Mapping) else ()


def run(args: Args, context: Context) -> Outcome:
    if len(args) != 1:
        raise StepError(f"mark takes one of log, sql and time; here are {' and '.join(args) or 'none'}")
    if "sql" in args:
        found = sql.run({"database": "", "timeout": 60, **args["sql"], "changes": False}, context)
        if found.status is Status.FAILED:
            return found
        data = {**found.data, "type": "sql", "time": clock(context).now}
        return passed(found.message, found.evidence, **data)
    if "log" in args:
        mark = log_lines.marked(args["log"], context)
        ends = f"{mark['file']} ends at byte {mark['offset']}" if "offset" in mark else "remembered"
        return passed(ends, **mark)
    return passed("remembered", type="time", time=clock(context).now)
