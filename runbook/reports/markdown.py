"""The run as an incident timeline in Markdown, ready for a post-mortem."""

from __future__ import annotations

from collections.abc import Iterator

from runbook.events import STOPPING, Evidence, Status
from runbook.record import STRUCTURES, Result, Run
from runbook.reports.text import cell, clean, clock, condition_lines, duration, sign

MAX_ROWS = 20
MAX_LINES = 60


def render(run: Run) -> str:
    return "\n".join([*_head(run), *_causes(run), *_stages(run)]) + "\n"


def _head(run: Run) -> Iterator[str]:
    yield f"# {_inline(run.playbook)}: {run.verdict}"
    yield ""
    yield f"**{str(run.verdict).capitalize()}** – {_inline(run.reason)}"
    yield ""
    rows = [
        ("Started", clock(run.started)),
        ("Took", duration(run.duration)),
        ("By", run.user),
        ("Hosts", ", ".join(run.hosts)),
        ("Inventory", ", ".join(run.inventory)),
        ("Playbook", run.path),
        ("Run", run.run_id),
        ("Steps", ", ".join(f"{count} {status}" for status, count in run.counts.items())),
        *run.labels.items(),
    ]
    yield "| | |"
    yield "| --- | --- |"
    for name, value in rows:
        if value:
            yield f"| {_cell(name)} | {_cell(value)} |"


def _causes(run: Run) -> Iterator[str]:
    if run.causes:
        yield ""
        yield "## Likely causes"
        for cause in run.causes:
            where = f" ({_inline(cause.host)}, step {cause.number})"
            yield f"- {_inline(cause.text)}{where}"


def _stages(run: Run) -> Iterator[str]:
    for stage in run.stages:
        yield ""
        yield f"## {stage.number} {_inline(stage.name)}"
        for result in stage.results:
            if len(run.hosts) > 1:
                yield ""
                yield f"### {_inline(result.host)}: {result.status}"
            yield ""
            for child in result.children or ((result,) if result.status in STOPPING else ()):
                yield from _result(child, 0)


def _result(result: Result, depth: int) -> Iterator[str]:
    indent = "  " * depth
    said = f" – {_inline(result.outcome.message)}" if result.outcome.message else ""
    took = f", {duration(result.duration)}" if result.kind not in STRUCTURES else ""
    yield (
        f"{indent}- {sign(result.status)} **{result.number}** {_inline(result.name)}: "
        f"{result.status}{took}{said} <sub>{clock(result.finished)}</sub>"
    )
    yield from _details(result, indent + "  ")
    for child in result.children:
        yield from _result(child, depth + 1)


def _details(result: Result, indent: str) -> Iterator[str]:
    for line in condition_lines(result.conditions) if result.status is not Status.SKIPPED else []:
        yield f"{indent}- `{line.strip().replace('`', chr(39))}`"
    for evidence in result.outcome.evidence:
        yield from _evidence(evidence, indent)
    if result.outcome.diff:
        yield from _fence("diff", result.outcome.diff, indent)


def _evidence(evidence: Evidence, indent: str) -> Iterator[str]:
    if evidence.table is None:
        yield f"{indent}{_inline(evidence.title)}:"
        yield from _fence(evidence.language, evidence.text, indent)
        return
    table = evidence.table
    yield ""
    yield f"{indent}| " + " | ".join(_cell(column) for column in table.columns) + " |"
    yield f"{indent}|" + " --- |" * len(table.columns)
    for row in table.rows[:MAX_ROWS]:
        yield f"{indent}| " + " | ".join(_cell(cell(value)) for value in row) + " |"
    more = max(table.total, len(table.rows)) - min(MAX_ROWS, len(table.rows))
    yield f"\n{indent}… {more} more rows" if more > 0 else ""


def _fence(language: str, text: str, indent: str) -> Iterator[str]:
    """A fenced block whose fence is longer than any in the text."""
    lines = clean(text).rstrip("\n").splitlines()
    fence = "```"
    while any(fence in line for line in lines):
        fence += "`"
    yield f"{indent}{fence}{language if language != 'log' else ''}"
    yield from (indent + line for line in lines[:MAX_LINES])
    if len(lines) > MAX_LINES:
        yield f"{indent}… {len(lines) - MAX_LINES} more lines"
    yield f"{indent}{fence}"


def _inline(text: str) -> str:
    """Text that Markdown takes as it is."""
    line = " ".join(clean(text).split())
    for character in "\\`*_[]<>|#":
        line = line.replace(character, "\\" + character)
    return line


def _cell(text: str) -> str:
    return " ".join(clean(text).split()).replace("|", "\\|").replace("<", "&lt;")
