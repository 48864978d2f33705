"""The run as JSON: everything that the record holds, for programs."""

from __future__ import annotations

from runbook.record import Run
from runbook.stored import to_json


def render(run: Run) -> str:
    return to_json(run) + "\n"
