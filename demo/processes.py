"""Processes and ports: find ours by what their command line says, end them for certain, wait for things."""

from __future__ import annotations

import os
import random
import signal
import socket
import subprocess
import time
from collections.abc import Callable
from pathlib import Path


class DemoError(Exception):
    """The demo cannot go on; the sentence says why, and what helps."""


def command_lines() -> dict[int, str]:
    """pid → command line of every process that runs; words are parted by spaces, zombies are left out."""
    if Path("/proc/self/cmdline").exists():
        return _from_proc()
    listed = subprocess.run(["ps", "-axwwo", "pid=,command="], capture_output=True, text=True, check=True).stdout
    pairs = (line.strip().partition(" ") for line in listed.splitlines())
    return {int(pid): command for pid, _, command in pairs}


def _from_proc() -> dict[int, str]:
    found = {}
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            command = (folder / "cmdline").read_bytes()
        except OSError:  # it has ended meanwhile
            continue
        if command:
            found[int(folder.name)] = os.fsdecode(command).replace("\0", " ").strip()
    return found


def find(*words: str) -> list[int]:
    """The processes, but this one, whose command line has all these words."""
    matching = (pid for pid, command in command_lines().items() if all(word in command for word in words))
    return [pid for pid in matching if pid != os.getpid()]


def end(running: Callable[[], list[int]], gently: int = signal.SIGTERM, patience: float = 10.0) -> None:
    """Ends the processes that `running()` gives: first gently, then by force; returns when it gives none.

    What it looks for must name one thing of ours: a path or a port that nobody else has.
    """
    for number in (gently, signal.SIGKILL):
        for pid in running():
            try:
                os.kill(pid, number)
            except ProcessLookupError:
                continue
        if wait_until(lambda: not running(), patience):
            return


def wait_until(check: Callable[[], object], patience: float, every: float = 0.05) -> bool:
    """Asks until the answer is true; False when it was not within `patience` seconds."""
    deadline = time.monotonic() + patience
    while not check():
        if time.monotonic() > deadline:
            return False
        time.sleep(every)
    return True


def answers(port: int) -> bool:
    """Does something on 127.0.0.1 accept connections there?"""
    try:
        with socket.create_connection(("127.0.0.1", port), timeout=1):
            return True
    except OSError:
        return False


def free_port() -> int:
    """A free port of 127.0.0.1, below those that the system gives to outgoing connections.

    So nobody takes it while the application is down between stop and start.
    """
    for port in random.sample(range(20000, 32000), 500):
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                continue
            return port
    raise DemoError("no port between 20000 and 32000 is free on 127.0.0.1")


def tail(path: Path, lines: int = 20) -> str:
    """The last lines of a log, for an error's text."""
    try:
        return "\n".join(path.read_text(encoding="utf-8", errors="replace").splitlines()[-lines:])
    except OSError as error:
        return f"(no log: {error})"
