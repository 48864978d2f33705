"""This machine: every command is a process group of its own, ended whole when its time is over."""

from __future__ import annotations

import contextlib
import os
import selectors
import shlex
import signal
import subprocess
import threading
import time
from pathlib import Path
from typing import IO

from runbook.transports.base import Become, Command, CommandResult, CommandTimeout, OnOutput, Stopped, Unreachable

POLL = 0.1
"""Seconds between looks at the stop flag and the process."""
DRAIN = 0.3
"""Seconds that output is still read after the command has ended, when a child of its keeps the pipe open."""
CHUNK = 65536
NO_FOLDER = 126


class LocalTransport:
    """Runs commands on this machine."""

    def __init__(self, stop: threading.Event | None = None) -> None:
        self._stop = stop or threading.Event()

    @property
    def local(self) -> bool:
        return True

    def run(self, command: Command, on_output: OnOutput | None = None) -> CommandResult:
        if command.chdir is not None and not Path(command.chdir).is_dir():
            said = f"chdir: there is no folder {command.chdir}\n"
            return CommandResult(command.script, NO_FOLDER, stderr=said.encode())
        running = _Running(command, on_output)
        try:
            return running.finish(self._stop)
        finally:
            running.close()

    def forward(self, host: str, port: int) -> tuple[str, int]:
        return host, port

    def close(self) -> None:
        """Nothing is kept open."""


class _Running:
    """One command while it runs."""

    def __init__(self, command: Command, on_output: OnOutput | None) -> None:
        self.command, self._on_output = command, on_output
        self.kept: dict[str, bytearray] = {"stdout": bytearray(), "stderr": bytearray()}
        self.dropped = 0
        self.process = _spawn(command)
        self._selector = selectors.DefaultSelector()
        for name, pipe in (("stdout", self.process.stdout), ("stderr", self.process.stderr)):
            if pipe is not None:
                self._selector.register(pipe, selectors.EVENT_READ, name)
        threading.Thread(target=_feed, args=(self.process.stdin, _input(command)), daemon=True).start()

    def finish(self, stop: threading.Event) -> CommandResult:
        """Read until the command has ended. Raises CommandTimeout, Stopped."""
        end = None if self.command.timeout is None else time.monotonic() + self.command.timeout
        ended: float | None = None
        while self._selector.get_map():
            if stop.is_set():
                self.kill()
                raise Stopped
            if end is not None and time.monotonic() >= end and self.process.poll() is None:
                self.kill()
                raise CommandTimeout(self._result(), self.command.timeout or 0.0)
            self._read(POLL)
            if self.process.poll() is not None:
                ended = ended or time.monotonic()
                if time.monotonic() - ended > DRAIN:
                    break
        self.process.wait()
        return self._result()

    def _read(self, seconds: float) -> None:
        for key, _ in self._selector.select(seconds):
            data = os.read(key.fd, CHUNK)
            if data:
                self._take(key.data, data)
            else:
                self._selector.unregister(key.fileobj)

    def _take(self, name: str, data: bytes) -> None:
        kept = self.kept[name]
        room = max(0, self.command.output_limit - len(kept))
        kept += data[:room]
        self.dropped += max(0, len(data) - room)
        if self._on_output:
            self._on_output(name, data)

    def _result(self) -> CommandResult:
        code = self.process.poll()
        code = 137 if code is None else (128 - code if code < 0 else code)
        return CommandResult(
            self.command.script, code, bytes(self.kept["stdout"]), bytes(self.kept["stderr"]), self.dropped
        )

    def kill(self) -> None:
        """End the whole process group; one that another user owns is ended through sudo."""
        try:
            os.killpg(self.process.pid, signal.SIGKILL)
        except PermissionError:
            subprocess.run(["sudo", "-n", "kill", "-KILL", "--", f"-{self.process.pid}"], check=False, timeout=10)
        except ProcessLookupError:
            pass
        with contextlib.suppress(subprocess.TimeoutExpired):
            self.process.wait(2)

    def close(self) -> None:
        self._selector.close()
        for pipe in (self.process.stdout, self.process.stderr):
            if pipe is not None:
                pipe.close()


def _spawn(command: Command) -> subprocess.Popen[bytes]:
    try:
        return subprocess.Popen(
            [*_sudo(command.become), "/bin/sh", "-c", _READER.format(size=len(_script(command)))],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            cwd=command.chdir,
            start_new_session=True,
        )
    except OSError as error:
        raise Unreachable(f"this machine cannot start a command: {error}") from None


_MARK = "-- runbook --"
_READER = """while IFS= read -r line && [ "$line" != '-- runbook --' ]; do :; done
script=$(head -c {size}; printf .)
eval "${{script%.}}\""""
"""The script comes on standard input, before the command's own input: so it has no limit in length, is in no process
list, and passes through sudo. What stands before the mark is a password that sudo did not ask for."""


def _sudo(become: Become | None) -> list[str]:
    if become is None:
        return []
    how = ["-n"] if become.password is None else ["-S", "-p", ""]
    return ["sudo", *how, "-H", "-u", become.user, "--"]


def _input(command: Command) -> bytes:
    password = command.become.password if command.become else None
    first = f"{password}\n" if password is not None else ""
    return f"{first}{_MARK}\n".encode() + _script(command) + command.stdin


def _script(command: Command) -> bytes:
    """The script with its environment, which sudo would not let through otherwise."""
    exports = "".join(f"export {name}={shlex.quote(value)}\n" for name, value in command.environment.items())
    return (exports + command.script).encode()


def _feed(pipe: IO[bytes] | None, data: bytes) -> None:
    """Give a command its input; one that ends without reading it is none of our business."""
    if pipe is not None:
        with contextlib.suppress(OSError), pipe:
            pipe.write(data)
