"""Steps that go out before the one in front of them has answered: a slow line costs one round trip for all of them.

The host stops at the first that fails. So a step that changes something goes behind others only where the host can tell
as well as we whether they have passed: by their exit codes alone; and only where it needs nothing that they register.
A check may go behind any: what it saw behind anything but a clean pass is forgotten.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator, Mapping
from contextlib import suppress
from typing import Any, NoReturn, cast

from runbook.common.frozen import Frozen, replace
from runbook.engine.host_state import HostState
from runbook.engine.inherited import Inherited
from runbook.engine.kind_runner import Progress
from runbook.engine.mode import Mode, changes
from runbook.engine.outcomes.node_result import NodeResult
from runbook.model import Block, Node, Step
from runbook.runs.events import Status
from runbook.steps import KINDS
from runbook.steps.base import AsksOnce, Context
from runbook.templating.render import holds
from runbook.transports.base import Command, CommandResult, OnOutput, Pipelined, Unreachable, pipelined

_MOST = 20
_CLEAN = (Status.PASSED, Status.CHANGED)


class _Sent(Frozen):
    """A step on its way."""

    step: Step
    args: Mapping[str, Any]
    command: Command
    asked: frozenset[str]
    """The variables that it looked for."""


class Pipeline:
    """What one host has been sent ahead. Used by one thread at a time."""

    def __init__(self, state: HostState) -> None:
        self._state = state
        self._sent: dict[str, _Sent] = {}
        """By number, in order: those that have not had their turn."""

    def connect(self, block: Block) -> None:
        """Begin to connect to the host, if the first thing in the block is sure to ask it something."""
        first = self._first(block)
        if first is None or self._state.session.mode is Mode.CHECK or self._state.session.stop.is_set():
            return
        if (transport := self._transport(first)) is not None:
            with suppress(Exception):  # it will be told when the step has its turn
                transport.connect_early()

    def _first(self, node: Node) -> Step | None:
        """What is run first; None where that, or where it is run, depends on anything."""
        common = node.common
        if common.when or common.delegate_to or common.run_once or common.throttle:
            return None
        if isinstance(node, Block):
            left_out = self._state.session.plan.left_out
            first = next((step for step in node.steps if step.number not in left_out), None)
            return None if first is None else self._first(first)
        return node if isinstance(node, Step) and node.loop is None else None

    def send(self, nodes: tuple[Node, ...], index: int, around: Inherited) -> None:
        """Send the steps that the nodes from `index` on begin with, unless that has been done."""
        session = self._state.session
        if session.mode is Mode.CHECK or session.stop.is_set() or self.holds(nodes[index]):
            return
        if self._state.runner.away:
            return  # it would be tried once more
        if session.tools.output_dir:
            return  # what is sent ahead keeps its output in memory, which is bounded
        transport = self._transport(nodes[index])
        if transport is None:
            return
        chain = list(self._chain(nodes[index : index + _MOST], around))
        if len(chain) > 1:
            self._sent = {sent.step.number: sent for sent in chain}
            self._state.rendered.update({number: sent.args for number, sent in self._sent.items()})
            transport.ahead(tuple(sent.command for sent in chain))

    def holds(self, node: Node) -> bool:
        """Has it been sent, and has not had its turn?"""
        return node.number in self._sent

    def ended(self, node: Node, result: NodeResult) -> None:
        """A node has had its turn. Forget the rest where it did not simply pass."""
        if self._sent.pop(node.number, None) is None:
            return
        if result.status not in _CLEAN or result.attempts > 1:
            self._forget()

    def with_lost(self, step: Step, result: NodeResult) -> NodeResult:
        """Of a host that was lost: with the steps of which nobody can say now whether they ran."""
        if result.status is not Status.UNREACHABLE:
            return result
        others = [number for number, sent in self._sent.items() if sent.command.once and number != step.number]
        if not others:
            return result
        said = f"; sent with it, and not known either: {', '.join(others)}"
        return replace(result, outcome=replace(result.outcome, message=result.outcome.message + said))

    def _forget(self) -> None:
        for number in self._sent:
            self._state.rendered.pop(number, None)
        self._sent = {}
        if (transport := pipelined(self._state.session.transport_if_open(self._state.host))) is not None:
            transport.ahead(())

    def _transport(self, node: Node) -> Pipelined | None:
        """The host's own; None where it cannot be had, or nothing that begins with this node would be sent."""
        if _asks_once(node) is None:
            return None
        try:
            return pipelined(self._state.session.transport(self._state.host, self._state.host.name))
        except Exception:  # noqa: BLE001 - it will be told when the step has its turn
            return None

    def _chain(self, nodes: tuple[Node, ...], around: Inherited) -> Iterator[_Sent]:
        first: Command | None = None
        registered: set[str] = set()
        by_exit_code = True
        for node in nodes:
            sent = self._look(node, around)
            if sent is None or sent.asked & registered:
                return
            first = first or sent.command
            if sent.command.become != first.become or (sent.command.once and not by_exit_code):
                return
            yield sent
            registered.add(sent.step.register)
            by_exit_code = by_exit_code and _judged_by_exit_code(sent.step)

    def _look(self, node: Node, around: Inherited) -> _Sent | None:
        """What the step will ask the host, found by letting it ask; None where that cannot be known yet."""
        if not isinstance(node, Step) or node.loop is not None or node.common.throttle or node.common.until:
            return None
        own, kind = around.taking(node.common, node.place), _asks_once(node)
        if kind is None or own.delegate_to or own.run_once:
            return None
        try:
            return self._sent_by(node, kind, own)
        except Exception:  # noqa: BLE001 - it will be told when the step has its turn
            return None

    def _sent_by(self, step: Step, kind: AsksOnce, own: Inherited) -> _Sent | None:
        """Raises whatever its templates and its kind raise."""
        state = self._state
        scope = state.scope(own)
        if not all(holds(item.text, scope, item.place) for item in step.common.when):
            return None
        args = state.runner.args(step, scope)
        once = changes(step, args)
        if not kind.asks_once(args) or (once and state.session.mode is not Mode.RUN):
            return None
        command = _would_run(kind, args, state.runner.context(step, scope, own, Progress(_nothing, _nothing)))
        if command is None:
            return None
        return _Sent(step, args, replace(command, once=once), frozenset(scope.asked))


