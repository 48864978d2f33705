"""A run as it is remembered: events folded into stages, hosts and steps, with the verdict.

`runbook.runs.stored_form` turns a run into JSON-able data and back.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from runbook.common.frozen import replace
from runbook.runs.events import (
    BAD,
    Event,
    Outcome,
    RunFinished,
    RunStarted,
    StageFinished,
    StageStarted,
    Status,
    StepFinished,
    StepProgress,
    StepStarted,
)
from runbook.runs.results import ASIDE, STRUCTURES, Cause, Result, Run, StageRecord, Verdict
from runbook.runs.verdict import NOT_FINISHED, judge

__all__ = ["ASIDE", "STRUCTURES", "Cause", "Recorder", "Result", "Run", "StageRecord", "Verdict", "fold"]

_OF_RUN = ("run_id", "playbook", "path", "inventory", "hosts", "labels", "description", "mode", "user", "version")
_OF_RESULT = tuple(name for name in StepFinished.__struct_fields__ if name in Result.__struct_fields__)


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
        self._done: dict[str, list[Result]] = {}
        """Stage-level results by the stage's number."""
        self._running: dict[tuple[str, str], StepStarted] = {}
        self._children: dict[tuple[str, str], list[Result]] = {}
        """What has ended in something that has not, by host and number of that."""
        self._failures: dict[tuple[str, str], str] = {}
        self._last = 0.0
        self._made: Run | None = None

    def add(self, event: Event) -> None:
        self._made = None
        self._last = max(self._last, event.at)
        match event:
            case RunStarted():
                values = {name: getattr(event, name) for name in _OF_RUN}
                self._run = Run(**values, started=event.at)
            case StageStarted():
                self._stages[event.number] = StageRecord(event.number, event.name, event.at, None, event.hosts)
            case StepStarted():
                self._running[event.host, event.number] = event
            case StepProgress() if event.stream in BAD:
                self._failures.setdefault((event.host, event.number), event.text)
            case StepFinished():
                self._finish(event)
            case StageFinished() if event.number in self._stages:
                stage = self._stages[event.number]
                self._stages[event.number] = replace(stage, finished=event.at)
            case RunFinished():
                self._run = replace(self._run, finished=event.at, interrupted=event.interrupted, note=event.note)

    def _finish(self, event: StepFinished) -> None:
        key = (event.host, event.number)
        self._running.pop(key, None)
        values = {name: getattr(event, name) for name in _OF_RESULT}
        result = Result(
            **values,
            finished=event.at,
            children=_passes(self._children.pop(key, [])),
            first_failure=self._failures.pop(key, ""),
        )
        if event.kind == "stage":
            self._done.setdefault(event.number, []).append(result)
        else:
            self._children.setdefault((event.host, event.parent), []).append(result)

    @property
    def run(self) -> Run:
        self._made = self._made or self._so_far()
        return self._made

    def _so_far(self) -> Run:
        stages = tuple(
            replace(stage, results=(*self._done.get(number, ()), *self._unfinished(number)))
            for number, stage in self._stages.items()
        )
        run = replace(self._run, stages=stages)
        verdict, reason = judge(run)
        return replace(run, verdict=verdict, reason=reason)

    def _unfinished(self, stage: str) -> Iterator[Result]:
        """What a stage's hosts had done and were doing when the events broke off, so that nothing is forgotten."""
        for (_, number), event in self._running.items():
            if event.kind == "stage" and number == stage:
                yield self._broken_off(event)

    def _broken_off(self, event: StepStarted) -> Result:
        key = (event.host, event.number)
        inside = [
            self._broken_off(other)
            for other in self._running.values()
            if other.host == event.host and other.parent == event.number and other.kind != "stage"
        ]
        return Result(
            host=event.host,
            number=event.number,
            name=event.name,
            kind=event.kind,
            role=event.role,
            started=event.at,
            finished=self._last,
            outcome=Outcome(Status.UNKNOWN, "" if event.kind in STRUCTURES else NOT_FINISHED),
            action=event.action,
            children=_passes([*self._children.get(key, []), *inside]),
            first_failure=self._failures.get(key, ""),
        )


def _passes(children: list[Result]) -> tuple[Result, ...]:
    """Children of something that ran more than once: those before the last pass are superseded.

    A pass begins where a number comes again. What diagnosed or repaired in between stays as it is.
    """
    begins = 0
    seen: set[str] = set()
    for index, child in enumerate(children):
        if child.role in ASIDE:
            continue
        if child.number in seen:
            begins = index
            seen.clear()
        seen.add(child.number)
    earlier = [child if child.role in ASIDE else replace(child, superseded=True) for child in children[:begins]]
    return (*earlier, *children[begins:])
