"""A run as it is remembered: events folded into stages, hosts and steps, with the verdict.

The verdict is made here and nowhere else. `to_data` and `from_data` turn a run into JSON-able data and back.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from runbook.events import (
    SEVERITY,
    Condition,
    Event,
    Evidence,
    Outcome,
    Role,
    RunFinished,
    RunStarted,
    StageFinished,
    StageStarted,
    Status,
    StepFinished,
    Table,
)

FORMAT = 1
"""Version of the stored form; a new one for every change that older readers would misread."""

STRUCTURES = frozenset({"stage", "block", "choose", "include", "remediation"})
"""Kinds of results that only hold others; counts leave them out."""


class Verdict(StrEnum):
    PASSED = "passed"
    REMEDIATED = "remediated"
    FAILED = "failed"
    UNREACHABLE = "unreachable"
    WAITING = "waiting"
    UNKNOWN = "unknown"


@dataclass(frozen=True)
class Result:
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

    @property
    def status(self) -> Status:
        return self.outcome.status

    @property
    def duration(self) -> float:
        return max(0.0, self.finished - self.started)

    def walk(self) -> Iterator[Result]:
        """This result and all below it."""
        yield self
        for child in self.children:
            yield from child.walk()


@dataclass(frozen=True)
class StageRecord:
    """`results` has one stage-level result for each host."""

    number: str
    name: str
    started: float
    finished: float | None
    hosts: tuple[str, ...]
    results: tuple[Result, ...] = ()


@dataclass(frozen=True)
class Cause:
    """A likely cause, and where it was found."""

    text: str
    host: str
    number: str


@dataclass(frozen=True)
class Run:
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
    reason: str = ""

    def results(self) -> Iterator[Result]:
        """Every result, stage by stage, host by host."""
        for stage in self.stages:
            for result in stage.results:
                yield from result.walk()

    def steps(self) -> Iterator[Result]:
        """The steps that count: no structures, and nothing that only diagnosed or repaired."""
        for stage in self.stages:
            for result in stage.results:
                yield from _counted(result)

    @property
    def counts(self) -> dict[str, int]:
        """How many of the counted steps ended how."""
        counts: dict[str, int] = {}
        for result in self.steps():
            counts[str(result.status)] = counts.get(str(result.status), 0) + 1
        return counts

    @property
    def causes(self) -> tuple[Cause, ...]:
        """Likely causes in the order found, each once for a host."""
        found: dict[tuple[str, str], Cause] = {}
        for stage in self.stages:
            for result in stage.results:
                for one in _outermost_causes(result):
                    for text in one.causes:
                        found.setdefault((text, one.host), Cause(text, one.host, one.number))
        return tuple(found.values())

    @property
    def duration(self) -> float:
        return max(0.0, (self.finished or self.started) - self.started)


def _counted(result: Result) -> Iterator[Result]:
    if result.role in (Role.DIAGNOSE, Role.REMEDIATE):
        return
    if result.kind not in STRUCTURES:
        yield result
        return
    for child in result.children:
        yield from _counted(child)


def _outermost_causes(result: Result) -> Iterator[Result]:
    """The results that causes are told of: the step that failed, and not the probe that found it."""
    if result.causes:
        yield result
        return
    for child in result.children:
        yield from _outermost_causes(child)


def fold(events: Iterable[Event]) -> Run:
    """The run that the events tell of; also of events that break off in the middle."""
    recorder = Recorder()
    for event in events:
        recorder.add(event)
    return recorder.run


class Recorder:
    """Folds events one by one. `run` is the record so far."""

    def __init__(self) -> None:
        self._run = Run()
        self._stages: dict[str, StageRecord] = {}
        self._children: dict[tuple[str, str], list[Result]] = {}

    def add(self, event: Event) -> None:
        match event:
            case RunStarted():
                self._run = _begun(event)
            case StageStarted():
                self._stages[event.number] = StageRecord(event.number, event.name, event.at, None, event.hosts)
            case StepFinished():
                self._finish_step(event)
            case StageFinished():
                stage = self._stages[event.number]
                self._stages[event.number] = dataclasses.replace(stage, finished=event.at)
            case RunFinished():
                self._run = dataclasses.replace(
                    self._run, finished=event.at, interrupted=event.interrupted, note=event.note
                )

    @property
    def run(self) -> Run:
        run = dataclasses.replace(self._run, stages=tuple(self._stages.values()))
        verdict, reason = _judge(run)
        return dataclasses.replace(run, verdict=verdict, reason=reason)

    def _finish_step(self, event: StepFinished) -> None:
        # A step that was run again after a remediation ends once; a block's inner steps end each time.
        children = self._children.pop((event.host, event.number), [])
        result = _result(event, tuple(children))
        if event.kind == "stage":
            stage = self._stages[event.number]
            self._stages[event.number] = dataclasses.replace(stage, results=(*stage.results, result))
        else:
            self._children.setdefault((event.host, event.parent), []).append(result)


def _begun(event: RunStarted) -> Run:
    return Run(
        run_id=event.run_id,
        playbook=event.playbook,
        path=event.path,
        inventory=event.inventory,
        hosts=event.hosts,
        labels=event.labels,
        description=event.description,
        mode=event.mode,
        user=event.user,
        version=event.version,
        started=event.at,
    )


def _result(event: StepFinished, children: tuple[Result, ...]) -> Result:
    return Result(
        host=event.host,
        number=event.number,
        name=event.name,
        kind=event.kind,
        role=event.role,
        started=event.started,
        finished=event.at,
        outcome=event.outcome,
        attempts=event.attempts,
        action=event.action,
        conditions=event.conditions,
        causes=event.causes,
        place=event.place,
        excerpt=event.excerpt,
        items=event.items,
        children=children,
    )


_OF_STATUS = {
    Status.FAILED: Verdict.FAILED,
    Status.UNREACHABLE: Verdict.UNREACHABLE,
    Status.WAITING: Verdict.WAITING,
    Status.UNKNOWN: Verdict.UNKNOWN,
    Status.REMEDIATED: Verdict.REMEDIATED,
}


def _judge(run: Run) -> tuple[Verdict, str]:
    """The worst of what the stages came to, and why."""
    if run.finished is None:
        return Verdict.FAILED, "the run has not ended"
    if run.interrupted:
        return Verdict.FAILED, "interrupted"
    stages = [result for stage in run.stages for result in stage.results]
    statuses = [result.status for result in stages]
    if all(result.status is Status.SKIPPED for result in run.steps()) and not any(s in _OF_STATUS for s in statuses):
        return Verdict.FAILED, "nothing was checked"
    worst = max(statuses, key=SEVERITY.__getitem__)
    verdict = _OF_STATUS.get(worst, Verdict.PASSED)
    return verdict, run.note or _reason(verdict, worst, stages)


def _reason(verdict: Verdict, worst: Status, stages: list[Result]) -> str:
    if verdict is Verdict.PASSED:
        return "every check held"
    places = [(stage, _first(stage, worst)) for stage in stages if stage.status is worst]
    stage, step = places[0]
    hosts = f" on {stage.host}" if len({place.host for place in stages}) > 1 else ""
    more = (
        f", and on {len({s.host for s, _ in places}) - 1} more host(s)" if len({s.host for s, _ in places}) > 1 else ""
    )
    said = {
        Verdict.REMEDIATED: "repaired, and passed after it",
        Verdict.WAITING: "waits for an answer",
        Verdict.UNREACHABLE: "could not be reached",
        Verdict.UNKNOWN: "cannot be known",
    }.get(verdict, "failed")
    return f"{step.number} {step.name}: {said}{hosts}{more}"


def _first(result: Result, status: Status) -> Result:
    """The innermost step that a stage's status comes from."""
    for child in result.children:
        if child.status is status and child.role not in (Role.DIAGNOSE, Role.REMEDIATE):
            return _first(child, status) if child.kind in STRUCTURES else child
    return result


