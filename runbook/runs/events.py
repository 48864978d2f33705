"""What the engine says while it works. Reports, the record and the history read these and nothing else.

Times are seconds since the epoch, durations seconds. Every event is frozen and holds plain data only, so that it
can be masked, stored and sent as it is.
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from typing import Any

from runbook.common.frozen import Frozen, field


class Status(StrEnum):
    """How a step ended, from the best to the worst in `SEVERITY`."""

    PASSED = "passed"
    CHANGED = "changed"
    REMEDIATED = "remediated"
    RESCUED = "rescued"
    WARNED = "warned"
    SKIPPED = "skipped"
    FAILED = "failed"
    UNREACHABLE = "unreachable"
    UNKNOWN = "unknown"
    WAITING = "waiting"


SEVERITY = {
    status: rank
    for rank, status in enumerate(
        [
            Status.SKIPPED,
            Status.PASSED,
            Status.CHANGED,
            Status.WARNED,
            Status.REMEDIATED,
            Status.UNKNOWN,
            Status.WAITING,
            Status.UNREACHABLE,
            Status.RESCUED,
            Status.FAILED,
        ]
    )
}
"""Rank of each status; the worst of several is the one with the highest rank."""

BAD = frozenset({Status.FAILED, Status.UNREACHABLE})
STOPPING = BAD | {Status.WAITING}
"""After a step with one of these, the host does not go on with the steps behind it."""
OUT = STOPPING | {Status.RESCUED}
"""A host whose stage ended with one of these counts as failed, and takes part in no later stage."""


OUTPUT_FILES = "output_files"
"""In an outcome's data: the files that hold its whole output."""
FLAGS = ("msg", "changed", "failed", "skipped", "unreachable", "remediated", "outcome", "attempts")
"""What every outcome has for expressions, and under its registered name, beside its data."""


class Role(StrEnum):
    """Why a step ran."""

    STEP = "step"
    RESCUE = "rescue"
    ALWAYS = "always"
    DIAGNOSE = "diagnose"
    REMEDIATE = "remediate"


class Table(Frozen):
    """Rows as a person reads them. `total` counts all rows where `rows` holds only the first of them."""

    columns: tuple[str, ...]
    rows: tuple[tuple[Any, ...], ...]
    total: int = 0


class Evidence(Frozen):
    """Something seen that explains an outcome. `language` is `diff`, `json`, `log` or empty, for highlighting."""

    title: str
    text: str = ""
    table: Table | None = None
    language: str = ""


class Outcome(Frozen):
    """What a step came to.

    `data` is what `register` and `expect` see; `message` is one line for people; `diff` a unified diff of what
    was changed.
    """

    status: Status
    message: str = ""
    data: Mapping[str, Any] = field(default_factory=dict)
    evidence: tuple[Evidence, ...] = ()
    diff: str = ""
    gaps: Mapping[str, str] = field(default_factory=dict)
    """Fields of `data` that are not all of what there was, and why: a text that was cut, JSON that is none."""
    looked: bool = True
    """Was anything seen? Of a look that could not be made nothing is known, and nothing rests on it."""
    refused: str = ""
    """Who said no to what would have come next, where that is to leave the host alone."""

    @property
    def changed(self) -> bool:
        return self.status is Status.CHANGED

    @property
    def ok(self) -> bool:
        return self.status not in STOPPING


class Condition(Frozen):
    """One judged expression with the value of every operand: `recent > 0`, False, (("recent", "0"),)."""

    text: str
    holds: bool
    values: tuple[tuple[str, str], ...] = ()
    keyword: str = "expect"


class First(Frozen):
    """What a step came to before it was repaired, or before a repair was tried."""

    outcome: Outcome
    conditions: tuple[Condition, ...] = ()
    items: tuple[tuple[str, Outcome], ...] = ()


UNASKED = "done"
"""Of a branch after which nothing is asked again."""


