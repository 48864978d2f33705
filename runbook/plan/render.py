"""The plan as text: by stage and batch, each step with what it will do, the same for the same inputs to the byte."""

from __future__ import annotations

import textwrap
from collections.abc import Iterator

from runbook.plan.build import Plan, PlannedStage
from runbook.plan.describe import Describer, PlannedStep

WIDTH = 100
_MARK = {True: "~", False: " "}


def as_text(plan: Plan, width: int = WIDTH) -> str:
    """The whole plan. `~` marks a step that changes the host; the others only read."""
    return "\n".join(_lines(plan, width)) + "\n"


def _lines(plan: Plan, width: int) -> Iterator[str]:
    playbook = plan.playbook
    yield f"Plan: {playbook.name}"
    if playbook.labels:
        yield "  " + ", ".join(f"{key}: {value}" for key, value in playbook.labels.items())
    yield from _inputs(plan)
    changing = reading = 0
    for planned in plan.stages:
        yield ""
        yield f"{planned.stage.number}  {planned.stage.name}"
        yield from _hosts(planned)
        for names, steps in _grouped(plan, planned):
            if len(planned.hosts) > len(names):
                yield f"   on {_names(names)}:"
            for step in steps:
                yield from _step(step, width)
            alive = [step for step in steps if step.number and not step.skipped and step.kind in _kinds()]
            changing += sum(step.changes for step in alive) * len(names)
            reading += sum(not step.changes for step in alive) * len(names)
    yield ""
    yield (
        f"{len(plan.hosts)} host(s); up to {changing} changing step(s) (~) and {reading} reading step(s), "
        "repairs and diagnosis included"
    )


def _kinds() -> set[str]:
    from runbook.steps import KINDS

    return set(KINDS)


def _inputs(plan: Plan) -> Iterator[str]:
    if not plan.hosts:
        return
    describer = Describer(plan, plan.hosts[0])
    for item in plan.playbook.inputs.values():
        known = item.name in describer.base
        shown = describer.shown("{{ " + item.name + " }}") if known else "(not given)"
        yield f"  input {item.name} = {shown}"


def _hosts(planned: PlannedStage) -> Iterator[str]:
    if not planned.hosts:
        yield "   no host"
    elif len(planned.batches) == 1:
        yield f"   hosts: {_names(tuple(host.name for host in planned.hosts))}"
    else:
        for index, batch in enumerate(planned.batches, 1):
            yield f"   batch {index}: {_names(tuple(host.name for host in batch))}"
    if planned.stage.confirm:
        yield f"   asks first: {planned.stage.confirm}"


def _names(names: tuple[str, ...]) -> str:
    shown = ", ".join(names[:8])
    return f"{shown} and {len(names) - 8} more" if len(names) > 8 else shown


def _grouped(plan: Plan, planned: PlannedStage) -> list[tuple[tuple[str, ...], list[PlannedStep]]]:
    """Hosts with the same steps together, in the order of the first of them."""
    groups: dict[tuple[PlannedStep, ...], list[str]] = {}
    for host in planned.hosts:
        groups.setdefault(tuple(Describer(plan, host).stage(planned)), []).append(host.name)
    return [(tuple(names), list(steps)) for steps, names in groups.items()]


def _step(step: PlannedStep, width: int) -> Iterator[str]:
    indent = "   " + "  " * max(0, step.depth)
    number = f"{step.number} " if step.number else ""
    skipped = " (skipped)" if step.skipped and step.kind != "option" else ""
    if step.depth < 0:
        yield from (f"   {note}" for note in step.notes)
        return
    yield f"{indent}{_MARK[step.changes]} {number}{step.name}{skipped}"
    below = indent + "      "
    if step.text:
        label = f"{step.kind}: " if step.kind not in ("option", "choose", "include") else ""
        yield from textwrap.wrap(
            label + " ".join(step.text.split()), max(40, width), initial_indent=below, subsequent_indent=below + "  "
        )
    for note in step.notes:
        yield from textwrap.wrap(f"- {note}", max(40, width), initial_indent=below, subsequent_indent=below + "  ")
