"""From a host's variables to its transport: which row of the table it is, and what that makes of them."""

from __future__ import annotations

import threading
from collections.abc import Mapping
from importlib import import_module
from typing import Any, Protocol, cast

from runbook.transports import TRANSPORTS
from runbook.transports.base import Transport, UnknownConnection
from runbook.transports.ssh.jumps import Jumps

LOCAL = ("local",)
LOCALHOST = ("localhost", "127.0.0.1", "::1")
SAY_HOW = ("ansible_host", "ansible_port", "ansible_user", "ansible_ssh_host", "ansible_ssh_port", "ansible_ssh_user")


class Maker(Protocol):
    """What a module in the table has."""

    def from_variables(
        self, name: str, variables: Mapping[str, Any], *, stop: threading.Event, jumps: Jumps
    ) -> Transport:
        """The transport of the host `name`, not connected yet. Raises UnknownConnection."""
        ...


def transport_for(name: str, variables: Mapping[str, Any], *, stop: threading.Event, jumps: Jumps) -> Transport:
    """The transport of a host; it connects at its first use, through `jumps`. `variables` are rendered.

    Raises UnknownConnection, an Unreachable, for variables that cannot be understood.
    """
    wanted = str(variables.get("ansible_connection") or _default(name, variables)).removeprefix("ansible.builtin.")
    if wanted not in TRANSPORTS:
        raise UnknownConnection(f"{name}: ansible_connection {wanted!r} is not one of {', '.join(TRANSPORTS)}")
    maker = cast(Maker, import_module(f"runbook.transports.{TRANSPORTS[wanted]}"))
    return maker.from_variables(name, variables, stop=stop, jumps=jumps)


def _default(name: str, variables: Mapping[str, Any]) -> str:
    """SSH, but for a `localhost` of which nothing is said: nobody means a login to the machine where they sit."""
    told = any(variables.get(variable) for variable in SAY_HOW)
    return "local" if name in LOCALHOST and not told else "ssh"
