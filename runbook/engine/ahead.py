"""Checks that go out before the one in front of them has answered: a slow line costs one round trip for all of them.

Only steps that look: one that was begun and then not wanted has changed nothing. The host stops at the first that
fails, and what was learned ahead of anything but a clean pass is forgotten, for a repair may have changed it.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator
from typing import NoReturn

from runbook.engine.attempt import Progress
from runbook.engine.desk import Desk, Done
from runbook.engine.frame import Frame
from runbook.engine.mode import Mode, changes
from runbook.events import Status
from runbook.frozen import replace
from runbook.model import Node, Step
from runbook.steps import KINDS
from runbook.transports.base import Command, CommandResult, OnOutput, Unreachable

_KINDS = frozenset({"command", "file", "process", "shell"})
"""Those that ask the host once."""
_MOST = 20
_CLEAN = (Status.PASSED, Status.CHANGED)


class Ahead:
    """What one host has been sent ahead. Used by one thread at a time."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk
        self._sent: frozenset[str] = frozenset()

    def before(self, nodes: tuple[Node, ...], frame: Frame) -> None:
        """Send the checks that these nodes begin with, unless that has been done."""
        session = self._desk.session
        if session.mode is Mode.CHECK or session.tools.output_dir or nodes[0].number in self._sent:
            return  # what is sent ahead keeps its output in memory, which is bounded
        transport = session.transport_if_open(self._desk.host)
        if transport is None or transport.local:
            return
        chain = list(self._chain(nodes, frame))
        if len(chain) > 1:
            self._sent = frozenset(number for number, _ in chain)
            transport.ahead(tuple(command for _, command in chain))

    def after(self, node: Node, done: Done | None) -> None:
        """Forget the rest where a check did not simply pass."""
        if node.number not in self._sent or done is None:
            return
        if done.status not in _CLEAN or done.attempts > 1:
            self._sent = frozenset()
            if (transport := self._desk.session.transport_if_open(self._desk.host)) is not None:
                transport.ahead(())

    def _chain(self, nodes: tuple[Node, ...], frame: Frame) -> Iterator[tuple[str, Command]]:
        first: Command | None = None
        for node in nodes[:_MOST]:
            if node.number in self._desk.session.plan.left_out:
                continue
            command = self._command(node, frame)
            if command is None or (first is not None and command.become != first.become):
                return
            first = first or command
            yield node.number, command

    def _command(self, node: Node, frame: Frame) -> Command | None:
        """What the step will ask the host, found by letting it ask; None where that cannot be known yet."""
        if not isinstance(node, Step) or node.kind not in _KINDS:
            return None
        if node.loop is not None or node.common.when or node.common.throttle:
            return None
        own = frame.taking(node.common, node.place)
        if own.delegate_to or own.run_once:
            return None
        desk = self._desk
        try:
            scope = desk.scope(own)
            args = desk.runner.args(node, scope)
            if changes(node, args):
                return None
            context = desk.runner.context(node, scope, own, Progress(_nothing, _nothing))
            asked = _Asked()
            KINDS[node.kind].run(args, replace(context, transport=asked, controller=asked, stop=threading.Event()))
        except _Would as would:
            return would.command
        except Exception:  # noqa: BLE001 - it will be told when the step has its turn
            return None
        return None


class _Would(BaseException):
    def __init__(self, command: Command) -> None:
        self.command = command


class _Asked:
    """Stands in a transport's place, and is told what would be run."""

    local = False

    def run(self, command: Command, on_output: OnOutput | None = None) -> CommandResult:  # noqa: ARG002 - as a transport's
        raise _Would(command)

    def ahead(self, commands: tuple[Command, ...]) -> None:
        """Nothing is sent."""

    def forward(self, host: str, port: int) -> NoReturn:
        raise Unreachable(f"{host}:{port} is asked in its turn")

    def close(self) -> None:
        """Nothing is open."""


def _nothing(*_: object) -> None:
    """Nobody is told."""
