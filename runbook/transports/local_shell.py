"""A session shell on this machine: short commands cost a fork of it, not a program of their own."""

from __future__ import annotations

import contextlib
import os
import secrets
import selectors
import signal
import subprocess
import threading
import weakref
from collections.abc import Callable
from typing import IO

from runbook.transports import script
from runbook.transports.base import Command, OnOutput, Unreachable
from runbook.transports.frames import STREAMS, Frames, Reply

_CHUNK = 65536
_DRAIN = 0.05
"""Seconds that output is still read after the shell has ended, when a child of its keeps a stream open."""
_LAST_WORDS = 2.0
"""Seconds that it has to end."""


class LocalShell:
    """One `sh` that runs step after step, read in the thread that waits for the step. Used by one thread at a time."""

    def __init__(self) -> None:
        """Raises Unreachable when no process can be started."""
        self._boundary = secrets.token_hex(16)
        self._frames = Frames(self._boundary.encode())
        self._process = process = _spawn()
        self._ends: dict[str, IO[bytes]] = dict(
            zip(STREAMS, filter(None, (process.stdout, process.stderr)), strict=True)
        )
        self._selector = selectors.DefaultSelector()
        for name, end in self._ends.items():
            self._selector.register(end, selectors.EVENT_READ, name)
        self._finalizer = weakref.finalize(self, _end, process, self._selector)
        self._first = Reply(0)
        self._frames.expect(self._first)
        self._send(script.start(self._boundary).encode())

    @property
    def pid(self) -> int | None:
        """None when it has ended: the number may be another's by now."""
        return self._process.pid if self._process.poll() is None else None

    @property
    def fit(self) -> bool:
        """Can it take another step? Not when it has ended, or when something prints that nobody has asked for."""
        while self.read(0):
            pass
        return len(self._ends) == len(STREAMS) and not self._frames.stray

    def begin(self, command: Command, on_output: OnOutput | None) -> Reply:
        """Send a step. Whoever has begun one follows it to its end."""
        reply = Reply(command.output_limit, on_output)
        self._frames.expect(reply)
        self._send(script.step(command, self._boundary))
        return reply

    def follow(self, reply: Reply, look: Callable[[], float]) -> None:
        """Read until the step has ended, or the shell has. `look` gives the seconds until it wants to look again."""
        while not reply.done.is_set():
            if not self.read(look()) and self._process.poll() is not None and not self.read(_DRAIN):
                self._frames.gone()

    def read(self, seconds: float) -> bool:
        """Take what comes within that time. Gives whether there was anything."""
        found = self._selector.select(seconds) if self._ends else []
        for key, _ in found:
            if data := os.read(key.fd, _CHUNK):
                self._frames.feed(key.data, data)
            else:
                self._selector.unregister(key.fileobj)
                self._ends.pop(key.data).close()
        return bool(found)

    def _send(self, data: bytes) -> None:
        """It waits for a step: it reads what it gets."""
        stdin = self._process.stdin
        with contextlib.suppress(BrokenPipeError):  # it has ended: that is read from its streams
            while data and stdin is not None:
                data = data[os.write(stdin.fileno(), data) :]

    def leave(self) -> None:
        """Something holds its streams. What that prints is read and dropped, for as long as we live."""
        ends = tuple(self._ends.values())
        self._ends.clear()
        self._selector.close()
        threading.Thread(target=drain, args=(ends,), daemon=True, name="drain").start()
        self.close()

    def close(self) -> None:
        """End it, whatever it does."""
        self._finalizer()


def _spawn() -> subprocess.Popen[bytes]:
    pipe = subprocess.PIPE
    try:
        return subprocess.Popen(["/bin/sh"], stdin=pipe, stdout=pipe, stderr=pipe, bufsize=0, start_new_session=True)
    except OSError as error:
        raise Unreachable(f"this machine cannot start a command: {error}") from None


def _end(process: subprocess.Popen[bytes], selector: selectors.BaseSelector) -> None:
    """At the end of the input it ends by itself; what holds its other streams is no concern of ours."""
    held = [] if selector.get_map() is None else [key.fileobj for key in selector.get_map().values()]
    selector.close()
    if process.stdin is not None:
        process.stdin.close()
    for end in held:
        end.close()  # type: ignore[union-attr]  # a file
    try:
        process.wait(_LAST_WORDS)
    except subprocess.TimeoutExpired:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(_LAST_WORDS)


def drain(pipes: tuple[IO[bytes], ...]) -> None:
    """Read pipes to their ends."""
    with selectors.DefaultSelector() as selector:
        for pipe in pipes:
            selector.register(pipe, selectors.EVENT_READ)
        while selector.get_map():
            for key, _ in selector.select():
                if not os.read(key.fd, _CHUNK):
                    selector.unregister(key.fileobj)
    for pipe in pipes:
        pipe.close()
