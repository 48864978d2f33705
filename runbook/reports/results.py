"""What all reports tell of a result in the same way: its sign, its times, its evidence."""

from __future__ import annotations

import time
from collections import Counter
from functools import cache
from typing import Protocol

from runbook.documents.harmless import one_line
from runbook.documents.model import Badge, Table
from runbook.runs import events
from runbook.runs.events import BAD, OUTPUT_FILES, Condition, Evidence, First, Outcome, Role, Status, Tried, worst
from runbook.runs.results import Run, Verdict
from runbook.steps.traits import traits

TROUBLE = (*BAD, Status.RESCUED, Status.WAITING, Status.UNKNOWN, Status.WARNED)
"""What somebody should look at."""
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


class Ended(Protocol):
    """What a step that has ended tells: to the console while the run goes on, to a report afterwards."""

    @property
    def kind(self) -> str: ...
    @property
    def role(self) -> Role: ...
    @property
    def started(self) -> float: ...
    @property
    def outcome(self) -> Outcome: ...
    @property
    def attempts(self) -> int: ...
    @property
    def action(self) -> str: ...
    @property
    def conditions(self) -> tuple[Condition, ...]: ...
    @property
    def causes(self) -> tuple[str, ...]: ...
    @property
    def place(self) -> str: ...
    @property
    def excerpt(self) -> str: ...
    @property
    def items(self) -> tuple[tuple[str, Outcome], ...]: ...
    @property
    def first(self) -> First | None: ...
    @property
    def tried(self) -> tuple[Tried, ...]: ...


def sign(status: str) -> str:
    """One character; always shown beside the word, so that nothing rests on it or on a colour alone."""
    return "~" if status == Verdict.DRIFT else _SIGNS[Status(status)]


@cache
def badge(status: str, word: str = "") -> Badge:
    """A status with its sign, in its own word or in another."""
    return Badge(str(status), sign(status), word or str(status))


def clock(at: float) -> str:
    """A time for people in UTC, so that reports of several places can be laid side by side."""
    return time.strftime("%Y-%m-%d %H:%M:%S UTC", time.gmtime(at))


def time_of_day(at: float) -> str:
    """The same without the date."""
    hours, seconds = divmod(int(at) % 86400, 3600)
    return f"{hours:02}:{seconds // 60:02}:{seconds % 60:02}"


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
    return tuple(
        Evidence(name, text, language="log")
        for name in ("stderr", "stdout")
        if isinstance(text := outcome.data.get(name), str) and text.strip()
    )


def table_of(table: events.Table, label: str = "") -> Table:
    """The table of an evidence for a document."""
    return Table(table.columns, table.rows, table.total, label)


def counted(run: Run) -> list[tuple[Status, str]]:
    """How many steps ended how, in words. Of a check: would they change something, or not, or can nobody know?"""
    words = {Status.CHANGED: "would change", Status.PASSED: "would not", Status.UNKNOWN: "unknown"}
    if run.mode != "check":
        words = {}
    found = {**dict.fromkeys(words, 0), **{Status(name): count for name, count in run.counts.items()}}
    return [(status, f"{count} {words.get(status, status)}") for status, count in found.items()]


def per_host(run: Run) -> dict[str, tuple[Status, Counter[Status]]]:
    """For each host the worst that its stages came to, and how many of its steps ended how."""
    statuses: dict[str, list[Status]] = {host: [] for host in run.hosts}
    counts: dict[str, Counter[Status]] = {host: Counter() for host in run.hosts}
    for stage in run.stages:
        for result in stage.results:
            statuses.setdefault(result.host, []).append(result.status)
            counts.setdefault(result.host, Counter()).update(step.status for step in result.counted())
    return {host: (worst(found), counts[host]) for host, found in statuses.items()}
