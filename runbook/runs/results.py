"""What is remembered of a run: its stages, what each step came to on each host, and the verdict. All frozen."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from enum import StrEnum

from runbook.common.frozen import Frozen, field
from runbook.runs.events import OUT, Condition, First, Outcome, Role, Status, Tried, worst

STRUCTURES = frozenset({"stage", "block", "choose", "include", "remediation"})
"""Kinds of results that only hold others; counts leave them out."""
ASIDE = frozenset({Role.DIAGNOSE, Role.REMEDIATE})
"""Roles of what ran because a step failed; it has results of its own, and counts leave it out."""


class Verdict(StrEnum):
    """What a run came to. One exit code each."""

    PASSED = "passed"
    REMEDIATED = "remediated"
    RESCUED = "rescued"
    FAILED = "failed"
    UNREACHABLE = "unreachable"
    WAITING = "waiting"
    UNKNOWN = "unknown"
    DRIFT = "drift"
    """Of a check alone: something is not as the playbook wants it, and a run would change it."""


class Result(Frozen):
    """How one step (or what holds steps) ended on one host; `children` in the order in which they ended."""

    host: str
    number: str
    name: str
    kind: str
    role: Role
    started: float
    finished: float
    outcome: Outcome
    attempts: int = 1
    action: str = ""
    conditions: tuple[Condition, ...] = ()
    causes: tuple[str, ...] = ()
    place: str = ""
    excerpt: str = ""
    items: tuple[tuple[str, Outcome], ...] = ()
    children: tuple[Result, ...] = ()
    first: First | None = None
    tried: tuple[Tried, ...] = ()
    first_failure: str = ""
    """Why it failed before it was diagnosed and repaired; a repaired step's outcome does not tell that any more."""
    superseded: bool = False
    """The block around it was run again after this, so another result of the same number is the one that counts."""

    @property
    def status(self) -> Status:
        return self.outcome.status

    @property
    def duration(self) -> float:
        """Seconds."""
        return max(0.0, self.finished - self.started)

    @property
    def is_structure(self) -> bool:
        return self.kind in STRUCTURES

    def walk(self) -> Iterator[Result]:
        """This result and all below it."""
        yield self
        for child in self.children:
            yield from child.walk()

    def counted(self) -> Iterator[Result]:
        """The steps here that count: not what holds others, what only diagnosed or repaired, or was run again."""
        if self.role in ASIDE or self.superseded:
            return
        if not self.is_structure:
            yield self
        for child in self.children:
            yield from child.counted()


class StageRecord(Frozen):
    """`results` has one stage-level result for each host."""

    number: str
    name: str
    started: float
    finished: float | None
    hosts: tuple[str, ...]
    results: tuple[Result, ...] = ()

    @property
    def duration(self) -> float:
        """Seconds; 0 of a stage that has not ended."""
        return max(0.0, (self.finished or self.started) - self.started)

    @property
    def status(self) -> Status:
        return worst([result.status for result in self.results])


class Cause(Frozen):
    """A likely cause, and the step that it explains."""

    text: str
    host: str
    number: str
    repaired: bool = False
    """What it explains was repaired, and holds now."""


class Run(Frozen):
    """Times are seconds since the epoch. `note` says why a run ended before its time."""

    run_id: str = ""
    playbook: str = ""
    path: str = ""
    inventory: tuple[str, ...] = ()
    hosts: tuple[str, ...] = ()
    labels: Mapping[str, str] = field(default_factory=dict)
    description: str = ""
    mode: str = "run"
    user: str = ""
    version: str = ""
    started: float = 0.0
    finished: float | None = None
    interrupted: bool = False
    note: str = ""
    stages: tuple[StageRecord, ...] = ()
    verdict: Verdict = Verdict.FAILED
    reason: str = "the run has not ended"

    def results(self) -> Iterator[Result]:
        """Every result, stage by stage, host by host."""
        for stage in self.stages:
            for result in stage.results:
                yield from result.walk()

    def steps(self) -> Iterator[Result]:
        """The steps that count."""
        for stage in self.stages:
            for result in stage.results:
                yield from result.counted()

    @property
    def counts(self) -> dict[str, int]:
        """How many of the counted steps ended how, the commonest statuses of a good run first."""
        found: dict[Status, int] = {}
        for result in self.steps():
            found[result.status] = found.get(result.status, 0) + 1
        return {str(status): found[status] for status in Status if status in found}

    @property
    def unfinished(self) -> tuple[str, ...]:
        """The hosts that did not come to the end: all of them where the run itself ended before its time."""
        if self.interrupted or self.note:
            return self.hosts
        stopped = {result.host for stage in self.stages for result in stage.results if result.status in OUT}
        return tuple(host for host in self.hosts if host in stopped)

    @property
    def causes(self) -> tuple[Cause, ...]:
        """Likely causes in the order found, each once for a host; those of what was repaired last."""
        found: dict[tuple[str, str], Cause] = {}
        for stage in self.stages:
            for result in stage.results:
                for explained in _explained(result):
                    for text in explained.causes:
                        repaired = explained.status is Status.REMEDIATED
                        found.setdefault((text, result.host), Cause(text, result.host, explained.number, repaired))
        return tuple(sorted(found.values(), key=lambda cause: cause.repaired))

    @property
    def duration(self) -> float:
        """Seconds; 0 of a run that has not ended."""
        return max(0.0, (self.finished or self.started) - self.started)


def _explained(result: Result) -> Iterator[Result]:
    """The results that causes are told of: the step that failed, and not the probe that found it."""
    if result.causes:
        yield result
        return
    for child in result.children:
        yield from _explained(child)
