"""What explains a step, and what ends a run, as lines for the terminal and for plain output alike."""

from __future__ import annotations

from collections.abc import Iterator

from runbook.common.durations import show as duration
from runbook.documents.model import Limits, Paragraph, Table, said
from runbook.documents.text import Line, Writer
from runbook.reports.parts import Form, Reported, parts
from runbook.reports.parts.head import verdict
from runbook.reports.parts.step import Need, step_parts
from runbook.reports.results import TROUBLE, counted, is_telling
from runbook.runs.events import BAD, Role, Status, StepFinished
from runbook.runs.results import ASIDE, Run

LIMITS = Limits(lines=15, diff=40, rows=10, items=10, value=300)


def explain(event: StepFinished, verbosity: int, diff: bool, width: int) -> Iterator[Line]:
    """What stands under a finished step; of a failure everything that explains it. A table is always shown: where
    there is one, it is what was asked for."""
    status = event.outcome.status
    trouble = status in TROUBLE
    met = {
        Need.ALWAYS: True,
        Need.MESSAGE: status is not Status.PASSED or is_telling(event.kind) or verbosity >= 1,
        Need.TROUBLE: trouble or verbosity >= 2,
        Need.DIFF: diff or trouble or event.role is Role.REMEDIATE or verbosity >= 1,
        Need.FAILURE: status in BAD and event.role not in ASIDE,
    }
    write = Writer(LIMITS, width)
    for part in step_parts(Form.TEXT):
        for block in part.make(event, Form.TEXT):
            if met[part.need] or isinstance(block, Table):
                yield from write.block(block)


def summary(run: Run) -> Iterator[Line]:
    """The verdict with its reason, counts, hosts, likely causes, and what took long."""
    write = Writer(LIMITS)
    counts = ", ".join(words for _, words in counted(run)) or "no steps"
    yield write.verdict(verdict(run))
    yield from write.block(Paragraph(said(f"{counts} · {duration(run.duration)}"), "soft"), 2)
    yield from write.blocks(parts(Reported(run), Form.TEXT))
