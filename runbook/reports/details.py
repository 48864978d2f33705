"""What explains a step, as (line, style) pairs for the console."""

from __future__ import annotations

from collections.abc import Iterator

from runbook.events import BAD, Evidence, Role, Status, StepFinished
from runbook.events import worst as worst_of
from runbook.record import Run
from runbook.reports.text import clean, condition_lines, evidence_text, rows_text

MAX_DIFF = 40
MAX_ROWS = 10
MAX_EVIDENCE = 15

Lines = Iterator[tuple[str, str]]


def diff_lines(diff: str) -> Lines:
    """A unified diff, its middle left out where it is long."""
    lines = clean(diff).rstrip("\n").splitlines()
    for line in lines[:MAX_DIFF]:
        style = "green" if line.startswith("+") else "red" if line.startswith("-") else "dim"
        yield line, style
    if len(lines) > MAX_DIFF:
        yield f"… {len(lines) - MAX_DIFF} more lines", "dim"


def explain(event: StepFinished, verbosity: int) -> Lines:
    """Tables of every step; of a failure (or a warning) all that explains it."""
    bad = event.outcome.status in (*BAD, Status.WARNED, Status.WAITING)
    if bad or verbosity >= 1:
        yield from ((line, "") for line in condition_lines(event.conditions))
    for evidence in event.outcome.evidence:
        if evidence.table is not None and verbosity >= 0:
            yield from _table(evidence)
        elif bad or verbosity >= 2:
            yield from _evidence(evidence)
    if not bad:
        return
    for label, outcome in event.items:
        if outcome.status in BAD:
            yield f"{label}: {outcome.message}", "red"
    for cause in event.causes:
        yield f"likely cause: {cause}", "bold"
    if event.excerpt and event.outcome.status in BAD and event.role in (Role.STEP, Role.RESCUE, Role.ALWAYS):
        yield event.place, "dim"
        yield from ((line, "dim") for line in event.excerpt.splitlines())


def _table(evidence: Evidence) -> Lines:
    if evidence.table is not None and evidence.table.rows:
        yield from ((line, "") for line in rows_text(evidence.table, MAX_ROWS).splitlines())


def _evidence(evidence: Evidence) -> Lines:
    text = evidence_text(evidence, MAX_EVIDENCE)
    if text.strip():
        yield f"{evidence.title}:", "dim"
        yield from ((f"  {line}", "dim") for line in text.splitlines())


def per_host(run: Run) -> Lines:
    """One line for each host: the worst that it came to, and its counts."""
    counts: dict[str, dict[str, int]] = {host: {} for host in run.hosts}
    worst: dict[str, Status] = {}
    for stage in run.stages:
        for result in stage.results:
            worst[result.host] = worst_of([worst.get(result.host, result.status), result.status])
    for result in run.steps():
        host = counts.setdefault(result.host, {})
        host[str(result.status)] = host.get(str(result.status), 0) + 1
    width = max((len(host) for host in counts), default=0)
    for host, found in counts.items():
        status = worst.get(host, Status.SKIPPED)
        said = ", ".join(f"{count} {name}" for name, count in found.items())
        yield f"{host:<{width}}  {status!s:<11} {said}", "red" if status in BAD else ""
