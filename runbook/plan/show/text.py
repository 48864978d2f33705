"""The plan as text: by stage and batch, each step with what it will do."""

from __future__ import annotations

from runbook.documents import text
from runbook.plan.describe.view import PlanView
from runbook.plan.show.document import document

WIDTH = 100


def as_text(view: PlanView, width: int = WIDTH) -> str:
    """The whole plan. `~` marks a step that changes the host; the others only read."""
    return text.as_text(document(view), width, last=True)
