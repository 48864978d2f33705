"""`run_once`: the first host of a batch does it, the others take its outcome."""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import Future

from runbook.engine.outcomes.node_result import NodeResult
from runbook.model import Host
from runbook.transports.ssh.jumps import result_of


class RunOnce:
    """What has been run once in a run, by its batch and the step's number."""

    def __init__(self, stop: threading.Event) -> None:
        self._stop = stop
        self._results: dict[tuple[str, str], Future[NodeResult]] = {}

    def shared(self, batch: tuple[Host, ...], number: str, run: Callable[[], NodeResult]) -> NodeResult:
        """What the first host that comes here makes of it. In a batch, a host that has failed before does not come.

        Raises Stopped.
        """
        mine: Future[NodeResult] = Future()
        future = self._results.setdefault((batch[0].name, number), mine)
        if future is not mine:
            return result_of(future, self._stop)
        try:
            result = run()
        except BaseException as error:
            mine.set_exception(error)
            raise
        mine.set_result(result)
        return result
