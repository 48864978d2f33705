"""Session shells on this machine, for the builtins that a shell runs itself: the start of a `sh` is all that they cost.

Nothing that they do outlives them or changes the shell, so that any command of any host may have any of them.
"""

from __future__ import annotations

import atexit
import contextlib
import os
import secrets
import selectors
import signal
import subprocess
import threading
import time
from typing import IO

from runbook.transports.base import Command, CommandResult, CommandTimeout, OnOutput, Stopped
from runbook.transports.shell import script
from runbook.transports.shell.frames import STREAMS, Frames, Reply

KEPT = 8
"""Shells that wait for the next command."""
_POLL = 0.1
"""Seconds between looks at the stop flag."""
_CHUNK = 65536


class Gone(Exception):
    """The shell has ended before it had told what came of a command."""


class LocalShell:
    """One `sh`. Used by one thread at a time, and not any more once `run` has raised."""

    def __init__(self) -> None:
        """Raises OSError when no process can be started."""
        self.folder = os.getcwd()  # noqa: PTH109 - asked for each command
        self._boundary = secrets.token_hex(16)
        self._frames = Frames(self._boundary.encode())
        self._process = process = _spawn()
        streams = dict(zip(STREAMS, (process.stdout, process.stderr), strict=True))
        self._ends: dict[str, IO[bytes]] = {name: end for name, end in streams.items() if end is not None}
        self._selector = selectors.DefaultSelector()
        for name, end in self._ends.items():
            self._selector.register(end, selectors.EVENT_READ, name)
        self._frames.expect(Reply(0))
        self._send(script.start(self._boundary).encode())

    def run(self, command: Command, on_output: OnOutput | None, stop: threading.Event) -> CommandResult:
        """Raises Gone, Stopped, CommandTimeout, and what `on_output` raises."""
        reply = Reply(command.output_limit, on_output)
        self._frames.expect(reply)
        self._send(script.step(command, self._boundary))
        end = None if command.timeout is None else time.monotonic() + command.timeout
        while not reply.done.is_set():
            if stop.is_set():
                raise Stopped
            if end is not None and time.monotonic() >= end:
                raise CommandTimeout(reply.result(command, 137), command.timeout or 0.0)
            self._read(_POLL if end is None else max(0.0, min(_POLL, end - time.monotonic())))
        if reply.failure is not None:
            raise reply.failure
        if not reply.complete or not reply.words:
            raise Gone
        return reply.result(command, int(reply.words[0]))

    def _read(self, seconds: float) -> None:
        for key, _ in self._selector.select(seconds):
            if data := os.read(key.fd, _CHUNK):
                self._frames.feed(key.data, data)
            else:
                self._frames.gone()

    def _send(self, data: bytes) -> None:
        """It waits for a command: it reads what it gets."""
        stdin = self._process.stdin
        with contextlib.suppress(BrokenPipeError):  # it has ended: that is read from its streams
            while data and stdin is not None:
                data = data[os.write(stdin.fileno(), data) :]

    def close(self) -> None:
        """End it, whatever it does."""
        self._selector.close()
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(self._process.pid, signal.SIGKILL)
        for end in (self._process.stdin, *self._ends.values()):
            if end is not None:
                end.close()
        with contextlib.suppress(subprocess.TimeoutExpired):
            self._process.wait(1)


def _spawn() -> subprocess.Popen[bytes]:
    pipe = subprocess.PIPE
    return subprocess.Popen(["/bin/sh"], stdin=pipe, stdout=pipe, stderr=pipe, bufsize=0, start_new_session=True)


_idle: list[LocalShell] = []
"""Of the whole program: a run on a thousand local hosts has no more of them than it has commands at a time."""
_lock = threading.Lock()


@atexit.register
def _end_idle() -> None:
    """Where the program is not left at once; then they end with their input."""
    while _idle:
        _idle.pop().close()


def run_in_shell(command: Command, on_output: OnOutput | None, stop: threading.Event) -> CommandResult | None:
    """What a harmless command came to; None when no shell can tell. Raises Stopped, CommandTimeout."""
    try:
        shell = _taken() or LocalShell()
    except OSError:  # no process, or the folder that we are in has gone
        return None
    try:
        result = shell.run(command, on_output, stop)
    except BaseException as error:
        shell.close()
        if isinstance(error, Gone):
            return None
        raise
    with _lock:
        if len(_idle) < KEPT:
            _idle.append(shell)
            return result
    shell.close()
    return result


def _taken() -> LocalShell | None:
    """One that waits, unless the program has gone to another folder since. Raises OSError."""
    with _lock:
        shell = _idle.pop() if _idle else None
    if shell is not None and shell.folder != os.getcwd():  # noqa: PTH109 - as above
        shell.close()
        return None
    return shell
