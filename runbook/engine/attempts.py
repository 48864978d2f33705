"""A step's loop, its attempts (`until`, `retries`), and the judgement of each attempt."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import closing, nullcontext
from functools import partial
from typing import Any

from runbook.common.durations import seconds
from runbook.common.frozen import frozen, replace
from runbook.engine.host_state import HostState, NodeResult
from runbook.engine.inherited import Inherited
from runbook.engine.judge import flags, judge_all, judge_outcome, judged_scope
from runbook.engine.kind_runner import Progress
from runbook.engine.live_output import LiveOutput
from runbook.engine.mode import HINT, Mode, changes, clouded, left_undone, only_looks
from runbook.engine.outcomes import of_items
from runbook.engine.output_files import Output, both
from runbook.engine.run_once import shared_once
from runbook.model import Node, Step
from runbook.runs.events import OUTPUT_FILES, Condition, Outcome, Status
from runbook.steps import KINDS
from runbook.templating.errors import TemplateError
from runbook.templating.render import evaluate, is_template, render
from runbook.templating.scope import Scope
from runbook.templating.unknown import Unknown
from runbook.transports.base import OnOutput, Stopped

DEFAULT_RETRIES = 3
DEFAULT_DELAY = 5.0
"""Of a step that has `until` and does not say them: Ansible's."""


