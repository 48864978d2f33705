"""What all reports share: signs for statuses, times, and what of a result they show."""

from __future__ import annotations

import time

from runbook.common.durations import show as duration
from runbook.documents.harmless import one_line
from runbook.documents.model import Table
from runbook.runs import events
from runbook.runs.events import OUTPUT_FILES, Condition, Evidence, Outcome, Status, Tried
from runbook.runs.results import Verdict
from runbook.steps.traits import traits

__all__ = ["clock", "duration", "evidence_of", "is_telling", "sign", "table_of", "tried_of", "unmet"]

_SIGNS = {
    Status.PASSED: "✓",
    Status.CHANGED: "~",
    Status.REMEDIATED: "↺",
    Status.RESCUED: "↩",
    Status.WARNED: "!",
    Status.SKIPPED: "–",
    Status.FAILED: "✗",
    Status.UNREACHABLE: "⊘",
    Status.UNKNOWN: "?",
    Status.WAITING: "…",
}


def sign(status: str) -> str:
    """One character; always shown beside the word, so that nothing rests on it or on a colour alone."""
    return "~" if status == Verdict.DRIFT else _SIGNS[Status(status)]


def clock(at: float, form: str = "%Y-%m-%d %H:%M:%S UTC") -> str:
    """A time for people in UTC, so that reports of several places can be laid side by side."""
    return time.strftime(form, time.gmtime(at))


def unmet(conditions: tuple[Condition, ...]) -> list[Condition]:
    """The conditions that do not hold, made harmless."""
    return [
        Condition(
            one_line(condition.text),
            False,
            tuple((one_line(name), one_line(value, 300)) for name, value in condition.values),
            condition.keyword,
        )
        for condition in conditions
        if not condition.holds
    ]


def tried_of(tried: tuple[Tried, ...]) -> list[str]:
    """`restart (did not help: status 500)`: each branch that was to repair a step, and what it came to."""
    return [one_line(f"{one.name} ({one.came_to})", 500) for one in tried]


def is_telling(kind: str) -> bool:
    """Is the message what a step of this kind, or a choice, is for? Then it is shown also where all is well."""
    return kind == "choose" or traits(kind).TELLING


def evidence_of(outcome: Outcome) -> tuple[Evidence, ...]:
    """The evidence of an outcome; of a command that has none its output. Last, where its whole output is."""
    files = outcome.data.get(OUTPUT_FILES)
    whole = (Evidence("whole output", "\n".join(map(str, files))),) if isinstance(files, list | tuple) and files else ()
    return (*(outcome.evidence or _output(outcome)), *whole)


def _output(outcome: Outcome) -> tuple[Evidence, ...]:
    streams = [(name, outcome.data.get(name)) for name in ("stderr", "stdout")]
    return tuple(
        Evidence(name, text, language="log") for name, text in streams if isinstance(text, str) and text.strip()
    )


def table_of(table: events.Table) -> Table:
    """The table of an evidence for a document."""
    return Table(table.columns, table.rows, table.total)
