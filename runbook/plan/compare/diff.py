"""What becomes of the actions on hosts between two plans: steps added, removed, moved, changed; hosts gained and lost.

Steps are found again by their place and name, then by what they do, never by their number: a step put at the top is one
step added.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated

from runbook.common.frozen import replace
from runbook.common.json_data import Exact, doc
from runbook.plan.compare.comparable_lines import Line, Names, lines_of
from runbook.plan.compare.match import Pair, match, match_stages
from runbook.plan.compare.weaker_checks import holding_checks, weaker, weaker_stage, weaker_without
from runbook.plan.describe.view import Note, PlanView, StageView
from runbook.plan.show.words import hosts_in

WHOLE = "the whole stage"
"""How the line of a stage's own conditions is called."""
ADDED, REMOVED, MOVED, CHANGED = "added", "removed", "moved", "changed"


class FieldChange(Exact):
    """One thing of a step that is another now."""

    name: Annotated[str, doc("An option of the step, or a key of the language such as when or expect.")]
    before: str
    after: str


class StepChange(Exact):
    """What became of one step on some hosts."""

    what: Annotated[str, doc("added, removed, moved or changed.")]
    number: Annotated[str, doc("In the later plan; of a removed step in the earlier one.")]
    was: Annotated[str, doc("Its number in the earlier plan; empty for an added one.")]
    name: str
    kind: str
    text: Annotated[str, doc("Its action on one line.")]
    changes: Annotated[bool, doc("Does it change the host?")]
    moved: Annotated[str, doc("Where it stands now, where it stood elsewhere before.")]
    fields: tuple[FieldChange, ...]
    weaker: Annotated[tuple[str, ...], doc("In which way it checks less than before.")]
    inside: Annotated[int, doc("Steps in it that came or went with it.")] = 0
    hosts: tuple[str, ...] = ()


class StageChange(Exact):
    """What became of one stage."""

    number: str
    name: str
    what: Annotated[str, doc("added, removed, moved, changed; or empty, when only steps of it did.")]
    fields: tuple[FieldChange, ...]
    weaker: tuple[str, ...]
    gained: Annotated[tuple[str, ...], doc("Hosts that the stage runs on now, and did not.")]
    lost: tuple[str, ...]
    steps: tuple[StepChange, ...]


class PlanDiff(Exact):
    """The difference of two plans."""

    base: Annotated[str, doc("Name of the earlier plan's playbook.")]
    head: str
    gained: Annotated[tuple[str, ...], doc("Hosts that no stage of the earlier plan touched.")]
    lost: tuple[str, ...]
    inputs: Annotated[tuple[FieldChange, ...], doc("Inputs with another value; by themselves no difference.")]
    stages: tuple[StageChange, ...]

    @property
    def same(self) -> bool:
        """Does nothing that is done on any host differ?"""
        return not (self.stages or self.gained or self.lost)

    def steps(self) -> Iterator[StepChange]:
        for stage in self.stages:
            yield from stage.steps


def diff(base: PlanView, head: PlanView) -> PlanDiff:
    before, after = _hosts(base), _hosts(head)
    names = Names(base), Names(head)
    stages = tuple(change for pair in match_stages(base, head) if (change := _stage(*pair, *names)))
    return PlanDiff(
        base.name,
        head.name,
        tuple(host for host in after if host not in before),
        tuple(host for host in before if host not in after),
        tuple(_inputs(base, head)),
        stages,
    )


def _hosts(view: PlanView) -> dict[str, None]:
    return {host: None for stage in view.stages for host in hosts_in(stage)}


def _inputs(base: PlanView, head: PlanView) -> Iterator[FieldChange]:
    before = {item.name: item.text for item in base.inputs}
    after = {item.name: item.text for item in head.inputs}
    for name in {**before, **after}:
        if before.get(name) != after.get(name):
            yield FieldChange(name, before.get(name, ""), after.get(name, ""))


# --- stages ----------------------------------------------------------------------------------------------------


def _stage(old: StageView | None, new: StageView | None, moved: bool, base: Names, head: Names) -> StageChange | None:
    shown = new or old
    assert shown is not None  # noqa: S101 - a pair has one side at least
    before, after = (hosts_in(stage) if stage else () for stage in (old, new))
    fields = tuple(_stage_fields(old, new)) if old and new else ()
    steps = tuple(_merged(_steps(old, new, base, head)))
    weak = weaker_stage(old.notes, new.notes) if old and new else ()
    what = ADDED if old is None else REMOVED if new is None else MOVED if moved else CHANGED if fields else ""
    known_before, known_after = set(before), set(after)
    gained = tuple(host for host in after if host not in known_before) if old else ()
    lost = tuple(host for host in before if host not in known_after) if new else ()
    if not (what or steps or gained or lost):
        return None
    return StageChange(shown.number, shown.name, what, fields, weak, gained, lost, steps)


