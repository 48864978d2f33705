"""One query on a named database.

The database is reached from the host's network, through its connection; the host needs no client. The query runs in a
READ ONLY transaction with a time limit, unless the step says `changes: true`; what cannot be in a transaction then
(`VACUUM`, `CREATE INDEX CONCURRENTLY`) runs without one. Values are parameters (`%s`, `%(name)s`; a mapping becomes
jsonb), never pasted into the text; without `params` a `%` is a `%`.

Outcome: `rows` (list of mappings), `row` (the first), `value` (its first column), `rowcount`, `columns`, `elapsed`; and
the columns of a single row under their own names. Of two columns with one name the second is `NAME_2`. Numbers are
numbers, times ISO 8601, intervals seconds, bytes hexadecimal. When the database could not be reached, `error_class` is
`unreachable`; when it refuses the login, `login`; for an error of the query it is `sql`, with `sqlstate`.

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

import re
import time
from collections.abc import Mapping
from contextlib import suppress
from textwrap import dedent
from typing import TYPE_CHECKING, Any

from runbook.common.durations import seconds, show
from runbook.common.frozen import Frozen
from runbook.runs.events import Evidence, Outcome, Status, Table, failed
from runbook.steps.base import Args, Context, Detail, StepError
from runbook.steps.requests.database import DatabaseUnreachable, connection, ended_with, plain
from runbook.steps.requests.sql_columns import columns_of
from runbook.steps.traits import Fields, Query

if TYPE_CHECKING:
    import psycopg

MAX_ROWS = 10_000
SHOWN_ROWS = 100
GRACE = 10.0
"""Seconds after which a server that should have ended the statement itself is taken for gone."""
READ_ONLY, CANCELED, SYNTAX = "25006", "57014", "42601"
NO_TRANSACTION = ("25001", "2D000")
"""What PostgreSQL says to a statement that cannot be in a transaction, before or instead of doing it."""

_READS = re.compile(
    r"(?:\s++|\(|--[^\n]*+\n|/\*(?>.*?\*/))*+(?:select|with|values|table|show|explain)\b", re.IGNORECASE | re.DOTALL
)
"""Statements that always give rows."""
_COPY = re.compile(r"\s*copy\b", re.IGNORECASE)
_PLACEHOLDER = re.compile(r"%%|%(?:\(([^)]*)\))?[sbt]")

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
_FIELDS = frozenset({"rows", "row", "value", "rowcount", "columns", "elapsed", "error_class", "sqlstate"})


def changes(args: Args) -> bool:
    return args.get("changes") is True


def plan(args: Args) -> str:
    database = f"{args['database']}: " if args.get("database") else ""
    return database + " ".join(str(args.get("query", "")).split())


def detail(args: Args) -> tuple[Detail, ...]:
    text = dedent(str(args.get("query", ""))).strip()
    return (Detail("", text, "sql", ("query", "database")),) if text else ()


def fields(args: Args) -> Fields:
    """The columns of a single row are fields too."""
    return Fields(_FIELDS) | columns_of(args.get("query"))


def queries(args: Args) -> tuple[Query, ...]:
    return (Query(args.get("database", ""), ()),)


def run(args: Args, context: Context) -> Outcome:
    import psycopg

    started = time.monotonic()
    if _COPY.match(args["query"]):
        raise StepError("COPY gives no rows: write a SELECT, or run psql in a `command` step")
    try:
        found = connection(args["database"], context)
    except DatabaseUnreachable as error:
        return failed(str(error), error_class=error.error_class)
    limit = _limit(args, context)
    try:
        with ended_with(found, limit + GRACE, context):
            result = _query(found, args, limit)
        return _outcome(result, args, time.monotonic() - started)
    except psycopg.Error as error:
        if found.closed or found.broken:
            return failed(f"the database went away during the query: {_first_line(error)}", error_class="unreachable")
        return _sql_error(error, args)
    except (ValueError, RecursionError) as error:  # what cannot be sent as text, what is nested without end
        return failed(f"a value cannot be used: {_first_line(error)}", error_class="sql", sqlstate="")


def _limit(args: Args, context: Context) -> float:
    """Seconds for the statement: its own, and never more than the step's."""
    try:
        limit = seconds(args["timeout"])
    except ValueError as error:
        raise StepError(f"timeout: {error}") from None
    return max(0.001, limit if context.timeout is None else min(limit, context.timeout))


class _Result(Frozen):
    """`rows` are the first MAX_ROWS; `count` counts all, or those that were changed."""

    columns: list[str]
    rows: list[tuple[Any, ...]]
    count: int


def _query(found: psycopg.Connection[Any], args: Args, limit: float) -> _Result:
    import psycopg

    milliseconds = max(1, round(limit * 1000))
    try:
        return _in_transaction(found, args, milliseconds)
    except TypeError as error:  # what psycopg says to a list for %(name)s, and to a mapping for %s
        raise psycopg.ProgrammingError(str(error)) from None
    except psycopg.Error as error:
        if not args["changes"] or error.sqlstate not in NO_TRANSACTION or found.closed:
            raise
    # Nothing of it was done: it is a statement that wants no transaction around it.
    found.execute(f"SET statement_timeout = {milliseconds}")
    try:
        return _executed(found, args)
    finally:
        if not found.closed:
            found.execute("RESET statement_timeout")


def _in_transaction(found: psycopg.Connection[Any], args: Args, milliseconds: int) -> _Result:
    with found.transaction():
        found.execute(f"SET LOCAL statement_timeout = {milliseconds}")
        if not args["changes"]:
            found.execute("SET TRANSACTION READ ONLY")
            if _READS.match(args["query"]):
                return _streamed(found, args)
        return _executed(found, args)


