"""This machine: every command but a harmless builtin is a session of its own, ended whole when its time is over."""

from __future__ import annotations

import contextlib
import os
import pwd
import selectors
import signal
import subprocess
import threading
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import IO, Any

from runbook.common.frozen import replace
from runbook.transports.base import Become, Command, CommandResult, CommandTimeout, OnOutput, Stopped, Unreachable
from runbook.transports.local.builtin_shell import run_in_shell
from runbook.transports.local.sudo import Sudo
from runbook.transports.shell import script
from runbook.transports.shell.killing import kill_script

POLL = 0.1
"""Seconds between looks at the stop flag."""
DRAIN = 0.05
"""Seconds that output is still read after the command has ended, when a child of its keeps the pipe open."""
CHUNK = 65536
KILL_SECONDS = 10.0


class LocalTransport:
    """Runs commands on this machine."""

    def __init__(self, stop: threading.Event | None = None) -> None:
        self._stop = stop or threading.Event()

    @property
    def local(self) -> bool:
        return True

    def run(self, command: Command, on_output: OnOutput | None = None) -> CommandResult:
        if self._stop.is_set():
            raise Stopped
        command = replace(command, become=_become(command.become))
        why = script.unfit(command) or _unfit_folder(command)
        if why:
            return CommandResult(command.script, script.NO_FOLDER, stderr=f"{why}\n".encode())
        if command.become is None and script.harmless(command):
            told = run_in_shell(command, on_output, self._stop)
            if told is not None:
                return told
        running = _Running(command, on_output)
        try:
            return running.finish(self._stop)
        finally:
            running.end()

    def forward(self, host: str, port: int) -> tuple[str, int]:
        return host, port

    def close(self) -> None:
        """Nothing is kept open."""


def from_variables(
    name: str,  # noqa: ARG001 - as of any transport
    variables: Mapping[str, Any],  # noqa: ARG001 - as of any transport
    *,
    stop: threading.Event,
    jumps: object,  # noqa: ARG001 - nobody jumps to where he sits
) -> LocalTransport:
    """Of a host that is this machine."""
    return LocalTransport(stop)


def _become(become: Become | None) -> Become | None:
    """None too when we are that user already: then there may be no sudo at all."""
    if become is not None:
        with contextlib.suppress(KeyError):
            if pwd.getpwuid(os.geteuid()).pw_name == become.user:
                return None
    return become


def _unfit_folder(command: Command) -> str:
    """Why a command cannot be run in its folder. As another user it finds out itself."""
    if command.chdir is None or command.become is not None:
        return ""
    if not Path(command.chdir).is_dir():
        return f"chdir: there is no folder {command.chdir}"
    return "" if os.access(command.chdir, os.X_OK) else f"chdir: no permission for {command.chdir}"