@frozen
class Attempts:
    """Runs steps, and blocks that are repeated, at one host's state."""

    state: HostState

    def step(self, step: Step, own: Inherited) -> NodeResult:
        """A step: once for all hosts or for this one, over its loop, until it is good."""
        if own.run_once and len(own.batch) > 1:
            return shared_once(self.state.session, own.batch, step.number, lambda: self._attempts(step, own))
        return self._attempts(step, own)

    def _attempts(self, step: Step, own: Inherited) -> NodeResult:
        if step.loop is not None:
            return self._loop(step, own)
        return self._tried(step, own)

    def _loop(self, step: Step, own: Inherited) -> NodeResult:
        values = self._loop_values(step, self.state.scope(own))
        items: list[tuple[str, Outcome]] = []
        last = NodeResult(Outcome(Status.SKIPPED))
        unknown = None
        for index, value in enumerate(values):
            frame = own.with_data(**{step.loop_var: value, "loop_index": index})
            scope = self.state.scope(frame)
            last = self.state.guarded(partial(self.state.when, step, frame, partial(self._tried, step, frame)))
            label = str(render(step.loop_label, scope)) if step.loop_label else str(value)
            items.append((label, last.outcome))
            unknown = last.register if last.register is not None else unknown
            if last.status in (Status.UNREACHABLE, Status.WAITING):
                break
        return replace(last, outcome=of_items(items), items=tuple(items), attempts=1, register=unknown)

    def _loop_values(self, step: Step, scope: Scope) -> list[Any]:
        place = step.place / "loop"
        loop = step.loop
        values = (
            evaluate(loop, scope, place)
            if isinstance(loop, str) and not is_template(loop)
            else render(loop, scope, place)
        )
        if isinstance(values, Mapping):
            values = [{"key": key, "value": value} for key, value in values.items()]
        if not isinstance(values, list | tuple):
            raise TemplateError(f"loop needs a list, not {type(values).__name__}", place.value)
        return list(values)

    def _tried(self, step: Step, own: Inherited) -> NodeResult:
        """All attempts of a step (or of one item of its loop)."""

        def attempt(number: int) -> NodeResult:
            return self.state.guarded(lambda: self._once(step, own, number))

        def seen(done: NodeResult, scope: Scope) -> Scope:
            return judged_scope(step, done.outcome, scope, done.attempts)

        return self._again(step, own, attempt, seen)

    def _again(
        self,
        node: Node,
        own: Inherited,
        attempt: Callable[[int], NodeResult],
        seen: Callable[[NodeResult, Scope], Scope],
    ) -> NodeResult:
        """Attempts until one is good or they are used up."""
        common = node.common
        if common.retries is None and not common.until:
            return attempt(1)
        scope = self.state.scope(own)
        retries = render(common.retries, scope)
        tries = 1 + int(retries if retries is not None else (DEFAULT_RETRIES if common.until else 0))
        delay = seconds(render(common.delay, scope)) if common.delay is not None else DEFAULT_DELAY
        number = 0
        while True:
            number += 1
            done = replace(attempt(number), attempts=number)
            if done.status is Status.UNKNOWN:  # it was not run: there is nothing to wait for
                return done
            until = judge_all(common.until, seen(done, self.state.scope(own)), "until") if done.outcome.ok else ()
            unmet = [condition for condition in until if not condition.holds]
            if done.outcome.ok and not unmet:
                return done
            if number >= tries or done.status is Status.WAITING:
                return self._gave_up(done, unmet)
            said = done.outcome.message if unmet == [] else "until does not hold yet"
            self.state.progress(node.number, "note", f"attempt {number} of {tries}: {said}", own)
            if self.state.session.stop.wait(delay):
                raise Stopped

    def _gave_up(self, done: NodeResult, unmet: list[Condition]) -> NodeResult:
        if not unmet:
            return done
        message = f"until never held in {done.attempts} attempts: {unmet[0].text}"
        outcome = replace(done.outcome, status=Status.FAILED, message=message)
        return replace(done, outcome=outcome, conditions=(*unmet, *done.conditions))

    def _once(self, step: Step, own: Inherited, number: int) -> NodeResult:
        scope = self.state.scope(own)
        args = self.state.take_args(step, scope)
        action = KINDS[step.kind].plan(args)
        undone = left_undone(self.state.session.mode, step, args, self.state.unsure)
        if undone is not None:
            return self._undone(step, args, undone, action)
        lines = LiveOutput(
            lambda stream, text: self.state.progress(step.number, stream, text, own), self.state.session.masker.text
        )
        # What a step is about to tell as a secret cannot be masked while it is printed: it is not shown live.
        shown: OnOutput = _unseen if step.secrets else lines.add
        whole = self._whole(step, own)
        output = both(shown, whole.add) if whole else shown
        progress = Progress(lambda text: self.state.progress(step.number, "note", text, own), output)
        previewed = self.state.session.mode is Mode.CHECK and changes(step, args)
        with closing(whole) if whole else nullcontext():
            outcome = self.state.runner.run(step, args, scope, own, progress, preview=previewed)
        lines.close()
        outcome = _with_files(outcome, whole.told()) if whole else outcome
        self._remember_secrets(step, outcome)
        if previewed and outcome.status in (Status.CHANGED, Status.UNKNOWN):
            return self._undone(step, args, outcome, action)
        try:
            outcome, conditions = judge_outcome(step, outcome, scope, number)
        except TemplateError as error:
            why = outcome.message if outcome.status is Status.FAILED else ""
            message = "; ".join(filter(None, (why, self.state.explain(error))))
            return NodeResult(replace(outcome, status=Status.FAILED, message=message), number, action)
        return NodeResult(clouded(outcome, self.state.undone), number, action, conditions)

    def _whole(self, step: Step, own: Inherited) -> Output | None:
        """Where the whole output goes, if it was asked for, and nothing in it must be hidden."""
        outputs = self.state.outputs
        return None if outputs is None or step.secrets or self.state.truth(own.no_log, own) else outputs.of(step.number)

    def _undone(self, step: Step, args: Mapping[str, Any], outcome: Outcome, action: str) -> NodeResult:
        """A step that was not run: of what it would have told, only this much is certain."""
        looks = only_looks(step)
        if self.state.session.mode is Mode.CHECK and not self.state.undone and changes(step, args) and not looks:
            self.state.undone = step.number
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
            self.state.session.masker.add(value)

    def repeated(self, node: Node, own: Inherited, body: Callable[[], NodeResult]) -> NodeResult:
        """A block again while it fails, as `retries` and `until` say."""

        def attempt(_number: int) -> NodeResult:
            return self.state.guarded(body)

        return self._again(node, own, attempt, lambda done, scope: scope.with_data(**flags(done.outcome)))


def _with_files(outcome: Outcome, told: list[str]) -> Outcome:
    return replace(outcome, data={**outcome.data, OUTPUT_FILES: told}) if told else outcome


def _unseen(_stream: str, _data: bytes) -> None:
    """Output that is not shown as it arrives."""