def _stage_fields(old: StageView, new: StageView) -> Iterator[FieldChange]:
    if old.name != new.name:
        yield FieldChange("name", old.name, new.name)
    yield from _note_fields(old.notes, new.notes)
    if hosts_in(old) != hosts_in(new) and set(hosts_in(old)) == set(hosts_in(new)):
        yield FieldChange("order of hosts", ", ".join(hosts_in(old)), ", ".join(hosts_in(new)))
    elif hosts_in(old) == hosts_in(new) and old.batches != new.batches and old.notes == new.notes:
        yield FieldChange("batches", str(len(old.batches)), str(len(new.batches)))


def _note_fields(old: tuple[Note, ...], new: tuple[Note, ...]) -> Iterator[FieldChange]:
    for key in dict.fromkeys(note.key for note in (*old, *new)):
        before, after = ("; ".join(_told(note) for note in notes if note.key == key) for notes in (old, new))
        if before != after:
            yield FieldChange(key, before, after)


def _told(note: Note) -> str:
    return f"{note.text} ({note.said})" if note.said else note.text


# --- steps -----------------------------------------------------------------------------------------------------


def _steps(old: StageView | None, new: StageView | None, base: Names, head: Names) -> Iterator[StepChange]:
    """Changes for each pair of variants that hosts have, with those hosts."""
    before = {host: index for index, one in enumerate(old.variants if old else ()) for host in one.hosts}
    after = {host: index for index, one in enumerate(new.variants if new else ()) for host in one.hosts}
    pairs: dict[tuple[int, int], list[str]] = {}
    for host in {**before, **after}:
        # A host that is gained or lost is told as such, not step by step; a stage that comes or goes is.
        if (host in before or old is None) and (host in after or new is None):
            pairs.setdefault((before.get(host, -1), after.get(host, -1)), []).append(host)
    for (left, right), hosts in pairs.items():
        gone = lines_of(old.variants[left].steps, base.of(hosts[0])) if old and left >= 0 else []
        here = lines_of(new.variants[right].steps, head.of(hosts[0])) if new and right >= 0 else []
        holding = holding_checks(gone)
        for pair in match(gone, here):
            if change := _change(pair, holds_checks=id(pair.old) in holding):
                yield replace(change, hosts=tuple(hosts))


def _change(pair: Pair, *, holds_checks: bool) -> StepChange | None:
    old, new = pair.old, pair.new
    if old is None or new is None:
        return _one_sided(old, new, pair.inside)
    fields = tuple(_fields(old, new))
    moved = new.where if pair.moved else ""
    if not (fields or moved):
        return None
    weak = weaker(old, new, holds_checks=holds_checks)
    step = new.step
    return StepChange(
        CHANGED if fields else MOVED,
        step.number,
        old.step.number,
        step.name or WHOLE,
        step.kind or step.role,
        step.text,
        step.changes,
        moved,
        fields,
        weak,
    )


def _one_sided(old: Line | None, new: Line | None, inside: int) -> StepChange:
    line = new or old
    assert line is not None  # noqa: S101 - a pair has one side at least
    step = line.step
    weak = weaker_without(line) if new is None else ()
    what, was = (REMOVED, step.number) if new is None else (ADDED, "")
    return StepChange(
        what, step.number, was, step.name, step.kind or step.role, step.text, step.changes, "", (), weak, inside
    )


def _fields(old: Line, new: Line) -> Iterator[FieldChange]:
    for name in ("name", "kind", "role"):
        before, after = getattr(old.step, name), getattr(new.step, name)
        if before != after:
            yield FieldChange(name, before, after)
    for name in dict.fromkeys((*old.args, *new.args)):
        before, after = old.args.get(name, ""), new.args.get(name, "")
        if before != after or (name in old.args) != (name in new.args):
            yield FieldChange(name, before, after)
    yield from _note_fields(old.notes, new.notes)
    if old.step.changes != new.step.changes and "changes" not in {note.key for note in (*old.notes, *new.notes)}:
        yield FieldChange("changes the host", _truth(old.step.changes), _truth(new.step.changes))
    if old.step.skipped != new.step.skipped and old.notes == new.notes and new.step.role != "option":
        yield FieldChange("skipped", _truth(old.step.skipped), _truth(new.step.skipped))


def _truth(value: bool) -> str:
    return "yes" if value else "no"


def _merged(changes: Iterator[StepChange]) -> Iterator[StepChange]:
    """The same change on several groups of hosts as one."""
    found: dict[StepChange, list[str]] = {}
    for change in changes:
        found.setdefault(replace(change, hosts=()), []).extend(change.hosts)
    for change, hosts in found.items():
        yield replace(change, hosts=tuple(hosts))