class _Running:
    """One command while it runs."""

    def __init__(self, command: Command, on_output: OnOutput | None, *, ends_another: bool = False) -> None:
        self._ends_another = ends_another
        self.command, self._on_output = command, on_output
        self._kept = {"stdout": bytearray(), "stderr": bytearray()}
        self._dropped = 0
        self._sudo = None if command.become is None else Sudo(command, command.become)
        self._process = _spawn(command, self._sudo)
        self._selector = selectors.DefaultSelector()
        self._open: dict[str, IO[bytes]] = {}
        for name, pipe in (("stdout", self._process.stdout), ("stderr", self._process.stderr)):
            if pipe is not None:
                self._open[name] = pipe
                self._selector.register(pipe, selectors.EVENT_READ, name)
        self._exit = _exit_notice(self._process.pid)
        if self._exit is not None:
            self._selector.register(self._exit, selectors.EVENT_READ, "exit")

    @property
    def alive(self) -> bool:
        return self._process.poll() is None

    def finish(self, stop: threading.Event) -> CommandResult:
        """Read until the command has ended. Raises CommandTimeout, Stopped, Unreachable (sudo refuses)."""
        end = None if self.command.timeout is None else time.monotonic() + self.command.timeout
        drained = float("inf")
        while (running := self.alive) or self._open:
            now = time.monotonic()
            if running:
                self._look(stop, end, now)
            elif now > drained:
                break
            else:
                drained = min(drained, now + DRAIN)
            self._read(_pause(running, end, now))
        if self._sudo is not None and not self._sudo.started:
            raise Unreachable(f"this machine: {self._sudo.refusal}")
        return self._result()

    def _look(self, stop: threading.Event, end: float | None, now: float) -> None:
        """Is its time over?"""
        if stop.is_set():
            self.kill()
            raise Stopped
        if end is not None and now >= end:
            self.kill()
            raise CommandTimeout(self._result(), self.command.timeout or 0.0)

    def _read(self, seconds: float) -> None:
        for key, _ in self._selector.select(seconds):
            name = key.data
            if name == "stdin":
                self._give()
            elif name == "exit":
                self._selector.unregister(key.fileobj)
            elif data := os.read(key.fd, CHUNK):
                self._take(name, data)
            else:
                self._selector.unregister(key.fileobj)
                self._open.pop(name).close()

    def _take(self, name: str, data: bytes) -> None:
        if self._sudo is not None and not self._sudo.started:
            data = self._sudo.heard(name, data)
            self._give()
        if not data:
            return
        kept = self._kept[name]
        room = max(0, self.command.output_limit - len(kept))
        kept += data[:room]
        self._dropped += max(0, len(data) - room)
        if self._on_output:
            self._on_output(name, data)

    def _give(self) -> None:
        """Write to sudo, or to the command behind it, as much as it takes now."""
        pipe, sudo = self._process.stdin, self._sudo
        if pipe is None or sudo is None or pipe.closed:
            return
        listening = pipe in (key.fileobj for key in self._selector.get_map().values())
        try:
            while sudo.input:
                del sudo.input[: os.write(pipe.fileno(), sudo.input[:CHUNK])]
        except BlockingIOError:
            if not listening:
                self._selector.register(pipe, selectors.EVENT_WRITE, "stdin")
            return
        except OSError:  # it has ended, or closed its input, without reading all
            sudo.input.clear()
        if listening:
            self._selector.unregister(pipe)
        if sudo.told_all:
            pipe.close()

    def _result(self) -> CommandResult:
        code = self._process.poll()
        code = 137 if code is None else (128 - code if code < 0 else code)
        kept = self._kept
        return CommandResult(self.command.script, code, bytes(kept["stdout"]), bytes(kept["stderr"]), self._dropped)

    def kill(self) -> None:
        """End the command with all that it has started."""
        if not self._ends_another:
            killing = Command(kill_script(self._process.pid), become=self.command.become, timeout=KILL_SECONDS)
            running = _Running(killing, None, ends_another=True)
            with contextlib.suppress(Unreachable, CommandTimeout), contextlib.closing(running):
                running.finish(threading.Event())
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(self._process.pid, signal.SIGKILL)
        with contextlib.suppress(subprocess.TimeoutExpired):
            self._process.wait(2)
        self._read(0)

    def end(self) -> None:
        """Whatever went wrong: nothing goes on behind our back, nobody is told any more, and nothing stays open."""
        self._on_output = None  # it may be what went wrong
        try:
            if self.alive:
                self.kill()
        finally:
            self.close()

    def close(self) -> None:
        self._selector.close()
        if self._exit is not None:
            os.close(self._exit)
        if self._process.stdin is not None:
            self._process.stdin.close()
        if self._open and self._process.poll() is not None:
            # What a command has left running may print for as long as we live, and does not die of it.
            threading.Thread(target=_drain, args=(tuple(self._open.values()),), daemon=True, name="drain").start()
        else:
            for pipe in self._open.values():
                pipe.close()


def _pause(running: bool, end: float | None, now: float) -> float:
    """How long to wait for news."""
    if not running:
        return DRAIN / 5
    return POLL if end is None else max(0.0, min(POLL, end - now))


def _exit_notice(pid: int) -> int | None:
    """A file descriptor that tells when the process has ended, where there is such a thing."""
    try:
        return os.pidfd_open(pid)
    except (AttributeError, OSError):
        return None


def _spawn(command: Command, sudo: Sudo | None) -> subprocess.Popen[bytes]:
    """Start it. The script, and what it reads, are files without names: of any length, and in no process list."""
    with contextlib.ExitStack() as files:
        if sudo is None:
            text = files.enter_context(_file(command.script.encode("utf-8", "surrogateescape")))
            given = files.enter_context(_file(command.stdin)).fileno() if command.stdin else subprocess.DEVNULL
            argv: Sequence[str] = ("/bin/sh", f"/dev/fd/{text.fileno()}")
            passed: tuple[int, ...] = (text.fileno(),)
        else:
            argv, given, passed = sudo.argv, subprocess.PIPE, ()
        try:
            process = subprocess.Popen(
                argv,
                stdin=given,
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                pass_fds=passed,
                cwd=command.chdir if sudo is None else None,
                env={**os.environ, **command.environment} if sudo is None and command.environment else None,
                start_new_session=True,
            )
        except OSError as error:
            raise Unreachable(f"this machine cannot start a command: {error}") from None
    if process.stdin is not None:
        os.set_blocking(process.stdin.fileno(), False)
    return process


def _file(data: bytes) -> IO[bytes]:
    """An open file without a name, at its beginning."""
    if hasattr(os, "memfd_create"):
        file: IO[bytes] = os.fdopen(os.memfd_create("runbook"), "w+b")
    else:
        from tempfile import TemporaryFile

        file = TemporaryFile()  # noqa: SIM115 - the caller closes it
    file.write(data)
    file.seek(0)
    return file


def _drain(pipes: tuple[IO[bytes], ...]) -> None:
    with selectors.DefaultSelector() as selector:
        for pipe in pipes:
            selector.register(pipe, selectors.EVENT_READ)
        while selector.get_map():
            for key, _ in selector.select():
                if not os.read(key.fd, CHUNK):
                    selector.unregister(key.fileobj)
    for pipe in pipes:
        pipe.close()
