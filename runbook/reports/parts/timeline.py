"""The run on the axis of time, for a page: a lane for each host with a bar for each step."""

from __future__ import annotations

from collections.abc import Iterator

from runbook.common.durations import show as duration
from runbook.documents.model import Bar, Lane, Lanes, Mark, Section
from runbook.reports.parts.forms import Reported
from runbook.reports.results import TROUBLE, per_host
from runbook.runs.events import SEVERITY, Status
from runbook.runs.results import Result, Run

MOST_LANES = 40
"""Hosts with a lane; of more, those that came to the worst."""
MOST_BARS = 300
"""Bars in a lane; of more steps, those that came to the worst or took longest."""
NARROWEST = 0.4
"""Percent that a bar takes at the least."""


def timeline(report: Reported) -> Iterator[Section]:
    """What it shows stands in the stages as text."""
    run = report.run
    if run.duration <= 0 or not run.stages:
        return
    found = per_host(run)
    worst = set(sorted(found, key=lambda host: -SEVERITY[found[host][0]])[:MOST_LANES])
    steps: dict[str, list[Result]] = {host: [] for host in found if host in worst}
    for step in report.results:
        # All that took time: repairs and earlier passes too, drawn over the step that they stand in.
        if step.host in steps and not step.is_structure and step.status is not Status.SKIPPED:
            steps[step.host].append(step)
    marks = tuple(_mark(run, stage.started, stage.number, stage.name) for stage in run.stages)
    lanes = tuple(Lane(host, tuple(_bar(report, step) for step in _telling(some))) for host, some in steps.items())
    axis = ("0 s", duration(run.duration / 2), duration(run.duration))
    yield Section("timeline", "Timeline", (Lanes(marks, lanes, axis, len(found) - len(lanes)),))


def _percent(run: Run, at: float) -> float:
    return min(100.0, max(0.0, 100 * (at - run.started) / run.duration))


def _mark(run: Run, at: float, number: str, name: str) -> Mark:
    return Mark(_percent(run, at), number, f"{number} {name}")


def _telling(steps: list[Result]) -> list[Result]:
    if len(steps) <= MOST_BARS:
        return steps
    told = (*TROUBLE, Status.REMEDIATED)
    kept = sorted(steps, key=lambda step: (step.status not in told, -step.duration))[:MOST_BARS]
    ids = {id(step) for step in kept}
    return [step for step in steps if id(step) in ids]


def _bar(report: Reported, step: Result) -> Bar:
    left = min(100 - NARROWEST, _percent(report.run, step.started))
    width = max(NARROWEST, _percent(report.run, step.finished) - left)
    title = f"{step.number} {step.name}: {step.status}, {duration(step.duration)}"
    return Bar(left, width, str(step.status), title, report.anchor(step))
