"""Every fixture of the lab gives a real thing that works."""

from __future__ import annotations

import psycopg
import pytest

from tests.lab.postgres import Database, Postgres
from tests.lab.redis import Redis
from tests.lab.supervisor import Supervisor
from tests.lab.tools import wait_until


def test_a_database_is_empty_and_takes_statements(database: Database) -> None:
    assert database.execute("select count(*) from pg_tables where schemaname = 'public'") == [(0,)]
    assert database.execute("create table t (n int); insert into t values (7); select n from t") == [(7,)]
    with psycopg.connect(database.url) as connection:
        assert connection.execute("select current_database()").fetchone() == (database.dbname,)


def test_a_test_stops_and_starts_a_server_of_its_own(own_postgres: Postgres) -> None:
    own_postgres.database().execute("create table kept (n int)")
    own_postgres.stop()
    with pytest.raises(psycopg.OperationalError, match="refused"):
        own_postgres.database().connect()
    own_postgres.start()
    assert own_postgres.database().execute("select count(*) from kept") == [(0,)]


def test_redis_keeps_a_value(redis: Redis) -> None:
    from redis import Redis as Client

    with Client.from_url(redis.url) as client:
        client.set("lab", "näher")
        assert client.get("lab") == "näher".encode()


def test_supervisor_restarts_a_program(supervisor: Supervisor) -> None:
    supervisor.add("smoke", "sleep 600")
    first = supervisor.ctl("pid", "smoke").stdout
    assert supervisor.ctl("restart", "smoke").returncode == 0
    wait_until(lambda: "RUNNING" in supervisor.ctl("status", "smoke").stdout, "the program runs again")
    assert supervisor.ctl("pid", "smoke").stdout != first
    supervisor.remove("smoke")
    assert "smoke" not in supervisor.ctl("status").stdout
