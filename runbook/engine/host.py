"""One host's way through a stage: blocks, choices and steps, with rescue, diagnosis and remediation.

Everything that can fail goes one way: `when` → body → diagnose → remediate (after each branch the body again) →
severity → events. A step, a block and a stage differ in their body alone.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

from runbook.common.frozen import replace
from runbook.engine.attempts import Attempts
from runbook.engine.host_state import HostState, NodeResult
from runbook.engine.inherited import Inherited
from runbook.engine.judge import flags
from runbook.engine.mode import Mode, Unsure
from runbook.engine.outcomes import of_block, remedied, softened
from runbook.engine.pipelining import Pipeline
from runbook.engine.session import Session
from runbook.model import Block, Choose, Common, Host, Node, Option, Remediation, Stage, Step
from runbook.runs.events import BAD, STOPPING, Outcome, Role, Status
from runbook.templating.errors import TemplateError
from runbook.templating.render import evaluate
from runbook.templating.unknown import UnknownValue
from runbook.transports.base import Stopped

_POINTING = (Status.FAILED, Status.WARNED, Status.REMEDIATED)
"""Statuses with which a step that has a `cause` points at it."""


class HostRun:
    """One host's way through the run. Used by one thread at a time."""

    def __init__(self, session: Session, host: Host) -> None:
        self.state = HostState(session, host)
        self.tries, self.ahead = Attempts(self.state), Pipeline(self.state)
        self.status = Status.PASSED
        """How its last stage ended; with a stopping one the host takes part in no later stage."""
        self._causes: list[str] | None = None
        """Where steps that point at a likely cause leave it, while something is diagnosed or repaired."""

    # --- stages and nodes ----------------------------------------------------------------------------------

    def connect(self, stage: Stage) -> None:
        """Begin to connect, where the stage needs that at once: the host gets its part ready while we get ours."""
        self.ahead.connect(stage.block)

    def stage(self, stage: Stage, batch: tuple[Host, ...]) -> Status:
        """Run a stage on this host; returns how it ended."""
        frame = Inherited(batch=batch)
        done = self.finish(stage.block, stage.name, "stage", frame, lambda: self._block(stage.block, frame))
        if done.status in STOPPING:
            self.status = done.status
        return done.status

    def nodes(self, nodes: tuple[Node, ...], frame: Inherited) -> tuple[list[Status], Outcome | None]:
        """Run nodes up to the first that stops; its outcome is given, if any."""
        statuses: list[Status] = []
        for index, node in enumerate(nodes):
            # What had been sent when the run is stopped may have run: it is told what became of it.
            if self.state.session.stop.is_set() and not self.ahead.holds(node):
                raise Stopped
            self.ahead.before(nodes, index, frame)
            done = self.node(node, frame)
            self.ahead.after(node, done)
            if done is None:
                continue
            statuses.append(done.status)
            if done.status in STOPPING:
                return statuses, done.outcome
        return statuses, None

    def node(self, node: Node, frame: Inherited) -> NodeResult | None:
        """Run one node; None when tags or --start-at leave it out."""
        if node.number in self.state.session.plan.left_out:
            return None
        if isinstance(node, Block):
            if not self._anything_in(node):
                return None
            kind = "include" if node.included else "block"
            return self.finish(node, node.common.name or node.included, kind, frame, lambda: self._block(node, frame))
        if isinstance(node, Choose):
            return self.finish(node, node.common.name, "choose", frame, lambda: self._choose(node, frame))
        return self.finish(node, node.common.name, node.kind, frame, lambda: self._step(node, frame))

    def _step(self, step: Step, frame: Inherited) -> NodeResult:
        return self.ahead.noted(step, self.tries.step(step, frame.taking(step.common, step.place)))

    def _anything_in(self, block: Block) -> bool:
        out = self.state.session.plan.left_out
        inner = (*block.steps, *block.rescue, *block.always)
        return any(self._anything_in(node) if isinstance(node, Block) else node.number not in out for node in inner)

    def finish(self, node: Node, name: str, kind: str, frame: Inherited, body: Callable[[], NodeResult]) -> NodeResult:
        """The one way that every node goes, between its two events."""

        def whole(own: Inherited) -> NodeResult:
            return self._with_cause(node, own, self.state.guarded(lambda: self._whole(node, own, body)))

        return self.state.told(node, name, kind, frame, whole)

    def _whole(self, node: Node, own: Inherited, body: Callable[[], NodeResult]) -> NodeResult:
        if isinstance(node, Step) and node.loop is not None:  # asks its `when` for each item
            return self._in_turn(node, own, body)
        return self.state.when(node, own, lambda: self._in_turn(node, own, body))

    def _in_turn(self, node: Node, own: Inherited, body: Callable[[], NodeResult]) -> NodeResult:
        most = node.common.throttle
        if most is None:
            return self._with_repairs(node, own, body)

        def waits() -> None:
            self.state.progress(node.number, "note", f"waits for its turn (throttle: {most})", own)

        with self.state.session.throttle.of(node.number, most, waits):
            return self._with_repairs(node, own, body)

    def _with_repairs(self, node: Node, own: Inherited, body: Callable[[], NodeResult]) -> NodeResult:
        done = self.tries.repeated(node, own, body) if not isinstance(node, Step) else self.state.guarded(body)
        causes: tuple[str, ...] = ()
        if done.status in BAD:
            if node.common.diagnose or node.common.remediate:
                self.state.progress(node.number, str(done.status), done.outcome.message, own)
            causes = self._diagnose(node, own, done)
            if self.state.session.mode is Mode.RUN:
                done = self._remediate(node, own, done, body)
        soft = node.common.severity == "warn" or self.state.truth(own.ignore_errors, own)
        if not (soft or causes):
            return done
        outcome = softened(done.outcome) if soft else done.outcome
        return replace(done, outcome=outcome, causes=(*done.causes, *causes))

    # --- bodies --------------------------------------------------------------------------------------------

    def _block(self, block: Block, frame: Inherited) -> NodeResult:
        inner = frame.inside(block.common, block.place, block.number)
        statuses, failure = self.nodes(block.steps, inner)
        outcome = of_block(statuses, failure)
        repairs = self.state.session.mode is Mode.RUN
        if failure is not None and failure.status in BAD and block.rescue and repairs:
            outcome = self._rescue(block, inner, failure)
        if block.always:
            after, failed = self.nodes(block.always, inner.acting(Role.ALWAYS, block.number))
            if failed is not None and outcome.ok:
                outcome = of_block(after, failed)
        return NodeResult(outcome)

    def _rescue(self, block: Block, inner: Inherited, failure: Outcome) -> Outcome:
        frame = inner.acting(Role.RESCUE, block.number).with_data(failure=flags(failure))
        statuses, failed = self.nodes(block.rescue, frame)
        return of_block(statuses, failed) if failed is not None else remedied(Outcome(Status.PASSED), "rescue")

    def _choose(self, choose: Choose, frame: Inherited) -> NodeResult:
        inner = frame.inside(choose.common, choose.place, choose.number)
        try:
            name = str(evaluate(choose.by.text, self.state.scope(inner), choose.by.place))
        except UnknownValue as error:
            return self._every_option(choose, inner, error)
        names = [option.name for option in choose.options]
        for option in choose.options:
            if option.name == name:
                statuses, failure = self.nodes(option.steps, inner)
                outcome = of_block(statuses, failure) if option.steps else Outcome(Status.PASSED)
                said = f"{choose.by.text} = {name}"
                return NodeResult(outcome if failure else replace(outcome, message=said, data={"chosen": name}))
        message = f"{choose.by.text} is {name!r}; the options are {', '.join(names)}"
        raise TemplateError(message, choose.by.place.value)

    def _every_option(self, choose: Choose, inner: Inherited, error: UnknownValue) -> NodeResult:
        """In a check that cannot know the choice: what each option would do."""
        if self.state.session.mode is not Mode.CHECK:
            raise error

        def of(option: Option) -> NodeResult:
            return NodeResult(of_block(*self.nodes(option.steps, inner)))

        for option in choose.options:
            unsure = Unsure(f"{choose.by.text} == {option.name!r}", error.number).inside(self.state.unsure)
            self.state.perhaps(unsure, choose, partial(of, option))
        names = ", ".join(option.name for option in choose.options)
        return NodeResult(Outcome(Status.UNKNOWN, f"one of {names}; {error}"))

    # --- failure -------------------------------------------------------------------------------------------

    def _with_cause(self, node: Node, own: Inherited, done: NodeResult) -> NodeResult:
        """What a step that found something wrong says of the cause, told to whoever is looking for causes now."""
        if isinstance(node, Step) and node.cause and done.status in _POINTING:
            text = self.state.text(node.cause, self.state.scope(own), node.place / "cause")
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

    def _diagnose(self, node: Node, own: Inherited, done: NodeResult) -> tuple[str, ...]:
        """Every diagnosing step, whatever each finds; the causes that they point at."""
        frame = own.acting(Role.DIAGNOSE, node.number).with_data(failure=flags(done.outcome))
        frame = replace(frame, run_once=False)
        return self._looking(lambda: [self.node(step, frame) for step in node.common.diagnose])

    def _remediate(self, node: Node, own: Inherited, done: NodeResult, body: Callable[[], NodeResult]) -> NodeResult:
        """Branches in order, until after one of them the body passes."""
        causes, first = done.causes, done.outcome
        for index, branch in enumerate(node.common.remediate):
            frame = own.acting(Role.REMEDIATE, node.number).with_data(failure=flags(done.outcome))
            tried, found = self._branch(branch, f"{node.number}.f{index + 1}", replace(frame, run_once=False))
            causes = tuple(dict.fromkeys((*causes, *found)))
            if tried.status in STOPPING or tried.status is Status.SKIPPED:
                continue
            again = self.state.guarded(body) if branch.recheck else NodeResult(Outcome(Status.PASSED))
            if again.outcome.ok:
                return replace(again, outcome=remedied(again.outcome, branch.name, first), causes=causes)
            done = again
        return replace(done, causes=causes)

    def _branch(self, branch: Remediation, number: str, frame: Inherited) -> tuple[NodeResult, tuple[str, ...]]:
        common = Common(name=branch.name, when=branch.when, vars=branch.vars)
        block = Block(number, common, branch.place, branch.steps)
        tried: list[NodeResult] = []

        def run() -> None:
            tried.append(self.finish(block, branch.name, "remediation", frame, lambda: self._block(block, frame)))

        causes = self._looking(run)
        return tried[0], causes
