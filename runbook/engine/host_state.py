"""What the nodes of one host share: its variables and registers, and how what happens to them is told."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from runbook.common.frozen import frozen, replace
from runbook.engine.inherited import Inherited
from runbook.engine.judge import flags, judge_all
from runbook.engine.kind_runner import KindRunner
from runbook.engine.mode import Mode, Unsure
from runbook.engine.outcomes import hidden
from runbook.engine.output_files import Outputs, safe
from runbook.engine.session import Session
from runbook.model import Expression, Host, Node, Step
from runbook.runs.events import (
    BAD,
    Condition,
    Evidence,
    Outcome,
    Status,
    StepFinished,
    StepProgress,
    StepStarted,
)
from runbook.source.document import Place, excerpt
from runbook.steps import KINDS
from runbook.steps.base import Args
from runbook.steps.traits import traits
from runbook.templating.errors import TemplateError
from runbook.templating.render import evaluate, is_template, render
from runbook.templating.scope import Layer, Scope
from runbook.templating.unknown import Unknown, UnknownValue


@frozen
class NodeResult:
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
class HostState:
    """One host during a run. Used by one thread at a time."""

    session: Session
    host: Host
    registered: dict[str, Any] = field(default_factory=dict)
    rendered: dict[str, Args] = field(default_factory=dict)
    """Options of steps that are about to run, by number: rendered once, so that what is shown and sent is what runs."""
    undone: str = ""
    """In a check: the number of the first step that would have changed the host."""
    unsure: Unsure | None = None
    """In a check: a `when` around the steps now that cannot be known. Nothing is run, and nothing here is a failure."""

    def __post_init__(self) -> None:
        self.runner = KindRunner(self.session, self.host)
        self._registered = Layer(self.registered)
        folder, run = self.session.tools.output_dir, self.session.tools.run_id
        self.outputs = Outputs(folder / safe(run), self.host.name, self.session.masker) if folder else None

    def scope(self, frame: Inherited) -> Scope:
        """Everything that a template may read now."""
        variables = self.session.plan.variables
        # Plain data on a frame (loop items, `failure`) lies over what was registered; the user's own vars lie under.
        written = [layer for layer in frame.layers if layer.templates]
        data = [layer for layer in frame.layers if not layer.templates]
        layers = (*variables.below(self.host), *written, self._registered, *data, variables.above())
        return Scope(layers, self.session.lookup_controller)

    def register(self, node: Node, done: NodeResult) -> None:
        if not isinstance(node, Step):
            return
        if node.register:
            told = done.register if done.register is not None else flags(done.outcome, done.attempts)
            self.registered[node.register] = told
        names = [one.name for one in traits(node.kind).sets(node.args)]
        if done.status is Status.UNKNOWN:
            self.registered.update({name: Unknown(node.number) for name in names})
        elif names and isinstance(found := done.outcome.data.get("variables"), Mapping):
            self.registered.update(found)

    def told(
        self, node: Node, name: str, kind: str, frame: Inherited, body: Callable[[Inherited], NodeResult]
    ) -> NodeResult:
        """Runs a node between its two events."""
        own = frame.taking(node.common, node.place)
        started = time.time()
        scope = self.scope(own)
        shown = self.text(name, scope, node.place / "name") or kind
        action = self._action(node, scope)
        self.session.emit(
            StepStarted(started, self.host.name, node.number, shown, kind, frame.parent, frame.role, action)
        )
        done = body(own)
        self.rendered.pop(node.number, None)
        self.register(node, done)
        silent = self.truth(own.no_log, own) and isinstance(node, Step)
        self.session.emit(
            self._finished(node, done, started, silent=silent, shown=shown, kind=kind, frame=frame, action=action)
        )
        return done

    def _finished(  # one field each, and no fewer: the event is wide
        self,
        node: Node,
        done: NodeResult,
        started: float,
        *,
        silent: bool,
        shown: str,
        kind: str,
        frame: Inherited,
        action: str,
    ) -> StepFinished:
        span = node.place.value
        bad = done.status in BAD and isinstance(node, Step)
        return StepFinished(
            at=time.time(),
            host=self.host.name,
            number=node.number,
            name=shown,
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
            excerpt=excerpt(node.place.document.text, span, 2) if bad else "",
            items=() if silent else done.items,
        )

    def progress(self, number: str, stream: str, text: str, own: Inherited) -> None:
        if not self.truth(own.no_log, own):
            self.session.emit(StepProgress(time.time(), self.host.name, number, stream, text))

    def take_args(self, step: Step, scope: Scope) -> Args:
        """A step's options, for one attempt. Raises TemplateError, StepError."""
        known = self.rendered.pop(step.number, None) if step.loop is None else None
        return self.runner.args(step, scope) if known is None else known

    def text(self, text: str, scope: Scope, place: Place) -> str:
        """A name for people; as written where it cannot be rendered yet."""
        try:
            return str(render(text, scope, place))
        except (TemplateError, UnknownValue):
            return text

    def _action(self, node: Node, scope: Scope) -> str:
        if not isinstance(node, Step) or node.loop is not None:
            return ""
        try:
            if node.number not in self.rendered:
                self.rendered[node.number] = self.runner.args(node, scope)
            return KINDS[node.kind].plan(self.rendered[node.number])
        except (TemplateError, UnknownValue):
            return ""

    def truth(self, value: Any, frame: Inherited) -> bool:
        if isinstance(value, str):
            text = value
            try:
                value = render(text, self.scope(frame)) if is_template(text) else evaluate(text, self.scope(frame))
            except (TemplateError, UnknownValue):
                return True  # what cannot be known is kept silent, and counts as asked for
        return bool(value)

    def explain(self, error: TemplateError) -> str:
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

    def skip(self, when: tuple[Expression, ...], scope: Scope) -> NodeResult | None:
        conditions = judge_all(when, scope, "when")
        false = [condition for condition in conditions if not condition.holds]
        if not false:
            return None
        return NodeResult(Outcome(Status.SKIPPED, f"when: {false[0].text}"), conditions=tuple(false))

    def when(self, node: Node, frame: Inherited, body: Callable[[], NodeResult]) -> NodeResult:
        """The body, or a skipped outcome where `when` does not hold; in a check that cannot know it, both ways."""
        when, unsure = node.common.when, self.unsure
        try:
            skipped = self.skip(when, self.scope(frame)) if when else None
        except UnknownValue as error:
            if self.session.mode is not Mode.CHECK:
                raise
            skipped, unsure = None, Unsure(" and ".join(item.text for item in when), error.number).inside(unsure)
        if skipped is not None:
            return skipped
        return body() if unsure is None else self.perhaps(unsure, node, body)

    def perhaps(self, unsure: Unsure, node: Node, body: Callable[[], NodeResult]) -> NodeResult:
        """What a node would do if a condition held that nobody can know yet: it is shown, not run, and is unknown."""
        outer, self.unsure = self.unsure, unsure
        try:
            done = self.guarded(body)
        finally:
            self.unsure = outer
        if done.status in (Status.UNREACHABLE, Status.SKIPPED):
            return done
        said = unsure.told(done.outcome.message if isinstance(node, Step) else "its steps would run")
        outcome = replace(done.outcome, status=Status.UNKNOWN, message=said, data={})
        return replace(done, outcome=outcome, conditions=(), register=Unknown(node.number))

    def guarded(self, body: Callable[[], NodeResult]) -> NodeResult:
        """The body, with a template that cannot be rendered as a failure that shows its place."""
        try:
            return body()
        except TemplateError as error:
            return NodeResult(Outcome(Status.FAILED, self.explain(error), {}, self._pointed(error)))
        except UnknownValue as error:
            return NodeResult(Outcome(Status.UNKNOWN, str(error)), register=Unknown(error.number))
        except ValueError as error:
            return NodeResult(Outcome(Status.FAILED, str(error)))
