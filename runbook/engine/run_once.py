"""`run_once`: the first host of a batch does it, the others take its outcome."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import Future

from runbook.engine.node_result import NodeResult
from runbook.engine.session import Session
from runbook.model import Host
from runbook.transports.ssh.jumps import result_of


def shared_once(session: Session, batch: tuple[Host, ...], number: str, body: Callable[[], NodeResult]) -> NodeResult:
    """What the first host that comes here makes of it. In a batch, a host that has failed before does not come."""
    key = (batch[0].name, number)
    mine: Future[NodeResult] = Future()
    future = session.run_once.setdefault(key, mine)
    if future is not mine:
        return result_of(future, session.stop)
    try:
        result = body()
    except BaseException as error:
        mine.set_exception(error)
        raise
    mine.set_result(result)
    return result
