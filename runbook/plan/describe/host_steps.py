"""What each step of a plan will do on a host, as far as it can be known before the run.

What depends on a registered value is shown as `(known after 2.1)`; secrets as `(secret NAME)`.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from functools import partial
from pathlib import Path
from typing import Any

from runbook.common.frozen import Frozen, replace
from runbook.common.json_data import as_json
from runbook.model import Block, Choose, Expression, Host, Input, Node, Remediation, Stage, Step
from runbook.plan.describe.actions import Reader, connections, files_of
from runbook.plan.describe.known_values import KnownValues, without_secrets
from runbook.plan.describe.notes import notes_of
from runbook.plan.describe.placeholders import Item, NotYet
from runbook.plan.describe.redacted_variables import RedactedVariables, holds_secret
from runbook.plan.describe.same_hosts import Memo
from runbook.plan.describe.view import Note, StepView
from runbook.plan.make.plan import Plan, PlannedStage
from runbook.plan.make.registered_names import registered_before
from runbook.steps import KINDS
from runbook.templating.errors import TemplateError
from runbook.templating.render import evaluate
from runbook.templating.scope import Layer, Scope

Above = tuple[Layer, ...]
"""The variables of the stages, blocks and branches around a node."""


class _Head(Frozen):
    """One node described for a host: its line, whether what is inside it matters, and the option that is chosen."""

    line: StepView
    inside: bool = True
    chosen: str | None = None


class Describer:
    """Describes the hosts of one plan. Equal lines of different hosts are one object."""

    def __init__(self, plan: Plan, files: Reader) -> None:
        self.plan, self.files = plan, files
        self.redacted = RedactedVariables(plan.variables)
        self.known = KnownValues(self.redacted, plan.registers)
        self._memo = Memo(self.redacted)
        self._before = registered_before(plan)
        self._same: dict[StepView, StepView] = {}

    def stage(self, planned: PlannedStage, host: Host) -> tuple[StepView, ...]:
        block = planned.stage.block
        head = self._head(block, (), 0, host)
        above = _above((), block.common.vars, block)
        lines = [head.line] if head.line.notes else []
        return (*lines, *(self._inside(block, above, 0, host) if head.inside else ()))

    def questions(self, planned: PlannedStage) -> dict[str, list[str]]:
        """The texts of the stage's `confirm`, each with its hosts: those that `when` does not certainly leave out."""
        stage = planned.stage
        found: dict[str, list[str]] = {}
        if stage.confirm:
            for host in planned.hosts:
                if not self._head(stage.block, (), 0, host).inside:
                    continue
                make = partial(self._question, stage, host)
                text: str = self._memo.get(("confirm", stage.number), host, make)
                found.setdefault(text, []).append(host.name)
        return found

    def _question(self, stage: Stage, host: Host) -> str:
        scope = self._scope(stage.block, _above((), stage.block.common.vars, stage.block), host)
        return str(without_secrets(self.known.value(stage.confirm, scope, stage.place / "confirm")))

    def input(self, item: Input, host: Host) -> str:
        """The value of an input on a host, as text."""
        made: str = self._memo.get(("input", item.name), host, lambda: self._input(item, host))
        return made

    def _input(self, item: Input, host: Host) -> str:
        scope = self.redacted.scope(host)
        if item.name not in scope:
            return "(not given)"
        value = without_secrets(self.known.value("{{ " + item.name + " }}", scope))
        return value if isinstance(value, str) else str(as_json(value))

    # --- the way through the nodes ---------------------------------------------------------------------------

    def _nodes(self, nodes: tuple[Node, ...], above: Above, depth: int, host: Host) -> Iterator[StepView]:
        for node in nodes:
            yield from self._node(node, above, depth, host)

    def _node(self, node: Node, above: Above, depth: int, host: Host) -> Iterator[StepView]:
        if node.number in self.plan.left_out:
            return
        own = _above(above, node.common.vars, node)
        head = self._head(node, own, depth, host)
        yield head.line
        if not head.inside:
            return
        if isinstance(node, Block):
            yield from self._inside(node, own, depth + 1, host)
        elif isinstance(node, Choose):
            yield from self._options(node, head.chosen, own, depth + 1, host)
        if not isinstance(node, Block):
            yield from self._on_failure(node, own, depth + 1, host)

    def _inside(self, block: Block, above: Above, depth: int, host: Host) -> Iterator[StepView]:
        yield from self._nodes(block.steps, above, depth, host)
        if block.rescue:
            said = (("recheck", block.recheck), ("accepted", block.accepted))
            notes = tuple(Note(key, "true") for key, holds in said if holds)
            yield self._one(StepView("", "if a step above fails", "rescue", depth=depth, notes=notes))
            yield from self._nodes(block.rescue, above, depth + 1, host)
        if block.always:
            yield self._one(StepView("", "in the end, whatever happened", "always", depth=depth))
            yield from self._nodes(block.always, above, depth + 1, host)
        yield from self._on_failure(block, above, depth, host)

    def _on_failure(self, node: Node, above: Above, depth: int, host: Host) -> Iterator[StepView]:
        if node.common.diagnose:
            yield self._one(StepView("", "if it fails, look for the cause", "diagnose", depth=depth))
            yield from self._nodes(node.common.diagnose, above, depth + 1, host)
        for branch in node.common.remediate:
            yield self._branch(branch, depth)
            own = _above(above, branch.vars, branch)
            yield from self._nodes(branch.steps, own, depth + 1, host)

    def _branch(self, branch: Remediation, depth: int) -> StepView:
        again = () if branch.recheck else (Note("recheck", "false"),)
        notes = (*(Note("when", item.text, "asked when it fails") for item in branch.when), *again)
        said = f"if it fails, repair: {branch.name}"
        return self._one(StepView("", said, "remediation", depth=depth, notes=notes))

    def _options(self, choose: Choose, chosen: str | None, above: Above, depth: int, host: Host) -> Iterator[StepView]:
        for option in choose.options:
            skipped = chosen is not None and option.name != chosen
            text = "" if chosen is None else ("not taken" if skipped else "chosen")
            said = f"option {option.name}" + (f": {option.description}" if option.description else "")
            yield self._one(StepView("", said, "option", depth=depth, text=text, skipped=skipped))
            if not skipped:
                yield from self._nodes(option.steps, above, depth + 1, host)

    # --- one node --------------------------------------------------------------------------------------------

    def _head(self, node: Node, above: Above, depth: int, host: Host) -> _Head:
        made: _Head = self._memo.get(node.number, host, lambda: self._describe(node, above, depth, host))
        return made

    def _describe(self, node: Node, above: Above, depth: int, host: Host) -> _Head:
        self.known.after.clear()
        scope = self._scope(node, above, host)
        conditions, never = self._conditions(node, scope)
        name = self._name(node, scope)
        if isinstance(node, Step):
            line = self._step(node, scope, name, conditions)
        else:
            line = self._structure(node, scope, name, conditions)
        chosen = None
        if isinstance(node, Choose):
            value, said = self.known.decision(node.by, scope)
            chosen = None if said else str(value)
            by = f"{node.by.text} = {chosen}" if chosen is not None else f"{node.by.text} ({said})"
            line = replace(line, text=by)
        line = replace(line, depth=depth, skipped=never, after=tuple(sorted(self.known.after)))
        return _Head(self._one(line), not never, chosen)

    def _one(self, line: StepView) -> StepView:
        return self._same.setdefault(line, line)

    def _scope(self, node: Node, above: Above, host: Host) -> Scope:
        later = Layer(NotYet(self._before.get(node.number, frozenset())))
        layers = (*self.redacted.below(host), *above, later, *self.redacted.top)
        if isinstance(node, Step) and node.loop is not None:
            items = {node.loop_var: Item(f"({node.loop_var})"), "loop_index": "(loop_index)"}
            layers = (*layers, Layer(items))
        return Scope(layers, self.redacted.controller)

    def _name(self, node: Node, scope: Scope) -> str:
        shown = self.known.value(node.common.name, scope, node.place / "name")
        return str(without_secrets(shown)) or (node.kind if isinstance(node, Step) else "")

    def _structure(self, node: Block | Choose, scope: Scope, name: str, conditions: list[Note]) -> StepView:
        role = "choose" if isinstance(node, Choose) else ("include" if node.included else "block")
        if "." not in node.number:
            role = "stage"
        text = ""
        if isinstance(node, Block) and node.included:
            text = os.path.relpath(node.included, Path(self.plan.playbook.file).parent)
        notes = (*conditions, *notes_of(node, scope, self.known))
        return StepView(node.number, name, role, text=text, notes=notes)

    def _step(self, step: Step, scope: Scope, name: str, conditions: list[Note]) -> StepView:
        kind, hidden = KINDS[step.kind], self._hidden(step, scope)
        # What is not to be logged is shown as it is written: what it reads may be no declared secret.
        rendered = step.args if hidden else self.known.value(step.args, scope, step.args_place)
        args = without_secrets(rendered)
        changes = kind.changes(args) if step.changes is None else step.changes
        notes = (*conditions, *notes_of(step, scope, self.known))
        asked = connections(self.plan.playbook, step, args, scope, self.known)
        notes = (*notes, *(Note("database", target) for target in asked))
        files = files_of(step, args, self.files, self.known, None if hidden else scope)
        text = str(without_secrets(kind.plan(args)))
        return StepView(step.number, name, "step", step.kind, 0, text, as_json(args), files, notes, changes)

    def _hidden(self, step: Step, scope: Scope) -> bool:
        asked = step.common.no_log
        value = self.known.value(asked, scope) if isinstance(asked, str) else asked
        return str(value).lower() not in ("false", "no", "off", "0", "none", "")

    def _conditions(self, node: Node, scope: Scope) -> tuple[list[Note], bool]:
        """What is known of each `when`, and whether it is certain that one does not hold."""
        found = [self._condition(item, node, scope) for item in node.common.when]
        return found, any(one.said == "no, skipped" for one in found)

    def _condition(self, item: Expression, node: Node, scope: Scope) -> Note:
        value, said = self.known.decision(item, scope)
        looped = isinstance(node, Step) and node.loop is not None and _reads(item, node, scope)
        if looped and (not said or said == "known during the run"):
            said = "asked for each item"
        return Note("when", item.text, said or ("yes" if value else "no, skipped"))


def _reads(item: Expression, step: Node, scope: Scope) -> bool:
    """Does a condition look at the item of its loop? Then what it comes to for a placeholder says nothing."""
    from runbook.templating.render import free_names

    try:
        if free_names(item.text, bare=True) & {getattr(step, "loop_var", ""), "loop_index"}:
            return True
        evaluate(item.text, Scope(scope.layers[:-1], scope.controller), item.place)
    except TemplateError:
        return True
    return False


def _above(above: Above, values: Mapping[str, Any], node: Any) -> Above:
    """The variables around a node and its own. One with a secret's name shows where it comes from, and no more."""
    if not values:
        return above
    at = node.place / "vars"
    layer = Layer(values, templates=True, place_of=lambda name: at / name)
    secrets = {name: f"(secret {name})" for name, value in values.items() if holds_secret(name, value)}
    return (*above, layer, Layer(secrets)) if secrets else (*above, layer)
