"""The causes that a step points at: rendered over its outcome, as its `expect` is."""

from __future__ import annotations

from runbook.engine.host_state import HostState
from runbook.engine.inherited import Inherited
from runbook.engine.outcomes.judge import judged_scope
from runbook.engine.outcomes.judge import seen as expressed
from runbook.engine.outcomes.node_result import NodeResult
from runbook.engine.outcomes.template_failures import CANNOT_RENDER
from runbook.model import Cause, Step
from runbook.runs.events import Outcome, Role, Status
from runbook.templating.render import free_names, holds, render
from runbook.templating.scope import Scope

_WRONG = (Status.FAILED, Status.WARNED)
_ENDED = frozenset({"failed", "outcome"})
"""Names that say how the step ended: a cause whose `when` reads one is asked for also where the step passed."""


def causes_of(step: Step, own: Inherited, result: NodeResult, state: HostState) -> tuple[str, ...]:
    """What a step says of the cause when it found something wrong; of a look that could not be made nothing."""
    seen = result.first.outcome if result.first is not None else result.outcome
    if not step.causes or not seen.looked:
        return ()
    scope = _scope(step, own, seen, result.attempts, state)
    told = (_text(cause, scope) for cause in step.causes if seen.status in _WRONG or _asked_for(cause))
    return tuple(dict.fromkeys(filter(None, told)))


def _asked_for(cause: Cause) -> bool:
    return any(free_names(item.text, bare=True) & _ENDED for item in cause.when)


def _scope(step: Step, own: Inherited, seen: Outcome, attempts: int, state: HostState) -> Scope:
    scope = state.scope(own)
    if own.role not in (Role.DIAGNOSE, Role.REMEDIATE, Role.RESCUE):  # there it is what made them run
        scope = scope.with_data(failure=expressed(seen, attempts))
    return judged_scope(step, seen, scope, attempts)


def _text(cause: Cause, scope: Scope) -> str:
    try:
        if not all(holds(item.text, scope, item.place) for item in cause.when):
            return ""
        return str(render(cause.text, scope, cause.place))
    except CANNOT_RENDER as error:
        return f"(a cause cannot be told: {error})"


def reasons(looks: list[Outcome], failed: Outcome) -> tuple[str, ...]:
    """Why looks could not be made, each reason once. That the host is away is told by the step that failed for it."""
    of_host = failed.status is Status.UNREACHABLE
    why = [look.message for look in looks if not of_host or look.status is not Status.UNREACHABLE]
    return tuple(dict.fromkeys(f"could not look: {message}" for message in why if message))
