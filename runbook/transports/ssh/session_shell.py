"""A session shell: one `sh` on the host that runs step after step, on one channel of an SSH connection.

Its output is taken apart in paramiko's own thread, as it arrives; whoever waits for a step is woken once, at its end.
"""

from __future__ import annotations

import contextlib
import secrets
import threading
import time
from collections.abc import Callable, Sequence
from typing import Any

from runbook.transports.base import Become, Command, OnOutput, Stopped, Unreachable
from runbook.transports.shell import script
from runbook.transports.shell.frames import Frames, Reply
from runbook.transports.ssh.connection import Connection
from runbook.transports.ssh.fast_paramiko import paramiko

OPENING_SECONDS = 30.0
_OPENING_LIMIT = 16 * 1024
_ACKNOWLEDGE = 256 * 1024
_SLICE = 0.1
_PIECE = 32 * 1024


class NoSession(Exception):
    """The SSH server opens no further session on this connection (MaxSessions)."""


class ShellGone(Exception):
    """The shell has ended, or its connection has."""


class SessionShell:
    """One shell. Steps are run one after the other; what a step leaves behind makes it unfit for the next."""

    def __init__(self, connection: Connection, channel: Any) -> None:
        self.connection, self._channel = connection, channel
        self.boundary = secrets.token_hex(16)
        self.frames = Frames(self.boundary.encode())
        self.pid = 0
        self.killed = False
        """Was it ended by us, with all that had been sent to it?"""
        self._unacknowledged, self._counting = 0, threading.Lock()
        # What paramiko puts the bytes of a channel into; nothing can have come yet.
        channel.in_buffer = _Sink(self, "stdout")
        channel.in_stderr_buffer = _Sink(self, "stderr")

    @property
    def alive(self) -> bool:
        return not self._channel.closed and not self._channel.eof_received and self.connection.alive

    @property
    def ended_by_itself(self) -> bool:
        """Did the host say that the shell has ended? Else the connection broke."""
        return bool(self._channel.eof_received)

    @property
    def stray(self) -> bool:
        """Has something printed between the steps?"""
        return self.frames.stray

    def launch(self, line: str) -> None:
        """Have the login shell run a command line, without waiting for the server's word that it did.

        Raises ShellGone.
        """
        message = paramiko.Message()
        message.add_byte(paramiko.common.cMSG_CHANNEL_REQUEST)
        message.add_int(self._channel.remote_chanid)
        message.add_string("exec")
        message.add_boolean(False)
        message.add_string(line)
        try:
            self._channel.transport._send_user_message(message)
        except (OSError, EOFError, paramiko.SSHException) as error:
            raise ShellGone(str(error)) from None

    def begin(self, command: Command, on_output: OnOutput | None, give_up: Callable[[], bool]) -> Reply:
        """Send a step. Its reply is done when it has ended. Raises ShellGone."""
        reply = Reply(command.output_limit, on_output)
        self.frames.expect(reply)
        self.send(script.step(command, self.boundary), lambda: reply.done.is_set() or give_up())
        return reply

    def begin_ahead(self, commands: Sequence[Command], give_up: Callable[[], bool]) -> list[Reply]:
        """Send several steps at once; each is run if the one before it has succeeded. Raises ShellGone."""
        replies = [Reply(command.output_limit) for command in commands]
        steps = [script.step(command, self.boundary) for command in commands]
        for reply in replies:
            self.frames.expect(reply)
        self.send(b"".join((steps[0], *map(script.unless_failed, steps[1:]))), give_up)
        return replies

    def begin_with_input(self, command: Command, on_output: OnOutput | None, give_up: Callable[[], bool]) -> Reply:
        """The same with standard input of any size, straight through the channel: the shell cannot be used again."""
        ready, reply = Reply(0), Reply(command.output_limit, on_output)
        self.frames.expect(ready)
        self.frames.expect(reply)
        self.send(script.step(command, self.boundary, raw_input=True), give_up)
        while not ready.done.wait(_SLICE):
            if give_up():
                return reply
        with contextlib.suppress(ShellGone):  # the step ended without reading it all: its reply says how
            self.send(command.stdin, lambda: reply.done.is_set() or give_up())
            self._channel.shutdown_write()
        return reply

    def send(self, data: bytes, give_up: Callable[[], bool]) -> None:
        """Send all, unless `give_up()` while the host takes nothing. Raises ShellGone."""
        self._channel.settimeout(_SLICE)
        at = 0
        while at < len(data):
            try:
                sent = self._channel.send(data[at : at + _PIECE])
            except TimeoutError:
                self.acknowledge()
                if give_up():
                    return
                continue
            except (OSError, EOFError, paramiko.SSHException) as error:
                raise ShellGone(str(error)) from None
            if sent == 0:
                raise ShellGone("closed")
            at += sent

    def received(self, stream: str, data: bytes) -> None:
        """In paramiko's thread: bytes have come."""
        self.frames.feed(stream, data)
        with self._counting:
            self._unacknowledged += len(data)
        self.acknowledge()

    def acknowledge(self) -> None:
        """Let the host send as much again as has come. Has to be called now and then by whoever waits, too.

        During a new key exchange nothing may be sent, and paramiko's thread must not wait for its end. All that the
        host was allowed to send may have come meanwhile: then nothing comes any more that would make up for it.
        """
        if self._unacknowledged < _ACKNOWLEDGE or not self._channel.transport.clear_to_send.is_set():
            return
        with self._counting:
            size, self._unacknowledged = self._unacknowledged, 0
        if size == 0:
            return
        message = paramiko.Message()
        message.add_byte(paramiko.common.cMSG_CHANNEL_WINDOW_ADJUST)
        message.add_int(self._channel.remote_chanid)
        message.add_int(size)
        with contextlib.suppress(OSError, EOFError, paramiko.SSHException):  # the end of the connection tells itself
            self._channel.transport._send_user_message(message)

    def finish(self) -> None:
        """Let the shell end once nothing holds its streams any more; what still comes is dropped."""
        with contextlib.suppress(OSError, EOFError, paramiko.SSHException):
            self._channel.shutdown_write()

    def close(self) -> None:
        with contextlib.suppress(OSError, EOFError, paramiko.SSHException):
            self._channel.close()


