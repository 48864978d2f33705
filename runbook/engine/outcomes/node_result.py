"""What a node came to, and how several outcomes make one: of a loop's items, a block's steps, a repaired step."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from runbook.common.frozen import Frozen, replace
from runbook.engine.outcomes.judge import flags
from runbook.runs.events import BAD, OUTPUT_FILES, SEVERITY, Condition, First, Outcome, Status, Tried, worst


class NodeResult(Frozen):
    """The outcome, and what else the finishing event tells."""

    outcome: Outcome
    attempts: int = 1
    action: str = ""
    conditions: tuple[Condition, ...] = ()
    items: tuple[tuple[str, Outcome], ...] = ()
    causes: tuple[str, ...] = ()
    first: First | None = None
    tried: tuple[Tried, ...] = ()
    ran: bool = True
    """Was anything asked of the host? Of a step whose options cannot be rendered nothing was found wrong there."""
    register: Mapping[str, Any] | None = None
    """What `register` gets in the place of the outcome's fields."""

    @property
    def status(self) -> Status:
        return self.outcome.status


def of_items(items: Sequence[tuple[str, Outcome]]) -> Outcome:
    """A loop's outcome: the worst of its items, all of them under `results`."""
    if not items:
        return Outcome(Status.SKIPPED, "nothing to loop over", {"results": []})
    status = worst([outcome.status for _, outcome in items])
    results = [{**flags(outcome), "item": label} for label, outcome in items]
    bad = [(label, outcome) for label, outcome in items if outcome.status in BAD]
    message = f"{len(bad)} of {len(items)} items failed: {bad[0][0]}: {bad[0][1].message}" if bad else ""
    evidence = tuple(piece for _, outcome in items for piece in outcome.evidence)
    diff = "".join(outcome.diff for _, outcome in items)
    files = [file for _, outcome in items for file in outcome.data.get(OUTPUT_FILES, ())]
    data = {"results": results, **({OUTPUT_FILES: files} if files else {})}
    looked = all(outcome.looked for _, outcome in items)
    refused = next((outcome.refused for _, outcome in items if outcome.refused), "")
    return Outcome(status, message or f"{len(items)} items", data, evidence, diff, looked=looked, refused=refused)


def of_block(statuses: Sequence[Status], failure: Outcome | None = None) -> Outcome:
    """A block's outcome from its steps'."""
    if failure is not None:
        return Outcome(failure.status, failure.message, refused=failure.refused)
    return Outcome(worst(list(statuses)))


def remedied(outcome: Outcome, branch: str) -> Outcome:
    """What passed only after a remediation is not passed."""
    if outcome.status in (Status.SKIPPED, Status.WAITING):
        return outcome
    said = f"; {outcome.message}" if outcome.message else ""
    return replace(outcome, status=Status.REMEDIATED, message=f"repaired by {branch}{said}")


def unasked(failed: NodeResult, branch: str) -> NodeResult:
    """After a branch behind which nothing is asked again: something was done, and nobody knows whether it helped."""
    message = f"{branch} was done, and nothing was asked again; before it: {failed.outcome.message}"
    return replace(failed, outcome=Outcome(Status.CHANGED, message, failed.outcome.data), conditions=(), items=())


def softened(outcome: Outcome) -> Outcome:
    """A failure that is only a warning."""
    return replace(outcome, status=Status.WARNED) if outcome.status in (Status.FAILED, Status.RESCUED) else outcome


def worse(outcome: Outcome, other: Outcome) -> Outcome:
    """The worse of the two; the first where they are alike, or where the other merely changed something."""
    better = SEVERITY[other.status] <= max(SEVERITY[outcome.status], SEVERITY[Status.CHANGED])
    return outcome if better else other


def hidden(outcome: Outcome) -> Outcome:
    """What an outcome with `no_log` shows."""
    return Outcome(outcome.status, "hidden by no_log", looked=outcome.looked)
