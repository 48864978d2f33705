"""One host's way through a stage, and the way of each step, block and choice in it.

All of them go one way, which is read here from top to bottom: begun → `when` → attempts → diagnose → remediate (after
each branch the attempts again) → severity → told. What an attempt is, and how it is judged, stands in
`runbook.engine.attempts` and `runbook.engine.outcomes.judge`.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext

from runbook.common.frozen import replace
from runbook.engine.attempts import Attempts
from runbook.engine.host_state import HostState
from runbook.engine.inherited import Inherited
from runbook.engine.mode import Mode, Unsure
from runbook.engine.outcomes.judge import seen
from runbook.engine.outcomes.node_result import NodeResult, of_block, remedied, softened, worse
from runbook.engine.outcomes.template_failures import CANNOT_RENDER, failure_of
from runbook.engine.pipelining import Pipeline
from runbook.engine.session import Session
from runbook.engine.stage_question import Asked
from runbook.engine.step_events import StepEvents
from runbook.engine.when import RUNS, ask_when
from runbook.model import Block, Choose, Common, Host, Node, Remediation, Stage, Step
from runbook.runs.events import BAD, OUT, STOPPING, Outcome, Role, Status
from runbook.templating.errors import TemplateError
from runbook.templating.render import evaluate, render
from runbook.templating.unknown import UnknownValue
from runbook.transports.base import Stopped

_POINTING = (Status.FAILED, Status.WARNED, Status.REMEDIATED)
"""Statuses with which a step that has a `cause` points at it."""
_AT_ONCE = nullcontext()
"""The turn of a node without `throttle`."""


class HostRun:
    """One host's way through the run. Used by one thread at a time."""

    def __init__(self, session: Session, host: Host) -> None:
        self._session, self._plan = session, session.plan
        self._state = HostState(session, host)
        self._events = StepEvents(self._state)
        self._attempts = Attempts(self._state, self._events)
        self._pipeline = Pipeline(self._state)
        self._causes: list[str] | None = None
        """Where steps that point at a likely cause leave it, while something is diagnosed or repaired."""
        self.status = Status.PASSED
        """How its last stage ended; with one of OUT the host takes part in no later stage."""

    def connect(self, stage: Stage) -> None:
        """Begin to connect, where the stage needs that at once: the host gets its part ready while we get ours."""
        self._pipeline.connect(stage.block)

    def question(self, stage: Stage) -> Asked:
        """The stage's question as this host's variables have it, where its `when` does not leave the host out."""
        block, name = stage.block, self._state.host.name
        own = Inherited().taking(block.common, block.place)
        when = ask_when(block, self._state, own)
        if when.result is not None and when.result.status is Status.SKIPPED:
            return Asked(name)
        try:
            text = str(render(stage.confirm, self._state.scope(own), stage.place / "confirm"))
        except CANNOT_RENDER as error:
            return Asked(name, why=failure_of(error, self._plan).outcome.message)
        return Asked(name, text)

    def stage(self, stage: Stage, batch: tuple[Host, ...]) -> Status:
        """Run a stage on this host; returns how it ended."""
        result = self._node(stage.block, stage.name, "stage", Inherited(batch=batch))
        if result.status in OUT:
            self.status = result.status
        return result.status

    # --- one node, from its begin to its end -----------------------------------------------------------------

    def _nodes(self, nodes: tuple[Node, ...], around: Inherited) -> tuple[Outcome, Outcome | None]:
        """Run nodes up to the first that stops: the outcome of all together, and of that one, if any."""
        statuses: list[Status] = []
        chosen = self._chosen(nodes)
        for index, node in enumerate(chosen):
            # What had been sent when the run is stopped may have run: it is told what became of it.
            if self._session.stop.is_set() and not self._pipeline.holds(node):
                raise Stopped
            self._pipeline.send(chosen, index, around)
            result = self._node(node, _name(node), _kind(node), around)
            self._pipeline.ended(node, result)
            statuses.append(result.status)
            if result.status in STOPPING:
                return of_block(statuses, result.outcome), result.outcome
        return of_block(statuses), None

    def _node(self, node: Node, name: str, kind: str, around: Inherited) -> NodeResult:
        """One node between its two events."""
        begun = self._events.begin(node, name, kind, around)
        each_item = isinstance(node, Step) and node.loop is not None
        when = RUNS if each_item else ask_when(node, self._state, begun.own)
        if when.result is not None:
            result = when.result
        elif when.unsure is None:
            result = self._run(node, begun.own)
        else:
            with self._state.supposing(when.unsure):
                result = when.unsure.supposed(node, self._run(node, begun.own))
        result = self._with_cause(node, begun.own, result)
        self._events.finish(begun, result)
        return result

    def _run(self, node: Node, own: Inherited) -> NodeResult:
        """Attempts; where none is good, a diagnosis and repairs; and what is only a warning."""
        with self._turn(node, own):
            result = self._tried(node, own)
            if result.status in BAD and (node.common.diagnose or node.common.remediate):
                self._events.progress(node.number, str(result.status), result.outcome.message, own)
                causes = self._diagnose(node, own, result)
                if self._session.mode is Mode.RUN:
                    result = self._remediate(node, own, result)
                result = replace(result, causes=(*result.causes, *causes)) if causes else result
        if node.common.severity == "warn" or self._state.truth(own.ignore_errors, own):
            result = replace(result, outcome=softened(result.outcome))
        return result

    def _tried(self, node: Node, own: Inherited) -> NodeResult:
        """A step, or what stands in a block or a choice, until it is good or its attempts are used up."""
        try:
            if isinstance(node, Step):
                return self._pipeline.with_lost(node, self._attempts.step(node, own))
            if isinstance(node, Block):
                return self._attempts.repeat(node, own, self._block)
            return self._attempts.repeat(node, own, self._choose)
        except CANNOT_RENDER as error:
            return failure_of(error, self._plan)

    # --- what stands in a block or a choice ------------------------------------------------------------------

    def _block(self, block: Block, own: Inherited, _attempt: int) -> NodeResult:
        inner = own.within(block.number)
        outcome = self._rescued(block, inner)
        if outcome.status is Status.RESCUED and block.recheck:
            again = self._rescued(block, inner)
            outcome = remedied(again, "rescue") if again.ok and again.status is not Status.RESCUED else again
        if outcome.status is Status.RESCUED and block.accepted:
            outcome = softened(outcome)
        if block.always:
            said, _ = self._nodes(block.always, inner.within(block.number, Role.ALWAYS))
            outcome = worse(outcome, said) if outcome.ok else outcome
        return NodeResult(outcome)

    def _rescued(self, block: Block, inner: Inherited) -> Outcome:
        """A block's steps once, and where one failed its rescue: what was wanted is not there then, whatever it did."""
        outcome, failure = self._nodes(block.steps, inner)
        if failure is None or failure.status not in BAD or not block.rescue or self._session.mode is not Mode.RUN:
            return outcome
        around = inner.within(block.number, Role.RESCUE).with_data(failure=seen(failure))
        said, failed = self._nodes(block.rescue, around)
        return said if failed is not None else Outcome(Status.RESCUED, f"rescued after: {failure.message}")

    def _choose(self, choose: Choose, own: Inherited, _attempt: int) -> NodeResult:
        inner = own.within(choose.number)
        try:
            name = str(evaluate(choose.by.text, self._state.scope(inner), choose.by.place))
        except UnknownValue as error:
            return self._every_option(choose, inner, error)
        names = [option.name for option in choose.options]
        if name not in names:
            message = f"{choose.by.text} is {name!r}; the options are {', '.join(names)}"
            raise TemplateError(message, choose.by.place.value)
        steps = choose.options[names.index(name)].steps
        outcome, failure = self._nodes(steps, inner)
        if failure is not None:
            return NodeResult(outcome)
        status = outcome.status if steps else Status.PASSED
        return NodeResult(Outcome(status, f"{choose.by.text} = {name}", {"chosen": name}))

    def _every_option(self, choose: Choose, inner: Inherited, error: UnknownValue) -> NodeResult:
        """In a check that cannot know the choice: what each option would do."""
        if self._session.mode is not Mode.CHECK:
            raise error
        for option in choose.options:
            unsure = Unsure(f"{choose.by.text} == {option.name!r}", error.number).inside(self._state.unsure)
            with self._state.supposing(unsure):
                self._nodes(option.steps, inner)
        names = ", ".join(option.name for option in choose.options)
        return NodeResult(Outcome(Status.UNKNOWN, f"one of {names}; {error}"))

    # --- failure ---------------------------------------------------------------------------------------------

    def _diagnose(self, node: Node, own: Inherited, failed: NodeResult) -> tuple[str, ...]:
        """Every diagnosing step, whatever each finds; the causes that they point at."""
        around = _because_of(node, own, failed, Role.DIAGNOSE)
        with self._looking_for_causes() as causes:
            for probe in self._chosen(node.common.diagnose):
                self._node(probe, _name(probe), _kind(probe), around)
        return tuple(causes)

    def _remediate(self, node: Node, own: Inherited, failed: NodeResult) -> NodeResult:
        """Branches in order, until after one of them the node is good."""
        causes, first = failed.causes, failed.outcome
        for index, branch in enumerate(node.common.remediate):
            block = _as_block(branch, f"{node.number}.f{index + 1}")
            around = _because_of(node, own, failed, Role.REMEDIATE)
            with self._looking_for_causes() as found:
                tried = self._node(block, branch.name, "remediation", around)
            causes = tuple(dict.fromkeys((*causes, *found)))
            if tried.status in OUT or tried.status is Status.SKIPPED:
                continue
            again = self._tried(node, own) if branch.recheck else NodeResult(Outcome(Status.PASSED))
            if again.outcome.ok:
                return replace(again, outcome=remedied(again.outcome, branch.name, first), causes=causes)
            failed = again
        return replace(failed, causes=causes)

    @contextmanager
    def _looking_for_causes(self) -> Iterator[list[str]]:
        """The causes that steps point at meanwhile."""
        outer, self._causes = self._causes, []
        try:
            yield self._causes
        finally:
            self._causes = outer

    def _with_cause(self, node: Node, own: Inherited, result: NodeResult) -> NodeResult:
        """What a step that found something wrong says of the cause, told to whoever is looking for causes now."""
        if isinstance(node, Step) and node.cause and result.status in _POINTING:
            text = self._state.text(node.cause, self._state.scope(own), node.place / "cause")
            result = replace(result, causes=tuple(dict.fromkeys(filter(None, (*result.causes, text)))))
        if self._causes is not None:
            self._causes += [cause for cause in result.causes if cause not in self._causes]
        return result

    # --- which, and when -------------------------------------------------------------------------------------

    def _turn(self, node: Node, own: Inherited) -> AbstractContextManager[None]:
        """Where only so many hosts may be in a node at a time, this one's turn."""
        most = node.common.throttle
        if most is None:
            return _AT_ONCE

        def waits() -> None:
            self._events.progress(node.number, "note", f"waits for its turn (throttle: {most})", own)

        return self._session.throttle.of(node.number, most, waits)

    def _chosen(self, nodes: tuple[Node, ...]) -> tuple[Node, ...]:
        """Those that tags and --start-at leave in, and that hold anything."""
        out = self._plan.left_out
        return tuple(node for node in nodes if node.number not in out and self._anything_in(node))

    def _anything_in(self, node: Node) -> bool:
        if not isinstance(node, Block):
            return node.number not in self._plan.left_out
        return any(self._anything_in(inner) for inner in (*node.steps, *node.rescue, *node.always))


def _name(node: Node) -> str:
    return node.common.name or (node.included if isinstance(node, Block) else "")


def _kind(node: Node) -> str:
    if isinstance(node, Step):
        return node.kind
    if isinstance(node, Block):
        return "include" if node.included else "block"
    return "choose"


def _because_of(node: Node, own: Inherited, failed: NodeResult, role: Role) -> Inherited:
    """What is around the steps that diagnose or repair a node."""
    around = own.within(node.number, role).with_data(failure=seen(failed.outcome))
    return replace(around, run_once=False)


def _as_block(branch: Remediation, number: str) -> Block:
    return Block(number, Common(name=branch.name, when=branch.when, vars=branch.vars), branch.place, branch.steps)
