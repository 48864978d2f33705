"""What a step, or what holds steps, came to on a host."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from runbook.common.frozen import Frozen
from runbook.runs.events import Condition, Outcome, Status


class NodeResult(Frozen):
    """The outcome, and what else the finishing event tells."""

    outcome: Outcome
    attempts: int = 1
    action: str = ""
    conditions: tuple[Condition, ...] = ()
    items: tuple[tuple[str, Outcome], ...] = ()
    causes: tuple[str, ...] = ()
    register: Mapping[str, Any] | None = None
    """What `register` gets in the place of the outcome's fields."""

    @property
    def status(self) -> Status:
        return self.outcome.status
