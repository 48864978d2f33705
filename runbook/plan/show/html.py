"""The plan as one self-contained page: no network, no script, readable on a phone, on paper and in the dark."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache
from html import escape
from importlib.resources import files

from runbook.plan.describe.actions import details, instead, options
from runbook.plan.describe.notes import words
from runbook.plan.describe.view import HEADS, PlanView, StageView, StepView, Variant
from runbook.plan.show.words import counted, hosts_in, hosts_of, summary
from runbook.steps.base import Detail

OPEN_STEPS = 300
"""Steps of a plan that are shown at once; of longer ones each part is opened by who reads it."""
INDENT = 1.1
"""Width of one level, in the unit of the text."""


def as_html(view: PlanView) -> str:
    return _asset("plan.html").format(
        title=_text(f"Plan – {view.name}"),
        style=_asset("plan.css"),
        header=_header(view),
        main="\n".join(_stages(view)),
        footer=_text(f"A plan of runbook, made of {view.file}. No host has been touched."),
    )


@cache
def _asset(name: str) -> str:
    return (files("runbook.plan.show") / "assets" / name).read_text(encoding="utf-8")


def _header(view: PlanView) -> str:
    lead = f"<p class=lead>{_text(view.description)}</p>" if view.description else ""
    tone = "changing" if view.totals.changing or view.totals.repairs else "reading"
    facts = [(label.name, label.text) for label in view.labels]
    facts += [(f"input {item.name}", item.text) for item in view.inputs]
    rows = "".join(f"<div><dt>{_text(name)}</dt><dd>{_text(text)}</dd></div>" for name, text in facts)
    said = f"<p class='summary {tone}'>{_text(summary(view.totals))}</p>"
    return f"<h1>{_text(view.name)}</h1>{lead}{said}<dl class=facts>{rows}</dl>"


def _stages(view: PlanView) -> Iterator[str]:
    total = sum(len(variant.steps) for stage in view.stages for variant in stage.variants)
    for stage in view.stages:
        yield _stage(stage, opened=total <= OPEN_STEPS)


def _stage(stage: StageView, *, opened: bool) -> str:
    title = f"<h2><span class=number>{_text(stage.number)}</span><span>{_text(stage.name)}</span></h2>"
    batches = stage.batches if len(stage.batches) > 1 else ()
    rows = [f"batch {index}: {hosts_of(batch, 20)}" for index, batch in enumerate(batches[:20], 1)]
    rows += [f"and {len(batches) - 20} more batches"] if len(batches) > 20 else []
    shown = rows or ([] if len(stage.variants) == 1 else [hosts_of(hosts_in(stage), 20) or "no host"])
    said = [*shown, *words(stage.notes)]
    notes = "".join(f"<li>{_text(row)}</li>" for row in said)
    variants = "".join(_variant(variant, opened=opened) for variant in stage.variants)
    return f"<section>{title}<ul class=hosts>{notes}</ul>{variants}</section>"


def _variant(variant: Variant, *, opened: bool) -> str:
    steps = [step for step in variant.steps if step.role == "step" and not step.skipped]
    changing = sum(step.changes for step in steps)
    said = f"{hosts_of(variant.hosts, 12)} – {counted(len(steps), 'step')}" + (
        f", {changing} may change" if changing else ", only reads"
    )
    body = "".join(_step(step) for step in variant.steps)
    return f"<details class=variant{' open' if opened else ''}><summary>{_text(said)}</summary>{body}</details>"


def _step(step: StepView) -> str:
    notes = "".join(f"<li>{_text(said)}</li>" for said in words(step.notes))
    notes = f"<ul class=notes>{notes}</ul>" if notes else ""
    if step.role == "stage":
        return f"<div class=step>{notes}</div>"
    kinds = [name for name, on in (("head", step.role in HEADS), ("skipped", step.skipped), ("in", step.depth)) if on]
    number = f"<span class=number>{_text(step.number)}</span>" if step.number else ""
    name = f"<span class=name>{_text(step.name)}</span>"
    shape = f"<span class=kind>{_text(step.kind or step.role)}</span>" if step.role not in HEADS else ""
    indent = f" style='margin-left:{step.depth * INDENT:.1f}em'" if step.depth else ""
    title = f"<div class=title>{number}{name}{shape}{_mark(step)}</div>"
    return f"<div class='{' '.join(['step', *kinds])}'{indent}>{title}{''.join(_action(step))}{notes}</div>"


def _mark(step: StepView) -> str:
    if step.skipped and step.role not in HEADS:
        return "<span class='mark off'>skipped</span>"
    return "<span class=mark>changes</span>" if step.changes else ""


def _action(step: StepView) -> Iterator[str]:
    parts = details(step)
    if step.text and not instead(parts):
        line = _text(" ".join(step.text.split()))
        yield f"<div class=action><code>{line}</code></div>" if step.role == "step" else f"<div class=soft>{line}</div>"
    for part in parts:
        yield _part(part)
    rest = options(step, parts)
    if rest:
        rows = "".join(f"<li>{_text(name)}: <code>{_text(value)}</code></li>" for name, value in rest)
        yield f"<ul class=notes>{rows}</ul>"


def _part(part: Detail) -> str:
    label = f"<div class=label>{_text(part.label)}</div>" if part.label else ""
    if not part.text:
        return label
    if part.language != "diff":
        return f"{label}<pre tabindex=0>{_text(part.text.rstrip())}</pre>"
    lines = "".join(_diff_line(line) for line in part.text.rstrip().split("\n"))
    return f"{label}<pre class=diff tabindex=0>{lines}</pre>"


def _diff_line(line: str) -> str:
    tag = {"+": "ins", "-": "del"}.get(line[:1], "span")
    return f"<{tag}>{_text(line)}</{tag}>"


def _text(text: str) -> str:
    """For a page: characters that no person sees are shown by their number."""
    return escape("".join(c if c.isprintable() or c in "\n\t" else f"\\x{ord(c):02x}" for c in text), quote=True)
