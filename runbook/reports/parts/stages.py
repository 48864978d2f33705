"""Every stage with its hosts and their steps, for a page: what did not simply pass is open."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TypeAlias

from runbook.common.durations import show as duration
from runbook.documents.model import Block, Entry, Filters, Fold, Section
from runbook.reports.parts.forms import Form, Reported
from runbook.reports.parts.step import StepPart, explained, how, step_parts
from runbook.reports.results import TROUBLE, badge, is_telling
from runbook.runs.events import SEVERITY, Role, Status
from runbook.runs.results import ASIDE, Result, StageRecord

LARGE = 1000
"""From so many results on the browser draws only what is in view, and what is closed when it is opened."""
SMALL = 200
"""Up to so many results, tables and blocks are open from the start."""
MOST_OPEN = 50
"""Hosts of a stage that are open from the start on a large page."""
FEW_HOSTS = 3
"""Up to so many hosts of a stage are open from the start, however they ended."""
Parts: TypeAlias = tuple[StepPart, ...]
_OPEN = (*TROUBLE, Status.REMEDIATED)
_ROLES = {Role.DIAGNOSE: "diagnosis", Role.RESCUE: "rescue", Role.ALWAYS: "always"}


def stages(report: Reported) -> Iterator[Block]:
    """Stage by stage, each host made when it is written: of a large run they are many."""
    run = report.run
    yield Filters(tuple(map(badge, run.counts)), run.hosts if report.many_hosts else ())
    parts = step_parts(Form.PAGE)
    for stage in run.stages:
        took = duration(stage.duration) if stage.finished is not None else ""
        yield Section("stage", stage.name, _hosts(report, stage, parts), stage.number, badge(stage.status), took)


def is_large(report: Reported) -> bool:
    return len(report.results) > LARGE


def _hosts(report: Reported, stage: StageRecord, parts: Parts) -> Iterator[Fold]:
    """The worst first."""
    results = sorted(stage.results, key=lambda result: -SEVERITY[result.status])
    for index, result in enumerate(results):
        entries = tuple(_entry(report, child, parts) for child in result.children or (result,))
        is_open: bool | None = None
        if report.many_hosts or is_large(report):
            few = MOST_OPEN if is_large(report) else len(results)
            is_open = result.status in _OPEN and index < few
            is_open = is_open or (len(results) <= FEW_HOSTS and not is_large(report))
        steps = sum(child.role not in ASIDE for child in result.children)
        aside = f"{steps} step{'s' * (steps != 1)}, {duration(result.duration)}"
        key = report.key(result.host)
        yield Fold("host", result.host, entries, is_open, badge=badge(result.status), aside=aside, anchor=key)


def _entry(report: Reported, result: Result, parts: Parts) -> Entry:
    status, message = result.status, result.outcome.message
    blocks = explained(result, Form.PAGE, parts)
    if blocks or result.action:
        blocks.append(how(result))
    return Entry(
        number=result.number,
        name=result.name,
        badge=badge(status),
        tags=_tags(result),
        message=message if message and (status is not Status.PASSED or is_telling(result.kind)) else "",
        took=duration(result.duration) if status is not Status.SKIPPED else "",
        blocks=tuple(blocks),
        entries=tuple(_entry(report, child, parts) for child in result.children),
        anchor=report.anchor(result),
        open=_is_open(report, result),
        quiet=result.superseded,
    )


def _tags(result: Result) -> tuple[str, ...]:
    role = "repair" if result.kind == "remediation" else _ROLES.get(result.role, "")
    return ((role,) if role else ()) + (("run again later",) if result.superseded else ())


def _is_open(report: Reported, result: Result) -> bool:
    """What did not simply pass is open; on a small page tables and what holds steps are too."""
    if result.superseded:
        return False
    if result.status in _OPEN:
        return True
    if len(report.results) > SMALL:
        return False
    table = any(evidence.table for evidence in result.outcome.evidence)
    return table or result.is_structure or bool(result.outcome.diff)
