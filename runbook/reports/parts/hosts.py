"""What each host came to, and which steps took longest: for the end of a run on a console."""

from __future__ import annotations

from collections.abc import Iterator

from runbook.common.durations import show as duration
from runbook.documents.harmless import one_line
from runbook.documents.model import Block, Paragraph, Section, Table, said
from runbook.reports.parts.forms import Reported
from runbook.reports.results import TROUBLE, per_host, sign
from runbook.runs.events import Status

MOST_HOSTS = 30
MOST_SLOW = 3
SLOW = 5.0
"""Seconds from which on a step is named among the slowest."""


def hosts(report: Reported) -> Iterator[Section]:
    """A row for each host: the worst that it came to, and its counts. Of very many, those that need attention."""
    found = per_host(report.run)
    if not report.many_hosts:
        return
    few = len(found) <= MOST_HOSTS
    told = [host for host, (status, _) in found.items() if few or status in TROUBLE][:MOST_HOSTS]
    rows = []
    for host in told:
        status, counts = found[host]
        ended = "  ".join(f"{sign(one)} {counts[one]}" for one in Status if one in counts)
        rows.append((f"{sign(status)} {host}", str(status), ended))
    blocks: list[Block] = [Table((), tuple(rows), tones=tuple(str(found[host][0]) for host in told), whole=True)]
    if left := len(found) - len(told):
        blocks.append(Paragraph(said(f"… and {left} more hosts"), "soft"))
    yield Section("hosts", "", tuple(blocks if told else blocks[1:]))


def slowest(report: Reported) -> Iterator[Section]:
    steps = sorted((step for step in report.steps if step.duration >= SLOW), key=lambda step: -step.duration)
    rows = []
    for step in steps[:MOST_SLOW]:
        host = f"{one_line(step.host)} " if report.many_hosts else ""
        text = f"{duration(step.duration):>10}  {step.number} {host}{one_line(step.name)}"
        rows.append(Paragraph(said(text), "soft"))
    if rows:
        yield Section("slowest", "Slowest steps", tuple(rows))
