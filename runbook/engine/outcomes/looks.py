"""Was anything seen? A look that could not be made proves nothing: it has no cause, and nothing rests on it."""

from __future__ import annotations

from runbook.common.frozen import replace
from runbook.engine.outcomes.node_result import NodeResult
from runbook.model import Node, Step
from runbook.runs.events import Status
from runbook.steps.traits import traits
from runbook.templating.render import free_names

_NOTHING_SEEN = (Status.UNREACHABLE, Status.UNKNOWN, Status.WAITING)
_OF_THE_FAILURE = frozenset({"error_class", "sqlstate", "timed_out", "unreachable", "reachable", "outcome"})
"""What says why a look could not be made, so that who asks for it does not rest on what was not seen."""


def with_look(node: Node, result: NodeResult) -> NodeResult:
    """The result with `looked` false where a step came to no answer. Asked here and nowhere else."""
    if not isinstance(node, Step) or not result.outcome.looked or _looked(node, result):
        return result
    return replace(result, outcome=replace(result.outcome, looked=False))


def _looked(step: Step, result: NodeResult) -> bool:
    outcome, speaks = result.outcome, _speaks(step)
    if outcome.status in _NOTHING_SEEN:
        return False
    if outcome.status is not Status.FAILED or speaks & _OF_THE_FAILURE:
        return True
    if outcome.data.get("timed_out") is True or outcome.data.get("error_class") == "login":
        return False
    # Who asks only whether there is an answer has one: there is none. Who asks what it says has not.
    unjudged = bool(step.expect) and not result.conditions
    return not (unjudged or outcome.data.get("error_class")) or speaks <= {*traits(step.kind).OWN_VERDICT}


def _speaks(step: Step) -> frozenset[str]:
    """The names that judge the outcome."""
    judged = (*step.expect, *step.failed_when)
    return frozenset[str]().union(*(free_names(item.text, bare=True) for item in judged))


def rests_on_nothing(fields: frozenset[str]) -> bool:
    """Do these fields of a look that could not be made say more than why?"""
    return not fields <= _OF_THE_FAILURE
