"""Runs commands that end in time, and tells which of the processes that they left on this Linux still run."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TypeVar

from runbook.transports.base import Become, Command, CommandResult, OnOutput, Transport

T = TypeVar("T")

PATIENCE = 30.0
"""Seconds after which a command of a test is ended: no test hangs."""


def run(
    transport: Transport,
    script: str,
    on_output: OnOutput | None = None,
    *,
    stdin: bytes = b"",
    chdir: str | None = None,
    environment: Mapping[str, str] | None = None,
    as_user: Become | None = None,
    timeout: float = PATIENCE,
    output_limit: int = 16 * 1024 * 1024,
) -> CommandResult:
    """A command that does not go on for ever."""
    command = Command(
        script,
        stdin=stdin,
        chdir=chdir,
        environment=environment or {},
        become=as_user,
        timeout=timeout,
        output_limit=output_limit,
    )
    return transport.run(command, on_output)


def wait_until(check: Callable[[], T], what: str, timeout: float = 20.0, every: float = 0.05) -> T:
    """Asks until the answer is true, and gives it; after `timeout` seconds fails with `what` and the last answer."""
    deadline = time.monotonic() + timeout
    while True:
        answer = check()
        if answer:
            return answer
        if time.monotonic() > deadline:
            raise AssertionError(f"after {timeout:g} s still not: {what} (last answer: {answer!r})")
        time.sleep(every)


def pids(output: bytes) -> list[int]:
    """The process ids that a command has printed."""
    return [int(word) for word in output.split()]


def all_end(found: list[int]) -> None:
    """Fails unless these processes are gone, or go at once."""
    assert found, "the command has told which processes it has"
    wait_until(lambda: not [pid for pid in found if alive(pid)], f"the processes {found} have ended", timeout=5)


def alive(pid: int) -> bool:
    """Does the process run? One that has ended and that nobody has waited for does not."""
    try:
        status = Path(f"/proc/{pid}/stat").read_text()
    except OSError:
        return False
    return status.rpartition(")")[2].split()[0] not in "ZX"


def end_process(pid: int, gently: int = signal.SIGTERM, timeout: float = 5.0) -> None:
    """Ends a process that is not our child, and waits until it is gone; by force when it does not go."""
    for number in (gently, signal.SIGKILL):
        try:
            os.kill(pid, number)
        except ProcessLookupError:
            return
        deadline = time.monotonic() + timeout
        while time.monotonic() < deadline:
            if not alive(pid):
                return
            time.sleep(0.02)