def _executed(found: psycopg.Connection[Any], args: Args, query: str = "") -> _Result:
    # A pipeline takes one statement only, as a stream does: `COMMIT; DELETE …` must not leave the read only
    # transaction. A prepared statement would too, but a pooler between may lose it.
    with found.cursor() as cursor:
        with found.pipeline():
            cursor.execute((query or args["query"]).encode(), args.get("params") or None, prepare=False)
        if cursor.description is None:
            return _Result([], [], max(0, cursor.rowcount))
        columns = [column.name for column in cursor.description]
        return _Result(columns, _plain(cursor.fetchmany(MAX_ROWS)), cursor.rowcount)


def _streamed(found: psycopg.Connection[Any], args: Args) -> _Result:
    """Row by row: a query that gives millions does not fill the memory."""
    kept: list[tuple[Any, ...]] = []
    count = 0
    with found.cursor() as cursor:
        for count, row in enumerate(cursor.stream(args["query"].encode(), args.get("params") or None), 1):
            if count <= MAX_ROWS:
                kept.append(row)
        columns = [column.name for column in cursor.description or []]
    return _Result(columns or _columns(found, args), _plain(kept), count)


def _columns(found: psycopg.Connection[Any], args: Args) -> list[str]:
    """The columns of a query that gave no rows, of which a stream does not tell. With LIMIT 0 it is not run again."""
    import psycopg

    query = args["query"].strip().rstrip(";")
    with suppress(psycopg.Error), found.transaction():
        empty = f"SELECT * FROM ({query}\n) AS empty LIMIT 0"  # noqa: S608 - the query is the playbook's own
        return _executed(found, args, empty).columns
    return []


def _plain(rows: list[tuple[Any, ...]]) -> list[tuple[Any, ...]]:
    return [tuple(map(plain, row)) for row in rows]


def _outcome(result: _Result, args: Args, elapsed: float) -> Outcome:
    columns, rows, count = distinct(result.columns), result.rows, result.count
    mappings = [dict(zip(columns, row, strict=True)) for row in rows]
    fixed: dict[str, Any] = {
        "rows": mappings,
        "row": mappings[0] if mappings else None,
        "value": rows[0][0] if rows and columns else None,
        "rowcount": count,
        "columns": columns,
        "elapsed": round(elapsed, 3),
    }
    named = mappings[0] if len(mappings) == 1 else {}
    evidence = (Evidence("", table=Table(tuple(columns), tuple(rows[:SHOWN_ROWS]), count)),) if columns else ()
    status = Status.CHANGED if args["changes"] else Status.PASSED
    cut = count > len(rows) > 0
    said = f"{count} row{'s' if count != 1 else ''}" + (f", the first {MAX_ROWS} kept" if cut else "")
    renamed = [f"{new} ({old})" for old, new in zip(result.columns, columns, strict=True) if old != new]
    said += f"; columns of one name, the later ones renamed: {', '.join(renamed)}" if renamed else ""
    gaps = {"rows": f"only the first {MAX_ROWS} of {count} rows were kept"} if cut else {}
    return Outcome(status, said, {**named, **fixed}, evidence, gaps=gaps)


def distinct(columns: list[str]) -> list[str]:
    """Names of columns, each once, so that none hides another: a second `id` becomes `id_2`."""
    made: list[str] = []
    for name in columns:
        new, number = name, 1
        while new in made or (number > 1 and new in columns):
            number += 1
            new = f"{name}_{number}"
        made.append(new)
    return made


def _sql_error(error: psycopg.Error, args: Args) -> Outcome:
    message = error.diag.message_primary or _first_line(error)
    evidence: tuple[Evidence, ...] = ()
    if error.diag.statement_position:
        position = _written(int(error.diag.statement_position), args)
        evidence = (Evidence("where in the query", _pointed(args["query"], position), language="log"),)
    hint = f" ({error.diag.message_hint})" if error.diag.message_hint else ""
    if error.sqlstate == READ_ONLY:
        hint = " (the step is read only: write `changes: true` when it is meant to write)"
    if error.sqlstate == SYNTAX and "multiple commands" in message:
        message, hint = "the query has more than one statement", " (give each a step of its own)"
    if error.sqlstate == CANCELED:
        hint = f" (after {show(seconds(args['timeout']))}: the step's `timeout`)" if "timeout" in message else ""
    return failed(f"{message}{hint}", evidence, error_class="sql", sqlstate=error.sqlstate or "")


def _written(position: int, args: Args) -> int:
    """A position in the query as the server got it, with $1 for %s, as one in the query as it is written."""
    if not args.get("params"):
        return position
    numbers: dict[str, int] = {}
    for found in _PLACEHOLDER.finditer(args["query"]):
        if found.start() >= position - 1:
            break
        sent = 1
        if found.group() != "%%":
            name = found.group(1) or str(len(numbers))
            sent = len(f"${numbers.setdefault(name, len(numbers) + 1)}")
        if position - 1 < found.start() + sent:
            return found.start() + 1
        position += len(found.group()) - sent
    return position


def _pointed(query: str, position: int) -> str:
    """The line of the query that the error is in, with a caret. `position` counts characters from 1."""
    start = query.rfind("\n", 0, position - 1) + 1
    line = query[start:].split("\n", 1)[0]
    return f"{line}\n{' ' * (position - 1 - start)}^"


def _first_line(error: Exception) -> str:
    return (str(error).strip().splitlines() or [type(error).__name__])[0]
