"""The connections to jump hosts, shared by all hosts behind them for as long as a run lasts."""

from __future__ import annotations

import threading
from concurrent.futures import Future, wait
from typing import TYPE_CHECKING, TypeVar

from runbook.transports.base import Stopped, Unreachable

if TYPE_CHECKING:
    from runbook.transports.ssh.connection import Connection
    from runbook.transports.ssh.settings.login import Login

R = TypeVar("R")
_SLICE = 0.2
"""Seconds between looks at the stop flag."""


class Jumps:
    """One connection for each way. Whoever asks while it is being opened waits for it, and gets the same refusal."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._open: dict[tuple[Login, ...], Connection] = {}
        self._opening: dict[tuple[Login, ...], Future[Connection]] = {}
        self._closed = False

    def through(self, way: tuple[Login, ...], stop: threading.Event) -> Connection | None:
        """The connection to the last of these hosts; None for none. Raises Unreachable, Stopped."""
        if not way:
            return None
        with self._lock:
            if self._closed:
                raise Unreachable(f"{way[-1]}: the connection has been closed")
            known = self._open.get(way)
            if known is not None and known.alive:
                return known
            future, mine = self._opening.get(way), False
            if future is None:
                future, mine = Future(), True
                self._opening[way] = future
        if mine:
            self._dial(way, stop, future)
        return result_of(future, stop)

    def _dial(self, way: tuple[Login, ...], stop: threading.Event, future: Future[Connection]) -> None:
        from runbook.transports.ssh.connection import dial

        try:
            below = self.through(way[:-1], stop)
            connection = dial(way[-1], below, None, stop)
        except BaseException as error:  # noqa: BLE001 - whoever waits gets it
            with self._lock:
                del self._opening[way]
            future.set_exception(error)
            return
        with self._lock:
            del self._opening[way]
            self._open[way] = connection
            late = self._closed
        if late:
            connection.close()
        future.set_result(connection)

    def close(self) -> None:
        """From the far ends on."""
        with self._lock:
            self._closed = True
            connections = sorted(self._open.items(), key=lambda item: len(item[0]), reverse=True)
            self._open.clear()
        for _, connection in connections:
            connection.close()


def result_of(future: Future[R], stop: threading.Event) -> R:
    """What another thread is working on, once it is there; its error is raised here too. Raises Stopped."""
    while not wait([future], timeout=_SLICE).done:
        if stop.is_set():
            raise Stopped
    return future.result()
