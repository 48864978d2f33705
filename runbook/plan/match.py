"""Which step of one plan is which of another: by place and name, then by what it does, then by likeness."""

from __future__ import annotations

import difflib
import json
import re
from bisect import bisect_left
from collections import ChainMap, defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, TypeVar

from runbook.frozen import frozen, replace
from runbook.plan.view import Note, PlanView, StageView, StepView

ALIKE = 0.6
"""Share of two texts that is the same, from which they are taken for one that was changed."""
COMPARED = 2000
"""Characters that are compared for likeness."""
MOST_COMPARED = 400
"""Pairs of one place that are compared for likeness; of more, only equal ones are found."""
_AFTER = re.compile(r"known after ([\w.]+(?:, [\w.]+)*)")
_NUMBERED = re.compile(r"[\w.]+")

T = TypeVar("T")


@frozen
class Line:
    """A line of a plan made comparable: without its number, and without the numbers of others."""

    step: StepView
    parent: int
    """Index of the line that it stands under; -1 for none."""
    path: tuple[tuple[str, str], ...]
    """Role and name of what it stands under, and its own."""
    args: Mapping[str, str]
    """Each option by its path, and what the files that it uses hold."""
    notes: tuple[Note, ...]

    @property
    def where(self) -> str:
        return f"under {self.path[-2][1]}" if len(self.path) > 1 else "in its stage"

    @property
    def content(self) -> tuple[Any, ...]:
        """What it does, whatever it is called."""
        return (self.step.kind, self.step.role, tuple(self.args.items()), self.notes, self.step.changes)

    @property
    def counts(self) -> bool:
        """Does its failure count? In a diagnosis or a repair it does not."""
        return not any(role in ("diagnose", "remediation", "rescue") for role, _ in self.path[:-1])


@frozen
class Pair:
    """A line and what became of it; one of them is None when it came or went. `inside` steps came or went with it."""

    old: Line | None
    new: Line | None
    moved: bool = False
    inside: int = 0


class Names:
    """What the steps of a plan are called on a host, for texts that name them by their numbers."""

    def __init__(self, view: PlanView) -> None:
        self._by_host: list[dict[str, dict[str, str]]] = []
        for stage in view.stages:
            of_stage: dict[str, dict[str, str]] = {}
            for variant in stage.variants:
                names = {step.number: step.name for step in variant.steps if step.number}
                of_stage |= dict.fromkeys(variant.hosts, names)
            self._by_host.append(of_stage)

    def of(self, host: str) -> Mapping[str, str]:
        """By number."""
        return ChainMap(*(names[host] for names in self._by_host if host in names))


def lines_of(steps: Sequence[StepView], names: Mapping[str, str]) -> list[Line]:
    out: list[Line] = []
    above: list[int] = []
    for step in steps:
        while above and out[above[-1]].step.depth >= step.depth:
            above.pop()
        parent = above[-1] if above else -1
        path = (*(out[parent].path if above else ()), (step.role, step.name))
        notes = tuple(
            replace(note, text=_named(note.text, names), said=_named(note.said, names)) for note in step.notes
        )
        args = {name: _named(text, names) for name, text in _flat(step)}
        out.append(Line(step, parent, path, args, notes))
        if step.role != "stage":
            above.append(len(out) - 1)
    return out


def _flat(step: StepView) -> Iterator[tuple[str, str]]:
    yield from _flattened(json.loads(step.args), "")
    if step.role == "include":
        yield "file", step.text
    elif step.role in ("choose", "option"):
        yield "choice", step.text
    for file in step.files:
        yield f"file {file.path}", file.text or file.sha256 or file.said
        if file.text:
            yield f"sha256 of {file.path}", file.sha256


def _flattened(value: Any, path: str) -> Iterator[tuple[str, str]]:
    if isinstance(value, dict) and value:
        for key, item in value.items():
            yield from _flattened(item, f"{path}.{key}".lstrip("."))
    elif isinstance(value, list) and value and any(isinstance(item, dict | list) for item in value):
        for index, item in enumerate(value, 1):
            yield from _flattened(item, f"{path}[{index}]")
    elif path or value:
        yield path, value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


def _named(text: str, names: Mapping[str, str]) -> str:
    """`known after 2.1` with the name of the step: its number may be another in the other plan."""
    if "known after" not in text:
        return text

    def name(found: re.Match[str]) -> str:
        return "known after " + _NUMBERED.sub(lambda one: f"“{names.get(one[0], one[0])}”", found[1])

    return _AFTER.sub(name, text)


# --- lines -----------------------------------------------------------------------------------------------------


def match(old: list[Line], new: list[Line]) -> Iterator[Pair]:
    """Every line once, in the order of the new plan; what went stands where it was."""
    found: dict[int, int] = {}
    keys: tuple[Callable[[Line], Any], ...] = (
        lambda line: (line.path, line.content),
        lambda line: line.path,
        lambda line: (line.path[-1], line.content),
        lambda line: (line.path[:-1], line.content),
    )
    for key in keys:
        _equal(old, new, found, key)
    _alike(old, new, found)
    back = {right: left for left, right in found.items()}
    moved = _moved(old, new, found, back)
    inside_old, inside_new = _inside(old, set(found)), _inside(new, set(back))
    yield from _ordered(old, new, found, back, moved, inside_old, inside_new)


