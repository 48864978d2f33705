"""Runs that change nothing: what becomes of a step that would.

`check` previews what a run would do, before it; `verify` asks whether everything is as it should be, on a timer. In
both nothing is repaired. What depends on a step that was not run is unknown: it is never guessed. Where it is a `when`
that cannot be known, a check shows both ways: what would be done, and that it may be skipped.
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from typing import Any

from runbook.common.frozen import Frozen, replace
from runbook.engine.outcomes.node_result import NodeResult
from runbook.model import Node, Step
from runbook.runs.events import Outcome, Status
from runbook.steps import KINDS
from runbook.steps.traits import traits
from runbook.templating.unknown import Unknown


class Mode(StrEnum):
    RUN = "run"
    CHECK = "check"
    VERIFY = "verify"


class Unsure(Frozen):
    """In a check: a condition that only a real run can tell, and the step that it depends on."""

    text: str
    number: str

    def inside(self, outer: Unsure | None) -> Unsure:
        """Both conditions, where one stands in the other."""
        return self if outer is None else Unsure(f"{outer.text} and {self.text}", outer.number)

    def told(self, said: str) -> str:
        """What would be done, both ways."""
        return f"if {self.text} (known after step {self.number} has run): {said}; else skipped"

    def supposed(self, node: Node, result: NodeResult) -> NodeResult:
        """What a node came to as if the condition held: it was shown, not run, and is unknown."""
        if result.status in (Status.UNREACHABLE, Status.SKIPPED):
            return result
        said = self.told(result.outcome.message if isinstance(node, Step) else "its steps would run")
        outcome = replace(result.outcome, status=Status.UNKNOWN, message=said, data={})
        return replace(result, outcome=outcome, conditions=(), register=Unknown(node.number))


def changes(step: Step, args: Mapping[str, Any]) -> bool:
    """May this step change the host?"""
    return KINDS[step.kind].changes(args) if step.changes is None else step.changes


def left_undone(mode: Mode, step: Step, args: Mapping[str, Any], unsure: Unsure | None = None) -> Outcome | None:
    """The outcome of a step that this mode does not run and cannot preview; None where it can go on."""
    if mode is not Mode.RUN and traits(step.kind).ASKS_PERSON:
        said = "a person would be asked"
        return Outcome(Status.UNKNOWN, said) if mode is Mode.CHECK else Outcome(Status.SKIPPED, f"{said}: not verified")
    if unsure and not changes(step, args):
        return Outcome(Status.UNKNOWN, f"would run {step.kind}: {KINDS[step.kind].plan(args)}")
    if mode is Mode.RUN or not changes(step, args) or (mode is Mode.CHECK and hasattr(KINDS[step.kind], "preview")):
        return None
    if mode is Mode.VERIFY:
        return Outcome(Status.SKIPPED, "it changes the host: a verification does not run it")
    return Outcome(Status.UNKNOWN, f"would run: {KINDS[step.kind].plan(args)}")


HINT = "if it only looks, `changes: false` lets it run here"
"""For a step whose `changed_when: false` says that it changes nothing: Ansible's words, which nothing rests on."""


def only_looks(step: Step) -> bool:
    """Does the playbook say of a step that it changes nothing, though not in the words that let it run here?"""
    said = [expression.text.strip().lower() for expression in step.changed_when]
    return step.changes is None and said == ["false"]


def not_yet_failed(outcome: Outcome, number: str) -> Outcome:
    """In a check, a failure behind a step that would have changed the host says little: it may hold after that."""
    if not number or outcome.status is not Status.FAILED:
        return outcome
    said = f"does not hold now ({outcome.message}); step {number} before it would change the host"
    return replace(outcome, status=Status.UNKNOWN, message=said)