class Tried(Frozen):
    """A branch that may repair a step. `what`: helped, did not help, failed, not tried, refused, waits, or UNASKED."""

    name: str
    what: str
    why: str = ""

    @property
    def came_to(self) -> str:
        """`did not help: status 500`, `refused by ann`."""
        return f"{self.what}{' ' if self.what == 'refused' else ': '}{self.why}" if self.why else self.what

    def __str__(self) -> str:
        return f"{self.name} {self.came_to}"


class RunStarted(Frozen):
    at: float
    run_id: str
    playbook: str
    path: str
    inventory: tuple[str, ...]
    hosts: tuple[str, ...]
    stages: tuple[tuple[str, str], ...]
    """(number, name) of each stage, in order."""
    labels: Mapping[str, str] = field(default_factory=dict)
    description: str = ""
    mode: str = "run"
    user: str = ""
    version: str = ""


class StageStarted(Frozen):
    at: float
    number: str
    name: str
    hosts: tuple[str, ...]
    """Who takes part; hosts that failed before are left out."""


class StepStarted(Frozen):
    at: float
    host: str
    number: str
    """`2.3`; `2.3.1` in a block; `2.3.d1` diagnosing, `2.3.f1.2` second step of the first fix, `2.3.r1` in a rescue,
    `2.3.a1` in an always."""
    name: str
    kind: str
    """A kind of step, or `stage`, `block`, `choose`, `include`, `remediation`."""
    parent: str = ""
    """The number of what it stands in; empty for a stage."""
    role: Role = Role.STEP
    action: str = ""
    """What it will do, in one line, rendered."""


class StepProgress(Frozen):
    """Something to show while a step runs: `stream` is `stdout`, `stderr` (a command's output), `note`,
    `failed` or `unreachable` (why, before it is diagnosed and repaired), or `tried` (what a branch came to)."""

    at: float
    host: str
    number: str
    stream: str
    text: str


class StepFinished(Frozen):
    at: float
    host: str
    number: str
    name: str
    kind: str
    parent: str
    role: Role
    started: float
    outcome: Outcome
    attempts: int = 1
    action: str = ""
    conditions: tuple[Condition, ...] = ()
    """The judged expressions, those that did not hold first."""
    causes: tuple[str, ...] = ()
    """Likely causes, from diagnosing steps whose `expect` did not hold."""
    place: str = ""
    """file:line:column in the playbook."""
    excerpt: str = ""
    """The playbook's lines, when it failed."""
    items: tuple[tuple[str, Outcome], ...] = ()
    """(label, outcome) of each item of a loop."""
    first: First | None = None
    """Before it was repaired; none where nothing was done after its first outcome."""
    tried: tuple[Tried, ...] = ()
    """The branches that were to repair it, in order."""


class StageFinished(Frozen):
    at: float
    number: str
    name: str


class RunFinished(Frozen):
    at: float
    interrupted: bool = False
    note: str = ""


Event = RunStarted | StageStarted | StepStarted | StepProgress | StepFinished | StageFinished | RunFinished


def passed(message: str = "", /, evidence: tuple[Evidence, ...] = (), **data: Any) -> Outcome:
    """An outcome that changed nothing."""
    return Outcome(Status.PASSED, message, data, evidence)


def changed(message: str = "", /, evidence: tuple[Evidence, ...] = (), diff: str = "", **data: Any) -> Outcome:
    """An outcome that changed the host."""
    return Outcome(Status.CHANGED, message, data, evidence, diff)


def failed(message: str, /, evidence: tuple[Evidence, ...] = (), diff: str = "", **data: Any) -> Outcome:
    """An outcome that is not what was asked for; `message` says what was seen instead."""
    return Outcome(Status.FAILED, message, data, evidence, diff)


def worst(statuses: list[Status]) -> Status:
    """The worst of several statuses; `skipped` when there are none."""
    return max(statuses, key=SEVERITY.__getitem__, default=Status.SKIPPED)
