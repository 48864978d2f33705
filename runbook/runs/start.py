"""A run that is about to begin: its id, when, and in which mode."""

from __future__ import annotations

import secrets
import time

from runbook.common.frozen import Frozen


class RunStart(Frozen):
    """Templates see it as `run`."""

    id: str
    started: float
    """Seconds since the epoch."""
    mode: str = "run"


def starting_now(mode: str = "run") -> RunStart:
    """A run that starts now. Ids are in the order of the runs, also of two in one second; their ends are by chance."""
    at = time.time()
    start = time.strftime("%Y%m%d-%H%M%S", time.gmtime(at))
    return RunStart(f"{start}-{int(at % 1 * 4096):03x}{secrets.randbelow(4096):03x}", at, mode)