# --- stored form -----------------------------------------------------------------------------------------------


def to_data(run: Run) -> dict[str, Any]:
    """A run as JSON-able data: dictionaries, lists, texts, numbers."""
    return {"format": FORMAT, **_plain(run), "counts": run.counts, "causes": _plain(run.causes)}


def from_data(data: Mapping[str, Any]) -> Run:
    """A run from its stored form. Raises ValueError when the form is not known."""
    if data.get("format") != FORMAT:
        raise ValueError(f"a stored run of format {data.get('format')!r}; this program reads format {FORMAT}")
    names = {f.name for f in dataclasses.fields(Run)}
    values = {key: value for key, value in data.items() if key in names}
    stages = tuple(_stage(stage) for stage in data["stages"])
    return Run(
        **{
            **values,
            "inventory": tuple(data["inventory"]),
            "hosts": tuple(data["hosts"]),
            "verdict": Verdict(data["verdict"]),
            "stages": stages,
        }
    )


def _stage(data: Mapping[str, Any]) -> StageRecord:
    return StageRecord(
        **{
            **data,
            "hosts": tuple(data["hosts"]),
            "results": tuple(_stored_result(result) for result in data["results"]),
        }
    )


def _stored_result(data: Mapping[str, Any]) -> Result:
    return Result(
        **{
            **data,
            "role": Role(data["role"]),
            "outcome": _outcome(data["outcome"]),
            "conditions": tuple(
                Condition(c["text"], c["holds"], tuple((k, v) for k, v in c["values"]), c["keyword"])
                for c in data["conditions"]
            ),
            "causes": tuple(data["causes"]),
            "items": tuple((label, _outcome(outcome)) for label, outcome in data["items"]),
            "children": tuple(_stored_result(child) for child in data["children"]),
        }
    )


def _outcome(data: Mapping[str, Any]) -> Outcome:
    evidence = tuple(
        Evidence(e["title"], e["text"], _table(e["table"]) if e["table"] else None, e["language"])
        for e in data["evidence"]
    )
    return Outcome(Status(data["status"]), data["message"], data["data"], evidence, data["diff"])


def _table(data: Mapping[str, Any]) -> Table:
    return Table(tuple(data["columns"]), tuple(tuple(row) for row in data["rows"]), data["total"])


def _plain(value: Any) -> Any:
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return {f.name: _plain(getattr(value, f.name)) for f in dataclasses.fields(value)}
    if isinstance(value, StrEnum):
        return str(value)
    if isinstance(value, Mapping):
        return {str(key): _plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple | set | frozenset):
        return [_plain(item) for item in value]
    return value if value is None or isinstance(value, bool | int | float | str) else str(value)
