"""The database: connections, and `python -m app.db init`, which makes and fills the tables.

A connection is opened for each request, so a database that was restarted is used again at once.
"""

from __future__ import annotations

import sys
from datetime import timedelta
from pathlib import Path
from typing import Any

import psycopg
from psycopg.conninfo import make_conninfo

from app.core.config import settings
from app.core.security import hash_password

Connection = psycopg.Connection[tuple[Any, ...]]

ORGANIZATION = "Example Ltd"
USERS = (
    ("admin@example.com", "Ada Admin", "admin123", True),
    ("user@example.com", "Uma User", "user123", False),
)
# What was recorded before recording stopped: endpoint, method, status, milliseconds, tokens.
HISTORY = (
    ("/auth/login", "POST", 200, 88, 0),
    ("/auth/me", "GET", 200, 7, 0),
    ("/agents/echo/invoke", "POST", 200, 35, 42),
    ("/agents/summary/invoke", "POST", 200, 310, 512),
    ("/auth/login", "POST", 401, 79, 0),
    ("/agents", "GET", 200, 5, 0),
    ("/agents/unknown/invoke", "POST", 404, 6, 0),
    ("/agents/summary/invoke", "POST", 200, 287, 480),
    ("/admin/limits", "GET", 403, 6, 0),
    ("/agents/summary/invoke", "POST", 500, 1204, 0),
)
HISTORY_ROWS, HISTORY_NEWEST, HISTORY_STEP = 120, timedelta(hours=3), timedelta(minutes=47)


def conninfo() -> str:
    """Where the database is, in libpq's form."""
    if settings.database_url:
        return make_conninfo(settings.database_url, connect_timeout=3)
    return make_conninfo(
        host=settings.database_host,
        port=settings.database_port,
        dbname=settings.database_name,
        user=settings.database_user,
        password=settings.database_password or None,
        connect_timeout=3,
    )


def connect() -> Connection:
    """A new connection; as a context manager it commits and closes. Raises psycopg.OperationalError."""
    return psycopg.connect(conninfo(), application_name="bot-generic")


def init() -> None:
    """Makes the tables and the first rows. What is there already stays as it is."""
    schema = Path(__file__).with_name("schema.sql").read_bytes()
    with connect() as connection:
        connection.execute(schema)
        _seed_accounts(connection)
        _seed_history(connection)


def _seed_accounts(connection: Connection) -> None:
    connection.execute("INSERT INTO organizations (name) VALUES (%s) ON CONFLICT DO NOTHING", (ORGANIZATION,))
    connection.execute(
        """
        INSERT INTO billing_accounts
            (organization_id, free_requests_used, requests_used_current_period, updated_at)
        SELECT id, %s, %s, now() - %s FROM organizations WHERE name = %s
        ON CONFLICT DO NOTHING
        """,
        (HISTORY_ROWS, HISTORY_ROWS, HISTORY_NEWEST, ORGANIZATION),
    )
    for email, full_name, password, is_admin in USERS:
        connection.execute(
            """
            INSERT INTO users (organization_id, email, full_name, password_hash, is_admin)
            SELECT id, %s, %s, %s, %s FROM organizations WHERE name = %s
            ON CONFLICT DO NOTHING
            """,
            (email, full_name, hash_password(password), is_admin, ORGANIZATION),
        )


def _seed_history(connection: Connection) -> None:
    if connection.execute("SELECT EXISTS (SELECT FROM usage_records)").fetchone() == (True,):
        return
    users = [row[0] for row in connection.execute("SELECT id FROM users ORDER BY id")]
    rows = []
    for number in reversed(range(HISTORY_ROWS)):
        endpoint, method, status, elapsed, tokens = HISTORY[number % len(HISTORY)]
        user = None if endpoint == "/auth/login" else users[number % len(users)]
        age = HISTORY_NEWEST + number * HISTORY_STEP
        rows.append((user, endpoint, method, status, elapsed + number % 9, tokens, tokens * 0.000002, age))
    with connection.cursor() as cursor:
        cursor.executemany(
            """
            INSERT INTO usage_records
                (user_id, endpoint, method, status_code, response_time_ms, total_tokens, cost, created_at)
            VALUES (%s, %s, %s, %s, %s, %s, %s, now() - %s)
            """,
            rows,
        )


def main(arguments: list[str]) -> int:
    if arguments != ["init"]:
        sys.stderr.write("usage: python -m app.db init\n")
        return 2
    try:
        init()
    except psycopg.Error as error:
        sys.stderr.write(f"the database was not initialised: {error}\n")
        return 1
    sys.stdout.write("the tables are there and filled\n")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
