"""OpenMetrics text, for a scraper or node_exporter's textfile collector: the verdict, and every step on every host."""

from __future__ import annotations

from collections.abc import Iterator

from runbook.documents.harmless import one_line
from runbook.runs.events import Status
from runbook.runs.record import Run, Verdict


def render(run: Run) -> str:
    return "\n".join([*_of_run(run), *_of_steps(run), "# EOF"]) + "\n"


def _of_run(run: Run) -> Iterator[str]:
    about = _labels(playbook=run.path, name=run.playbook, mode=run.mode)
    yield from _family("runbook_verdict", "stateset", "What the run came to; failed where it broke off.")
    for verdict in Verdict:
        labels = _labels(playbook=run.path, name=run.playbook, mode=run.mode, runbook_verdict=str(verdict))
        yield f"runbook_verdict{labels} {int(run.verdict is verdict)}"
    yield from _family("runbook_run_started_timestamp_seconds", "gauge", "When the run began.", "seconds")
    yield f"runbook_run_started_timestamp_seconds{about} {run.started:.3f}"
    yield from _family("runbook_run_duration_seconds", "gauge", "How long the run took.", "seconds")
    yield f"runbook_run_duration_seconds{about} {run.duration:.3f}"
    yield from _family("runbook_steps", "gauge", "How many steps ended so.")
    counts = run.counts
    for status in Status:
        labels = _labels(playbook=run.path, name=run.playbook, mode=run.mode, status=str(status))
        yield f"runbook_steps{labels} {counts.get(str(status), 0)}"


def _of_steps(run: Run) -> Iterator[str]:
    steps = list(run.steps())
    if not steps:
        return
    yield from _family("runbook_step_ok", "gauge", "1 where the step held, or was repaired or warned; else 0.")
    good = (Status.PASSED, Status.CHANGED, Status.REMEDIATED, Status.WARNED)
    for step in steps:
        if step.status is not Status.SKIPPED:
            labels = _labels(playbook=run.path, host=step.host, number=step.number, step=step.name)
            yield f"runbook_step_ok{labels} {int(step.status in good)}"
    yield from _family("runbook_step_duration_seconds", "gauge", "How long the step took.", "seconds")
    for step in steps:
        labels = _labels(playbook=run.path, host=step.host, number=step.number, step=step.name)
        yield f"runbook_step_duration_seconds{labels} {step.duration:.3f}"


def _family(name: str, kind: str, text: str, unit: str = "") -> Iterator[str]:
    yield f"# TYPE {name} {kind}"
    if unit:
        yield f"# UNIT {name} {unit}"
    yield f"# HELP {name} {text}"


def _labels(**values: str) -> str:
    def quoted(text: str) -> str:
        return one_line(text).replace("\\", "\\\\").replace('"', '\\"')

    return "{" + ",".join(f'{name}="{quoted(value)}"' for name, value in values.items()) + "}"
