"""The difference of two plans as a document. What checks less comes first."""

from __future__ import annotations

from collections.abc import Iterator

from runbook.documents.comment import LIMIT, as_comment
from runbook.documents.model import (
    Badge,
    Bullets,
    Change,
    Changes,
    Document,
    Field,
    Item,
    Section,
    Span,
    Verdict,
    said,
)
from runbook.documents.text import as_text as written
from runbook.plan.compare.diff import ADDED, CHANGED, MOVED, REMOVED, FieldChange, PlanDiff, StageChange, StepChange
from runbook.plan.show.words import counted, hosts_of

SIGNS = {ADDED: "+", REMOVED: "-", CHANGED: "~", MOVED: ">"}
NONE = "No difference: the same is done on the same hosts."
WIDTH = 10_000
"""Columns: each change stays on its line, as other programs read diffs by lines."""
MOST_HOSTS = 20


def as_text(diff: PlanDiff) -> str:
    return written(document(diff), WIDTH)


def as_markdown(diff: PlanDiff, limit: int = LIMIT) -> str:
    """The summary and what checks less above the fold; the longest stages shortened to keep the limit."""
    return as_comment(document(diff), limit)


def document(diff: PlanDiff) -> Document:
    return Document(
        title=diff.head if diff.base == diff.head else f"{diff.base} → {diff.head}",
        what="Plan diff",
        verdict=Verdict(Badge("reading" if diff.same else "changing", "", ""), summary(diff)),
        notices=tuple(_notices(diff)),
        blocks=tuple(_stage(stage) for stage in diff.stages),
        exact=True,
    )


def summary(diff: PlanDiff) -> str:
    """How much differs, in one sentence."""
    if diff.same:
        return NONE
    steps = list(diff.steps())
    counts = [(sum(step.what == what for step in steps), what) for what in (ADDED, REMOVED, CHANGED, MOVED)]
    parts = [f"{counted(number, 'step')} {what}" for number, what in counts if number]
    parts += [f"{counted(len(diff.gained), 'host')} gained"] if diff.gained else []
    parts += [f"{counted(len(diff.lost), 'host')} lost"] if diff.lost else []
    only = [stage for stage in diff.stages if stage.what or stage.gained or stage.lost]
    parts += [f"{counted(len(only), 'stage')} changed"] if only else []
    weak = sum(1 for _ in weakened(diff))
    told = ", ".join(parts) + "."
    return f"{told} Checks less: {counted(weak, 'place')}." if weak else told


def weakened(diff: PlanDiff) -> Iterator[tuple[str, str, tuple[str, ...]]]:
    """Where, in which way, and on which hosts something checks less."""
    for stage in diff.stages:
        yield from ((f"{stage.number} {stage.name}", how, ()) for how in stage.weaker)
        for step in stage.steps:
            yield from ((f"{step.number} {step.name}", how, step.hosts) for how in step.weaker)


def _notices(diff: PlanDiff) -> Iterator[Section]:
    weak = tuple(Item(said(f"{place}: {how}{_on(hosts)}")) for place, how, hosts in weakened(diff))
    if weak:
        yield Section("warning", "Checks less than before", (Bullets(weak, mark="!"),))
    for mark, names, how in (("+", diff.gained, "gained"), ("-", diff.lost, "lost")):
        if names:
            yield Section("hosts", f"Hosts {how}", (Bullets(tuple(Item(said(name)) for name in names), mark=mark),))
    if diff.inputs and not diff.same:
        yield Section("inputs", "Inputs", (Bullets(tuple(map(_input, diff.inputs)), mark="~"),))


def _input(change: FieldChange) -> Item:
    before, after = change.before or "(none)", change.after or "(none)"
    return Item((Span(f"{change.name} = "), Span(before, "code"), Span(" → "), Span(after, "code")))


def _stage(stage: StageChange) -> Section:
    much = [stage.what, counted(len(stage.steps), "change") if stage.steps else ""]
    return Section("stage", stage.name, (_changes(stage),), stage.number, aside=", ".join(filter(None, much)))


def _changes(stage: StageChange) -> Changes:
    hosts = [Change("+", f"also on: {hosts_of(stage.gained, MOST_HOSTS)}")] if stage.gained else []
    hosts += [Change("-", f"no longer on: {hosts_of(stage.lost, MOST_HOSTS)}")] if stage.lost else []
    return Changes(_fields(stage.fields), (*hosts, *map(_step, stage.steps)))


def _fields(fields: tuple[FieldChange, ...]) -> tuple[Field, ...]:
    return tuple(Field(one.name, one.before, one.after) for one in fields)


def _step(step: StepChange) -> Change:
    action = f"{step.kind}: {' '.join(step.text.split())}" if step.what in (ADDED, REMOVED) and step.text else ""
    return Change(SIGNS[step.what], f"{_head(step)}{_on(step.hosts)}", action, _fields(step.fields))


def _head(step: StepChange) -> str:
    was = f" (was {step.was})" if step.was not in ("", step.number) else ""
    said = {ADDED: "added", REMOVED: "removed", MOVED: "moved", CHANGED: "changed"}[step.what]
    if step.what == CHANGED and step.moved:
        said = "changed and moved"
    where = f" {step.moved}" if step.moved else ""
    inside = f", with {counted(step.inside, 'step')} in it" if step.inside else ""
    changes = ", changes the host" if step.changes and step.what == ADDED else ""
    return f"{step.number} {step.name}{was}: {said}{where}{inside}{changes}".strip()


def _on(hosts: tuple[str, ...]) -> str:
    return f"  [{hosts_of(hosts, 3)}]" if hosts else ""
