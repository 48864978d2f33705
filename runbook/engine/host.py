"""One host's way through a stage: blocks, choices and steps, with rescue, diagnosis and remediation.

Everything that can fail goes one way: `when` → body → diagnose → remediate (after each branch the body again) →
severity → events. A step, a block and a stage differ in their body alone.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from runbook.durations import seconds
from runbook.engine.attempt import Progress, Runner
from runbook.engine.frame import Frame
from runbook.engine.judge import flags, judge_all, judge_outcome, judged_scope
from runbook.engine.once import shared_once
from runbook.engine.outcomes import hidden, of_block, of_items, remedied, softened
from runbook.engine.progress import Lines
from runbook.engine.session import Session
from runbook.events import (
    BAD,
    STOPPING,
    Condition,
    Evidence,
    Outcome,
    Role,
    Status,
    StepFinished,
    StepProgress,
    StepStarted,
)
from runbook.model import Block, Choose, Common, Expression, Host, Node, Remediation, Stage, Step
from runbook.source import Place, excerpt
from runbook.steps import KINDS
from runbook.templating.environment import TemplateError, evaluate, is_template, render
from runbook.templating.scope import Layer, Scope
from runbook.transports.base import Stopped

_POINTING = (Status.FAILED, Status.WARNED, Status.REMEDIATED)
"""Statuses with which a step that has a `cause` points at it."""

DEFAULT_RETRIES = 3
DEFAULT_DELAY = 5.0
"""Of a step that has `until` and does not say them: Ansible's."""


@dataclass(frozen=True)
class Done:
    """What a node came to, with all that its finishing event tells."""

    outcome: Outcome
    attempts: int = 1
    action: str = ""
    conditions: tuple[Condition, ...] = ()
    items: tuple[tuple[str, Outcome], ...] = ()
    causes: tuple[str, ...] = ()
    register: Mapping[str, Any] | None = None

    @property
    def status(self) -> Status:
        return self.outcome.status


