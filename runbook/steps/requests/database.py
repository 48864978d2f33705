"""Connections to PostgreSQL, from the host's network, kept for the length of the run."""

from __future__ import annotations

import math
import os
import re
import socket
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from datetime import timedelta
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from runbook.steps.base import Context, StepError

if TYPE_CHECKING:
    from psycopg import Connection

CONNECT_TIMEOUT = 10
DEFAULT_PORT = 5432
MAX_DEPTH = 100
"""Levels of lists and mappings in a value."""


class DatabaseUnreachable(Exception):
    """No connection; the sentence has host and port, and never a password."""

    error_class = "unreachable"


class LoginRefused(DatabaseUnreachable):
    """A server is there, and does not let us in: that says nothing of the database, but of what we gave."""

    error_class = "login"


_LOGIN = re.compile(
    r"authentication failed|no password supplied|pg_hba\.conf|(role|user|database) \S+ does not exist", re.I
)


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
    fixed = {"connect_timeout": timeout, "autocommit": True, "client_encoding": "UTF8"}
    try:
        return _prepared(psycopg.connect(**{"application_name": "runbook", **values, **fixed}))
    except psycopg.Error as error:
        where = "the controller" if origin == "controller" else context.host.name
        said = _sentence(error, str(values.get("password") or ""))
        at = f"{settings['host']}:{settings['port']}"
        if _LOGIN.search(said):
            raise LoginRefused(f"the database {at} refuses the login: {said}") from None
        raise DatabaseUnreachable(f"the database {at} cannot be reached from {where}: {said}") from None


def _prepared(found: Connection[Any]) -> Connection[Any]:
    """A connection that reads every time PostgreSQL knows, and that takes mappings for jsonb."""
    import psycopg.types.datetime as times
    from psycopg.types.json import JsonbDumper

    # A role or a database may have another style, which psycopg does not read.
    for name, wanted in ((b"DateStyle", b"ISO"), (b"IntervalStyle", b"postgres")):
        now = found.pgconn.parameter_status(name) or wanted
        if now.split(b",")[0] != wanted:
            found.execute(b"SET " + name + b" TO " + wanted)
    loaders = (times.DateLoader, times.TimeLoader, times.TimetzLoader, times.TimestampLoader, times.TimestamptzLoader)
    for name_, loader in zip(("date", "time", "timetz", "timestamp", "timestamptz"), loaders, strict=True):
        found.adapters.register_loader(name_, _or_text(loader))
    found.adapters.register_loader("interval", _or_text(times.IntervalLoader))
    found.adapters.register_dumper(dict, JsonbDumper)
    return found


def _or_text(loader: type[Any]) -> type[Any]:
    """The loader, but what Python has no value for (`infinity`, years before Christ, `24:00`) stays text."""
    import psycopg

    class OrText(loader):  # type: ignore[misc] # the base is given
        def load(self, data: Any) -> Any:
            try:
                return super().load(data)
            except psycopg.DataError:
                return bytes(data).decode("utf-8", "replace")

    return OrText


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
    from runbook.steps.requests.bounded_talk import bounded

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


def plain(value: Any, levels: int = MAX_DEPTH) -> Any:
    """A value of PostgreSQL as JSON-able data: times in ISO 8601, intervals in seconds. Raises ValueError."""
    if value is None or isinstance(value, bool | int | str):
        return value
    if isinstance(value, Decimal) and value.is_finite():
        return int(value) if value == value.to_integral_value() else float(value)
    if isinstance(value, timedelta):
        return plain(value.total_seconds())
    if isinstance(value, float) and math.isfinite(value):
        return value
    if isinstance(value, bytes | memoryview):
        return bytes(value).hex()
    if isinstance(value, Mapping | list | tuple):
        return _plain_parts(value, levels)
    return value.isoformat() if hasattr(value, "isoformat") else str(value)


def _plain_parts(value: Mapping[Any, Any] | list[Any] | tuple[Any, ...], levels: int) -> Any:
    if levels <= 0:
        raise ValueError(f"a value has more than {MAX_DEPTH} levels")
    if isinstance(value, Mapping):
        return {str(key): plain(item, levels - 1) for key, item in value.items()}
    return [plain(item, levels - 1) for item in value]
