"""A plan as a document: what it does in a sentence, then each stage with its hosts and, step by step, what is done."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from runbook.documents.model import (
    Badge,
    Block,
    Bullets,
    Code,
    Document,
    Entry,
    Fold,
    Item,
    Section,
    Settings,
    Text,
    Verdict,
    said,
)
from runbook.plan.describe.actions import details, instead, options
from runbook.plan.describe.notes import words
from runbook.plan.describe.view import HEADS, PlanView, StageView, StepView, Totals, Variant
from runbook.plan.show.words import counted, hosts_in, hosts_of, summary
from runbook.steps.base import Detail

OPEN_STEPS = 300
"""Steps of a plan that are shown at once; of longer ones each part is opened by who reads it."""
MOST_BATCHES = 20
CHANGES = Badge("changes", "~", "changes")
SKIPPED = Badge("skipped", "–", "skipped")


def document(view: PlanView) -> Document:
    total = sum(len(variant.steps) for stage in view.stages for variant in stage.variants)
    return Document(
        title=view.name,
        what="Plan",
        lead=view.description,
        verdict=Verdict(_tone(view.totals), summary(view.totals)),
        facts=tuple(_facts(view)),
        blocks=tuple(_stage(stage, opened=total <= OPEN_STEPS) for stage in view.stages),
        footer=f"A plan of runbook, made of {view.file}. No host has been touched.",
        exact=True,
    )


def _tone(totals: Totals) -> Badge:
    return Badge("changing" if totals.changing or totals.repairs else "reading", "", "")


def _facts(view: PlanView) -> Iterator[tuple[str, Text]]:
    for label in view.labels:
        yield label.name, said(label.text)
    for item in view.inputs:
        yield f"input {item.name}", said(item.text, "code")


def _stage(stage: StageView, *, opened: bool) -> Section:
    lines = [*_hosts(stage), *words(stage.notes)]
    folds = (_variant(variant, opened=opened) for variant in stage.variants)
    return Section("stage", stage.name, (*_list(lines), *folds), stage.number)


def _hosts(stage: StageView) -> Iterator[str]:
    """Those of each batch; where all go at once and do the same, they stand in the title of what they do."""
    if len(stage.batches) > 1:
        for index, batch in enumerate(stage.batches[:MOST_BATCHES], 1):
            yield f"batch {index}: {hosts_of(batch)}"
        if (left := len(stage.batches) - MOST_BATCHES) > 0:
            yield f"and {left} more batches"
    elif not hosts_in(stage):
        yield "no host"


def _variant(variant: Variant, *, opened: bool) -> Fold:
    steps = [step for step in variant.steps if step.role == "step" and not step.skipped]
    changing = sum(step.changes for step in steps)
    does = f"{changing} may change" if changing else "only reads"
    of_stage = tuple(block for step in variant.steps if step.role == "stage" for block in _list(words(step.notes)))
    entries = _entries([step for step in variant.steps if step.role != "stage"])
    return Fold(
        "variant",
        f"on {hosts_of(variant.hosts)}",
        (*of_stage, *entries),
        opened,
        aside=f"{counted(len(steps), 'step')}, {does}",
    )


def _entries(steps: Sequence[StepView]) -> tuple[Entry, ...]:
    """The lines of a plan as a tree: each holds the deeper ones that follow it."""
    found: list[tuple[int, Entry]] = []  # what has no line above it yet, the last one first
    for step in reversed(steps):
        inner: list[Entry] = []
        while found and found[-1][0] > step.depth:
            inner.append(found.pop()[1])
        found.append((step.depth, _entry(step, tuple(inner))))
    return tuple(entry for _, entry in reversed(found))


def _entry(step: StepView, inner: tuple[Entry, ...]) -> Entry:
    parts = details(step)
    is_head = step.role in HEADS
    kind = "" if is_head else step.kind or step.role
    return Entry(
        number=step.number,
        name=step.name,
        badge=SKIPPED if step.skipped and not is_head else CHANGES if step.changes else None,
        kind=kind,
        action="" if instead(parts) else step.text,
        tags=(kind,) if kind else (),
        blocks=tuple(_explained(step, parts)),
        entries=inner,
        quiet=is_head or step.skipped,
    )


def _explained(step: StepView, parts: Sequence[Detail]) -> Iterator[Block]:
    yield from (Code(part.text, part.language, part.label) for part in parts)
    rest = options(step, tuple(parts))
    yield from (Code(value, label=name) for name, value in rest if "\n" in value.strip())
    if pairs := tuple((name, value) for name, value in rest if "\n" not in value.strip()):
        yield Settings(pairs)
    yield from _list(words(step.notes))


def _list(lines: Iterator[str] | list[str]) -> Iterator[Block]:
    """Sentences as a list, where there are any."""
    if items := tuple(Item(said(line)) for line in lines):
        yield Bullets(items, mark="-")
