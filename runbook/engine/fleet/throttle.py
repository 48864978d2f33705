"""`throttle`: no more than so many hosts are in a step or a block at a time."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from runbook.transports.base import Stopped

_SLICE = 0.2


class Throttle:
    """The turns of one run. An inner node's are taken inside an outer one's, so nobody waits in a circle."""

    def __init__(self, stop: threading.Event) -> None:
        self._stop = stop
        self._lock = threading.Lock()
        self._free: dict[str, threading.BoundedSemaphore] = {}

    @contextmanager
    def of(self, number: str, most: int, waits: Callable[[], None]) -> Iterator[None]:
        """Be one of `most` in the node of that number. `waits` is called once when it is full.

        Raises Stopped.
        """
        with self._lock:
            free = self._free.setdefault(number, threading.BoundedSemaphore(most))
        if not free.acquire(blocking=False):
            waits()
            while not free.acquire(timeout=_SLICE):
                if self._stop.is_set():
                    raise Stopped
        try:
            yield
        finally:
            free.release()
