"""Reports of a run: one file each, one row here each. `render(run) -> str`, made from the record alone.

A `Run` comes in and text leaves, for people or for programs; `console/` alone reads events, while the run goes on. Open
`tap.py` first: it is the shortest.
"""

from __future__ import annotations

from runbook.common.frozen import Frozen


class Report(Frozen):
    """Where a report is made, and the ending of its file."""

    module: str
    ending: str


REPORTS: dict[str, Report] = {
    "html": Report("runbook.reports.html", "html"),
    "json": Report("runbook.reports.json", "json"),
    "junit": Report("runbook.reports.junit", "xml"),
    "markdown": Report("runbook.reports.markdown", "md"),
    "openmetrics": Report("runbook.reports.openmetrics", "prom"),
    "sarif": Report("runbook.reports.sarif", "sarif"),
    "tap": Report("runbook.reports.tap", "tap"),
}
"""Imported when they are asked for."""
