"""The lines of a plan made comparable: without their numbers, and without those of others in their texts."""

from __future__ import annotations

import json
import re
from collections import ChainMap
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from runbook.common.frozen import Frozen, replace
from runbook.plan.describe.view import Note, PlanView, StepView

_AFTER = re.compile(r"known after ([\w.]+(?:, [\w.]+)*)")
_NUMBERED = re.compile(r"[\w.]+")


class Line(Frozen):
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
    if not (steps and steps[0].role == "stage"):  # a plan leaves it out where there is nothing to say of it
        steps = (StepView("", "", "stage"), *steps)
    for given in steps:
        step = replace(given, name="") if given.role == "stage" else given  # its name is told with the stage
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
