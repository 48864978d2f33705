"""What all reports share: signs for statuses, and text from hosts made harmless and bounded."""

from __future__ import annotations

import json
import re
import time
from typing import Any

from runbook.common.durations import show as duration
from runbook.runs.events import OUTPUT_FILES, Condition, Evidence, Outcome, Status
from runbook.steps.traits import traits

__all__ = [
    "bounded",
    "cell",
    "clean",
    "clock",
    "diff_line",
    "duration",
    "evidence_of",
    "one_line",
    "sign",
    "tail",
    "unmet",
]

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

# Sequences that colour a terminal or drive it: ESC [ … letter, ESC ] … BEL, and two-character ones.
_SEQUENCE = re.compile(r"\x1b(?:\[[0-?]*[ -/]*[@-~]|\][^\x07\x1b]*(?:\x07|\x1b\\)|[()*+][0-9A-Za-z]|[=>78cDEHM])")
_REORDERING = "\u061c\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069"
"""Characters that make text read in another order than it is written."""
_HARMLESS: dict[int, str] = {
    **{code: chr(0x2400 + code) for code in range(32) if chr(code) not in "\n\t"},
    0x7F: "\u2421",
    **dict.fromkeys(range(0x80, 0xA0), "\ufffd"),
    **dict.fromkeys(map(ord, _REORDERING), "\ufffd"),
    0x2028: "\n",
    0x2029: "\n",
}
_SURROGATE = re.compile("[\ud800-\udfff]")


def sign(status: str) -> str:
    """One character; always shown beside the word, so that nothing rests on it or on a colour alone."""
    return _SIGNS[Status(status)]


def clean(text: str) -> str:
    """Text from a host without what could drive a terminal.

    Colours are dropped; other control characters become visible (`␛`), as do those that reorder text. Line ends and
    tabs stay.
    """
    if text.isprintable():
        return text
    text = _SEQUENCE.sub("", text.replace("\r\n", "\n"))
    return _SURROGATE.sub("\ufffd", text).translate(_HARMLESS)


def one_line(text: str, longest: int = 0) -> str:
    """Clean text on one line, cut to `longest` characters when that is given."""
    line = " ".join(clean(text).split())
    return line if not longest or len(line) <= longest else line[: longest - 1] + "…"


def cell(value: Any) -> str:
    """A value in a table, on one line."""
    if value is None:
        return ""
    if isinstance(value, str):
        return clean(value).replace("\n", " ").replace("\t", " ")
    if isinstance(value, float):
        return f"{value:.6g}" if abs(value) < 1e6 else f"{value:.0f}" if abs(value) < 1e15 else str(value)
    return clean(json.dumps(value, ensure_ascii=False, default=str))


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


def diff_line(line: str) -> str:
    """What a line of a unified diff is: `added`, `removed`, or neither."""
    if line.startswith(("+++ ", "--- ")):
        return ""
    return {"+": "added", "-": "removed"}.get(line[:1], "")


def bounded(text: str, most: int) -> list[str]:
    """Clean lines, at most so many, with a line that says how many are left out."""
    lines = clean(text).rstrip("\n").split("\n")
    if len(lines) <= most + 1:
        return lines
    return [*lines[:most], f"… {len(lines) - most} more lines"]


def tail(text: str, most: int) -> list[str]:
    """As `bounded`, but the last lines: of a log or an output they tell the most."""
    lines = clean(text).rstrip("\n").split("\n")
    if len(lines) <= most + 1:
        return lines
    return [f"… {len(lines) - most} lines before", *lines[-most:]]
