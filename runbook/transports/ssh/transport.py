"""A host over SSH: session shells on one connection, opened at first use and again when they have broken."""

from __future__ import annotations

import contextlib
import threading
import time
from collections import deque
from collections.abc import Mapping
from functools import cached_property
from typing import TYPE_CHECKING, Any

from msgspec import Struct

from runbook.common.frozen import replace
from runbook.transports.base import Become, Command, CommandResult, CommandTimeout, OnOutput, Stopped, Unreachable
from runbook.transports.shell import script
from runbook.transports.shell.frames import Reply
from runbook.transports.shell.killing import kill_script
from runbook.transports.ssh.dialling import Begun
from runbook.transports.ssh.jumps import Jumps
from runbook.transports.ssh.settings.target import SshTarget, target_of
from runbook.transports.ssh.tunnel import Tunnels
from runbook.transports.ssh.watch import NOT_KNOWN, Watch

if TYPE_CHECKING:
    from runbook.transports.ssh.connection import Connection, Greeting
    from runbook.transports.ssh.session_shell import SessionShell
    from runbook.transports.ssh.settings.login import Login

IDLE_SECONDS = 45.0
"""After so long without a sign of life a connection is asked for one before it gets a step."""
_SLICE = 0.25
_KILL_SECONDS = 10.0
_AFTER_KILL_SECONDS = 3.0
_MOST_CONNECTIONS = 4
_MOST_RETIRED = 3
_ENDED_BY_KILL = 137