def _equal(old: list[Line], new: list[Line], found: dict[int, int], key: Callable[[Line], Any]) -> None:
    """Pairs what is free on both sides and has the same key, in order."""
    taken = set(found.values())
    free: dict[Any, list[int]] = defaultdict(list)
    for right, line in enumerate(new):
        if right not in taken:
            free[key(line)].append(right)
    for left, line in enumerate(old):
        if left not in found and (rights := free.get(key(line))):
            found[left] = rights.pop(0)


def _alike(old: list[Line], new: list[Line], found: dict[int, int]) -> None:
    """Pairs what stands under the same line and is nearly the same: it was renamed and changed."""
    taken = set(found.values())
    rights = [right for right in range(len(new)) if right not in taken]
    lefts = [left for left in range(len(old)) if left not in found]
    if len(lefts) * len(rights) > MOST_COMPARED:
        return
    for left in lefts:
        above = found.get(old[left].parent, -1) if old[left].parent >= 0 else -1
        best, best_share = -1, ALIKE
        for right in rights:
            if new[right].parent == above and new[right].step.role == old[left].step.role:
                share = _share(old[left], new[right])
                if share > best_share:
                    best, best_share = right, share
        if best >= 0:
            found[left] = best
            rights.remove(best)


def _share(old: Line, new: Line) -> float:
    """How much of two lines is the same, from 0 to 1; the name counts as much as what is done."""
    if old.step.kind != new.step.kind:
        return 0.0
    name = difflib.SequenceMatcher(None, old.step.name, new.step.name, autojunk=False).ratio()
    before, after = (json.dumps(list(line.args.items()), ensure_ascii=False)[:COMPARED] for line in (old, new))
    action = difflib.SequenceMatcher(None, before, after, autojunk=False).ratio()
    return float(name * 0.4 + action * 0.6)


def _moved(old: list[Line], new: list[Line], found: dict[int, int], back: dict[int, int]) -> set[int]:
    """New lines that stand under another line than before, or in another order among those beside them."""
    moved = set()
    siblings: dict[int, list[int]] = defaultdict(list)
    for right, left in sorted(back.items()):
        above_old, above_new = old[left].parent, new[right].parent
        if (found.get(above_old, -2) if above_old >= 0 else -1) != above_new:
            moved.add(right)
        else:
            siblings[above_new].append(right)
    for rights in siblings.values():
        kept = longest_increasing([back[right] for right in rights])
        moved |= {right for right in rights if back[right] not in kept}
    return moved


def longest_increasing(numbers: Sequence[int]) -> set[int]:
    """The numbers of a longest increasing part of a sequence without doubles.

    >>> sorted(longest_increasing([3, 1, 2, 4]))
    [1, 2, 4]
    """
    tails: list[int] = []
    before: dict[int, int | None] = {}
    for number in numbers:
        at = bisect_left(tails, number)
        before[number] = tails[at - 1] if at else None
        tails[at : at + 1] = [number]
    out: set[int] = set()
    last = tails[-1] if tails else None
    while last is not None:
        out.add(last)
        last = before[last]
    return out


def _inside(lines: list[Line], known: set[int]) -> dict[int, int]:
    """Of each line that has no other side, how many steps below it have none either."""
    count: dict[int, int] = defaultdict(int)
    for index, line in enumerate(lines):
        above = line.parent
        if index in known or line.step.role != "step":
            continue
        while above >= 0 and above not in known:
            count[above] += 1
            above = lines[above].parent
    return count


def _ordered(
    old: list[Line],
    new: list[Line],
    found: dict[int, int],
    back: dict[int, int],
    moved: set[int],
    inside_old: dict[int, int],
    inside_new: dict[int, int],
) -> Iterator[Pair]:
    gone = [left for left in range(len(old)) if left not in found]

    def tops(until: int) -> Iterator[Pair]:
        while gone and gone[0] < until:
            left = gone.pop(0)
            if old[left].parent < 0 or old[left].parent in found:  # else it is told with what it stood in
                yield Pair(old[left], None, inside=inside_old[left])

    for right, line in enumerate(new):
        if right in back:
            if right not in moved:
                yield from tops(back[right])
            yield Pair(old[back[right]], line, right in moved)
        elif line.parent < 0 or line.parent in back:
            yield Pair(None, line, inside=inside_new[right])
    yield from tops(len(old))


# --- stages ----------------------------------------------------------------------------------------------------

Stages = tuple[StageView | None, StageView | None, bool]


def match_stages(base: PlanView, head: PlanView) -> list[Stages]:
    """Stages by name, then those that share most of their steps; each with whether its order is another."""
    old, new = list(base.stages), list(head.stages)
    found: dict[int, int] = {}
    for left, stage in enumerate(old):
        rights = (right for right, other in enumerate(new) if right not in found.values() and other.name == stage.name)
        if (right := next(rights, None)) is not None:
            found[left] = right
    for left, stage in enumerate(old):
        free = [right for right in range(len(new)) if right not in found.values()]
        if left not in found and free:
            best = max(free, key=lambda right: _shared(stage, new[right]))
            if _shared(stage, new[best]) >= 0.5:
                found[left] = best
    back = {right: left for left, right in found.items()}
    kept = longest_increasing([back[right] for right in sorted(back)])
    pairs: list[Stages] = []
    for right, other in enumerate(new):
        mate = back.get(right)
        pairs.append((None if mate is None else old[mate], other, mate is not None and mate not in kept))
    return [*pairs, *((stage, None, False) for left, stage in enumerate(old) if left not in found)]


def _shared(old: StageView, new: StageView) -> float:
    before, after = ({step.name for one in stage.variants[:1] for step in one.steps} for stage in (old, new))
    return len(before & after) / max(1, len(before | after))
