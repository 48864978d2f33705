"""Reports of a run: one file each, one row here each. `render(run) -> str`, made from the record alone.

A `Run` comes in and text leaves: for programs each made in its own file (open `tap.py` first: it is the shortest), for
people put together of `parts/`. `console/` alone reads events, while the run goes on.

`render` makes a text of any run, and always the same: harmless whatever a host has said, valid UTF-8, ended by a line
end. It tells the verdict in the verdict's own word. Of a run of which nothing is known, not even a stage, the verdict
is `failed`, because `the run has not ended`; nobody may take its report for a success:

- `html` and `markdown` tell both, and no step;
- `json` has them in `verdict` and `reason`; its lists are empty;
- `junit` has a suite `run` with one case `verdict`, which is an error;
- `tap` has one test point, `not ok 1 - verdict: failed`;
- `sarif` has `executionSuccessful` false, the reason in `exitCodeDescription`, and no results;
- `openmetrics` has `runbook_verdict` 1 for `failed` alone, and each count of steps is 0.
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
