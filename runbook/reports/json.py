"""The run as JSON: everything that the record holds, for programs."""

from __future__ import annotations

import json

from runbook.record import Run
from runbook.stored import to_data


def render(run: Run) -> str:
    return json.dumps(to_data(run), ensure_ascii=False) + "\n"
