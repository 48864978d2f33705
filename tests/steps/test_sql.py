"""The step `sql`, against a real PostgreSQL."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

import runbook.steps.requests.sql as kind
from runbook.engine.session import OpenThings
from runbook.runs.events import Outcome, Status
from runbook.steps.base import Context
from runbook.steps.requests.database import connection
from runbook.testing import FarHost, examples, options, problems, run_step, step_context
from runbook.testing.processes import wait_until
from runbook.transports.base import Stopped, Transport, Unreachable
from tests.lab.postgres import Database, Postgres
from tests.lab.tools import free_port

OPEN: list[OpenThings] = []


@pytest.fixture(autouse=True)
def _closed() -> Iterator[None]:
    """Connections end with their test, as with a run."""
    yield
    while OPEN:
        OPEN.pop().close()


def settings(database: Database) -> dict[str, Any]:
    names = ("host", "port", "dbname", "user", "password")
    return {name: getattr(database, name) for name in names}


def context_with(given: dict[str, Any], transport: Transport | None = None, **fields: Any) -> Context:
    """A context in which the only database, called app, has these settings."""
    OPEN.append(OpenThings())
    return step_context(transport, databases={"app": given}, cache=OPEN[-1], **fields)


def ask(on: Database, query: str, **args: Any) -> Outcome:
    return run_step(kind, {"query": query, **args}, context=context_with(settings(on)))


def test_the_outcome_has_rows_row_value_and_the_names_of_a_single_row(database: Database) -> None:
    outcome = ask(database, "SELECT 7 AS recent, 'да' AS слово")
    assert (outcome.status, outcome.message) == (Status.PASSED, "1 row")
    data = outcome.data
    assert data["rows"] == [{"recent": 7, "слово": "да"}]
    assert (data["row"], data["value"]) == ({"recent": 7, "слово": "да"}, 7)
    assert (data["rowcount"], data["columns"]) == (1, ["recent", "слово"])
    assert (data["recent"], data["слово"]) == (7, "да")
    assert outcome.evidence[0].table is not None
    assert outcome.evidence[0].table.rows == ((7, "да"),)


def test_several_rows_have_no_names_of_their_own(database: Database) -> None:
    data = ask(database, "SELECT n FROM generate_series(1, 3) AS n").data
    assert (data["value"], data["rowcount"], [row["n"] for row in data["rows"]]) == (1, 3, [1, 2, 3])
    assert "n" not in data


def test_no_rows_have_columns_and_no_value(database: Database) -> None:
    outcome = ask(database, "SELECT 1 AS a, 2 AS b WHERE false")
    assert (outcome.data["rows"], outcome.data["row"], outcome.data["value"]) == ([], None, None)
    assert (outcome.data["columns"], outcome.message) == (["a", "b"], "0 rows")


def test_a_column_never_hides_a_fixed_name(database: Database) -> None:
    data = ask(database, "SELECT 'x' AS rows, 'y' AS value, 3 AS rowcount").data
    assert data["rows"] == [{"rows": "x", "value": "y", "rowcount": 3}]
    assert (data["value"], data["rowcount"]) == ("x", 1)


def test_of_columns_with_one_name_none_is_lost(database: Database) -> None:
    outcome = ask(database, "SELECT 1 AS id, 2 AS id, 3 AS id_2, 4 AS id, 'a' AS id_3")
    assert outcome.data["rows"] == [{"id": 1, "id_4": 2, "id_2": 3, "id_5": 4, "id_3": "a"}]
    assert outcome.data["columns"] == ["id", "id_4", "id_2", "id_5", "id_3"]
    assert outcome.message == "1 row; columns of one name, the later ones renamed: id_4 (id), id_5 (id)"
    assert outcome.evidence[0].table is not None
    assert outcome.evidence[0].table.columns == ("id", "id_4", "id_2", "id_5", "id_3")


def test_values_become_plain_data(database: Database) -> None:
    outcome = ask(
        database,
        """SELECT 12.50::numeric AS part, 12::numeric AS whole, 'NaN'::numeric AS none, 'Infinity'::float8 AS endless,
                  TIMESTAMPTZ '2026-11-24 01:02:03.5+00' AT TIME ZONE 'UTC' AS at, DATE '2026-11-24' AS day,
                  '0e37df36-f698-11e6-8dd4-cb9ced3df976'::uuid AS id, '\\x00ff'::bytea AS raw,
                  '{"a": [1, null]}'::jsonb AS doc, ARRAY[1.5, 2] AS list, INTERVAL '90 minutes' AS long,
                  true AS yes, NULL AS nothing, '127.0.0.1'::inet AS ip""",
    )
    assert outcome.data["row"] == {
        "part": 12.5,
        "whole": 12,
        "none": "NaN",
        "endless": "inf",
        "at": "2026-11-24T01:02:03.500000",
        "day": "2026-11-24",
        "id": "0e37df36-f698-11e6-8dd4-cb9ced3df976",
        "raw": "00ff",
        "doc": {"a": [1, None]},
        "list": [1.5, 2],
        "long": 5400,
        "yes": True,
        "nothing": None,
        "ip": "127.0.0.1",
    }
    json.dumps(outcome.data, allow_nan=False)


def test_times_that_python_does_not_know_are_text(database: Database) -> None:
    outcome = ask(
        database,
        """SELECT 'infinity'::timestamptz AS open, '-infinity'::date AS always, '24:00'::time AS midnight,
                  '0044-03-15 12:00 BC'::timestamp AS ides, ARRAY['infinity'::timestamp] AS list""",
    )
    assert outcome.data["row"] == {
        "open": "infinity",
        "always": "-infinity",
        "midnight": "24:00:00",
        "ides": "0044-03-15 12:00:00 BC",
        "list": ["infinity"],
    }


def test_intervals_are_seconds_and_can_be_compared(database: Database) -> None:
    data = ask(
        database, "SELECT '-10 s'::interval AS ago, '1500 ms'::interval AS short, '2 days'::interval AS long"
    ).data
    assert (data["ago"], data["short"], data["long"]) == (-10, 1.5, 172800)


def test_the_styles_of_a_role_do_not_matter(database: Database) -> None:
    for name, style in (("DateStyle", "German, DMY"), ("IntervalStyle", "sql_standard")):
        database.execute(f"ALTER DATABASE {database.dbname} SET {name} = '{style}'")
    query = (
        "SELECT TIMESTAMPTZ '2026-11-24 01:02:03+00' = %s AS same, DATE '2026-11-24' AS day, '90 s'::interval AS long"
    )
    data = ask(database, query, params=["2026-11-24T01:02:03+00:00"]).data
    assert (data["same"], data["day"], data["long"]) == (True, "2026-11-24", 90)


def test_a_mapping_becomes_jsonb(database: Database) -> None:
    given = {"a": [1, {"b": None}], "ключ": "знач"}
    assert ask(database, "SELECT %(doc)s AS doc, jsonb_typeof(%(doc)s) AS kind", params={"doc": given}).data["row"] == {
        "doc": given,
        "kind": "object",
    }


@pytest.mark.parametrize("levels", [200, 5000])
def test_a_value_without_end_is_an_error_of_the_query(database: Database, levels: int) -> None:
    outcome = ask(database, f"SELECT (repeat('[', {levels}) || repeat(']', {levels}))::json AS deep")
    assert (outcome.status, outcome.data["error_class"]) == (Status.FAILED, "sql")
    assert outcome.message.startswith("a value cannot be used: ")
    assert ask(database, "SELECT 1 AS one").data["one"] == 1


def test_text_that_is_no_text_is_an_error_of_the_query(database: Database) -> None:
    for query, params in (("SELECT %s", ["\udc80"]), ("SELECT '\udc80'", []), ("SELECT %s", ["a\0b"])):
        outcome = ask(database, query, params=params)
        assert (outcome.status, outcome.data["error_class"]) == (Status.FAILED, "sql")


def test_what_wants_no_transaction_has_none(database: Database) -> None:
    database.execute("CREATE TABLE t (id int); CREATE PROCEDURE p() LANGUAGE plpgsql AS 'BEGIN COMMIT; END'")
    for query in ("VACUUM t", "CREATE INDEX CONCURRENTLY i ON t (id)", "CALL p()"):
        assert ask(database, query, changes=True).status is Status.CHANGED
    assert "transaction block" in ask(database, "VACUUM t").message, "only where the step says that it changes"


def test_its_time_is_bounded_without_a_transaction_too(database: Database) -> None:
    database.execute("CREATE PROCEDURE slow() LANGUAGE plpgsql AS 'BEGIN COMMIT; PERFORM pg_sleep(30); END'")
    context = context_with(settings(database))
    outcome = run_step(kind, {"query": "CALL slow()", "timeout": 0.3, "changes": True}, context=context)
    assert outcome.data["sqlstate"] == "57014"
    left = connection("", context).execute("SHOW statement_timeout").fetchone()
    assert left == ("0",), "the limit of one step is not the next one's"


def test_more_than_one_statement_is_said(database: Database) -> None:
    message = "the query has more than one statement (give each a step of its own)"
    assert ask(database, "SELECT 1; SELECT 2").message == message


def test_copy_gives_no_rows_and_says_so(database: Database) -> None:
    outcome = ask(database, "COPY (SELECT 1) TO STDOUT")
    assert outcome.message.startswith("COPY gives no rows")


def test_values_are_parameters_and_never_text(database: Database) -> None:
    evil = "'; DROP TABLE x; --"
    assert ask(database, "SELECT %s AS said", params=[evil]).data["said"] == evil
    data = ask(database, "SELECT %(a)s::int + %(a)s::int AS sum, '10%%' AS part", params={"a": 4}).data
    assert (data["sum"], data["part"]) == (8, "10%")


def test_without_params_a_percent_sign_is_itself(database: Database) -> None:
    assert ask(database, "SELECT '10%' AS part WHERE 'abc' LIKE '%b%'").data["part"] == "10%"
    assert ask(database, "SELECT '%s' AS part", params=[]).data["part"] == "%s"


def test_it_does_not_write_unless_told(database: Database) -> None:
    database.execute("CREATE TABLE t (n int)")
    insert = "INSERT INTO t VALUES (1) RETURNING n"
    outcome = ask(database, insert)
    assert (outcome.status, outcome.data["sqlstate"]) == (Status.FAILED, "25006")
    assert "`changes: true`" in outcome.message
    assert database.execute("SELECT count(*) FROM t") == [(0,)]
    outcome = ask(database, insert, changes=True)
    assert (outcome.status, outcome.data["value"]) == (Status.CHANGED, 1)
    assert ask(database, "UPDATE t SET n = n + 1", changes=True).data["rowcount"] == 1
    assert database.execute("SELECT n FROM t") == [(2,)]


@pytest.mark.parametrize(
    "query",
    [
        "COMMIT; DELETE FROM t",
        "SELECT 1; DELETE FROM t",
        "/* a */ ROLLBACK; DELETE FROM t",
        "DO $$ BEGIN SET TRANSACTION READ WRITE; DELETE FROM t; END $$",
        "WITH gone AS (DELETE FROM t RETURNING n) SELECT * FROM gone",
        "DO $$ BEGIN DELETE FROM t; END $$",
    ],
)
def test_no_query_leaves_the_read_only_transaction(database: Database, query: str) -> None:
    database.execute("CREATE TABLE t AS SELECT 1 AS n")
    assert ask(database, query).status is Status.FAILED
    assert database.execute("SELECT count(*) FROM t") == [(1,)]


@pytest.mark.parametrize(
    "query",
    [
        "-- note\nSELECT 1",
        "/* SELECT */ (SELECT 1)",
        "VALUES (1)",
        "TABLE t",
        "SHOW port",
        "EXPLAIN SELECT 1",
        "ANALYZE t",
    ],
)
def test_statements_of_many_kinds(database: Database, query: str) -> None:
    database.execute("CREATE TABLE t AS SELECT 1 AS n")
    outcome = ask(database, query, changes=query.startswith("ANALYZE"))
    assert outcome.status is not Status.FAILED, outcome.message
    assert (outcome.data["rowcount"] > 0) is not query.startswith("ANALYZE")


def test_many_rows_are_counted_and_only_some_are_kept(database: Database) -> None:
    outcome = ask(database, "SELECT n FROM generate_series(1, 25000) AS n")
    assert (outcome.data["rowcount"], len(outcome.data["rows"])) == (25000, 10_000)
    assert outcome.message == "25000 rows, the first 10000 kept"
    table = outcome.evidence[0].table
    assert table is not None
    assert (len(table.rows), table.total) == (100, 25000)


# --- errors ----------------------------------------------------------------------------------------------------


def test_an_error_shows_its_place_in_the_query(database: Database) -> None:
    outcome = ask(database, "SELECT 1,\n  'привет', nope\nFROM pg_class")
    assert (outcome.data["error_class"], outcome.data["sqlstate"]) == ("sql", "42703")
    assert outcome.message == 'column "nope" does not exist'
    assert outcome.evidence[0].text == "  'привет', nope\n            ^"


@pytest.mark.parametrize(
    ("query", "params"),
    [
        ("SELECT %(last_id)s::int, '%%', %(other)s::text, %(last_id)s::int, nope", {"last_id": 1, "other": "x"}),
        ("SELECT %s::int, %s::int, nope, %s::int", [1, 2, 3]),
        ("SELECT nope, %s::int", [1]),
    ],
)
def test_the_place_is_right_behind_parameters_too(database: Database, query: str, params: Any) -> None:
    line, caret = ask(database, query, params=params).evidence[0].text.split("\n")
    assert line == query
    assert line[caret.index("^") :].startswith("nope")


def test_wrong_parameters_are_an_error_of_the_query(database: Database) -> None:
    for params in ([1, 2], {"b": 1}, [{1, 2}]):
        outcome = ask(database, "SELECT %s", params=params)
        assert (outcome.status, outcome.data["error_class"]) == (Status.FAILED, "sql")


def test_a_query_that_takes_too_long_is_ended(database: Database) -> None:
    outcome = ask(database, "SELECT pg_sleep(30)", timeout="200ms")
    assert (outcome.data["error_class"], outcome.data["sqlstate"]) == ("sql", "57014")
    assert outcome.message == "canceling statement due to statement timeout (after 0.20 s: the step's `timeout`)"


def test_the_steps_time_bounds_the_query_too(database: Database) -> None:
    outcome = run_step(kind, {"query": "SELECT pg_sleep(30)"}, context=context_with(settings(database), timeout=0.2))
    assert outcome.data["sqlstate"] == "57014"


def test_a_run_that_is_stopped_ends_its_query(database: Database) -> None:
    stop = threading.Event()
    running = "SELECT count(*) FROM pg_stat_activity WHERE query LIKE 'SELECT pg_sleep(31)%' AND state = 'active'"

    def stop_when_it_runs() -> None:
        wait_until(lambda: database.execute(running) != [(0,)], "the query runs")
        stop.set()

    thread = threading.Thread(target=stop_when_it_runs)
    thread.start()
    began = time.monotonic()
    with pytest.raises(Stopped):
        run_step(kind, {"query": "SELECT pg_sleep(31)"}, context=context_with(settings(database), stop=stop))
    thread.join()
    assert time.monotonic() - began < 15
    wait_until(lambda: database.execute(running) == [(0,)], "the server ended it too")


# --- the connection --------------------------------------------------------------------------------------------


def test_one_connection_serves_the_run_and_is_made_again_when_it_broke(database: Database) -> None:
    context = context_with(settings(database))
    pid = "SELECT pg_backend_pid() AS pid, current_setting('application_name') AS name"
    first = run_step(kind, {"query": pid}, context=context).data
    assert first["name"] == "runbook"
    assert run_step(kind, {"query": pid}, context=context).data["pid"] == first["pid"]
    run_step(kind, {"query": "SELEC"}, context=context)
    assert run_step(kind, {"query": pid}, context=context).data["pid"] == first["pid"], (
        "an error of a query breaks nothing"
    )
    database.execute(f"SELECT pg_terminate_backend({first['pid']})")
    again = run_step(kind, {"query": pid}, context=context)
    assert (again.status, again.data["pid"] == first["pid"]) == (Status.PASSED, False)


def test_a_server_that_goes_and_comes_back(own_postgres: Postgres) -> None:
    context = context_with(settings(own_postgres.database()))
    assert run_step(kind, {"query": "SELECT 1"}, context=context).status is Status.PASSED
    own_postgres.stop()
    outcome = run_step(kind, {"query": "SELECT 1"}, context=context)
    assert (outcome.status, outcome.data["error_class"]) == (Status.FAILED, "unreachable")
    own_postgres.start()
    assert run_step(kind, {"query": "SELECT 1"}, context=context).status is Status.PASSED


def test_a_connection_that_ends_during_the_query(database: Database) -> None:
    outcome = ask(database, "SELECT pg_terminate_backend(pg_backend_pid())")
    assert (outcome.status, outcome.data["error_class"]) == (Status.FAILED, "unreachable")
    assert "went away" in outcome.message


def test_nobody_listens(database: Database) -> None:
    port = free_port()
    context = context_with({**settings(database), "port": port})
    outcome = run_step(kind, {"query": "SELECT 1"}, context=context)
    assert outcome.data == {"error_class": "unreachable"}
    assert outcome.message == (f"the database 127.0.0.1:{port} cannot be reached from test-host: Connection refused")


def test_a_wrong_password_is_said_and_not_shown(database: Database) -> None:
    secret = "s3cret-value"
    for given in (
        {"password": secret},
        {"user": "nobody", "password": secret},
        {"sslmode": secret, "password": secret},
    ):
        context = context_with({**settings(database), **given})
        outcome = run_step(kind, {"query": "SELECT 1"}, context=context)
        assert outcome.data["error_class"] == ("unreachable" if "sslmode" in given else "login")
        assert f"{database.host}:{database.port}" in outcome.message
        assert secret not in str(outcome)


@pytest.mark.parametrize("form", ["dsn", "url"])
def test_a_dsn_in_both_forms_with_settings_on_top(database: Database, form: str) -> None:
    wrong = f"{getattr(database, form)}"
    wrong += " application_name=mine" if form == "dsn" else "?application_name=mine"
    context = context_with({"dsn": wrong, "connect_timeout": 5, "password": None})
    outcome = run_step(kind, {"query": "SELECT current_setting('application_name') AS name"}, context=context)
    assert outcome.data["name"] == "mine"


@pytest.mark.parametrize(
    ("given", "sentence"),
    [
        ({"dsn": "no such thing"}, "the dsn is not a connection string"),
        ({"dsn": "host=a,b port=1,2"}, "one host, one port"),
        ({"host": "x", "connect_timeout": "soon"}, "one connect_timeout"),
    ],
)
def test_wrong_settings_are_said(given: dict[str, Any], sentence: str) -> None:
    outcome = run_step(kind, {"query": "SELECT 1"}, context=context_with(given))
    assert outcome.status is Status.FAILED
    assert sentence in outcome.message


def test_it_goes_the_way_of_the_host(database: Database) -> None:
    there = FarHost(database.port)
    far = {**settings(database), "host": "db.internal", "port": 6543}
    context = context_with(far, there)
    assert run_step(kind, {"query": "SELECT 1 AS one"}, context=context).data["one"] == 1
    assert there.wanted == [("db.internal", 6543)]


def test_from_the_controller_it_goes_straight(database: Database) -> None:
    there = FarHost(free_port())
    context = context_with({**settings(database), "from": "controller"}, there)
    assert run_step(kind, {"query": "SELECT 1 AS one"}, context=context).data["one"] == 1
    assert there.wanted == []


def test_a_host_without_a_way_is_unreachable() -> None:
    with pytest.raises(Unreachable, match="no way to localhost:5432"):
        run_step(kind, {"query": "SELECT 1"}, context=context_with({"user": "x"}, FarHost()))


def test_a_socket_file_belongs_to_its_own_machine(tmp_path: Path) -> None:
    here = context_with({"host": str(tmp_path)})
    assert run_step(kind, {"query": "SELECT 1"}, context=here).data["error_class"] == "unreachable"
    there = context_with({"host": str(tmp_path)}, FarHost(free_port()))
    assert "only its own machine" in run_step(kind, {"query": "SELECT 1"}, context=there).message


def test_an_unknown_database_is_said(database: Database) -> None:
    assert "no database is called 'billing'" in ask(database, "SELECT 1", database="billing").message


# --- options ---------------------------------------------------------------------------------------------------


def test_options_plan_and_example() -> None:
    assert problems(kind, {}) != []
    assert problems(kind, {"query": "SELECT 1", "params": "x"}) != []
    assert kind.plan({"database": "app", "query": "SELECT 1\n  FROM t"}) == "app: SELECT 1 FROM t"
    assert kind.changes({"query": "x", "changes": True}) is True
    assert kind.changes({"query": "x"}) is False
    (step,) = examples(kind)
    assert options(kind, step["sql"])["timeout"] == 60
