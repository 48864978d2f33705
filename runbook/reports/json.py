"""The run as JSON: everything that the record holds, for programs."""

from __future__ import annotations

import json

from runbook.record import Run, to_data


def render(run: Run) -> str:
    return json.dumps(to_data(run), ensure_ascii=False, indent=2) + "\n"
