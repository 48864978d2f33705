"""What a plan shows, as frozen data: the texts, the Markdown, the page, the file and the diff are all made of it.

It holds no time, no path of this machine and no secret; for the same inputs it is the same.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated, Any

from runbook.common.frozen import field
from runbook.common.json_data import Exact, Json, as_json, doc

BRANCHES = ("rescue", "remediation")
"""Roles under which stands what runs only when something has failed, and may change something."""
HEADS = ("stage", "rescue", "always", "diagnose", "remediation", "option")
"""Roles of lines that are no step, but say when the lines under them run."""


class Note(Exact):
    """One thing that a reviewer has to know beside the action: a condition, a loop, an expectation."""

    key: Annotated[str, doc("The key of the language that it comes from, such as when, expect, loop, severity.")]
    text: Annotated[str, doc("As it is written, or rendered where that is possible.")]
    said: Annotated[
        str, doc("What is known of it now, such as `yes`, `no, skipped`, `known after 2.1`; may be empty.")
    ] = ""


class ShownFile(Exact):
    """A file of the controller that a step uses."""

    path: Annotated[str, doc("As the step names it.")]
    sha256: Annotated[str, doc("Of the file; empty where it could not be read.")]
    text: Annotated[str, doc("A script as it is, a template as it is rendered; empty for what is copied.")]
    said: Annotated[str, doc("Its size, or why it could not be read.")]


class StepView(Exact):
    """One line of a plan with all that belongs to it: a step, a block, or the head of a branch."""

    number: Annotated[str, doc("As in the console and the reports; empty for the head of a branch.")]
    name: Annotated[str, doc("The step's name, or what is said of a branch.")]
    role: Annotated[str, doc("step, block, include, choose; or stage, rescue, always, diagnose, remediation, option.")]
    kind: Annotated[str, doc("The kind of a step; empty for all else.")] = ""
    depth: Annotated[
        int, doc("0 for what stands in a stage, 1 for what stands in a block or a branch of that, and so on.")
    ] = 0
    text: Annotated[str, doc("The action on one line.")] = ""
    args: Annotated[Json, doc("The options of the step, rendered as far as can be known.")] = field(
        default_factory=lambda: as_json({})
    )
    files: Annotated[tuple[ShownFile, ...], doc("Files of the controller that it uses.")] = ()
    notes: Annotated[tuple[Note, ...], doc("Conditions, loops, expectations, and how failures are dealt with.")] = ()
    changes: Annotated[bool, doc("Does it change the host?")] = False
    skipped: Annotated[bool, doc("Is it certain that it will not run?")] = False
    after: Annotated[tuple[str, ...], doc("Numbers of the steps that have to run before all of it is known.")] = ()


class Variant(Exact):
    """Hosts for which a stage does the same."""

    hosts: tuple[str, ...]
    steps: tuple[StepView, ...]


class StageView(Exact):
    """One stage: its hosts in batches, and what is done on them."""

    number: str
    name: str
    notes: Annotated[tuple[Note, ...], doc("How the stage goes: serial, max_fail_percentage, confirm and so on.")]
    batches: Annotated[tuple[tuple[str, ...], ...], doc("Names of hosts; a batch ends before the next begins.")]
    variants: tuple[Variant, ...]


class InputView(Exact):
    """An input and its value."""

    name: str
    text: Annotated[str, doc("The value; `(secret NAME)` for a secret.")]
    description: str


class Label(Exact):
    """One of the playbook's labels."""

    name: str
    text: str


class Totals(Exact):
    """How much a plan does. A step counts once, however many hosts it has."""

    hosts: Annotated[int, doc("Hosts that any stage touches.")]
    changing: Annotated[int, doc("Steps that change a host when all goes well.")]
    changed_hosts: Annotated[int, doc("Hosts with such a step.")]
    reading: Annotated[int, doc("Steps that only read.")]
    repairs: Annotated[int, doc("Steps that change a host only when something has failed.")]
    repaired_hosts: Annotated[int, doc("Hosts with such a step.")]
    skipped: Annotated[int, doc("Steps of which it is certain that no host runs them.")]


class PlanView(Exact):
    """A whole plan."""

    name: str
    file: Annotated[str, doc("The playbook's file, without its folder.")]
    description: str
    labels: tuple[Label, ...]
    inputs: tuple[InputView, ...]
    stages: tuple[StageView, ...]
    totals: Totals


def totals(stages: tuple[StageView, ...]) -> Totals:
    hosts: dict[str, None] = {}
    seen: dict[str, set[str]] = {name: set() for name in ("changing", "reading", "repairs", "all")}
    changed: set[str] = set()
    repaired: set[str] = set()
    for stage in stages:
        hosts |= {host: None for batch in stage.batches for host in batch}
        for variant in stage.variants:
            for step, branch in in_branches(variant.steps):
                if step.role != "step":
                    continue
                seen["all"].add(step.number)
                if step.skipped:
                    continue
                kind = "reading" if not step.changes else ("repairs" if branch else "changing")
                seen[kind].add(step.number)
                (repaired if branch else changed).update(variant.hosts if step.changes else ())
    ran = seen["changing"] | seen["reading"] | seen["repairs"]
    reading = seen["reading"] - seen["changing"] - seen["repairs"]
    return Totals(
        len(hosts),
        len(seen["changing"]),
        len(changed),
        len(reading),
        len(seen["repairs"]),
        len(repaired),
        len(seen["all"] - ran),
    )


def in_branches(steps: tuple[StepView, ...]) -> Iterator[tuple[StepView, bool]]:
    """Each line, and whether it stands in a branch that runs only after a failure, or under what is skipped."""
    until: int | None = None
    for step in steps:
        if until is not None and step.depth <= until:
            until = None
        yield step, until is not None
        if until is None and step.role in BRANCHES:
            until = step.depth


def note(key: str, value: Any, said: str = "") -> Note:
    return Note(key, value if isinstance(value, str) else str(as_json(value)), said)
