"""Runs that change nothing: what becomes of a step that would.

`check` previews what a run would do, before it; `verify` asks whether everything is as it should be, on a timer. In
both nothing is repaired. What depends on a step that was not run is unknown: it is never guessed.
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from typing import Any

from runbook.events import Outcome, Status
from runbook.frozen import replace
from runbook.model import Step
from runbook.steps import KINDS


class Mode(StrEnum):
    RUN = "run"
    CHECK = "check"
    VERIFY = "verify"


def changes(step: Step, args: Mapping[str, Any]) -> bool:
    """May this step change the host?"""
    return KINDS[step.kind].changes(args) if step.changes is None else step.changes


def left_undone(mode: Mode, step: Step, args: Mapping[str, Any]) -> Outcome | None:
    """The outcome of a step that this mode does not run and cannot preview; None where it can go on."""
    if mode is not Mode.RUN and step.kind == "confirm":
        said = "a person would be asked"
        return Outcome(Status.UNKNOWN, said) if mode is Mode.CHECK else Outcome(Status.SKIPPED, f"{said}: not verified")
    if mode is Mode.RUN or not changes(step, args) or (mode is Mode.CHECK and hasattr(KINDS[step.kind], "preview")):
        return None
    if mode is Mode.VERIFY:
        return Outcome(Status.SKIPPED, "it changes the host: a verification does not run it")
    return Outcome(Status.UNKNOWN, f"would run: {KINDS[step.kind].plan(args)}")


def clouded(outcome: Outcome, number: str) -> Outcome:
    """In a check, a failure behind a step that would have changed the host says little: it may hold after that."""
    if not number or outcome.status is not Status.FAILED:
        return outcome
    said = f"does not hold now ({outcome.message}); step {number} before it would change the host"
    return replace(outcome, status=Status.UNKNOWN, message=said)
