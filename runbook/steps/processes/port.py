"""Is a TCP port listened on, as the host sees it?

Looks and changes nothing. For an address of the host itself (`localhost`, `127.…`, `::1`) the kernel's own table is
read, which also tells the process where the user may see it (`become: true` sees all). Whatever is not in that table,
and any other `host`, is tried by a connection from the host's point of view, through its transport.

`state: closed` passes when nobody listens; `state: any` leaves the judgement to `expect`.

Outcome: `listening`, `host`, `port`, `address` (where it listens, such as `0.0.0.0:8000`), `pid` and `process` (a
mapping with `pid`, `user`, `started`, `uptime`, `command`; nothing where it is not visible).

Example:

```yaml
- name: The application listens
  port:
    port: 8000
  expect: "'uvicorn' in process.command"

- name: The database is reached from the host
  port: {port: 5432, host: db.internal}

- name: The old port is free
  port: {port: 8001, state: closed}
```
"""

from __future__ import annotations

import socket
import time
from typing import Any

from runbook.runs.events import Outcome, failed, passed
from runbook.services.listening_sockets import answering, listeners, owner
from runbook.steps.base import Args, Context
from runbook.steps.processes.process import describe
from runbook.steps.processes.service import shell_of
from runbook.steps.traits import Fields
from runbook.steps.weaker import ANYTHING, turned

SHORT = "port"
FIELDS = Fields(frozenset({"listening", "host", "port", "address", "pid", "process"}))
OWN_VERDICT = ("listening",)

SCHEMA: dict[str, Any] = {
    "type": "object",
    "additionalProperties": False,
    "required": ["port"],
    "properties": {
        "port": {"type": "integer", "minimum": 1, "maximum": 65535, "description": "The TCP port."},
        "host": {
            "type": "string",
            "minLength": 1,
            "default": "localhost",
            "description": "Name or address, as the host sees it.",
        },
        "state": {
            "enum": ["listening", "closed", "any"],
            "default": "listening",
            "description": "What makes the step pass: that somebody listens, that nobody does, or either.",
        },
        "connect_timeout": {
            "type": "number",
            "exclusiveMinimum": 0,
            "default": 5,
            "description": "Seconds that a connection may take before nobody is taken to listen.",
        },
    },
}

_HOLD = 1.0
"""Seconds that a connection through a tunnel must last: the tunnel accepts, and closes when the far side refused."""


def changes(args: Args) -> bool:  # noqa: ARG001 - every kind has this signature
    return False


def plan(args: Args) -> str:
    where = f"{args.get('host', 'localhost')}:{args.get('port')}"
    return {
        "listening": f"check that {where} is listened on",
        "closed": f"check that nobody listens on {where}",
    }.get(str(args.get("state", "listening")), f"look whether {where} is listened on")


def checks(args: Args) -> bool:
    return bool(args.get("state") != "any")


def weaker(before: Args, after: Args) -> tuple[str, ...]:
    return (ANYTHING,) if turned(before, after, "state", "any", usual="listening") else ()


def run(args: Args, context: Context) -> Outcome:
    host, port, wanted = args.get("host", "localhost"), int(args["port"]), args.get("state", "listening")
    shell = shell_of(context)
    listener = answering(host, listeners(port, shell))
    seen = owner(listener, shell) if listener else None
    why = "" if listener else _refused(host, port, context, float(args.get("connect_timeout", 5)))
    data: dict[str, Any] = {
        "listening": not why,
        "host": host,
        "port": port,
        "address": listener.shown if listener else None,
        "pid": seen[0].pid if seen else None,
        "process": describe(*seen) if seen else None,
    }
    who = f" by pid {seen[0].pid}: {seen[0].command}" if seen else ""
    sentence = f"nobody listens on {host}:{port} ({why})" if why else f"{host}:{port} is listened on{who}"
    right = wanted == "any" or (wanted == "closed") == bool(why)
    return passed(sentence, **data) if right else failed(sentence, **data)


def _refused(host: str, port: int, context: Context, timeout: float) -> str:
    """Why a connection failed; empty when it came about and held."""
    address = context.address(host, port)
    try:
        with socket.create_connection(address, timeout) as connection:
            return "" if context.transport.local else _held(connection, timeout)
    except TimeoutError:
        return f"no answer within {timeout:g} s"
    except OSError as error:
        return (error.strerror or str(error)).lower()


def _held(connection: socket.socket, timeout: float) -> str:
    """Through a tunnel: does the far side keep the connection, or say something?"""
    began = time.monotonic()
    connection.settimeout(min(_HOLD, timeout))
    try:
        if connection.recv(1):
            return ""
    except TimeoutError:
        return ""
    return f"closed after {time.monotonic() - began:.2f} s"
