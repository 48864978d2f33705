"""An SSH connection: dialled, its host key checked, logged in. Imports paramiko, so is imported when it is needed.

Everything that goes wrong is an Unreachable that says what, where, and the way out.
"""

from __future__ import annotations

import contextlib
import random
import threading
import time
from typing import Any

from runbook.transports.base import Stopped, Unreachable
from runbook.transports.ssh import authentication
from runbook.transports.ssh.dialling import Line, line_to, no_answer
from runbook.transports.ssh.early_session import Session
from runbook.transports.ssh.fast_paramiko import paramiko
from runbook.transports.ssh.settings import known_hosts
from runbook.transports.ssh.settings.login import ALIVE_INTERVAL, Login
from runbook.transports.ssh.wire import Wire

IDLE_POLL = 30.0
"""Seconds between looks of an idle connection's thread at its state; what arrives wakes it at once."""
IDLE_ALIVE = 30
"""Seconds between signs of life while nothing runs, unless ServerAliveInterval says so. A command asks more often."""
_CLOSED_AT_ONCE_TRIES = 4
_PAUSE = 0.25
"""Seconds before it is tried a second time; then three times as long, and again."""
_SLICE = 0.25
_FAST_KEX = ("curve25519-sha256@libssh.org", "ecdh-sha2-nistp256")


class Connection:
    """An open, authenticated connection."""

    def __init__(self, login: Login, transport: paramiko.Transport, line: Wire, asked: Session | None) -> None:
        self.login, self.transport, self._wire = login, transport, line
        self._asked = asked
        """A session that was asked for along with the login."""

    @property
    def alive(self) -> bool:
        return bool(self.transport.is_active())

    @property
    def heard(self) -> float:
        """When the host was heard last, on the monotonic clock."""
        return self._wire.heard

    def open_session(self, seconds: float) -> paramiko.Channel:
        """A channel for a shell. Raises ChannelException, SSHException, EOFError."""
        asked, self._asked = self._asked, None
        return asked.opened(seconds) if asked is not None else self.transport.open_session(timeout=seconds)

    def ask_for_life(self) -> None:
        """Send what any SSH server answers, if only with a refusal. Does not wait."""
        message = paramiko.Message()
        message.add_byte(paramiko.common.cMSG_GLOBAL_REQUEST)
        message.add_string("keepalive@openssh.com")
        message.add_boolean(True)
        with contextlib.suppress(paramiko.SSHException, OSError, EOFError):
            self.transport._send_user_message(message)  # type: ignore[attr-defined]  # the public one waits for the answer

    def close(self) -> None:
        self._wire.close()
        self.transport.close()


def dial(
    login: Login,
    below: Connection | None,
    greeting: Greeting | None,
    stop: threading.Event,
    *,
    for_shells: bool = False,
) -> Connection:
    """Connect, through a jump host's connection where there is one, and log in; `for_shells`: a session is wanted then.

    `greeting` may be under way already. It is tried again a little later when the server hangs up before its first
    word (MaxStartups). Raises Unreachable, Stopped.
    """
    attempt = 1
    while True:
        try:
            return _hop(login, greeting or Greeting(login, _line(login, below)), stop, for_shells)
        except _HungUp as error:
            if attempt == _CLOSED_AT_ONCE_TRIES:
                raise Unreachable(f"{login}: {error}") from None
        greeting = None
        if stop.wait(random.uniform(0.5, 1.5) * _PAUSE * 3 ** (attempt - 1)):  # noqa: S311 - only keeps many hosts apart
            raise Stopped
        attempt += 1


class _HungUp(Exception):
    """The server accepted the connection and closed it without a word."""


def _hop(hop: Login, greeting: Greeting, stop: threading.Event, for_shells: bool) -> Connection:
    wire, transport = greeting.wire, greeting.transport
    try:
        greeting.finish(stop)
        asked = authentication.log_in(transport, hop, for_shells=for_shells)
        wire.settimeout(IDLE_POLL)
        asked_for = hop.alive_interval != ALIVE_INTERVAL
        transport.set_keepalive(round(hop.alive_interval) if asked_for else IDLE_ALIVE)
    except BaseException:
        greeting.close()
        raise
    return Connection(hop, transport, wire, asked)


def _line(hop: Login, below: Connection | None) -> Line:
    return line_to(hop) if below is None else _channel_to(hop, below)


