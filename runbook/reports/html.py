"""The run as one self-contained page: no network, readable on a phone, on paper, in the dark and without scripts.

The verdict, who and when; then likely causes and what needs attention; then the timeline and every stage.
"""

from __future__ import annotations

from runbook.documents.html import as_page
from runbook.documents.model import Limits
from runbook.reports.parts import Form, Reported, document
from runbook.reports.parts.stages import is_large
from runbook.runs.results import Run

LIMITS = Limits(lines=400, diff=400, rows=200, items=100, value=2000)


def render(run: Run) -> str:
    report = Reported(run)
    return as_page(document(report, Form.PAGE), LIMITS, script=True, large=is_large(report))
