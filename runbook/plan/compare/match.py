"""Which step of one plan is which of another: by place and name, then by what it does, then by likeness."""

from __future__ import annotations

import difflib
import json
from bisect import bisect_left
from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from typing import Any

from runbook.common.frozen import Frozen
from runbook.plan.compare.comparable_lines import Line
from runbook.plan.describe.view import PlanView, StageView

ALIKE = 0.6
"""Share of two texts that is the same, from which they are taken for one that was changed."""
COMPARED = 2000
"""Characters that are compared for likeness."""
MOST_COMPARED = 400
"""Pairs of one place that are compared for likeness; of more, only equal ones are found."""


class Pair(Frozen):
    """A line and what became of it; one of them is None when it came or went. `inside` steps came or went with it."""

    old: Line | None
    new: Line | None
    moved: bool = False
    inside: int = 0


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
