"""What happened, as it is told of an incident in Markdown: a table for each stage, and then the evidence."""

from __future__ import annotations

from collections.abc import Iterator

from runbook.documents.harmless import shortened
from runbook.documents.model import Badge, Block, Fold, Paragraph, Section, Span, Table, said
from runbook.reports.parts.forms import Form, Reported
from runbook.reports.parts.step import explained, step_parts
from runbook.reports.results import badge, time_of_day
from runbook.runs.events import Role, Status
from runbook.runs.results import ASIDE, Result, StageRecord

MOST_TOLD = 300
"""Results in the tables; of a run with more, only those that did not simply pass."""
MOST_EXPLAINED = 100
"""Steps whose evidence is shown, the worst first."""
LONGEST = 300
"""Characters of a message in a table."""
_SIMPLE = (Status.PASSED, Status.SKIPPED)
_EXPLAINED = (
    Status.FAILED,
    Status.RESCUED,
    Status.UNREACHABLE,
    Status.WAITING,
    Status.UNKNOWN,
    Status.WARNED,
    Status.REMEDIATED,
    Status.CHANGED,
    Status.PASSED,
)
_ROLES = {
    Role.DIAGNOSE: "diagnose: ",
    Role.RESCUE: "rescue: ",
    Role.ALWAYS: "always: ",
    Role.REMEDIATE: "repair: ",
}


def what_happened(report: Reported) -> Iterator[Section]:
    if not report.run.stages:
        return
    everything = len(report.results) <= MOST_TOLD
    stages = (
        Section("stage", stage.name, tuple(_of_stage(report, stage, everything)), stage.number)
        for stage in report.run.stages
    )
    yield Section("happened", "What happened", stages)


def _of_stage(report: Reported, stage: StageRecord, everything: bool) -> Iterator[Block]:
    results = _chronological(stage)
    told = [result for result in results if everything or result.status not in _SIMPLE]
    columns: tuple[str, ...] = ("Time", "Host", "Step", "Result", "What was seen")
    rows = tuple(_row(result) for result in told)
    if not report.many_hosts:
        columns, rows = columns[:1] + columns[2:], tuple(row[:1] + row[2:] for row in rows)
    if rows:
        yield Table(columns, rows, whole=True)
    if left := len(results) - len(told):
        yield Paragraph(said(f"{left} more passed or were skipped."))


def _chronological(stage: StageRecord) -> list[Result]:
    """Everything that ran, as it began; a stage itself only when it holds nothing that explains it."""
    found = [r for result in stage.results for r in result.walk() if r is not result or not r.children]
    return sorted(found, key=lambda result: result.started)


def _row(result: Result) -> tuple[str | Badge | Paragraph, ...]:
    ended = badge(result.status, f"{result.status} (run again)" if result.superseded else "")
    name = Paragraph((Span(result.number, "strong"), Span(f" {_ROLES.get(result.role, '')}{result.name}")))
    seen = dict.fromkeys(filter(None, (result.first_failure, result.outcome.message)))
    told = [span for text in seen for span in (Span("\n"), Span(shortened(text, LONGEST)))][1:]
    return time_of_day(result.started), result.host, name, ended, Paragraph(tuple(told))


def evidence_of_all(report: Reported) -> Iterator[Section]:
    """Of everything that has some: what failed first and open, what passed last and folded."""
    ran = (result for result in report.results if result.status is not Status.SKIPPED)
    parts = step_parts(Form.MARKDOWN)
    found = [(result, tuple(blocks)) for result in ran if (blocks := explained(result, Form.MARKDOWN, parts))]
    found.sort(key=lambda one: (not _counts(one[0]), _EXPLAINED.index(one[0].status)))
    if found:
        yield Section("evidence", "Evidence", tuple(_evidence(report, found)))


def _evidence(report: Reported, found: list[tuple[Result, tuple[Block, ...]]]) -> Iterator[Block]:
    for result, blocks in found[:MOST_EXPLAINED]:
        host = f" on {result.host}" if report.many_hosts else ""
        number, title, ended = result.number, f"{result.name}{host}", badge(result.status)
        message = (Paragraph(said(result.outcome.message)),) if result.outcome.message else ()
        if result.status in _SIMPLE or result.role is Role.DIAGNOSE or result.superseded:
            yield Fold("step", title, (*message, *blocks), False, number, ended)
        else:
            yield Section("step", title, (*message, *blocks), number, ended)
    if len(found) > MOST_EXPLAINED:
        more = len(found) - MOST_EXPLAINED
        yield Paragraph(said(f"{more} more steps have evidence; the JSON and HTML reports show it."))


def _counts(result: Result) -> bool:
    return result.role not in ASIDE and not result.superseded
