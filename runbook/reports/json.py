"""The run as JSON: everything that the record holds, for programs."""

from __future__ import annotations

from runbook.runs.record import Run
from runbook.runs.stored_form import to_json


def render(run: Run) -> str:
    return to_json(run) + "\n"
