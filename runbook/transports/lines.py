"""The stream to the first SSH server on the way, with what may go wrong in the user's words.

Does without paramiko: a server forks and greets while that is imported.
"""

from __future__ import annotations

import socket
import time

from runbook.frozen import frozen
from runbook.transports import wire
from runbook.transports.base import Unreachable
from runbook.transports.login import Login
from runbook.transports.wire import Wire


@frozen
class Line:
    """An open stream, and until when the login on it has to be begun (monotonic clock)."""

    wire: Wire
    deadline: float


def line_to(hop: Login) -> Line:
    """Connect to a host to which no jump host leads. Raises Unreachable."""
    deadline = time.monotonic() + hop.connect_timeout
    try:
        if hop.proxy_command:
            return Line(wire.through_command(hop.proxy_command), deadline)
        return Line(wire.tcp(hop.host, hop.port, hop.family, deadline, hop.alive_interval * hop.alive_count), deadline)
    except TimeoutError:
        raise no_answer(hop) from None
    except socket.gaierror as error:
        raise Unreachable(
            f"{hop}: the name {hop.host!r} has no address ({error.strerror}). Set ansible_host, or HostName in "
            "~/.ssh/config, or mend the name service"
        ) from None
    except ConnectionRefusedError:
        raise Unreachable(
            f"{hop}: nothing listens on port {hop.port} of {hop.host} (connection refused). Is sshd running there, "
            "and is ansible_port right?"
        ) from None
    except OSError as error:
        why = error.strerror or error
        raise Unreachable(f"{hop}: cannot connect: {why}. Check the address and the route to it") from None


def no_answer(hop: Login) -> Unreachable:
    """Of a host from which nothing comes."""
    return Unreachable(
        f"{hop}: no answer within {hop.connect_timeout:g} s. Is the host up, and may this machine reach it "
        "(firewall, VPN)? ansible_ssh_timeout gives it more time"
    )
