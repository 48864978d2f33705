"""Connections to PostgreSQL, from the host's network, kept for the length of the run."""

from __future__ import annotations

import math
import os
import socket
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from runbook.steps.base import Context, StepError

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
    if found.closed or not _alive(found, context):
        context.cache.drop(key)
        found = context.cache.get(key, lambda: _open(settings, context))
    return found


def parameters(settings: Mapping[str, Any]) -> dict[str, Any]:
    """libpq parameters of a database's settings; `dsn` is taken apart. Raises StepError for what is wrong in them."""
    import psycopg
    from psycopg.conninfo import conninfo_to_dict

    values = {key: value for key, value in settings.items() if value not in (None, "")}
    dsn = values.pop("dsn", None)
    if dsn:
        try:
            values = {**conninfo_to_dict(str(dsn)), **values}
        except psycopg.ProgrammingError:
            raise StepError("the dsn is not a connection string of PostgreSQL") from None
    values.setdefault("host", "localhost")
    try:
        values["port"] = int(values.get("port") or DEFAULT_PORT)
        values["connect_timeout"] = float(values.get("connect_timeout") or CONNECT_TIMEOUT)
    except ValueError as error:
        raise StepError(f"a database has one host, one port, and one connect_timeout: {error}") from None
    return values


def _open(settings: Mapping[str, Any], context: Context) -> Connection[Any]:
    import psycopg

    values = dict(settings)
    origin = values.pop("from", "host")
    timeout = max(1, round(values.pop("connect_timeout")))
    _lead(values, origin, context)
    try:
        return psycopg.connect(
            **{"application_name": "runbook", **values, "connect_timeout": timeout, "autocommit": True}
        )
    except psycopg.Error as error:
        where = "the controller" if origin == "controller" else context.host.name
        said = _sentence(error, str(values.get("password") or ""))
        at = f"{settings['host']}:{settings['port']}"
        raise DatabaseUnreachable(f"the database {at} cannot be reached from {where}: {said}") from None


def _lead(values: dict[str, Any], origin: str, context: Context) -> None:
    """Let the address in `values` lead there as `origin` sees it."""
    host, port = str(values.get("hostaddr") or values["host"]), values["port"]
    if host.startswith("/"):
        if origin == "host" and not context.transport.local:
            raise StepError(f"{host} is a socket file, which only its own machine can reach: give host and port")
        return
    address, values["port"] = context.address(host, port, origin)
    if address != host:
        values["hostaddr"] = address  # `host` stays the real name, for TLS


def _sentence(error: Exception, password: str) -> str:
    """What the server or the system said. libpq puts the address before it, which is a tunnel's, and advice behind."""
    lines = [line.strip() for line in str(error).splitlines() if line.strip()]
    line = next((line for line in lines if " failed: " in line), lines[0] if lines else type(error).__name__)
    said = line.rpartition(" failed: ")[2].removeprefix("FATAL:").strip()
    return said.replace(password, "(secret)") if password else said


@contextmanager
def ended_with(found: Connection[Any], limit: float, context: Context) -> Iterator[None]:
    """Ends a query that is still running when the run is being stopped, or when a dead server never answers."""
    from runbook.steps._bounded import bounded

    def cut() -> None:
        import psycopg

        with suppress(psycopg.Error, OSError):
            found.cancel_safe(timeout=2)
        with suppress(psycopg.Error, OSError), socket.socket(fileno=os.dup(found.fileno())) as line:
            line.shutdown(socket.SHUT_RDWR)

    with bounded(limit, context.stop, cut):
        yield


def _alive(found: Connection[Any], context: Context) -> bool:
    """Does the server still answer? One round trip, before a query that must not be sent twice."""
    import psycopg

    try:
        with ended_with(found, CONNECT_TIMEOUT, context):
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
