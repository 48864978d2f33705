"""The plan as one self-contained page: no network, no script, readable on a phone, on paper and in the dark."""

from __future__ import annotations

from runbook.documents.html import as_page
from runbook.documents.model import Limits
from runbook.plan.describe.view import PlanView
from runbook.plan.show.document import document


def as_html(view: PlanView) -> str:
    return as_page(document(view), Limits())
