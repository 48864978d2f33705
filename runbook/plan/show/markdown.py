"""The plan as Markdown for a comment on GitHub or GitLab: the summary above the fold, the rest to be opened."""

from __future__ import annotations

from runbook.documents.comment import LIMIT, as_comment
from runbook.plan.describe.view import PlanView
from runbook.plan.show.document import document
from runbook.plan.show.mermaid import diagram


def as_markdown(view: PlanView, limit: int = LIMIT) -> str:
    """At most `limit` bytes: the longest parts are shortened, and say so."""
    return as_comment(document(view), limit, chart=f"```mermaid\n{diagram(view)}```\n")
