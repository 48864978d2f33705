"""The attempts of a step: once for all hosts or for this one, for each item of its loop, until one is good.

An attempt renders the options, runs the kind (or its preview, or nothing, as the mode says) and has the outcome judged.
What is repeated as a whole, a block or a choice, has its attempts here too.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from itertools import count
from typing import Any, TypeVar

from runbook.common.durations import seconds
from runbook.common.frozen import replace
from runbook.engine.host_state import HostState
from runbook.engine.inherited import Inherited
from runbook.engine.mode import HINT, Mode, changes, left_undone, not_yet_failed, only_looks
from runbook.engine.outcomes.judge import flags, gap_of, judge_all, judge_outcome, judged_scope, seen
from runbook.engine.outcomes.looks import with_look
from runbook.engine.outcomes.node_result import NodeResult, of_items
from runbook.engine.outcomes.template_failures import CANNOT_RENDER, explain, failure_of
from runbook.engine.output.files import Outputs, safe
from runbook.engine.output.step_output import StepOutput
from runbook.engine.step_events import StepEvents
from runbook.engine.when import ask_when
from runbook.model import Node, Step
from runbook.runs.events import Condition, Outcome, Status
from runbook.steps import KINDS
from runbook.templating.errors import TemplateError
from runbook.templating.render import evaluate, is_template, render
from runbook.templating.sandbox.partly_read import NotRead
from runbook.templating.scope import Scope
from runbook.templating.unknown import Unknown
from runbook.transports.base import Stopped

DEFAULT_RETRIES = 3
DEFAULT_DELAY = 5.0
"""Of a step that has `until` and does not say them: Ansible's."""

N = TypeVar("N", bound=Node)