class SshTransport:
    """One host. `run` is for one thread at a time, `forward` and `close` for any."""

    def __init__(self, target: SshTarget, stop: threading.Event | None = None, jumps: Jumps | None = None) -> None:
        self.target = target
        self._stop = stop or threading.Event()
        self._jumps, self._own_jumps = jumps or Jumps(), jumps is None
        self._lock = threading.RLock()
        self._closed = False
        self._connections: list[Connection] = []
        self._shells: dict[Become | None, SessionShell] = {}
        self._retired: list[SessionShell] = []
        self._wanted: tuple[Command, ...] = ()
        """What goes ahead as soon as its first is asked for: there is no shell yet."""
        self._ahead: deque[tuple[Command, Reply, SessionShell]] = deque()
        self._tunnels = Tunnels(self._connection)
        self._begun: Begun | Greeting | None = None
        """A connection that has been begun before it is wanted: the way there, then the exchange of keys."""

    @property
    def local(self) -> bool:
        return False

    def connect_early(self) -> None:
        with contextlib.suppress(Unreachable), self._lock:  # `run` will tell
            if self._closed or self._connections or self._login.jumps or self._login.proxy_command:
                return
            if self._begun is None:
                self._begun = Begun(self._login)
            elif isinstance(begun := self._begun, Begun) and begun.there():
                from runbook.transports.ssh.connection import Greeting

                self._begun = None
                self._begun = Greeting(self._login, begun.line())

    def run(self, command: Command, on_output: OnOutput | None = None) -> CommandResult:
        if why := script.unfit(command):
            return CommandResult(command.script, script.NO_FOLDER, stderr=f"{why}\n".encode())
        return _Step(self, replace(command, become=self._become(command)), on_output).result()

    def ahead(self, commands: tuple[Command, ...]) -> None:
        """On the shell that is open, or with the first of them: how a shell cannot be opened is for `run` to say."""
        self._forget_ahead()
        if any(script.unfit(command) or len(command.stdin) > script.INLINE_INPUT for command in commands):
            return
        self._wanted = commands
        if self._shells and commands:
            shell = self._shells.get(self._become(commands[0]))
            if shell is not None and shell.alive and not shell.stray:
                self._send_wanted(shell)

    def begin_wanted(self, command: Command) -> None:
        """Send what waits for this command to be asked for, on a shell that may have to be opened.

        Raises Unreachable, Stopped.
        """
        wanted = self._wanted
        if wanted and replace(wanted[0], become=self._become(wanted[0])) == command:
            self._send_wanted(self.shell(command.become))
        self._wanted = ()

    def _send_wanted(self, shell: SessionShell) -> None:
        from runbook.transports.ssh.session_shell import ShellGone

        commands = tuple(replace(command, become=self._become(command)) for command in self._wanted)
        self._wanted = ()
        with contextlib.suppress(ShellGone):  # the step that comes now will notice
            replies = shell.begin_ahead(commands, lambda: self._stop.is_set() or self._closed)
            self._ahead.extend((command, reply, shell) for command, reply in zip(commands, replies, strict=True))

    def take_ahead(self, command: Command) -> tuple[Reply, SessionShell] | None:
        """What this command was sent ahead as. Anything else that was is forgotten."""
        if self._ahead:
            sent, reply, shell = self._ahead[0]
            if sent == command and not reply.skipped and (sent.once or shell is self._shells.get(command.become)):
                self._ahead.popleft()
                return reply, shell
            self._forget_ahead()
        return None

    def skips_the_rest(self) -> None:
        """The host has seen that a command which was sent ahead failed: it runs none of those behind it."""
        self._ahead.clear()

    def _forget_ahead(self) -> None:
        """A shell that is still busy with what nobody wants any more gets no further step."""
        for _, reply, shell in self._ahead:
            if not reply.done.is_set():
                self.retire(shell)
        self._ahead.clear()
        self._wanted = ()

    def settle(self, seconds: float) -> None:
        """Wait until it is known what became of all that was sent ahead."""
        end = time.monotonic() + seconds
        for _, reply, _ in self._ahead:
            reply.done.wait(max(0.0, end - time.monotonic()))

    def forward(self, host: str, port: int) -> tuple[str, int]:
        return self._tunnels.forward(host, port)

    def last_error(self, host: str, port: int) -> str:
        """Why connecting through `forward(host, port)` failed last; empty when it did not."""
        return self._tunnels.last_error(host, port)

    def close(self) -> None:
        self._closed = True
        self._tunnels.close()
        with self._lock:
            connections, self._connections = self._connections, []
            begun, self._begun = self._begun, None
            self._shells.clear()
            self._retired.clear()
        if begun is not None:
            begun.close()
        for connection in connections:
            connection.close()
        if self._own_jumps:
            self._jumps.close()

    def _become(self, command: Command) -> Become | None:
        """None too when the login is that user already: then there may be no sudo at all."""
        if command.become is None or command.become.user == self._login.user:
            return None
        return command.become

    @cached_property
    def _login(self) -> Login:
        from runbook.transports.ssh.settings.login import login_of

        return login_of(self.target)

    def _connection(self) -> Connection:
        """The connection, opened where there is none. Raises Unreachable, Stopped."""
        with self._lock:
            self._connections = [one for one in self._connections if one.alive]
            if self._connections:
                return self._connections[0]
            return self._dial(self._stop)

    def _dial(self, stop: threading.Event) -> Connection:
        if self._closed:
            raise Unreachable(f"{self.target.name}: the connection has been closed")
        login = self._login
        begun, self._begun = self._begun, None
        if begun is None and not login.jumps:
            begun = Begun(login)
        line = begun.line() if isinstance(begun, Begun) else None

        from runbook.transports.ssh.connection import (  # its import takes longer than a server's first word
            Greeting,
            dial,
        )

        greeting = begun if isinstance(begun, Greeting) else None
        if line is not None:
            greeting = Greeting(login, line)
        connection = dial(login, self._jumps.through(login.jumps, stop), greeting, stop, for_shells=True)
        self._connections.append(connection)
        return connection

    def new_shell(self, become: Become | None, stop: threading.Event) -> SessionShell:
        """On a connection that still gives one, else on a further one. Raises Unreachable, Stopped."""
        from runbook.transports.ssh.session_shell import NoSession, open_shell

        self._connection()
        why = ""
        for connection in list(self._connections):
            try:
                return open_shell(connection, become, stop)
            except NoSession as error:
                why = str(error)
        try:
            if len(self._connections) < _MOST_CONNECTIONS:
                return open_shell(self._dial(stop), become, stop)
        except NoSession as error:
            why = str(error)
        raise Unreachable(f"{self.target.name}: its SSH server opens no session (MaxSessions?): {why}")

    def shell(self, become: Become | None) -> SessionShell:
        """The shell of a user, opened where there is none that works. Raises Unreachable, Stopped."""
        shell = self._shells.get(become)
        if shell is not None and shell.stray:
            self.retire(shell)
        elif shell is not None and shell.alive and self._answers(shell.connection):
            return shell
        self._shells[become] = shell = self.new_shell(become, self._stop)
        return shell

    def keep(self, become: Become | None, shell: SessionShell) -> None:
        """From now on this is the shell of that user."""
        self._shells[become] = shell

    def retire(self, shell: SessionShell) -> None:
        """Something still holds its streams: no step goes there any more, but its pipes stay open for a while."""
        for become, known in list(self._shells.items()):
            if known is shell:
                del self._shells[become]
        shell.finish()
        self._retired = [one for one in self._retired if one.alive] + [shell]
        while len(self._retired) > _MOST_RETIRED:
            self._retired.pop(0).close()

    def _answers(self, connection: Connection) -> bool:
        """Is the other side still there? Asked only after a long silence: a way may have closed meanwhile."""
        heard = connection.heard
        if time.monotonic() - heard < IDLE_SECONDS:
            return True
        connection.ask_for_life()
        end = time.monotonic() + connection.login.alive_interval
        while connection.alive and connection.heard == heard and time.monotonic() < end and not self._stop.is_set():
            self._stop.wait(0.01)
        if connection.heard != heard and connection.alive:
            return True
        connection.close()
        return False


def from_variables(name: str, variables: Mapping[str, Any], *, stop: threading.Event, jumps: Jumps) -> SshTransport:
    """Of a host as its inventory describes it. Raises UnknownConnection."""
    return SshTransport(target_of(name, variables), stop, jumps)


