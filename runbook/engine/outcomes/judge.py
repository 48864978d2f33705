"""Judges what a kind came to: `changed_when`, `failed_when`, `expect`, and the flags that `register` has."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from runbook.common.frozen import replace
from runbook.model import Expression, Step
from runbook.runs.events import Condition, Outcome, Status
from runbook.steps.traits import traits
from runbook.templating.errors import TemplateError
from runbook.templating.render import free_names, judge
from runbook.templating.sandbox.partly_read import PartlyRead
from runbook.templating.scope import Scope


def flags(outcome: Outcome, attempts: int = 1) -> dict[str, Any]:
    """The outcome as expressions and `register` see it: its fields, and how it ended under Ansible's names."""
    return {
        "msg": outcome.message,
        **outcome.data,
        "changed": outcome.status in (Status.CHANGED, Status.REMEDIATED),
        "failed": outcome.status in (Status.FAILED, Status.RESCUED, Status.WARNED),  # a warning: a failure let pass
        "skipped": outcome.status is Status.SKIPPED,
        "unreachable": outcome.status is Status.UNREACHABLE,
        "remediated": outcome.status is Status.REMEDIATED,
        "outcome": str(outcome.status),
        "attempts": attempts,
    }


def seen(outcome: Outcome, attempts: int = 1) -> dict[str, Any]:
    """The same, and what was not all read is told as such: no condition over the rest of it holds."""
    fields = flags(outcome, attempts)
    partly = {name: why for name, why in outcome.gaps.items() if isinstance(fields.get(name), str | list)}
    return {**fields, **{name: PartlyRead(fields[name], why) for name, why in partly.items()}}


def judged_scope(step: Step, outcome: Outcome, scope: Scope, attempts: int) -> Scope:
    """The step's variables with the outcome's fields on top, and the outcome under its registered name."""
    fields = seen(outcome, attempts)
    named = {step.register: fields} if step.register else {}
    return scope.with_data(**{key: value for key, value in fields.items() if key.isidentifier()}, **named)


def judge_outcome(step: Step, outcome: Outcome, scope: Scope, attempts: int) -> tuple[Outcome, tuple[Condition, ...]]:
    """The outcome with the user's own judgement. Raises TemplateError."""
    if outcome.status in (Status.UNREACHABLE, Status.WAITING, Status.SKIPPED):
        return outcome, ()
    if not (step.expect or step.failed_when or step.changed_when):
        return _changed_when(step, outcome, scope), ()
    over = judged_scope(step, outcome, scope, attempts)
    try:
        conditions = judge_all(step.expect, over, "expect")
    except TemplateError:
        if outcome.status is Status.FAILED:  # it came to nothing that could be judged: why is what counts
            return outcome, ()
        raise
    outcome = _failed_when(step, outcome, over)
    outcome = _changed_when(step, outcome, over)
    return _expect(step, outcome, conditions), conditions


def judge_all(expressions: tuple[Expression, ...], scope: Mapping[str, Any], keyword: str) -> tuple[Condition, ...]:
    """Each expression judged, those that do not hold first."""
    found = [judge(item.text, scope, item.place, keyword) for item in expressions]
    return tuple(sorted(found, key=lambda condition: condition.holds))


def _failed_when(step: Step, outcome: Outcome, scope: Scope) -> Outcome:
    if not step.failed_when:
        return outcome
    found = judge_all(step.failed_when, scope, "failed_when")
    if all(condition.holds for condition in found):
        if outcome.status is Status.FAILED:
            return outcome
        return replace(outcome, status=Status.FAILED, message=f"failed_when holds: {found[0].text}")
    return _as_worked(step, outcome) if outcome.status is Status.FAILED else outcome


def _changed_when(step: Step, outcome: Outcome, scope: Scope) -> Outcome:
    if outcome.status is Status.FAILED:
        return outcome
    if step.changed_when:
        holds = all(judge(item.text, scope, item.place).holds for item in step.changed_when)
        return replace(outcome, status=Status.CHANGED if holds else Status.PASSED)
    if step.changes is False and outcome.status is Status.CHANGED:
        return replace(outcome, status=Status.PASSED)
    return outcome


def _expect(step: Step, outcome: Outcome, conditions: tuple[Condition, ...]) -> Outcome:
    broken = [condition for condition in conditions if not condition.holds]
    if outcome.status is Status.FAILED:
        if broken or not _takes_over(step, outcome):
            return outcome
        return _as_worked(step, outcome)
    if not broken:
        return outcome
    more = f" (and {len(broken) - 1} more)" if len(broken) > 1 else ""
    gap = gap_of(step, outcome)
    said = f"expected {broken[0].text}{more}" + (f": {gap}" if gap else "")
    return replace(outcome, status=Status.FAILED, message=said)


def gap_of(step: Step, outcome: Outcome) -> str:
    """Why a field that the step's conditions read is not there; empty where none of them has a gap."""
    texts = (*step.expect, *step.failed_when, *step.changed_when, *step.common.until)
    read = {name for item in texts for name in free_names(item.text, bare=True)}
    return next((why for name, why in outcome.gaps.items() if name in read and not outcome.data.get(name)), "")


def _takes_over(step: Step, outcome: Outcome) -> bool:
    """Does `expect` speak of the very field by which the kind judged itself?"""
    own = set(traits(step.kind).OWN_VERDICT) & set(outcome.data)
    return any(free_names(item.text, bare=True) & own for item in step.expect)


def _as_worked(step: Step, outcome: Outcome) -> Outcome:
    """A failure that the user says is none."""
    from runbook.steps import KINDS

    changes = KINDS[step.kind].changes(step.args) if step.changes is None else step.changes
    return replace(outcome, status=Status.CHANGED if changes else Status.PASSED)
