"""A unit of work on one connection: `add` collects, `commit` writes."""

from __future__ import annotations

from dataclasses import asdict
from datetime import UTC
from types import TracebackType

from psycopg.rows import class_row

from app.db import connect
from app.models.records import BillingAccount, UsageRecord, User

USER = "SELECT id, organization_id, email, full_name, is_admin, password_hash FROM users WHERE "
ACCOUNT = """
    SELECT id, organization_id, status,
           free_requests_limit, free_requests_used, requests_used_current_period, updated_at
    FROM billing_accounts WHERE organization_id = %s
"""
INSERT_USAGE = """
    INSERT INTO usage_records
        (user_id, endpoint, method, status_code, response_time_ms, total_tokens, cost, created_at)
    VALUES (%(user_id)s, %(endpoint)s, %(method)s, %(status_code)s, %(response_time_ms)s,
            %(total_tokens)s, %(cost)s, %(created_at)s)
"""
COUNT_REQUEST = """
    UPDATE billing_accounts AS account
    SET free_requests_used = LEAST(account.free_requests_limit, account.free_requests_used + 1),
        requests_used_current_period = account.requests_used_current_period + 1,
        updated_at = now()
    FROM users
    WHERE users.id = %s AND account.organization_id = users.organization_id
"""


class Session:
    """Opens its connection at once; raises psycopg.OperationalError when the database is unreachable."""

    def __init__(self) -> None:
        self.connection = connect()
        self._added: list[UsageRecord] = []

    def __enter__(self) -> Session:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def add(self, record: UsageRecord) -> None:
        """Keeps the record until `commit`."""
        self._added.append(record)

    def commit(self) -> None:
        """Writes what was added, and ends the transaction."""
        for record in self._added:
            values = asdict(record)
            values["endpoint"] = record.endpoint.replace("\0", "\N{REPLACEMENT CHARACTER}")  # text holds no NUL
            if record.created_at.tzinfo is None:
                values["created_at"] = record.created_at.replace(tzinfo=UTC)
            self.connection.execute(INSERT_USAGE, values)
        self._added.clear()
        self.connection.commit()

    def count_request(self, user_id: int) -> None:
        """Adds one request to the billing account of the user's organisation."""
        self.connection.execute(COUNT_REQUEST, (user_id,))

    def user(self, user_id: int) -> User | None:
        return self._one_user("id = %s", user_id)

    def user_by_email(self, email: str) -> User | None:
        return self._one_user("email = lower(%s)", email.replace("\0", ""))

    def _one_user(self, condition: str, value: int | str) -> User | None:
        with self.connection.cursor(row_factory=class_row(User)) as cursor:
            return cursor.execute(f"{USER}{condition}".encode(), (value,)).fetchone()

    def billing_account(self, organization_id: int) -> BillingAccount | None:
        with self.connection.cursor(row_factory=class_row(BillingAccount)) as cursor:
            return cursor.execute(ACCOUNT, (organization_id,)).fetchone()

    def close(self) -> None:
        """Ends the connection; what was not committed is gone."""
        self.connection.close()
