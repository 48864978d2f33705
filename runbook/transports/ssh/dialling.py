"""The stream to the first SSH server on the way, with what may go wrong in the user's words.

Does without paramiko: a server forks and greets while that is imported.
"""

from __future__ import annotations

import socket
import time

from runbook.common.frozen import Frozen
from runbook.transports.base import Unreachable
from runbook.transports.ssh import wire
from runbook.transports.ssh.settings.login import Login
from runbook.transports.ssh.wire import Dial, Wire


class Line(Frozen):
    """An open stream, and until when the login on it has to be begun (monotonic clock)."""

    wire: Wire
    deadline: float


class Begun:
    """A stream to a host to which no jump host leads, on its way: nobody waits for it yet, and nothing is raised."""

    def __init__(self, hop: Login) -> None:
        self._hop = hop
        self._dial: Dial | None = None
        self._failure: OSError | None = None
        if not hop.proxy_command:
            try:
                self._dial = Dial(hop.host, hop.port, hop.family)
            except OSError as error:
                self._failure = error

    def there(self) -> bool:
        """Is it open by now? Then `line` waits for nothing."""
        return self._dial is not None and self._dial.there()

    def line(self) -> Line:
        """The open stream: whoever wants it waits as long as the host is given. Raises Unreachable."""
        hop, deadline = self._hop, time.monotonic() + self._hop.connect_timeout
        try:
            if self._failure is not None:
                raise self._failure
            if self._dial is None:
                return Line(wire.through_command(hop.proxy_command), deadline)
            return Line(self._dial.finish(deadline, hop.alive_interval * hop.alive_count), deadline)
        except TimeoutError:
            raise no_answer(hop) from None
        except socket.gaierror as error:
            raise Unreachable(
                f"{hop}: the name {hop.host!r} has no address ({error.strerror}). Set ansible_host, or HostName in "
                "~/.ssh/config, or mend the name service"
            ) from None
        except OSError as error:
            raise Unreachable(_cannot(hop, error)) from None

    def close(self) -> None:
        """It is not wanted any more."""
        if self._dial is not None:
            self._dial.close()


def line_to(hop: Login) -> Line:
    """Connect to a host to which no jump host leads. Raises Unreachable."""
    return Begun(hop).line()


def _cannot(hop: Login, error: OSError) -> str:
    if isinstance(error, ConnectionRefusedError):
        return (
            f"{hop}: nothing listens on port {hop.port} of {hop.host} (connection refused). Is sshd running there, "
            "and is ansible_port right?"
        )
    return f"{hop}: cannot connect: {error.strerror or error}. Check the address and the route to it"


def no_answer(hop: Login) -> Unreachable:
    """Of a host from which nothing comes."""
    return Unreachable(
        f"{hop}: no answer within {hop.connect_timeout:g} s. Is the host up, and may this machine reach it "
        "(firewall, VPN)? ansible_ssh_timeout gives it more time"
    )
