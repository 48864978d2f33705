"""Runs commands in turn and takes their times: A B C, A B C, …, so that a busy moment falls on all alike."""

from __future__ import annotations

import os
import signal
import statistics
import subprocess
import tempfile
import threading
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path


@dataclass(frozen=True)
class Cost:
    """Of one whole process with its children: seconds on the clock and of the processor, MiB at the most."""

    wall: float
    cpu: float
    memory: float


@dataclass
class Costs:
    """Of one row, over all rounds."""

    name: str
    taken: list[Cost] = field(default_factory=list)
    failed: str = ""

    def median(self, what: str) -> float:
        return float(statistics.median(getattr(cost, what) for cost in self.taken))


@dataclass(frozen=True)
class Row:
    name: str
    argv: Sequence[str]
    env: Mapping[str, str] = field(default_factory=dict)


class Failed(Exception):
    """A command did not do its job; with the end of its output."""


def cost(row: Row, folder: Path, seconds: float) -> Cost:
    """Runs it once. Raises Failed."""
    env = {name: value for name, value in {**os.environ, **row.env}.items() if name != "PYTHONDONTWRITEBYTECODE"}
    with tempfile.TemporaryFile() as output:
        began = time.perf_counter()
        process = subprocess.Popen(
            row.argv,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=output,
            env=env,
            cwd=folder,
            start_new_session=True,
        )
        ending = threading.Timer(seconds, os.killpg, (process.pid, signal.SIGKILL))
        ending.daemon = True
        ending.start()
        _, status, used = os.wait4(process.pid, 0)
        wall = time.perf_counter() - began
        ending.cancel()
        process.returncode = os.waitstatus_to_exitcode(status)
        if process.returncode != 0:
            output.seek(0)
            raise Failed(f"exit code {process.returncode}: {output.read()[-600:].decode(errors='replace')}")
    return Cost(wall, used.ru_utime + used.ru_stime, used.ru_maxrss / 1024)


def compare(rows: Sequence[Row], folder: Path, rounds: int, seconds: float = 300.0) -> list[Costs]:
    """Each row `rounds` times, in turn, after one round that does not count; once, when it takes long."""
    found = {row.name: Costs(row.name) for row in rows}
    for number in range(-1, rounds):
        for row in rows:
            costs = found[row.name]
            slow = costs.taken and costs.taken[-1].wall > 20 and number > 0
            if costs.failed or slow:
                continue
            try:
                taken = cost(row, folder, seconds)
            except Failed as error:
                costs.failed = str(error)
                continue
            if number >= 0 or taken.wall > 20:
                costs.taken.append(taken)
    return list(found.values())
