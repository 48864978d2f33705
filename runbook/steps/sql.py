"""One query on a named database.

The database is reached from the host's network, through its connection; the host needs no client. The query runs in a
READ ONLY transaction with a time limit, unless the step says `changes: true`. Values are parameters (`%s`, `%(name)s`),
never pasted into the text; without `params` a `%` is a `%`.

Outcome: `rows` (list of mappings), `row` (the first), `value` (its first column), `rowcount`, `columns`, `elapsed`; and
the columns of a single row under their own names. When the database could not be reached, `error_class` is
`unreachable`; for an error of the query it is `sql`, with `sqlstate`.

```yaml
- name: New records arrive
  sql:
    database: app
    query: SELECT COUNT(*) AS recent FROM usage_records WHERE created_at > NOW() - %s::interval
    params: [10 minutes]
  expect: recent > 0
```
"""

from __future__ import annotations

import time
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from runbook.durations import seconds
from runbook.events import Evidence, Outcome, Status, Table, failed
from runbook.steps._database import DatabaseUnreachable, connection, plain
from runbook.steps.base import Args, Context

if TYPE_CHECKING:
    import psycopg

MAX_ROWS = 10_000
SHOWN_ROWS = 100

SCHEMA: Mapping[str, Any] = {
    "type": "object",
    "description": "One query on a named database.",
    "additionalProperties": False,
    "required": ["query"],
    "properties": {
        "database": {
            "type": "string",
            "default": "",
            "description": "Name from the playbook's `databases`; may be left out when there is only one.",
        },
        "query": {"type": "string", "minLength": 1, "description": "One SQL statement."},
        "params": {"type": ["array", "object"], "description": "Values for %s, or for %(name)s."},
        "timeout": {
            "type": ["number", "string"],
            "default": 60,
            "description": "Seconds that the statement may take.",
        },
        "changes": {"type": "boolean", "default": False, "description": "Does it write? Then it is not READ ONLY."},
    },
}
SHORT = "query"


def changes(args: Args) -> bool:
    return args.get("changes") is True


def plan(args: Args) -> str:
    database = f"{args['database']}: " if args.get("database") else ""
    return database + " ".join(str(args.get("query", "")).split())


def run(args: Args, context: Context) -> Outcome:
    import psycopg

    started = time.monotonic()
    try:
        found = connection(args["database"], context)
    except DatabaseUnreachable as error:
        return failed(str(error), error_class="unreachable")
    try:
        return _outcome(_query(found, args), args, time.monotonic() - started)
    except psycopg.Error as error:
        if found.closed:
            return failed(f"the database went away during the query: {_first_line(error)}", error_class="unreachable")
        return _sql_error(error, args)


def _query(found: psycopg.Connection[Any], args: Args) -> tuple[list[str], list[tuple[Any, ...]], int]:
    limit = round(seconds(args["timeout"]) * 1000)
    with found.transaction():
        found.execute(f"SET LOCAL statement_timeout = {limit}")
        if not args["changes"]:
            found.execute("SET TRANSACTION READ ONLY")
        with found.cursor() as cursor:
            # Prepared, so that it is one statement: `COMMIT; DELETE …` must not leave the read only transaction.
            cursor.execute(args["query"].encode(), args.get("params") or None, prepare=True)
            if cursor.description is None:
                return [], [], max(0, cursor.rowcount)
            columns = [column.name for column in cursor.description]
            return columns, [tuple(map(plain, row)) for row in cursor.fetchmany(MAX_ROWS)], cursor.rowcount


def _outcome(result: tuple[list[str], list[tuple[Any, ...]], int], args: Args, elapsed: float) -> Outcome:
    columns, rows, count = result
    mappings = [dict(zip(columns, row, strict=True)) for row in rows]
    fixed: dict[str, Any] = {
        "rows": mappings,
        "row": mappings[0] if mappings else None,
        "value": rows[0][0] if rows else None,
        "rowcount": count,
        "columns": columns,
        "elapsed": round(elapsed, 3),
    }
    named = mappings[0] if len(mappings) == 1 else {}
    evidence = (Evidence("", table=Table(tuple(columns), tuple(rows[:SHOWN_ROWS]), count)),) if columns else ()
    status = Status.CHANGED if args["changes"] else Status.PASSED
    return Outcome(status, f"{count} row{'s' if count != 1 else ''}", {**named, **fixed}, evidence)


def _sql_error(error: psycopg.Error, args: Args) -> Outcome:
    message = error.diag.message_primary or _first_line(error)
    evidence: tuple[Evidence, ...] = ()
    if error.diag.statement_position:
        text = _pointed(args["query"], int(error.diag.statement_position))
        evidence = (Evidence("where in the query", text, language="log"),)
    hint = f" ({error.diag.message_hint})" if error.diag.message_hint else ""
    if error.sqlstate == "25006":
        hint = " (the step is read only: write `changes: true` when it is meant to write)"
    return failed(f"{message}{hint}", evidence, error_class="sql", sqlstate=error.sqlstate or "")


def _pointed(query: str, position: int) -> str:
    """The line of the query that the error is in, with a caret. `position` counts characters from 1."""
    start = query.rfind("\n", 0, position - 1) + 1
    line = query[start:].split("\n", 1)[0]
    return f"{line}\n{' ' * (position - 1 - start)}^"


def _first_line(error: Exception) -> str:
    return (str(error).strip().splitlines() or [type(error).__name__])[0]
