"""A talk with a server that ends when its time is over, or when the run is being stopped."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from msgspec import Struct

from runbook.transports.base import Stopped

POLL = 0.1


class Bound(Struct):
    """`over` tells whether the time was over and the talk cut."""

    over: bool = False


@contextmanager
def bounded(limit: float, stop: threading.Event, cut: Callable[[], None]) -> Iterator[Bound]:
    """Call `cut`, from another thread, when `limit` seconds are over or `stop` is set; it ends what blocks inside.

    Libraries bound the time between two bytes: a server that sends one byte a second would hold the run for hours.
    Raises Stopped when what is inside fails because the run is being stopped.
    """
    bound, done = Bound(), threading.Event()
    end = time.monotonic() + limit

    def watch() -> None:
        while not done.wait(max(0.0, min(POLL, end - time.monotonic()))):
            bound.over = time.monotonic() >= end
            if bound.over or stop.is_set():
                cut()
                return

    watcher = threading.Thread(target=watch, name="bounded", daemon=True)
    watcher.start()
    try:
        yield bound
    except Exception:
        if stop.is_set():
            raise Stopped from None
        raise
    finally:
        done.set()
        watcher.join()
