"""TAP 14: a subtest for each stage, a test point for each step on each host.

A step that waits for a person, or was not run, is no pass: it is `not ok`, or carries SKIP with its reason. So does
what a check cannot know.
"""

from __future__ import annotations

import json
from collections.abc import Iterator

from runbook.documents.harmless import one_line
from runbook.reports.results import tried_of, unmet
from runbook.runs.events import Status
from runbook.runs.record import Result, Run, StageRecord, Verdict

_GOOD = (Status.PASSED, Status.CHANGED, Status.REMEDIATED, Status.WARNED)
_LEFT_OUT = (Status.SKIPPED, Status.UNKNOWN)
_INDENT = "    "


def render(run: Run) -> str:
    lines = ["TAP version 14", f"# {one_line(run.playbook)}: {run.verdict} - {one_line(run.reason)}"]
    for index, stage in enumerate(run.stages, start=1):
        lines += _stage(stage, index)
    good = run.verdict in (Verdict.PASSED, Verdict.REMEDIATED, Verdict.UNKNOWN, Verdict.DRIFT)
    last = len(run.stages) + 1
    skipped = f" # SKIP {_described(run.reason)}" if run.verdict is Verdict.UNKNOWN else ""
    lines += [f"{_ok(good)} {last} - verdict: {run.verdict}{skipped}", f"1..{last}"]
    return "\n".join(lines) + "\n"


def _stage(stage: StageRecord, index: int) -> Iterator[str]:
    steps = [step for result in stage.results for step in (list(result.counted()) or [result])]
    name = _described(f"{stage.number} {stage.name}")
    yield f"{_INDENT}# Subtest: {name}"
    yield f"{_INDENT}1..{len(steps)}" + ("" if steps else " # SKIP no step ran")
    for number, step in enumerate(steps, start=1):
        yield from (f"{_INDENT}{line}" for line in _point(step, number))
    good = all(step.status in (*_GOOD, *_LEFT_OUT) for step in steps)
    yield f"{_ok(good)} {index} - {name}"


def _point(step: Result, number: int) -> Iterator[str]:
    name = _described(f"{step.number} {step.name} on {step.host}")
    said = step.outcome.message if step.status is Status.SKIPPED else f"unknown: {step.outcome.message}"
    skipped = f" # SKIP {_described(said)}" if step.status in _LEFT_OUT else ""
    yield f"{_ok(step.status in (*_GOOD, *_LEFT_OUT))} {number} - {name}{skipped}"
    if step.status is Status.PASSED or skipped:
        return
    yield "  ---"
    yield f"  status: {step.status}"
    yield f"  message: {_text(one_line(step.outcome.message))}"
    if step.first is not None:
        yield f"  before_the_repair: {_text(one_line(step.first.outcome.message))}"
    expected = [condition.text for condition in unmet(step.conditions)]
    for key, values in (
        ("expected", expected),
        ("tried", tried_of(step.tried)),
        ("causes", list(map(one_line, step.causes))),
    ):
        if values:
            yield f"  {key}: {json.dumps(values, ensure_ascii=False)}"
    if step.place:
        yield f"  at: {_text(step.place)}"
    yield "  ..."


def _ok(good: bool) -> str:
    return "ok" if good else "not ok"


def _described(text: str) -> str:
    """A description holds no `#` of its own, and no escape that was not meant."""
    return one_line(text).replace("\\", "\\\\").replace("#", "\\#")


def _text(text: str) -> str:
    return json.dumps(text, ensure_ascii=False)