class Attempts:
    """The attempts of one host's nodes. Used by one thread at a time."""

    def __init__(self, state: HostState, events: StepEvents) -> None:
        self._state, self._events, self._session = state, events, state.session
        tools = state.session.tools
        folder = tools.output_dir / safe(tools.run_id) if tools.output_dir else None
        self._outputs = Outputs(folder, state.host.name, state.session.masker) if folder else None

    def step(self, step: Step, own: Inherited) -> NodeResult:
        """All attempts of a step. Raises CANNOT_RENDER."""
        if own.run_once and len(own.batch) > 1:
            return self._session.run_once.shared(own.batch, step.number, lambda: self._here(step, own))
        return self._here(step, own)

    def _here(self, step: Step, own: Inherited) -> NodeResult:
        return self.repeat(step, own, self._attempt) if step.loop is None else self._loop(step, own)

    # --- loop ------------------------------------------------------------------------------------------------

    def _loop(self, step: Step, own: Inherited) -> NodeResult:
        items: list[tuple[str, Outcome]] = []
        last = NodeResult(Outcome(Status.SKIPPED))
        unknown, ran = None, False
        for index, value in enumerate(self._loop_values(step, self._state.scope(own))):
            inner = own.with_data(**{step.loop_var: value, "loop_index": index})
            last = self._item(step, inner)
            label = str(render(step.loop_label, self._state.scope(inner))) if step.loop_label else str(value)
            items.append((label, last.outcome))
            ran = ran or last.ran
            unknown = last.register if last.register is not None else unknown
            if last.status in (Status.UNREACHABLE, Status.WAITING):
                break
        outcome = of_items(items)
        if unknown is None and any(one.gaps for _, one in items):
            unknown = {**flags(outcome), "results": [{**seen(one), "item": label} for label, one in items]}
        return replace(last, outcome=outcome, items=tuple(items), attempts=1, register=unknown, ran=ran)

    def _loop_values(self, step: Step, scope: Scope) -> list[Any]:
        place, loop = step.place / "loop", step.loop
        bare = isinstance(loop, str) and not is_template(loop)
        values = evaluate(loop, scope, place) if bare else render(loop, scope, place)
        if isinstance(values, Mapping):
            values = [{"key": key, "value": value} for key, value in values.items()]
        if not isinstance(values, list | tuple):
            raise TemplateError(f"loop needs a list, not {type(values).__name__}", place.value)
        return list(values)

    def _item(self, step: Step, own: Inherited) -> NodeResult:
        when = ask_when(step, self._state, own)
        if when.result is not None:
            return when.result
        try:
            if when.unsure is None:
                return self.repeat(step, own, self._attempt)
            with self._state.supposing(when.unsure):
                return when.unsure.supposed(step, self.repeat(step, own, self._attempt))
        except CANNOT_RENDER as error:
            return failure_of(error, self._session.plan)

    # --- retries ---------------------------------------------------------------------------------------------

    def repeat(self, node: N, own: Inherited, attempt: Callable[[N, Inherited, int], NodeResult]) -> NodeResult:
        """Attempts until one is good or, as `retries` says, they are used up. Raises CANNOT_RENDER."""
        common = node.common
        if common.retries is None and not common.until:
            return with_look(node, attempt(node, own, 1))
        most, delay = self._bounds(node, self._state.scope(own))
        for number in count(1):
            try:
                result = with_look(node, replace(attempt(node, own, number), attempts=number))
            except CANNOT_RENDER as error:
                result = replace(failure_of(error, self._session.plan), attempts=number)
            if result.status is Status.UNKNOWN:  # it was not run: there is nothing to wait for
                break
            unmet = self._unmet(node, own, result)
            if result.outcome.ok and not unmet:
                break
            if number >= most or result.status is Status.WAITING:
                return _gave_up(result, unmet)
            said = "until does not hold yet" if unmet else result.outcome.message
            self._events.progress(node.number, "note", f"attempt {number} of {most}: {said}", own)
            if self._session.stop.wait(delay):
                raise Stopped
        return result

    def _bounds(self, node: Node, scope: Scope) -> tuple[int, float]:
        """How many attempts at most, and the seconds between them."""
        common = node.common
        retries = render(common.retries, scope)
        if retries is None:
            retries = DEFAULT_RETRIES if common.until else 0
        delay = seconds(render(common.delay, scope)) if common.delay is not None else DEFAULT_DELAY
        return 1 + int(retries), delay

    def _unmet(self, node: Node, own: Inherited, result: NodeResult) -> list[Condition]:
        """Of an attempt that is good otherwise, the conditions of `until` that do not hold."""
        if not (node.common.until and result.outcome.ok):
            return []
        scope = self._state.scope(own)
        if isinstance(node, Step):
            scope = judged_scope(node, result.outcome, scope, result.attempts)
        else:
            scope = scope.with_data(**flags(result.outcome))
        return [condition for condition in judge_all(node.common.until, scope, "until") if not condition.holds]

    # --- one attempt -----------------------------------------------------------------------------------------

    def _attempt(self, step: Step, own: Inherited, number: int) -> NodeResult:
        """Run the kind once, and have what it comes to judged. Raises CANNOT_RENDER."""
        mode = self._session.mode
        scope = self._state.scope(own)
        args = self._state.take_args(step, scope)
        action = KINDS[step.kind].plan(args)
        undone = left_undone(mode, step, args, self._state.unsure)
        if undone is not None:
            return self._undone(step, args, undone, action)
        preview = mode is Mode.CHECK and changes(step, args)
        with StepOutput(step, own, self._state, self._events, self._outputs) as output:
            outcome = self._state.runner.run(step, args, scope, own, output.progress, preview=preview)
        outcome = output.with_files(outcome)
        self._state.runner.reached(step, own, scope, outcome)
        self._remember_secrets(step, outcome)
        if preview and outcome.status in (Status.CHANGED, Status.UNKNOWN):
            return self._undone(step, args, outcome, action)
        try:
            outcome, conditions = judge_outcome(step, outcome, scope, number)
        except TemplateError as error:
            why = outcome.message if outcome.status is Status.FAILED else ""
            gap = "" if isinstance(error, NotRead) else gap_of(step, outcome)
            message = "; ".join(filter(None, (why, explain(error, self._session.plan), gap)))
            return NodeResult(replace(outcome, status=Status.FAILED, message=message, looked=False), number, action)
        return NodeResult(not_yet_failed(outcome, self._state.undone), number, action, conditions)

    def _undone(self, step: Step, args: Mapping[str, Any], outcome: Outcome, action: str) -> NodeResult:
        """A step that was not run: of what it would have told, only this much is certain."""
        looks = only_looks(step)
        if self._session.mode is Mode.CHECK and not self._state.undone and changes(step, args) and not looks:
            self._state.undone = step.number
        known = {"changed": True, "failed": False, "skipped": False} if outcome.status is Status.CHANGED else {}
        if looks:
            known["changed"] = False
            outcome = replace(outcome, message=f"{outcome.message} ({HINT})")
        return NodeResult(outcome, 1, action, register=Unknown(step.number, **known))

    def _remember_secrets(self, step: Step, outcome: Outcome) -> None:
        for path in step.secrets:
            value: Any = outcome.data
            for key in path.split("."):
                value = value.get(key) if isinstance(value, Mapping) else None
            self._session.masker.add(value)


def _gave_up(result: NodeResult, unmet: list[Condition]) -> NodeResult:
    if not unmet:
        return result
    message = f"until never held in {result.attempts} attempts: {unmet[0].text}"
    outcome = replace(result.outcome, status=Status.FAILED, message=message)
    return replace(result, outcome=outcome, conditions=(*unmet, *result.conditions))