class _Sink:
    """Stands where a channel keeps its incoming bytes, and passes them on at once."""

    def __init__(self, shell: SessionShell, stream: str) -> None:
        self._shell, self._stream = shell, stream

    def feed(self, data: bytes) -> None:
        self._shell.received(self._stream, data)

    def close(self) -> None:
        """The stream has ended. Both end together, for nothing may come after."""
        self._shell.frames.gone()


def open_shell(connection: Connection, become: Become | None, stop: threading.Event) -> SessionShell:
    """A new session shell, as another user if so wished. Raises NoSession, Unreachable, Stopped."""
    try:
        return _Opening(connection, become, stop, restricted=False).shell()
    except _NotStarted as error:
        if not connection.alive or (become is not None and "restricted" not in str(error)):
            raise Unreachable(f"{connection.login}: {error}") from None
        first = error
    try:
        return _Opening(connection, become, stop, restricted=True).shell()
    except _NotStarted:
        raise Unreachable(f"{connection.login}: {first}") from None


class _NotStarted(Exception):
    """What was to become a shell has ended; says why."""


class _Opening:
    """A shell on its way up: the login shell's own words are passed over, sudo gets its password."""

    def __init__(self, connection: Connection, become: Become | None, stop: threading.Event, restricted: bool) -> None:
        self._connection, self._become, self._stop = connection, become, stop
        self._restricted = restricted
        self._deadline = time.monotonic() + max(OPENING_SECONDS, connection.login.connect_timeout)
        self._news = threading.Event()
        self._reply = Reply(_OPENING_LIMIT, lambda _stream, _data: self._news.set())

    def shell(self) -> SessionShell:
        shell = SessionShell(self._connection, self._channel())
        try:
            self._start(shell)
            self._wait_for(self._reply.done)
        except ShellGone:
            raise _NotStarted(self._why()) from None
        except BaseException:
            shell.close()
            raise
        if not self._reply.complete or not self._reply.words:
            raise _NotStarted(self._why())
        shell.pid = int(self._reply.words[0])
        return shell

    def _channel(self) -> Any:
        try:
            return self._connection.open_session(max(0.1, self._deadline - time.monotonic()))
        except paramiko.ChannelException as error:
            raise NoSession(error.text) from None
        except (paramiko.SSHException, EOFError, OSError) as error:
            raise Unreachable(f"{self._connection.login}: the connection broke: {error}") from None

    def _start(self, shell: SessionShell) -> None:
        shell.frames.expect(self._reply)
        line = script.launch(self._become, restricted=self._restricted)
        shell.launch(line or script.launch(None, restricted=self._restricted) or "")
        if line is None and self._become is not None:
            self._become_other(shell, self._become)
        shell.send(script.start(shell.boundary).encode(), self._late)

    def _become_other(self, shell: SessionShell, become: Become) -> None:
        """Through sudo. It is told the password when it asks, and once: nobody gets locked out."""
        # Their last letter is no hexadecimal digit: what could be the beginning of a boundary is held back.
        prompt, ready = (f"{word}{secrets.token_hex(8)}z" for word in ("password", "ready"))
        shell.send(script.ask_sudo(become, prompt, ready).encode(), self._late)
        told = False
        while ready.encode() not in (said := bytes(self._reply.kept["stderr"])):
            asked = said.count(prompt.encode())
            if asked > 1 or (asked and become.password is None):
                raise _NotStarted(f"sudo does not take the password for {become.user}: check ansible_become_password")
            if asked and not told:
                told = True
                shell.send(f"{become.password}\n".encode(), self._late)
            if self._reply.done.is_set():
                raise _NotStarted(self._why())
            self._wait_for(self._news)
            self._news.clear()

    def _wait_for(self, event: threading.Event) -> None:
        while not event.wait(_SLICE):
            if self._reply.done.is_set():
                return
            if self._stop.is_set():
                raise Stopped
            if self._late():
                late = f"no shell within {OPENING_SECONDS:g} s{self._said()}"
                raise Unreachable(f"{self._connection.login}: {late}")

    def _late(self) -> bool:
        return time.monotonic() > self._deadline

    def _why(self) -> str:
        if not self._connection.alive:
            return "the connection broke while a shell was started"
        if self._become is None:
            return f"no shell can be started there: the login shell ended at once{self._said()}"
        hint = (
            "" if self._become.password is not None else ". If it asks for a password: ansible_become_password, or -K"
        )
        return f"sudo to {self._become.user} is refused{self._said()}{hint}"

    def _said(self) -> str:
        kept = self._reply.kept
        text = (kept["stderr"] or kept["stdout"]).decode("utf-8", "replace").strip()
        return f": {' / '.join(line.strip() for line in text.splitlines()[-3:])}" if text else ""
