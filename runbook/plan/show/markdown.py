"""The plan as Markdown for a comment on GitHub or GitLab: the summary above the fold, the rest to be opened."""

from __future__ import annotations

from collections.abc import Iterator

from runbook.documents.markdown import LIMIT, Part, code, escaped, fenced, fitted, plain
from runbook.plan.describe.actions import details, instead, options
from runbook.plan.describe.notes import words
from runbook.plan.describe.view import HEADS, PlanView, StageView, StepView, Variant
from runbook.plan.show.mermaid import diagram
from runbook.plan.show.words import counted, hosts_in, hosts_of, summary


def as_markdown(view: PlanView, limit: int = LIMIT) -> str:
    """At most `limit` bytes: the longest parts are shortened, and say so."""
    head = "\n".join(_head(view))
    chart = f"```mermaid\n{diagram(view)}```\n"
    parts = [part for stage in view.stages for part in _stage(stage)]
    return fitted(head, chart, parts, limit)


def _head(view: PlanView) -> Iterator[str]:
    yield f"### Plan: {escaped(view.name)}\n"
    yield f"**{summary(view.totals)}**\n"
    if view.labels:
        yield escaped(", ".join(f"{label.name}: {label.text}" for label in view.labels)[:1000]) + "\n"
    if view.inputs:
        given = ", ".join(f"{code(item.name)} = {code(item.text[:100])}" for item in view.inputs[:50])
        yield f"Inputs: {given}\n"


def _stage(stage: StageView) -> Iterator[Part]:
    hosts = hosts_of(hosts_in(stage), 3) or "no host"
    notes = [f"- {escaped(said)}" for said in words(stage.notes)]
    if len(stage.batches) > 1:
        notes += [f"- batch {index}: {escaped(hosts_of(batch))}" for index, batch in enumerate(stage.batches[:20], 1)]
        notes += [f"- and {len(stage.batches) - 20} more batches"] if len(stage.batches) > 20 else []
    title = f"<b>{plain(stage.number)} {plain(stage.name)}</b>"
    for variant in stage.variants:
        where = hosts if len(stage.variants) == 1 else hosts_of(variant.hosts, 3)
        yield Part(f"{title} – {plain(where)}; {_counts(variant)}", (*notes, "", *_variant(variant)))
        notes = []


def _counts(variant: Variant) -> str:
    steps = [step for step in variant.steps if step.role == "step" and not step.skipped]
    changing = sum(step.changes for step in steps)
    return (
        f"{counted(len(steps), 'step')}, {changing} may change"
        if changing
        else f"{counted(len(steps), 'step')}, only reads"
    )


def _variant(variant: Variant) -> Iterator[str]:
    for step in variant.steps:
        yield from _step(step)


def _step(step: StepView) -> Iterator[str]:
    indent = "  " * step.depth
    notes = [escaped(said) for said in words(step.notes)]
    if step.role == "stage":
        yield from (f"- {said}" for said in notes)
        return
    number = f"`{step.number}` " if step.number else ""
    mark = "✎ " if step.changes and not step.skipped else ""
    name = f"*{escaped(step.name)}*" if step.role in HEADS else f"**{escaped(step.name)}**"
    skipped = " (skipped)" if step.skipped and step.role not in HEADS else ""
    parts = details(step)
    shown = instead(parts)
    line = " ".join(step.text.split())
    text = (
        f" – {step.kind} " + ("" if shown else code(line))
        if step.role == "step"
        else (f" – {escaped(line)}" if line else "")
    )
    yield f"{indent}- {mark}{number}{name}{skipped}{text}"
    for part in parts:
        if part.label:
            yield f"{indent}  {escaped(part.label)}"
        if part.text:
            yield ""
            yield from (f"{indent}  {one}" for one in fenced(part.text, part.language).rstrip().split("\n"))
    rest = [f"{escaped(name)}: {code(value)}" for name, value in options(step, parts)]
    yield from (f"{indent}  - {said}" for said in (*rest, *notes))
