"""What a report begins with: what the run came to, and who ran what, when, and where."""

from __future__ import annotations

from collections.abc import Iterator

from runbook.common.durations import show as duration
from runbook.documents.model import Badge, Span, Text, Verdict, said
from runbook.reports.results import badge, clock, counted
from runbook.runs.results import Run

MOST_HOSTS = 50


def verdict(run: Run) -> Verdict:
    return Verdict(badge(run.verdict), run.reason)


def counts(run: Run) -> tuple[Badge, ...]:
    """How many steps ended how."""
    return tuple(badge(status, words) for status, words in counted(run))


def facts(run: Run) -> Iterator[tuple[str, Text]]:
    """Who, when, where; what is not known is left out."""
    if run.started:
        yield "Started", (Span(clock(run.started), at=run.started),)
    if run.finished is not None:
        yield "Ended", (Span(clock(run.finished), at=run.finished), Span(f", after {duration(run.duration)}"))
    left = len(run.hosts) - MOST_HOSTS
    named = {
        "By": run.user,
        "Hosts": ", ".join(run.hosts[:MOST_HOSTS]) + (f" and {left} more" if left > 0 else ""),
        "Inventory": ", ".join(run.inventory),
        "Playbook": run.path,
        "Run": run.run_id + (f", mode {run.mode}" if run.mode != "run" else ""),
        **{name: str(value) for name, value in run.labels.items()},
        "Version": run.version and f"runbook {run.version}",
    }
    yield from ((name, said(text)) for name, text in named.items() if text)