def _channel_to(hop: Login, below: Connection) -> Line:
    """A stream that the jump host opens. A jump host from which nothing is heard any more is given up."""
    began = time.monotonic()
    try:
        channel = below.transport.open_channel(
            "direct-tcpip", (hop.host, hop.port), ("127.0.0.1", 0), timeout=hop.connect_timeout
        )
    except paramiko.ChannelException as error:
        raise Unreachable(
            f"{hop}: the jump host {below.login} cannot connect to {hop.host}:{hop.port}: {error.text}. Is the host "
            "up, may the jump host reach it, and does its sshd allow TCP forwarding (AllowTcpForwarding)?"
        ) from None
    except (paramiko.SSHException, EOFError) as error:
        if below.heard < began:
            below.close()
        if "imeout" in str(error):
            raise no_answer(hop) from None
        raise Unreachable(f"{hop}: the connection to the jump host {below.login} broke: {error}") from None
    return Line(Wire(channel), began + hop.connect_timeout)


class Greeting:
    """The exchange of keys with a server, on its way in paramiko's own thread. Whoever begins it ends or closes it."""

    def __init__(self, hop: Login, line: Line) -> None:
        self.wire = line.wire
        self._hop, self._deadline, self._began = hop, line.deadline, time.monotonic()
        self._done = threading.Event()
        self._entries = known_hosts.read(hop.known_hosts, hop.address)
        # Any object with a socket's few methods will do.
        self.transport = transport = paramiko.Transport(line.wire)  # type: ignore[arg-type]
        transport.banner_timeout = 2 * hop.connect_timeout  # ours strikes first
        transport.auth_timeout = max(30.0, hop.connect_timeout)
        _prefer(transport, known_hosts.algorithms(self._entries))
        transport.start_client(event=self._done)

    def finish(self, stop: threading.Event) -> None:
        """Wait for its end and check the host key. Raises Unreachable, Stopped."""
        transport, done = self.transport, self._done
        # While a thousand hosts were greeted nobody waited for this one: that time does not count.
        deadline = self._deadline + time.monotonic() - self._began
        while not done.wait(_SLICE) and transport.is_active():
            if stop.is_set():
                raise Stopped
            if time.monotonic() > deadline:
                break
        if not (done.is_set() and transport.is_active()):
            _explain_silence(self._hop, transport)
        self._check_key()

    def _check_key(self) -> None:
        hop, key = self._hop, self.transport.get_remote_server_key()
        said = known_hosts.objection(self._entries, hop.address, key.get_name(), key.asbytes(), hop.known_hosts)
        if said:
            also = "; StrictHostKeyChecking cannot be turned off here" if hop.trusting else ""
            raise Unreachable(f"{hop}: {said}{also}")

    def close(self) -> None:
        """Whatever came of it."""
        self.wire.close()
        self.transport.close()


def _prefer(transport: paramiko.Transport, known: list[str]) -> None:
    """Ask for host keys that are known, and for the fastest key exchange first."""
    options: Any = transport.get_security_options()
    first = [name for name in known if name in options.key_types]
    options.key_types = [*first, *(name for name in options.key_types if name not in first)]
    fast = [name for name in _FAST_KEX if name in options.kex]
    options.kex = [*fast, *(name for name in options.kex if name not in fast)]


def _explain_silence(hop: Login, transport: paramiko.Transport) -> None:
    """Raise what the failed handshake means."""
    error = transport.get_exception()
    greeting = transport.remote_version
    transport.close()
    if error is None:
        raise Unreachable(
            f"{hop}: it accepts connections but {'does not finish the key exchange' if greeting else 'says nothing'} "
            f"within {hop.connect_timeout:g} s. Is it an SSH server that listens there, and is the host overloaded? "
            "ansible_ssh_timeout gives it more time"
        )
    if isinstance(error, paramiko.ssh_exception.IncompatiblePeer):
        raise Unreachable(f"{hop}: no algorithm in common with its SSH server ({greeting}): {error}")
    if not greeting or isinstance(error, EOFError | OSError):
        raise _HungUp(_HANGS_UP)
    raise Unreachable(f"{hop}: the SSH handshake failed: {error}")


_HANGS_UP = (
    "it hangs up before anybody can log in. Is it an SSH server (ansible_port)? Else it has too many logins at once "
    "(MaxStartups), or refuses this address (its log says why)"
)
