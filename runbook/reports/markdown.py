"""The run as an incident's timeline in Markdown, ready for a post-mortem, as GitHub and GitLab show it.

Who, when and the verdict first; then likely causes, a table of what happened, and the evidence. Of long runs the
timeline leaves out what simply passed. Hashes tie it to what was kept: that of the run is the JSON report's, and what
is shown shortened has that of the whole.
"""

from __future__ import annotations

from runbook.documents.markdown import as_markdown, sha256
from runbook.documents.model import Limits, said
from runbook.reports import json
from runbook.reports.parts import Form, Reported, document
from runbook.runs.results import Run

LIMITS = Limits(lines=60, diff=60, rows=20, items=60, value=300)


def render(run: Run) -> str:
    record = said(f"JSON report, {sha256(json.render(run))}")
    return as_markdown(document(Reported(run), Form.MARKDOWN, ("Record", record)), LIMITS)
