"""The plan as text: by stage and batch, each step with what it will do."""

from __future__ import annotations

from collections.abc import Iterator

from runbook.common.wrapping import wrapped
from runbook.plan.describe.actions import details, instead, options
from runbook.plan.describe.notes import words
from runbook.plan.describe.view import HEADS, PlanView, StageView, StepView
from runbook.plan.show.words import hosts_in, hosts_of, sign, summary
from runbook.steps.base import Detail

WIDTH = 100
NARROWEST = 40


def as_text(view: PlanView, width: int = WIDTH) -> str:
    """The whole plan. `~` marks a step that changes the host; the others only read."""
    return "\n".join(line.rstrip() for line in _lines(view, width)) + "\n"


def _lines(view: PlanView, width: int) -> Iterator[str]:
    yield f"Plan: {view.name}"
    if view.labels:
        yield from _wrapped(", ".join(f"{label.name}: {label.text}" for label in view.labels), "  ", width)
    for item in view.inputs:
        yield from _wrapped(f"input {item.name} = {item.text}", "  ", width)
    for stage in view.stages:
        yield ""
        yield from _stage(stage, width)
    yield ""
    yield from _wrapped(summary(view.totals), "", width)


def _stage(stage: StageView, width: int) -> Iterator[str]:
    yield f"{stage.number}  {stage.name}"
    names = hosts_in(stage)
    if not names:
        yield "   no host"
    elif len(stage.batches) == 1:
        yield from _wrapped(f"hosts: {hosts_of(names)}", "   ", width)
    else:
        for index, batch in enumerate(stage.batches, 1):
            yield from _wrapped(f"batch {index}: {hosts_of(batch)}", "   ", width)
    for said in words(stage.notes):
        yield from _wrapped(said, "   ", width)
    for variant in stage.variants:
        if len(stage.variants) > 1:
            yield from _wrapped(f"on {hosts_of(variant.hosts)}:", "   ", width)
        for step in variant.steps:
            yield from _step(step, width)


def _step(step: StepView, width: int) -> Iterator[str]:
    if step.role == "stage":
        for said in words(step.notes):
            yield from _wrapped(said, "   ", width)
        return
    # Of what is nested more deeply the number alone tells how deeply.
    indent = ("   " + "  " * step.depth)[: max(NARROWEST, width) // 2]
    number = f"{step.number} " if step.number else ""
    skipped = " (skipped)" if step.skipped and step.role not in HEADS else ""
    yield from _wrapped(f"{sign(step)} {number}{step.name}{skipped}", indent, width)
    below = indent + "      "
    yield from _action(step, below, width)
    for said in words(step.notes):
        yield from _wrapped(f"- {said}", below, width)


def _action(step: StepView, below: str, width: int) -> Iterator[str]:
    if step.role != "step":
        yield from _wrapped(step.text, below, width)
        return
    parts = details(step)
    if instead(parts):
        yield f"{below}{step.kind}:"
    else:
        yield from _wrapped(f"{step.kind}: {' '.join(step.text.split())}", below, width)
    for part in parts:
        yield from _part(part, below)
    for name, value in options(step, parts):
        if "\n" in value.strip():
            yield from _part(Detail(name, value), below)
        else:
            yield from _wrapped(f"{name}: {value}", below + "  ", width)


def _part(part: Detail, below: str) -> Iterator[str]:
    if part.label:
        yield f"{below}  {part.label}:" if part.text else f"{below}  {part.label}"
    for line in part.text.rstrip().split("\n") if part.text else ():
        yield f"{below}    {_printable(line)}"


def _printable(line: str) -> str:
    """No text of a playbook drives the terminal on which it is reviewed."""
    return "".join(c if c.isprintable() or c == "\t" else f"\\x{ord(c):02x}" for c in line)


def _wrapped(text: str, indent: str, width: int) -> Iterator[str]:
    room = max(NARROWEST, width)
    for number, line in enumerate(text.split("\n")):
        first = indent if number == 0 else f"{indent}  "
        yield from wrapped(_printable(line), room, first, indent + "  ")
