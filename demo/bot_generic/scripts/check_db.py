"""Is the database there, and what is in it? Exit status 0 or 1.

Run it in the folder of the application: `python scripts/check_db.py`.
"""

from __future__ import annotations

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

import psycopg

from app.db import Connection, connect

TABLES = ("organizations", "users", "billing_accounts", "usage_records")


def report(connection: Connection) -> None:
    """Prints where the connection goes and what the tables hold."""
    info = connection.info
    print(f"connected: {info.user}@{info.host}:{info.port}/{info.dbname}, PostgreSQL {info.server_version // 10000}")
    for table in TABLES:
        row = connection.execute(f"SELECT count(*) FROM {table}".encode()).fetchone()
        print(f"{table}: {row[0] if row else 0} rows")
    row = connection.execute("SELECT round(extract(epoch FROM now() - max(created_at))) FROM usage_records").fetchone()
    age = row[0] if row else None
    print("last usage record: none" if age is None else f"last usage record: {age} seconds ago")


def main() -> int:
    try:
        connection = connect()
    except psycopg.OperationalError as error:
        print(f"ERROR the database is unreachable: {error}", file=sys.stderr)
        print("Is PostgreSQL running, and are the DATABASE_ lines of .env right?", file=sys.stderr)
        return 1
    with connection:
        try:
            report(connection)
        except psycopg.errors.UndefinedTable as error:
            print(f"ERROR a table is missing: {error.diag.message_primary}", file=sys.stderr)
            print("Make the tables: python -m app.db init", file=sys.stderr)
            return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
