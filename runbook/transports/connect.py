"""From a host's variables to the way that leads to it."""

from __future__ import annotations

import threading
from collections.abc import Mapping
from typing import Any

from runbook.transports.base import Transport
from runbook.transports.local.transport import LocalTransport
from runbook.transports.ssh.jumps import Jumps
from runbook.transports.ssh.settings.target import UnknownConnection, target_of

LOCAL = ("local",)
OVER_SSH = ("ssh", "paramiko", "paramiko_ssh", "smart")
LOCALHOST = ("localhost", "127.0.0.1", "::1")
SAY_HOW = ("ansible_host", "ansible_port", "ansible_user", "ansible_ssh_host", "ansible_ssh_port", "ansible_ssh_user")

__all__ = ["UnknownConnection", "transport_for"]


def transport_for(name: str, variables: Mapping[str, Any], *, stop: threading.Event, jumps: Jumps) -> Transport:
    """The transport of a host; it connects at its first use, through `jumps`. `variables` are rendered.

    Raises UnknownConnection, an Unreachable, for variables that cannot be understood.
    """
    wanted = str(variables.get("ansible_connection") or _default(name, variables)).removeprefix("ansible.builtin.")
    if wanted in LOCAL:
        return LocalTransport(stop)
    if wanted not in OVER_SSH:
        raise UnknownConnection(f"{name}: ansible_connection {wanted!r} is not one of {', '.join(LOCAL + OVER_SSH)}")
    from runbook.transports.ssh.transport import SshTransport

    return SshTransport(target_of(name, variables), stop, jumps)


def _default(name: str, variables: Mapping[str, Any]) -> str:
    """SSH, but for a `localhost` of which nothing is said: nobody means a login to the machine where they sit."""
    told = any(variables.get(variable) for variable in SAY_HOW)
    return "local" if name in LOCALHOST and not told else "ssh"
