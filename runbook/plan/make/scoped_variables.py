"""What a playbook sets in a part of it only, or from a step on: `vars` of stages and steps, `register`, `set`, loops.

All of it is for hosts of the stage alone.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from runbook.model import Block, Choose, Node, Stage, Step
from runbook.plan.make.settings import Level, Setting
from runbook.source.document import Place
from runbook.steps.traits import traits


def scoped(stage: Stage) -> Iterator[Setting]:
    """Everything that is set in a stage, in the order of the playbook."""
    yield from _vars(stage.block.common.vars, stage.block.place, f"stage {stage.number}", stage.number)
    yield from _inside(stage.block)


def _node(node: Node) -> Iterator[Setting]:
    word = "step" if isinstance(node, Step) else "choose" if isinstance(node, Choose) else "block"
    called = f"{'include' if isinstance(node, Block) and node.included else word} {node.number}"
    yield from _vars(node.common.vars, node.place, called, node.number)
    if isinstance(node, Step):
        yield from _step(node)
    yield from _inside(node)


def _inside(node: Node) -> Iterator[Setting]:
    for inner in _nodes(node):
        yield from _node(inner)
    for branch in node.common.remediate:
        yield from _vars(branch.vars, branch.place, f"repair {branch.name} of {node.number}", node.number)
        for inner in branch.steps:
            yield from _node(inner)


def _nodes(node: Node) -> tuple[Node, ...]:
    inside: tuple[Node, ...] = ()
    if isinstance(node, Block):
        inside = (*node.steps, *node.rescue, *node.always)
    elif isinstance(node, Choose):
        inside = tuple(inner for option in node.options for inner in option.steps)
    return (*inside, *node.common.diagnose)


def _vars(values: Mapping[str, Any], place: Place, called: str, number: str) -> Iterator[Setting]:
    for name, value in values.items():
        yield Setting(name, Level.SCOPED, f"vars of {called}", value, (place / "vars" / name).value, number)


def _step(step: Step) -> Iterator[Setting]:
    if step.loop is not None:
        span = (step.place / "loop").value
        yield Setting(step.loop_var, Level.SCOPED, f"loop of step {step.number}", step.loop, span, step.number)
    if step.register:
        span, outcome = (step.place / "register").value, "(the outcome of the step)"
        yield Setting(step.register, Level.SET, f"register of step {step.number}", outcome, span, step.number)
    for one in traits(step.kind).sets(step.args):
        span = step.args_place.below(one.at).value
        yield Setting(one.name, Level.SET, f"set by step {step.number}", one.value, span, step.number)
