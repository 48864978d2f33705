"""What all reports share: words and signs for statuses, and text from hosts made harmless."""

from __future__ import annotations

import json
import time
from typing import Any

from runbook.durations import show as duration
from runbook.events import Condition, Evidence, Status, Table

__all__ = ["cell", "clean", "clock", "condition_lines", "duration", "evidence_text", "rows_text", "sign"]

_SIGNS = {
    Status.PASSED: "✓",
    Status.CHANGED: "~",
    Status.REMEDIATED: "↺",
    Status.WARNED: "!",
    Status.SKIPPED: "–",
    Status.FAILED: "✗",
    Status.UNREACHABLE: "⊘",
    Status.UNKNOWN: "?",
    Status.WAITING: "…",
}


def sign(status: Status) -> str:
    """One character; always shown beside the word, so that nothing rests on it alone."""
    return _SIGNS[status]


def clean(text: str) -> str:
    """Text from a host without what could drive a terminal: control characters become `?`."""
    return "".join(c if c in "\n\t" or c.isprintable() else ("" if c == "\r" else "?") for c in text)


def cell(value: Any) -> str:
    """A value in a table."""
    if value is None:
        return ""
    if isinstance(value, str):
        return clean(value).replace("\n", " ")
    if isinstance(value, float):
        return f"{value:g}" if abs(value) < 1e15 else str(value)
    return json.dumps(value, ensure_ascii=False, default=str)


def clock(at: float) -> str:
    """Local time with its offset, as ISO 8601."""
    return time.strftime("%Y-%m-%d %H:%M:%S %z", time.localtime(at))


def condition_lines(conditions: tuple[Condition, ...]) -> list[str]:
    """The conditions that do not hold, each with the values of its operands below it."""
    out = []
    for condition in conditions:
        if not condition.holds:
            out.append(f"{condition.keyword}: {condition.text}")
            out += [f"    {name} = {clean(value)}" for name, value in condition.values]
    return out


def rows_text(table: Table, limit: int = 20) -> str:
    """A table as aligned text."""
    from rich.cells import cell_len

    rows = [[cell(value) for value in row] for row in table.rows[:limit]]
    columns = [str(column) for column in table.columns]
    widths = [max([cell_len(c), *(cell_len(row[i]) for row in rows)]) for i, c in enumerate(columns)]
    lines = [_row(columns, widths), _row(["─" * width for width in widths], widths), *(_row(r, widths) for r in rows)]
    total = max(table.total, len(table.rows))
    if total > len(rows):
        lines.append(f"… {total - len(rows)} more rows")
    return "\n".join(lines)


def _row(values: list[str], widths: list[int]) -> str:
    from rich.cells import cell_len

    padded = [value + " " * (width - cell_len(value)) for value, width in zip(values, widths, strict=True)]
    return "  ".join(padded).rstrip()


def evidence_text(evidence: Evidence, lines: int = 20) -> str:
    """A piece of evidence as bounded text: the end of what is long."""
    text = rows_text(evidence.table, lines) if evidence.table is not None else clean(evidence.text).rstrip("\n")
    every = text.splitlines()
    if evidence.table is None and len(every) > lines:
        every = [f"… {len(every) - lines} lines before", *every[-lines:]]
    return "\n".join(every)
