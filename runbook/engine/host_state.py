"""What the steps of one host share: its variables, what they registered, the options that are rendered ahead."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from msgspec import Struct, field

from runbook.engine.inherited import Inherited
from runbook.engine.kind_runner import KindRunner
from runbook.engine.mode import Unsure
from runbook.engine.outcomes.judge import seen
from runbook.engine.outcomes.node_result import NodeResult
from runbook.engine.session import Session
from runbook.model import Host, Node, Step
from runbook.runs.events import Status
from runbook.source.document import Place
from runbook.steps import KINDS
from runbook.steps.base import Args
from runbook.steps.traits import traits
from runbook.templating.errors import TemplateError
from runbook.templating.render import evaluate, is_template, render
from runbook.templating.scope import Layer, Scope
from runbook.templating.unknown import Unknown, UnknownValue


class HostState(Struct, dict=True):
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

    unseen: set[str] = field(default_factory=set)
    """Registered names of steps that could not look: no repair rests on them."""

    def __post_init__(self) -> None:
        self.runner = KindRunner(self.session, self.host)
        self._registered = Layer(self.registered)

    def scope(self, inherited: Inherited) -> Scope:
        """Everything that a template may read now."""
        variables = self.session.plan.variables
        # Plain data (loop items, `failure`) lies over what was registered; the user's own vars lie under.
        written = [layer for layer in inherited.layers if layer.templates]
        data = [layer for layer in inherited.layers if not layer.templates]
        layers = (*variables.below(self.host), *written, self._registered, *data, variables.above())
        return Scope(layers, self.session.lookup_controller)

    def register(self, node: Node, result: NodeResult) -> None:
        """Keep what a step tells under its registered name, and the variables that it sets."""
        if not isinstance(node, Step):
            return
        if node.register:
            told = result.register if result.register is not None else seen(result.outcome, result.attempts)
            self.registered[node.register] = told
            (self.unseen.discard if result.outcome.looked else self.unseen.add)(node.register)
        names = [one.name for one in traits(node.kind).sets(node.args)]
        if result.status is Status.UNKNOWN:
            self.registered.update({name: Unknown(node.number) for name in names})
        elif names and isinstance(found := result.outcome.data.get("variables"), Mapping):
            self.registered.update(found)

    @contextmanager
    def supposing(self, unsure: Unsure) -> Iterator[None]:
        """In a check: as if a condition held that nobody can know yet."""
        outer, self.unsure = self.unsure, unsure
        try:
            yield
        finally:
            self.unsure = outer

    # --- options ---------------------------------------------------------------------------------------------

    def action(self, node: Node, scope: Scope) -> str:
        """What a step will do, in one line; its options are kept for its first attempt."""
        if not isinstance(node, Step) or node.loop is not None:
            return ""
        try:
            if node.number not in self.rendered:
                self.rendered[node.number] = self.runner.args(node, scope)
            return KINDS[node.kind].plan(self.rendered[node.number])
        except (TemplateError, UnknownValue):
            return ""

    def take_args(self, step: Step, scope: Scope) -> Args:
        """A step's options, for one attempt. Raises TemplateError, StepError."""
        known = self.rendered.pop(step.number, None) if step.loop is None else None
        return self.runner.args(step, scope) if known is None else known

    # --- what may not be known -------------------------------------------------------------------------------

    def text(self, text: str, scope: Scope, place: Place) -> str:
        """A name for people; as written where it cannot be rendered yet."""
        try:
            return str(render(text, scope, place))
        except (TemplateError, UnknownValue):
            return text

    def truth(self, value: Any, inherited: Inherited) -> bool:
        """A flag such as `no_log`, which may be a template or an expression."""
        if isinstance(value, str):
            scope = self.scope(inherited)
            try:
                value = render(value, scope) if is_template(value) else evaluate(value, scope)
            except (TemplateError, UnknownValue):
                return True  # what cannot be known is kept silent, and counts as asked for
        return bool(value)
