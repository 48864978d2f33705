"""What each step of a plan will do on a host, as far as it can be known before the run.

What depends on a registered value is shown as `(known after 2.1)`; secrets as `(secret NAME)`.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from runbook.frozen import frozen
from runbook.model import Block, Choose, Expression, Host, Node, Remediation, Step
from runbook.plan.build import Plan, PlannedStage
from runbook.source import Place
from runbook.steps import KINDS
from runbook.templating.render import TemplateError, evaluate, free_names, is_template, render
from runbook.templating.scope import Layer, Scope


@frozen
class PlannedStep:
    """One line of the plan. `depth` counts from 0 for what stands in a stage."""

    number: str
    name: str
    kind: str
    text: str
    depth: int
    changes: bool = False
    notes: tuple[str, ...] = ()
    """Conditions, loops, branches: what a reviewer has to know beside the action."""
    skipped: bool = False


class Describer:
    """Describes one host's steps."""

    def __init__(self, plan: Plan, host: Host) -> None:
        self.plan, self.host = plan, host
        variables = plan.variables
        self.top = (variables.above(), Layer(_secrets(plan)))
        self.base = Scope((*variables.below(host), *self.top), variables.ground)
        self.masker = plan.masker

    def stage(self, planned: PlannedStage) -> list[PlannedStep]:
        return self.masker.mask(self._stage(planned))

    def _stage(self, planned: PlannedStage) -> list[PlannedStep]:
        block = planned.stage.block
        scope = self._with(self.base, block.common.vars, block.place)
        notes = self._notes(block, scope)
        head = [PlannedStep(block.number, "", "stage", "", -1, notes=notes)] if notes else []
        return [*head, *self._inside(block, scope, 0)]

    def _nodes(self, nodes: tuple[Node, ...], scope: Scope, depth: int) -> Iterator[PlannedStep]:
        for node in nodes:
            yield from self._node(node, scope, depth)

    def _node(self, node: Node, scope: Scope, depth: int) -> Iterator[PlannedStep]:
        if node.number in self.plan.left_out:
            return
        own = self._with(scope, node.common.vars, node.place)
        skipped = self._never(node, own)
        name = self._text(node.common.name, own, node.place / "name")
        notes = self._notes(node, own)
        if isinstance(node, Step):
            yield self._step(node, own, depth, name, notes, skipped)
        else:
            kind = "choose" if isinstance(node, Choose) else ("include" if node.included else "block")
            text = node.included if isinstance(node, Block) else self._chosen(node, own)
            yield PlannedStep(node.number, name, kind, text, depth, notes=notes, skipped=skipped)
        if skipped:
            return
        if isinstance(node, Block):
            yield from self._inside(node, own, depth + 1)
        elif isinstance(node, Choose):
            yield from self._options(node, own, depth + 1)
        yield from self._on_failure(node, own, depth + 1)

    def _inside(self, block: Block, scope: Scope, depth: int) -> Iterator[PlannedStep]:
        yield from self._nodes(block.steps, scope, depth)
        if block.rescue:
            yield PlannedStep("", "if a step above fails", "rescue", "", depth)
            yield from self._nodes(block.rescue, scope, depth + 1)
        if block.always:
            yield PlannedStep("", "in the end, whatever happened", "always", "", depth)
            yield from self._nodes(block.always, scope, depth + 1)
        if depth == 0:
            yield from self._on_failure(block, scope, depth)

    def _on_failure(self, node: Node, scope: Scope, depth: int) -> Iterator[PlannedStep]:
        if node.common.diagnose:
            yield PlannedStep("", "if it fails, look for the cause", "diagnose", "", depth)
            yield from self._nodes(node.common.diagnose, scope, depth + 1)
        for branch in node.common.remediate:
            yield from self._branch(branch, scope, depth)

    def _branch(self, branch: Remediation, scope: Scope, depth: int) -> Iterator[PlannedStep]:
        notes = tuple(f"only when {item.text}" for item in branch.when)
        yield PlannedStep("", f"if it fails, repair: {branch.name}", "remediation", "", depth, notes=notes)
        own = self._with(scope, branch.vars, branch.place)
        yield from self._nodes(branch.steps, own, depth + 1)

    def _options(self, choose: Choose, scope: Scope, depth: int) -> Iterator[PlannedStep]:
        try:
            chosen = str(evaluate(choose.by.text, scope, choose.by.place))
        except TemplateError:
            for option in choose.options:
                yield PlannedStep("", f"option {option.name}: {option.description}", "option", "", depth)
                yield from self._nodes(option.steps, scope, depth + 1)
            return
        for option in choose.options:
            taken = option.name == chosen
            said = f"option {option.name}" + (f": {option.description}" if option.description else "")
            yield PlannedStep("", said, "option", "chosen" if taken else "not taken", depth, skipped=not taken)
            if taken:
                yield from self._nodes(option.steps, scope, depth + 1)

    def _chosen(self, choose: Choose, scope: Scope) -> str:
        try:
            return f"{choose.by.text} = {evaluate(choose.by.text, scope, choose.by.place)}"
        except TemplateError as error:
            return f"{choose.by.text} {self._later(error)}"

    def _step(
        self, step: Step, scope: Scope, depth: int, name: str, notes: tuple[str, ...], skipped: bool
    ) -> PlannedStep:
        if step.loop is not None:
            scope = scope.with_data(**{step.loop_var: f"({step.loop_var})", "loop_index": 0})
        args = self.soft(step.args, scope, step.args_place)
        changes = KINDS[step.kind].changes(args) if step.changes is None else step.changes
        text = KINDS[step.kind].plan(args)
        return PlannedStep(step.number, name or step.kind, step.kind, text, depth, changes, notes, skipped)

    # --- what can be known -----------------------------------------------------------------------------------

    def shown(self, text: str) -> str:
        """A template as far as it can be known, fit to be shown."""
        return self.masker.text(str(self.soft(text, self.base)))

    def soft(self, value: Any, scope: Scope, place: Place | None = None) -> Any:
        """The value rendered as far as can be; the rest says when it will be known. It may hold secrets."""
        if isinstance(value, str):
            try:
                return render(value, scope, place)
            except TemplateError as error:
                return self._placeholder(value, error)
        if isinstance(value, Mapping):
            return {key: self.soft(item, scope, place / key if place else None) for key, item in value.items()}
        if isinstance(value, list):
            return [self.soft(item, scope, place / index if place else None) for index, item in enumerate(value)]
        return value

    def _placeholder(self, text: str, error: TemplateError) -> str:
        return f"{text} {self._later(error)}" if is_template(text) else text

    def _later(self, error: TemplateError) -> str:
        numbers = self.plan.registers.get(error.name, ())
        return f"(known after {', '.join(numbers)})" if numbers else "(known during the run)"

    def _never(self, node: Node, scope: Scope) -> bool:
        """Is it certain already that its `when` does not hold?"""
        if isinstance(node, Step) and node.loop is not None:
            return False
        return any(self._known_false(item, scope) for item in node.common.when)

    def _known_false(self, item: Expression, scope: Scope) -> bool:
        # `x is defined` of a value that the run will set is not known yet, though it can be computed.
        if free_names(item.text, bare=True) & set(self.plan.registers):
            return False
        try:
            return not evaluate(item.text, scope, item.place)
        except TemplateError:
            return False

    def _notes(self, node: Node, scope: Scope) -> tuple[str, ...]:
        common = node.common
        notes = [self._condition(item, scope) for item in common.when]
        if isinstance(node, Step) and node.loop is not None:
            notes.append(f"for each of {_one_line(self.soft(node.loop, scope))}")
        if isinstance(node, Step) and node.expect:
            notes.append("expects " + "; ".join(item.text for item in node.expect))
        if common.until or common.retries is not None:
            until = f" until {'; '.join(item.text for item in common.until)}" if common.until else ""
            notes.append(f"tried up to {1 + _number(common.retries, 3 if common.until else 0)} times{until}")
        if common.delegate_to:
            notes.append(f"on {self.soft(common.delegate_to, scope)}")
        notes += [text for asked, text in self._flags(node) if asked]
        return tuple(notes)

    def _flags(self, node: Node) -> tuple[tuple[bool, str], ...]:
        common = node.common
        hosts = "one host" if common.throttle == 1 else f"{common.throttle} hosts"
        return (
            (common.run_once, "once, on the first host"),
            (common.throttle is not None, f"at most {hosts} at a time"),
            (bool(common.become), f"as {common.become_user or 'root'}"),
            (common.severity == "warn", "a failure is a warning"),
            (bool(common.ignore_errors), "errors are ignored"),
        )

    def _condition(self, item: Expression, scope: Scope) -> str:
        known = free_names(item.text, bare=True) & set(self.plan.registers)
        if known:
            numbers = sorted({number for name in known for number in self.plan.registers[name]})
            return f"when {item.text} (known after {', '.join(numbers)})"
        try:
            return f"when {item.text}: {'yes' if evaluate(item.text, scope, item.place) else 'no, skipped'}"
        except TemplateError as error:
            return f"when {item.text} {self._later(error)}"

    def _text(self, text: str, scope: Scope, place: Place) -> str:
        return str(self.soft(text, scope, place))

    def _with(self, scope: Scope, values: Mapping[str, Any], place: Place) -> Scope:
        if not values:
            return scope
        at = place / "vars"
        return scope.plus(Layer(values, templates=True, place_of=lambda name: at / name), *self.top)


def _secrets(plan: Plan) -> dict[str, Any]:
    return {item.name: f"(secret {item.name})" for item in plan.playbook.inputs.values() if item.secret}


def _number(value: Any, default: int) -> int:
    return value if isinstance(value, int) else default


def _one_line(value: Any) -> str:
    text = ", ".join(map(str, value)) if isinstance(value, list) else str(value)
    return text if len(text) <= 70 else text[:67] + "..."
