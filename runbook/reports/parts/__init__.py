"""A report for people is made of parts: each is one function from a run to blocks, written in every form or in some.

A `Run` comes in, and a document leaves. `PARTS`, here, is the list in the order in which they stand; what explains a
single step has a list of its own, `STEP_PARTS`. A new part is a function and a row. Open `step.py` first.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator

from runbook.common.frozen import Frozen
from runbook.documents.model import Block, Document, Text
from runbook.reports.parts.causes import attention, likely_causes, tried, waits_for
from runbook.reports.parts.forms import CONSOLE, EVERY, MARKDOWN, PAGE, Form, Reported
from runbook.reports.parts.head import counts, facts, verdict
from runbook.reports.parts.hosts import hosts, slowest
from runbook.reports.parts.incident import evidence_of_all, what_happened
from runbook.reports.parts.stages import stages
from runbook.reports.parts.timeline import timeline

__all__ = ["PARTS", "Form", "Part", "Reported", "document", "parts"]


class Part(Frozen):
    """One part of a report. `make` gives nothing where there is nothing to tell."""

    make: Callable[[Reported], Iterable[Block]]
    forms: frozenset[Form] = EVERY


PARTS: tuple[Part, ...] = (
    Part(hosts, CONSOLE),
    Part(likely_causes),
    Part(waits_for),
    Part(tried),
    Part(attention, PAGE),  # Markdown begins its evidence with these
    Part(slowest, CONSOLE),
    Part(timeline, PAGE),
    Part(what_happened, MARKDOWN),
    Part(evidence_of_all, MARKDOWN),
    Part(stages, PAGE),
)


def parts(report: Reported, form: Form) -> Iterator[Block]:
    """All parts of a form."""
    for part in PARTS:
        if form in part.forms:
            yield from part.make(report)


def document(report: Reported, form: Form, *more: tuple[str, Text]) -> Document:
    """A run in one form; `more` are facts that only this form tells."""
    run = report.run
    return Document(
        title=run.playbook,
        lead=run.description,
        verdict=verdict(run),
        counts=counts(run),
        facts=(*facts(run), *more),
        blocks=parts(report, form),
        footer=f"runbook {run.version} · run {run.run_id}",
    )