class _Step(Struct, dict=True):
    """One command on its way."""

    transport: SshTransport
    command: Command
    on_output: OnOutput | None

    def result(self) -> CommandResult:
        from runbook.transports.ssh.session_shell import ShellGone

        command, transport = self.command, self.transport
        self._end = None if command.timeout is None else time.monotonic() + command.timeout
        if (known := self._ahead()) is not None:
            return known
        large = len(command.stdin) > script.INLINE_INPUT
        shell = transport.new_shell(command.become, transport._stop) if large else transport.shell(command.become)
        try:
            begin = shell.begin_with_input if large else shell.begin
            reply = begin(command, self.on_output, self._given_up)
        except ShellGone:
            raise Unreachable(f"{shell.connection.login}: the connection broke when the command was sent") from None
        self._follow(shell, reply)
        result = self._told(shell, reply)
        if large:
            shell.finish()
        return result

    def _ahead(self) -> CommandResult | None:
        """What it was sent ahead as, if it was. Raises Unreachable, CommandTimeout, Stopped."""
        sent = self.transport.take_ahead(self.command)
        if sent is None and self.transport._stop.is_set():
            raise Stopped
        if sent is None:
            self.transport.begin_wanted(self.command)
            sent = self.transport.take_ahead(self.command)
        return None if sent is None else self._sent(*sent)

    def _sent(self, reply: Reply, shell: SessionShell) -> CommandResult | None:
        """Of a command that was sent ahead; None when it was not run."""
        going_on = False
        try:
            reply.follow(self.on_output)
            self._follow(shell, reply)
            if reply.skipped or (shell.killed and not reply.complete and not self.command.once):
                return None
            result = self._told(shell, reply)
            going_on = result.ok and reply.words is not None and b"left" not in reply.words
            return result
        finally:
            if not going_on:
                self.transport.skips_the_rest()

    def _told(self, shell: SessionShell, reply: Reply) -> CommandResult:
        if reply.failure is not None:
            raise reply.failure
        return self._judge(shell, reply)

    def _given_up(self) -> bool:
        return self.transport._stop.is_set() or self.transport._closed or self._late()

    def _late(self) -> bool:
        return self._end is not None and time.monotonic() >= self._end

    def _follow(self, shell: SessionShell, reply: Reply) -> None:
        """Wait for the end. Raises Unreachable, CommandTimeout, Stopped."""
        watch = Watch(shell.connection)
        while not reply.done.wait(self._slice()):
            if self.transport._closed:
                raise Unreachable(f"{self.transport.target.name}: the connection has been closed")
            if self.transport._stop.is_set():
                self._kill(shell, reply)
                raise Stopped
            if self._late():
                note = self._kill(shell, reply)
                if reply.complete and reply.words and reply.words[0] == b"0":
                    return  # it had ended well in this very moment
                result = reply.result(self.command, _ENDED_BY_KILL)
                raise CommandTimeout(replace(result, stderr=result.stderr + note), self.command.timeout or 0.0)
            watch.look()
            shell.acknowledge()

    def _slice(self) -> float:
        return _SLICE if self._end is None else max(0.0, min(_SLICE, self._end - time.monotonic()))

    def _judge(self, shell: SessionShell, reply: Reply) -> CommandResult:
        if reply.complete and reply.words:
            if b"left" in reply.words:
                self.transport.retire(shell)
            return reply.result(self.command, int(reply.words[0]))
        if shell.killed:
            result = reply.result(self.command, _ENDED_BY_KILL)
            return replace(result, stderr=result.stderr + b"it was ended together with the command before it\n")
        if shell.ended_by_itself:
            # The step has ended the shell it ran in, unless it was the host that went down.
            become = self.command.become
            self.transport.keep(become, self.transport.new_shell(become, self.transport._stop))
            result = reply.result(self.command, _ENDED_BY_KILL)
            return replace(result, stderr=result.stderr + b"the command ended the shell that it ran in\n")
        raise Unreachable(f"{shell.connection.login}: the connection broke while a command ran{NOT_KNOWN}")

    def _kill(self, shell: SessionShell, reply: Reply) -> bytes:
        """End the step with all its processes, by a second shell. Returns what there is to say about it."""
        never = threading.Event()
        note = b""
        # With the shell itself where it would go on with what was sent ahead.
        shell.killed = bool(self.transport._ahead)
        try:
            other = self.transport.new_shell(self.command.become, never)
            ending = kill_script(shell.pid, spare=not shell.killed, whole_group=self.command.become is None)
            killing = other.begin(Command(ending), None, lambda: False)
            if not killing.done.wait(_KILL_SECONDS) or not killing.complete or killing.words != (b"0",):
                note = b"not all of its processes could be ended on the host\n"
        except (Unreachable, Stopped) as error:
            shell.close()
            return f"its processes could not be ended on the host: {error}\n".encode()
        reply.done.wait(_AFTER_KILL_SECONDS)
        self.transport.settle(_AFTER_KILL_SECONDS)
        if not shell.killed and reply.complete and reply.words and b"left" not in reply.words:
            other.close()
        else:
            shell.close()
            self.transport.keep(self.command.become, other)
        return note