@dataclass
class HostRun:
    """One host during a run. Used by one thread at a time."""

    session: Session
    host: Host
    registered: dict[str, Any] = field(default_factory=dict)
    status: Status = Status.PASSED
    """The worst that a stage came to; with a stopping one the host takes part in no later stage."""

    def __post_init__(self) -> None:
        self.runner = Runner(self.session, self.host)
        self._causes: list[str] | None = None
        """Where steps that point at a likely cause leave it, while something is diagnosed or repaired."""

    # --- stages and nodes ----------------------------------------------------------------------------------

    def stage(self, stage: Stage, batch: tuple[Host, ...]) -> Status:
        """Run a stage on this host; returns how it ended."""
        frame = Frame(batch=batch)
        done = self.finish(stage.block, stage.name, "stage", frame, lambda: self._block(stage.block, frame))
        if done.status in STOPPING:
            self.status = done.status
        return done.status

    def nodes(self, nodes: tuple[Node, ...], frame: Frame) -> tuple[list[Status], Outcome | None]:
        """Run nodes up to the first that stops; its outcome is given, if any."""
        statuses: list[Status] = []
        for node in nodes:
            if self.session.stop.is_set():
                raise Stopped
            done = self.node(node, frame)
            if done is None:
                continue
            statuses.append(done.status)
            if done.status in STOPPING:
                return statuses, done.outcome
        return statuses, None

    def node(self, node: Node, frame: Frame) -> Done | None:
        """Run one node; None when tags or --start-at leave it out."""
        if node.number in self.session.plan.left_out:
            return None
        if isinstance(node, Block):
            if not self._anything_in(node):
                return None
            kind = "include" if node.included else "block"
            return self.finish(node, node.common.name or node.included, kind, frame, lambda: self._block(node, frame))
        if isinstance(node, Choose):
            return self.finish(node, node.common.name, "choose", frame, lambda: self._choose(node, frame))
        return self.finish(node, node.common.name, node.kind, frame, lambda: self._step(node, frame))

    def _anything_in(self, block: Block) -> bool:
        out = self.session.plan.left_out
        inner = (*block.steps, *block.rescue, *block.always)
        return any(self._anything_in(node) if isinstance(node, Block) else node.number not in out for node in inner)

    def finish(self, node: Node, name: str, kind: str, frame: Frame, body: Callable[[], Done]) -> Done:
        """The one way that every node goes; emits its two events."""
        own = frame.taking(node.common, node.place)
        scope = self.scope(own)
        started = time.time()
        shown = self._name(name, node, scope, kind)
        action = self._action(node, scope)
        self.session.emit(
            StepStarted(started, self.host.name, node.number, shown, kind, frame.parent, frame.role, action)
        )
        done = self._guarded(lambda: self._whole(node, own, body))
        done = self._with_cause(node, own, done)
        self._register(node, done)
        self._emit_finished(node, shown, kind, frame, own, started, done, action)
        return done

    def _whole(self, node: Node, own: Frame, body: Callable[[], Done]) -> Done:
        skipped = self._unless(node, own)
        if skipped is not None:
            return skipped
        done = self._repeated(node, own, body) if not isinstance(node, Step) else self._guarded(body)
        causes: tuple[str, ...] = ()
        if done.status in BAD:
            if node.common.diagnose or node.common.remediate:
                self._progress(node.number, "failed", done.outcome.message, own)
            causes = self._diagnose(node, own, done)
            done = self._remediate(node, own, done, body)
        soft = node.common.severity == "warn" or self._truth(own.ignore_errors, own)
        outcome = softened(done.outcome) if soft else done.outcome
        return replace(done, outcome=outcome, causes=(*done.causes, *causes))

    def _unless(self, node: Node, own: Frame) -> Done | None:
        """A skipped outcome when `when` does not hold. A loop asks it for each item instead."""
        if isinstance(node, Step) and node.loop is not None:
            return None
        return self._skip(node.common.when, self.scope(own))

    def _skip(self, when: tuple[Expression, ...], scope: Scope) -> Done | None:
        conditions = judge_all(when, scope, "when")
        false = [condition for condition in conditions if not condition.holds]
        if not false:
            return None
        return Done(Outcome(Status.SKIPPED, f"when: {false[0].text}"), conditions=tuple(false))

    def _guarded(self, body: Callable[[], Done]) -> Done:
        """The body, with a template that cannot be rendered as a failure that shows its place."""
        try:
            return body()
        except TemplateError as error:
            return Done(Outcome(Status.FAILED, self._explain(error), {}, self._pointed(error)))
        except ValueError as error:
            return Done(Outcome(Status.FAILED, str(error)))

    # --- bodies --------------------------------------------------------------------------------------------

    def _block(self, block: Block, frame: Frame) -> Done:
        inner = frame.inside(block.common, block.place, block.number)
        statuses, failure = self.nodes(block.steps, inner)
        outcome = of_block(statuses, failure)
        if failure is not None and failure.status in BAD and block.rescue:
            outcome = self._rescue(block, inner, failure)
        if block.always:
            after, failed = self.nodes(block.always, inner.acting(Role.ALWAYS, block.number))
            if failed is not None and outcome.ok:
                outcome = of_block(after, failed)
        return Done(outcome)

    def _rescue(self, block: Block, inner: Frame, failure: Outcome) -> Outcome:
        frame = inner.acting(Role.RESCUE, block.number).with_data(failure=flags(failure))
        statuses, failed = self.nodes(block.rescue, frame)
        return of_block(statuses, failed) if failed is not None else remedied(Outcome(Status.PASSED), "rescue")

    def _choose(self, choose: Choose, frame: Frame) -> Done:
        inner = frame.inside(choose.common, choose.place, choose.number)
        name = str(evaluate(choose.by.text, self.scope(inner), choose.by.place))
        names = [option.name for option in choose.options]
        for option in choose.options:
            if option.name == name:
                statuses, failure = self.nodes(option.steps, inner)
                outcome = of_block(statuses, failure) if option.steps else Outcome(Status.PASSED)
                said = f"{choose.by.text} = {name}"
                return Done(outcome if failure else replace(outcome, message=said, data={"chosen": name}))
        message = f"{choose.by.text} is {name!r}; the options are {', '.join(names)}"
        raise TemplateError(message, choose.by.place.value)

    def _repeated(self, node: Node, own: Frame, body: Callable[[], Done]) -> Done:
        """A block again while it fails, as `retries` and `until` say."""

        def attempt(_number: int) -> Done:
            return self._guarded(body)

        return self._again(node, own, attempt, lambda done, scope: scope.with_data(**flags(done.outcome)))

    def _step(self, step: Step, frame: Frame) -> Done:
        own = frame.taking(step.common, step.place)
        if own.run_once and len(own.batch) > 1:
            return shared_once(self.session, own.batch, step.number, lambda: self._attempts(step, own))
        return self._attempts(step, own)

    def _attempts(self, step: Step, own: Frame) -> Done:
        if step.loop is not None:
            return self._loop(step, own)
        return self._tried(step, own)

    def _loop(self, step: Step, own: Frame) -> Done:
        values = self._loop_values(step, self.scope(own))
        items: list[tuple[str, Outcome]] = []
        last = Done(Outcome(Status.SKIPPED))
        for index, value in enumerate(values):
            frame = own.with_data(**{step.loop_var: value, "loop_index": index})
            scope = self.scope(frame)
            last = self._skip(step.common.when, scope) or self._guarded(lambda frame=frame: self._tried(step, frame))  # type: ignore[misc] # mypy cannot infer a lambda with a default
            label = str(render(step.loop_label, scope)) if step.loop_label else str(value)
            items.append((label, last.outcome))
            if last.status in (Status.UNREACHABLE, Status.WAITING):
                break
        return replace(last, outcome=of_items(items), items=tuple(items), attempts=1)

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

    def _tried(self, step: Step, own: Frame) -> Done:
        """All attempts of a step (or of one item of its loop)."""

        def attempt(number: int) -> Done:
            return self._guarded(lambda: self._once(step, own, number))

        def seen(done: Done, scope: Scope) -> Scope:
            return judged_scope(step, done.outcome, scope, done.attempts)

        return self._again(step, own, attempt, seen)

    def _again(
        self, node: Node, own: Frame, attempt: Callable[[int], Done], seen: Callable[[Done, Scope], Scope]
    ) -> Done:
        """Attempts until one is good or they are used up."""
        common = node.common
        scope = self.scope(own)
        retries = render(common.retries, scope)
        tries = 1 + int(retries if retries is not None else (DEFAULT_RETRIES if common.until else 0))
        delay = seconds(render(common.delay, scope)) if common.delay is not None else DEFAULT_DELAY
        number = 0
        while True:
            number += 1
            done = replace(attempt(number), attempts=number)
            until = judge_all(common.until, seen(done, self.scope(own)), "until") if done.outcome.ok else ()
            unmet = [condition for condition in until if not condition.holds]
            if done.outcome.ok and not unmet:
                return done
            if number >= tries or done.status is Status.WAITING:
                return self._gave_up(done, unmet)
            said = done.outcome.message if unmet == [] else "until does not hold yet"
            self._progress(node.number, "note", f"attempt {number} of {tries}: {said}", own)
            if self.session.stop.wait(delay):
                raise Stopped

    def _gave_up(self, done: Done, unmet: list[Condition]) -> Done:
        if not unmet:
            return done
        message = f"until never held in {done.attempts} attempts: {unmet[0].text}"
        outcome = replace(done.outcome, status=Status.FAILED, message=message)
        return replace(done, outcome=outcome, conditions=(*unmet, *done.conditions))

    def _once(self, step: Step, own: Frame, number: int) -> Done:
        scope = self.scope(own)
        args = self.runner.args(step, scope)
        action = KINDS[step.kind].plan(args)
        lines = Lines(lambda stream, text: self._progress(step.number, stream, text, own), self.session.masker.text)
        # What a step is about to tell as a secret cannot be masked while it is printed: it is not shown live.
        output = _unseen if step.secrets else lines.add
        progress = Progress(lambda text: self._progress(step.number, "note", text, own), output)
        outcome = self.runner.run(step, args, scope, own, progress)
        lines.close()
        self._remember_secrets(step, outcome)
        try:
            outcome, conditions = judge_outcome(step, outcome, scope, number)
        except TemplateError as error:
            message = self._explain(error)
            return Done(replace(outcome, status=Status.FAILED, message=message), number, action)
        return Done(outcome, number, action, conditions)

    def _remember_secrets(self, step: Step, outcome: Outcome) -> None:
        for path in step.secrets:
            value: Any = outcome.data
            for key in path.split("."):
                value = value.get(key) if isinstance(value, Mapping) else None
            self.session.masker.add(value)

    # --- failure -------------------------------------------------------------------------------------------

    def _with_cause(self, node: Node, own: Frame, done: Done) -> Done:
        """What a step that found something wrong says of the cause, told to whoever is looking for causes now."""
        if isinstance(node, Step) and node.cause and done.status in _POINTING:
            text = self._text(node.cause, self.scope(own), node.place / "cause")
            done = replace(done, causes=tuple(dict.fromkeys(filter(None, (*done.causes, text)))))
        if self._causes is not None:
            self._causes += [cause for cause in done.causes if cause not in self._causes]
        return done

    def _looking(self, body: Callable[[], Any]) -> tuple[str, ...]:
        """The causes that steps point at while this runs."""
        outer, self._causes = self._causes, []
        try:
            body()
            return tuple(self._causes)
        finally:
            self._causes = outer

    def _diagnose(self, node: Node, own: Frame, done: Done) -> tuple[str, ...]:
        """Every diagnosing step, whatever each finds; the causes that they point at."""
        frame = own.acting(Role.DIAGNOSE, node.number).with_data(failure=flags(done.outcome))
        frame = replace(frame, run_once=False)
        return self._looking(lambda: [self.node(step, frame) for step in node.common.diagnose])

    def _remediate(self, node: Node, own: Frame, done: Done, body: Callable[[], Done]) -> Done:
        """Branches in order, until after one of them the body passes."""
        causes = done.causes
        for index, branch in enumerate(node.common.remediate):
            frame = own.acting(Role.REMEDIATE, node.number).with_data(failure=flags(done.outcome))
            tried, found = self._branch(branch, f"{node.number}.f{index + 1}", replace(frame, run_once=False))
            causes = tuple(dict.fromkeys((*causes, *found)))
            if tried.status in STOPPING or tried.status is Status.SKIPPED:
                continue
            again = self._guarded(body) if branch.recheck else Done(Outcome(Status.PASSED))
            if again.outcome.ok:
                return replace(again, outcome=remedied(again.outcome, branch.name), causes=causes)
            done = again
        return replace(done, causes=causes)

    def _branch(self, branch: Remediation, number: str, frame: Frame) -> tuple[Done, tuple[str, ...]]:
        common = Common(name=branch.name, when=branch.when, vars=branch.vars)
        block = Block(number, common, branch.place, branch.steps)
        tried: list[Done] = []

        def run() -> None:
            tried.append(self.finish(block, branch.name, "remediation", frame, lambda: self._block(block, frame)))

        causes = self._looking(run)
        return tried[0], causes

    # --- what they share -----------------------------------------------------------------------------------

    def scope(self, frame: Frame) -> Scope:
        """Everything that a template may read now."""
        variables = self.session.plan.variables
        # Plain data on a frame (loop items, `failure`) lies over what was registered; the user's own vars lie under.
        written = tuple(layer for layer in frame.layers if layer.templates)
        data = tuple(layer for layer in frame.layers if not layer.templates)
        return Scope((*variables.below(self.host), *written, Layer(self.registered), *data, variables.above()))

    def _register(self, node: Node, done: Done) -> None:
        if not isinstance(node, Step):
            return
        value = dict(done.register) if done.register is not None else flags(done.outcome, done.attempts)
        if node.register:
            self.registered[node.register] = value
        if isinstance(found := done.outcome.data.get("variables"), Mapping) and node.kind == "set":
            self.registered.update(found)

    def _emit_finished(
        self, node: Node, name: str, kind: str, frame: Frame, own: Frame, started: float, done: Done, action: str
    ) -> None:
        silent = self._truth(own.no_log, own) and isinstance(node, Step)
        document = node.place.document
        bad = done.status in BAD
        span = node.place.value
        self.session.emit(
            StepFinished(
                at=time.time(),
                host=self.host.name,
                number=node.number,
                name=name,
                kind=kind,
                parent=frame.parent,
                role=frame.role,
                started=started,
                outcome=hidden(done.outcome) if silent else done.outcome,
                attempts=done.attempts,
                action="" if silent else (done.action or action),
                conditions=() if silent else done.conditions,
                causes=done.causes,
                place=str(span),
                excerpt=excerpt(document.text, span, 2) if bad and isinstance(node, Step) else "",
                items=() if silent else done.items,
            )
        )

    def _progress(self, number: str, stream: str, text: str, own: Frame) -> None:
        if not self._truth(own.no_log, own):
            self.session.emit(StepProgress(time.time(), self.host.name, number, stream, text))

    def _name(self, name: str, node: Node, scope: Scope, kind: str) -> str:
        return self._text(name, scope, node.place / "name") or kind

    def _text(self, text: str, scope: Scope, place: Place) -> str:
        """A name for people; as written where it cannot be rendered yet."""
        try:
            return str(render(text, scope, place))
        except TemplateError:
            return text

    def _action(self, node: Node, scope: Scope) -> str:
        if not isinstance(node, Step) or node.loop is not None:
            return ""
        try:
            return KINDS[node.kind].plan(self.runner.args(node, scope))
        except TemplateError:
            return ""

    def _truth(self, value: Any, frame: Frame) -> bool:
        if isinstance(value, str):
            text = value
            try:
                value = render(text, self.scope(frame)) if is_template(text) else evaluate(text, self.scope(frame))
            except TemplateError:
                return True  # what cannot be known is kept silent, and counts as asked for
        return bool(value)

    def _explain(self, error: TemplateError) -> str:
        """A template's error in one sentence, with its place, and for a missing value the step that has it."""
        where = f"{error.span}: " if error.span else ""
        numbers = self.session.plan.registers.get(error.name, ())
        if numbers:
            return f"{where}{error.name!r} has no value: step {', '.join(numbers)} sets it, and has not run"
        return f"{where}{error.message}" + (f" ({error.hint})" if error.hint else "")

    def _pointed(self, error: TemplateError) -> tuple[Evidence, ...]:
        texts = {document.file: document.text for document in self.session.plan.playbook.documents}
        if error.span is None or error.span.file not in texts:
            return ()
        return (Evidence("where", excerpt(texts[error.span.file], error.span)),)


def _unseen(_stream: str, _data: bytes) -> None:
    """Output that is not shown as it arrives."""
