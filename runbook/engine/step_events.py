"""How what happens to a node on a host is told: the one place where it is begun, shown, and told."""

from __future__ import annotations

import time

from runbook.common.frozen import Frozen
from runbook.engine.host_state import HostState
from runbook.engine.inherited import Inherited
from runbook.engine.outcomes.node_result import NodeResult, hidden
from runbook.model import Node, Step
from runbook.runs.events import BAD, StepFinished, StepProgress, StepStarted
from runbook.source.document import excerpt


class Begun(Frozen):
    """A node that has been begun, as its starting event told it."""

    node: Node
    own: Inherited
    """What is around the node, with what it says of itself on top."""
    name: str
    kind: str
    action: str
    started: float


class StepEvents:
    """The events of one host. Used by one thread at a time."""

    def __init__(self, state: HostState) -> None:
        self._state, self._host, self._emit = state, state.host.name, state.session.emit

    def begin(self, node: Node, name: str, kind: str, around: Inherited) -> Begun:
        """Tells that a node is begun. Nothing of it has run on the host, though it may have been sent."""
        state, own = self._state, around.taking(node.common, node.place)
        started = time.time()
        scope = state.scope(own)
        shown = state.text(name, scope, node.place / "name") or kind
        begun = Begun(node, own, shown, kind, state.action(node, scope), started)
        self._emit(StepStarted(started, self._host, node.number, shown, kind, own.parent, own.role, begun.action))
        return begun

    def progress(self, number: str, stream: str, text: str, own: Inherited) -> None:
        """Shows something of a node that runs, unless it is not to be logged."""
        if not self._state.truth(own.no_log, own):
            self._emit(StepProgress(time.time(), self._host, number, stream, text))

    def finish(self, begun: Begun, result: NodeResult) -> None:
        """Tells what a node came to, to the steps behind it and to whoever reads the events."""
        node, own = begun.node, begun.own
        self._state.rendered.pop(node.number, None)
        self._state.register(node, result)
        silent = isinstance(node, Step) and self._state.truth(own.no_log, own)
        bad = isinstance(node, Step) and result.status in BAD
        span = node.place.value
        self._emit(
            StepFinished(
                at=time.time(),
                host=self._host,
                number=node.number,
                name=begun.name,
                kind=begun.kind,
                parent=own.parent,
                role=own.role,
                started=begun.started,
                outcome=hidden(result.outcome) if silent else result.outcome,
                attempts=result.attempts,
                action="" if silent else (result.action or begun.action),
                conditions=() if silent else result.conditions,
                causes=result.causes,
                place=str(span),
                excerpt=excerpt(node.place.document.text, span, 2) if bad else "",
                items=() if silent else result.items,
                first=None if silent else result.first,
                tried=() if silent else result.tried,
            )
        )
