"""Connections to PostgreSQL, from the host's network, kept for the length of the run."""

from __future__ import annotations

import math
from collections.abc import Mapping
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from runbook.steps.base import Context
from runbook.transports.base import Unreachable

if TYPE_CHECKING:
    from psycopg import Connection

CONNECT_TIMEOUT = 10
DEFAULT_PORT = 5432


class DatabaseUnreachable(Exception):
    """No connection; the sentence has host and port, and never a password."""


def connection(name: str, context: Context) -> Connection[Any]:
    """An open connection to a named database, the one from before where it still works. Raises DatabaseUnreachable."""
    settings = parameters(context.database(name))
    key = ("sql", *sorted((k, str(v)) for k, v in settings.items()))
    found: Connection[Any] = context.cache.get(key, lambda: _open(settings, context))
    if found.closed or not _alive(found):
        context.cache.drop(key)
        found = context.cache.get(key, lambda: _open(settings, context))
    return found


def parameters(settings: Mapping[str, Any]) -> dict[str, Any]:
    """libpq parameters of a database's settings; `dsn` is taken apart. Raises DatabaseUnreachable for a wrong dsn."""
    import psycopg
    from psycopg.conninfo import conninfo_to_dict

    values = {key: value for key, value in settings.items() if value not in (None, "")}
    dsn = values.pop("dsn", None)
    if dsn:
        try:
            values = {**conninfo_to_dict(str(dsn)), **values}
        except psycopg.ProgrammingError:
            raise DatabaseUnreachable("the dsn is not a connection string of PostgreSQL") from None
    values.setdefault("host", "localhost")
    values["port"] = int(values.get("port") or DEFAULT_PORT)
    return values


def _open(settings: Mapping[str, Any], context: Context) -> Connection[Any]:
    import psycopg

    values = dict(settings)
    origin = values.pop("from", "host")
    host, port = str(values["host"]), int(values["port"])
    timeout = float(values.pop("connect_timeout", CONNECT_TIMEOUT))
    if not host.startswith("/"):
        try:
            address, values["port"] = context.address(host, port, origin)
        except Unreachable as error:
            raise DatabaseUnreachable(f"{host}:{port} cannot be reached from the host: {error}") from None
        if address != host:
            values["hostaddr"] = address  # `host` stays the real name, for TLS
    try:
        return psycopg.connect(
            **values, connect_timeout=max(1, round(timeout)), autocommit=True, application_name="runbook"
        )
    except psycopg.Error as error:
        said = _sentence(error, str(values.get("password") or ""))
        raise DatabaseUnreachable(f"the database {host}:{port} cannot be reached: {said}") from None


def _sentence(error: Exception, password: str) -> str:
    lines = [line.strip() for line in str(error).splitlines() if line.strip()]
    text = lines[-1] if lines else type(error).__name__
    return text.replace(password, "(secret)") if password else text


def _alive(found: Connection[Any]) -> bool:
    """Does the server still answer? One round trip, before a query that must not be sent twice."""
    import psycopg

    try:
        found.execute("")
    except psycopg.Error:
        return False
    return True


def plain(value: Any) -> Any:
    """A value of PostgreSQL as JSON-able data."""
    if value is None or isinstance(value, bool | int | str):
        return value
    if isinstance(value, float):
        return value if math.isfinite(value) else str(value)
    if isinstance(value, Decimal):
        if not value.is_finite():
            return str(value)
        return int(value) if value == value.to_integral_value() else float(value)
    if isinstance(value, bytes | memoryview):
        return bytes(value).hex()
    if isinstance(value, Mapping):
        return {str(key): plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [plain(item) for item in value]
    return value.isoformat() if hasattr(value, "isoformat") else str(value)