def _asks_once(node: Node) -> AsksOnce | None:
    """The node's kind, where it is one of those whose steps may go ahead."""
    kind = KINDS[node.kind] if isinstance(node, Step) else None
    return cast(AsksOnce, kind) if hasattr(kind, "asks_once") else None


def _would_run(kind: AsksOnce, args: Mapping[str, Any], context: Context) -> Command | None:
    """The command that the kind runs first; None when it runs none."""
    asked = _Asked()
    try:
        kind.run(args, replace(context, transport=asked, controller=asked, stop=threading.Event()))
    except _Would as would:
        return would.command
    return None


def _judged_by_exit_code(step: Step) -> bool:
    """Does it pass when, and only when, its command's exit code is 0?"""
    judged = step.expect or step.failed_when or any(item.text not in ("true", "false") for item in step.changed_when)
    return cast(AsksOnce, KINDS[step.kind]).BY_EXIT_CODE and not judged


class _Would(BaseException):
    def __init__(self, command: Command) -> None:
        self.command = command


class _Asked:
    """Stands in a transport's place, and is told what would be run."""

    local = False

    def run(self, command: Command, on_output: OnOutput | None = None) -> CommandResult:  # noqa: ARG002 - as a transport's
        raise _Would(command)

    def forward(self, host: str, port: int) -> NoReturn:
        raise Unreachable(f"{host}:{port} is asked in its turn")

    def close(self) -> None:
        """Nothing is open."""


def _nothing(*_: object) -> None:
    """Nobody is told."""
