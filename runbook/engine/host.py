"""One host's way through a stage, and the way of each step, block and choice in it.

All of them go one way, which is read here from top to bottom: begun → `when` → attempts → diagnose → remediate (after
each branch the attempts again) → severity → told. What an attempt is, and how it is judged, stands in
`runbook.engine.attempts` and `runbook.engine.outcomes.judge`.
"""

from __future__ import annotations

from contextlib import AbstractContextManager, nullcontext

from runbook.common.frozen import replace
from runbook.engine.attempts import Attempts
from runbook.engine.failure.after_failure import AfterFailure
from runbook.engine.fleet.stage_question import Asked
from runbook.engine.host_state import HostState
from runbook.engine.inherited import Inherited
from runbook.engine.mode import Mode, Unsure
from runbook.engine.outcomes.judge import seen
from runbook.engine.outcomes.node_result import NodeResult, of_block, remedied, softened, worse
from runbook.engine.outcomes.template_failures import CANNOT_RENDER, failure_of
from runbook.engine.pipelining import Pipeline
from runbook.engine.session import Session
from runbook.engine.step_events import StepEvents
from runbook.engine.when import RUNS, ask_when
from runbook.model import Block, Choose, Host, Node, Stage, Step
from runbook.runs.events import BAD, OUT, STOPPING, Outcome, Role, Status
from runbook.templating.errors import TemplateError
from runbook.templating.render import evaluate, render
from runbook.templating.unknown import UnknownValue
from runbook.transports.base import Stopped

_AT_ONCE = nullcontext()


class HostRun:
    """One host's way through the run. Used by one thread at a time."""

    def __init__(self, session: Session, host: Host) -> None:
        self._session, self._plan = session, session.plan
        self._state = HostState(session, host)
        self._events = StepEvents(self._state)
        self._attempts = Attempts(self._state, self._events)
        self._pipeline = Pipeline(self._state)
        self._after = AfterFailure(self._state, self._events, self)
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
        result = self.node(stage.block, Inherited(batch=batch), "stage", stage.name)
        if result.status in OUT:
            self.status = result.status
        return result.status

    # --- one node, from its begin to its end -----------------------------------------------------------------

    def _nodes(self, nodes: tuple[Node, ...], around: Inherited) -> tuple[Outcome, Outcome | None]:
        """Run nodes up to the first that stops: their outcome together, and that of the one that stopped."""
        statuses: list[Status] = []
        chosen = self.chosen(nodes)
        for index, node in enumerate(chosen):
            # What had been sent when the run is stopped may have run: it is told what became of it.
            if self._session.stop.is_set() and not self._pipeline.holds(node):
                raise Stopped
            self._pipeline.send(chosen, index, around)
            result = self.node(node, around)
            self._pipeline.ended(node, result)
            statuses.append(result.status)
            if result.status in STOPPING:
                return of_block(statuses, result.outcome), result.outcome
        return of_block(statuses), None

    def node(self, node: Node, around: Inherited, kind: str = "", name: str = "") -> NodeResult:
        """One node between its two events."""
        begun = self._events.begin(node, name or _name(node), kind or _kind(node), around)
        each_item = isinstance(node, Step) and node.loop is not None
        when = RUNS if each_item else ask_when(node, self._state, begun.own)
        if when.result is not None:
            result = when.result
        elif when.unsure is None:
            result = self._run(node, begun.own)
        else:
            with self._state.supposing(when.unsure):
                result = when.unsure.supposed(node, self._run(node, begun.own))
        result = self._after.told(node, begun.own, result)
        self._events.finish(begun, result)
        return result

    def _run(self, node: Node, own: Inherited) -> NodeResult:
        """Attempts; where none is good, a diagnosis and repairs; and what is only a warning."""
        with self._turn(node, own):
            result = self.attempted(node, own)
            if result.status in BAD and (node.common.diagnose or node.common.remediate):
                self._events.progress(node.number, str(result.status), result.outcome.message, own)
                causes = self._after.diagnose(node, own, result)
                if self._session.mode is Mode.RUN:
                    result = self._after.remediate(node, own, result)
                result = replace(result, causes=tuple(dict.fromkeys((*result.causes, *causes))))
        if node.common.severity == "warn" or self._state.truth(own.ignore_errors, own):
            result = replace(result, outcome=softened(result.outcome))
        return result

    def attempted(self, node: Node, own: Inherited) -> NodeResult:
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
        # On a host that is away nothing is taken back, as in Ansible: nobody knows what there is to take back.
        if failure is None or failure.status is not Status.FAILED or not self._may_rescue(block):
            return outcome
        around = inner.within(block.number, Role.RESCUE).with_data(failure=seen(failure))
        said, failed = self._nodes(block.rescue, around)
        if failed is not None:
            return said
        if failure.refused and inner.role is Role.REMEDIATE:  # the branch ends here, and with it the repair
            return outcome
        return Outcome(Status.RESCUED, f"rescued after: {failure.message}")

    def _may_rescue(self, block: Block) -> bool:
        return bool(block.rescue) and self._session.mode is Mode.RUN

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

    # --- which, and when -------------------------------------------------------------------------------------

    def _turn(self, node: Node, own: Inherited) -> AbstractContextManager[None]:
        """Where only so many hosts may be in a node at a time, this one's turn."""
        most = node.common.throttle
        if most is None:
            return _AT_ONCE

        def waits() -> None:
            self._events.progress(node.number, "note", f"waits for its turn (throttle: {most})", own)

        return self._session.throttle.of(node.number, most, waits)

    def chosen(self, nodes: tuple[Node, ...]) -> tuple[Node, ...]:
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
