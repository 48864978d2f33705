"""Writes the events of a run as the engine emits them, with a clock that is turned by hand: for tests of reports."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from runbook.runs.events import (
    Event,
    Evidence,
    Outcome,
    Role,
    RunFinished,
    RunStarted,
    StageFinished,
    StageStarted,
    Status,
    StepFinished,
    StepProgress,
    StepStarted,
    Table,
)

NOON = 1_781_092_800.0
"""2026-06-10 12:00:00 UTC."""


class EventWriter:
    """`events` in the order in which they were written."""

    def __init__(self, hosts: tuple[str, ...] = ("web1",), **run: Any) -> None:
        self.now = NOON
        self.hosts = hosts
        self.events: list[Event] = []
        values = {"run_id": "20260610-120000-abc123", "playbook": "Restore", "path": "playbooks/restore.yml", **run}
        self._emit(RunStarted(self.now, inventory=("inventories/prod.yml",), hosts=hosts, stages=(), **values))

    def _emit(self, event: Event) -> None:
        self.events.append(event)

    @contextmanager
    def stage(self, number: str, name: str, *hosts: str) -> Iterator[None]:
        self._emit(StageStarted(self.now, number, name, hosts or self.hosts))
        yield
        self._emit(StageFinished(self.now, number, name))

    @contextmanager
    def on(self, host: str, number: str, name: str, **finished: Any) -> Iterator[None]:
        """A stage on a host: the result that holds its steps."""
        with self.holding(host, number, name, "stage", "", **finished):
            yield

    @contextmanager
    def holding(
        self, host: str, number: str, name: str, kind: str, parent: str, role: Role = Role.STEP, **finished: Any
    ) -> Iterator[None]:
        """A step, or what holds steps; what is written inside comes between its two events."""
        started = self.now
        outcome = finished.pop("outcome", Outcome(Status.PASSED))
        action = finished.get("action", "")
        self._emit(StepStarted(started, host, number, name, kind, parent, role, action))
        yield
        self._emit(StepFinished(self.now, host, number, name, kind, parent, role, started, outcome, **finished))

    def step(
        self, host: str, number: str, name: str, kind: str, outcome: Outcome, took: float = 0.1, **more: Any
    ) -> None:
        """A step that holds nothing; its parent is read off its number."""
        role = more.pop("role", Role.STEP)
        parent = more.pop("parent", number.rpartition(".")[0])
        with self.holding(host, number, name, kind, parent, role, outcome=outcome, **more):
            self.now += took

    def say(self, host: str, number: str, text: str, stream: str = "note") -> None:
        self._emit(StepProgress(self.now, host, number, stream, text))

    def wait(self, seconds: float) -> None:
        self.now += seconds

    def end(self, *, interrupted: bool = False, note: str = "") -> list[Event]:
        self._emit(RunFinished(self.now, interrupted, note))
        return self.events


def outcome(status: str, message: str = "", **more: Any) -> Outcome:
    """An outcome by the name of its status."""
    return Outcome(Status(status), message, **more)


def table(*rows: tuple[Any, ...], title: str = "", total: int = 0) -> tuple[Evidence, ...]:
    """Evidence with a table; the first row names the columns."""
    return (Evidence(title, table=Table(tuple(map(str, rows[0])), rows[1:], total or len(rows) - 1)),)
