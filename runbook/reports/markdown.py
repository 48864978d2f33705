"""The run as an incident's timeline in Markdown, ready for a post-mortem, as GitHub and GitLab show it.

Who, when and the verdict first; then likely causes, a table of what happened, and the evidence. Of long runs the
timeline leaves out what simply passed. Hashes tie it to what was kept: that of the run is the JSON report's, and what
is shown shortened has that of the whole.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator, Sequence

from runbook.documents.harmless import bounded, cell, clean, one_line, tail
from runbook.documents.markdown_escapes import code, fenced
from runbook.reports import details, json
from runbook.reports.text import clock, duration, evidence_of, sign, tried_of, unmet
from runbook.runs.events import Condition, Evidence, Outcome, Role, Status
from runbook.runs.record import ASIDE, Result, Run, StageRecord

MOST_ROWS = 20
MOST_LINES = 60
MOST_TOLD = 300
"""Results in the timeline; of a run with more, only those that did not simply pass."""
MOST_EXPLAINED = 100
"""Steps whose evidence is shown, the worst first."""
_SIMPLE = (Status.PASSED, Status.SKIPPED)
_EXPLAINED = (
    Status.FAILED,
    Status.RESCUED,
    Status.UNREACHABLE,
    Status.WAITING,
    Status.UNKNOWN,
    Status.WARNED,
    Status.REMEDIATED,
    Status.CHANGED,
    Status.PASSED,
)


def render(run: Run) -> str:
    parts = [*_head(run), *_causes(run), *_timeline(run), *_evidence_of_all(run)]
    return "\n".join(parts).rstrip("\n") + "\n"


def _head(run: Run) -> Iterator[str]:
    yield f"# {inline(run.playbook)}"
    yield ""
    yield f"**{sign(run.verdict)} {run.verdict.upper()}** – {inline(run.reason)}"
    if run.description:
        yield ""
        yield inline(run.description)
    rows = {
        "Started": clock(run.started),
        "Ended": f"{clock(run.finished)}, after {duration(run.duration)}" if run.finished else "",
        "By": run.user,
        "Hosts": ", ".join(run.hosts[:50]) + (f" and {len(run.hosts) - 50} more" if len(run.hosts) > 50 else ""),
        "Inventory": ", ".join(run.inventory),
        "Playbook": run.path,
        "Run": run.run_id + (f", mode {run.mode}" if run.mode != "run" else ""),
        "Steps": ", ".join(said for _, said in details.counted(run)),
        **{name: str(value) for name, value in run.labels.items()},
        "Version": run.version and f"runbook {run.version}",
        "Record": f"JSON report, {_hash(json.render(run))}",
    }
    yield from _table(("", ""), [(name, value) for name, value in rows.items() if value])


def _hash(text: str) -> str:
    return f"sha256 {hashlib.sha256(text.encode('utf-8', 'replace')).hexdigest()}"


def _causes(run: Run) -> Iterator[str]:
    if run.causes:
        yield ""
        yield "## Likely causes"
        yield ""
        yield from (f"- {inline(said)}" for said in details.causes(run))
    if tried := list(details.tried_in(run)):
        yield ""
        yield "## Tried"
        yield ""
        yield from (f"- {inline(said)}" for said in tried)


# --- what happened ---------------------------------------------------------------------------------------------


def _timeline(run: Run) -> Iterator[str]:
    everything = sum(1 for _ in run.results()) <= MOST_TOLD
    yield ""
    yield "## What happened"
    for stage in run.stages:
        yield ""
        yield f"### {stage.number} {inline(stage.name)}"
        yield from _of_stage(run, stage, everything)


def _of_stage(run: Run, stage: StageRecord, everything: bool) -> Iterator[str]:
    told, left = [], 0
    for result in _chronological(stage):
        if everything or result.status not in _SIMPLE:
            told.append(result)
        else:
            left += 1
    columns: tuple[str, ...] = ("Time", "Host", "Step", "Result", "What was seen")
    rows = [_row(result) for result in told]
    if len(run.hosts) == 1:
        columns, rows = columns[:1] + columns[2:], [row[:1] + row[2:] for row in rows]
    if rows:
        yield from _table(columns, rows, escaped=True)
    if left:
        yield ""
        yield f"{left} more passed or were skipped."


def _chronological(stage: StageRecord) -> list[Result]:
    """Everything that ran, as it began; a stage itself only when it holds nothing that explains it."""
    found = [r for result in stage.results for r in result.walk() if r is not result or not r.children]
    return sorted(found, key=lambda result: result.started)


_ROLES = {
    Role.DIAGNOSE: "diagnose: ",
    Role.RESCUE: "rescue: ",
    Role.ALWAYS: "always: ",
    Role.REMEDIATE: "repair: ",
}


def _row(result: Result) -> tuple[str, ...]:
    status = f"{sign(result.status)} {result.status}" + (" (run again)" if result.superseded else "")
    said = [inline(one_line(text, 300)) for text in (result.first_failure, result.outcome.message) if text]
    told = "<br>".join(dict.fromkeys(said))
    name = f"**{inline(result.number)}** {_ROLES.get(result.role, '')}{inline(result.name)}"
    return clock(result.started, "%H:%M:%S"), inline(result.host), name, status, told


# --- evidence --------------------------------------------------------------------------------------------------


def _evidence_of_all(run: Run) -> Iterator[str]:
    """Of everything that has some: what failed first and open, what passed last and folded."""
    told = (result for result in run.results() if result.status is not Status.SKIPPED)
    found = [result for result in told if next(_explanation(result), None) is not None]
    found.sort(key=lambda result: (not _counts(result), _EXPLAINED.index(result.status)))
    if found:
        yield ""
        yield "## Evidence"
    for result in found[:MOST_EXPLAINED]:
        yield ""
        yield from _section(run, result, list(_explanation(result)))
    if len(found) > MOST_EXPLAINED:
        yield ""
        yield f"{len(found) - MOST_EXPLAINED} more steps have evidence; the JSON and HTML reports show it."


def _counts(result: Result) -> bool:
    return result.role not in ASIDE and not result.superseded


def _section(run: Run, result: Result, lines: list[str]) -> Iterator[str]:
    host = f" on {result.host}" if len(run.hosts) > 1 else ""
    title = f"{sign(result.status)} {result.number} {result.name}{host}: {result.status}"
    if result.status in _SIMPLE or result.role is Role.DIAGNOSE or result.superseded:
        yield f"<details><summary>{_html(title)}</summary>"
        yield from lines
        yield ""
        yield "</details>"
    else:
        yield f"### {inline(title)}"
        yield from lines


def _explanation(result: Result) -> Iterator[str]:
    outcome = result.outcome
    told = unmet(result.conditions) or evidence_of(outcome) or outcome.diff or result.excerpt
    if outcome.message and told:
        yield ""
        yield inline(outcome.message)
    yield from _seen(outcome, result.conditions, result.items)
    if outcome.diff:
        yield from _shortened(outcome.diff, bounded(outcome.diff, MOST_LINES), "diff")
    if result.first is not None:
        yield ""
        yield f"Before the repair: {inline(result.first.outcome.message)}"
        yield from _seen(result.first.outcome, result.first.conditions, result.first.items)
    if result.tried:
        yield ""
        yield f"Tried: {inline(', '.join(tried_of(result.tried)))}"
    if result.excerpt:
        yield ""
        yield _code(result.place)
        yield from _fence("", bounded(result.excerpt, MOST_LINES))


def _seen(outcome: Outcome, conditions: tuple[Condition, ...], items: tuple[tuple[str, Outcome], ...]) -> Iterator[str]:
    """What explains an outcome: the conditions that do not hold, the items of a loop, the evidence."""
    for condition in unmet(conditions):
        yield ""
        yield f"- {_code(f'{condition.keyword}: {condition.text}')}"
        yield from (f"  - {_code(f'{name} = {value}')}" for name, value in condition.values)
    if items:
        rows = [(label, f"{sign(o.status)} {o.status}", one_line(o.message, 300)) for label, o in items]
        yield from _table(("Item", "Result", "What was seen"), rows[:MOST_LINES])
    for evidence in evidence_of(outcome):
        yield from _evidence(evidence)


def _evidence(evidence: Evidence) -> Iterator[str]:
    if evidence.title:
        yield ""
        yield f"{inline(evidence.title)}:"
    if evidence.table is None:
        if evidence.text.strip():
            yield from _shortened(evidence.text, tail(evidence.text, MOST_LINES), evidence.language.replace("log", ""))
        return
    rows = [tuple(cell(value) for value in row) for row in evidence.table.rows[:MOST_ROWS]]
    yield from _table(tuple(cell(column) for column in evidence.table.columns), rows)
    more = max(evidence.table.total, len(evidence.table.rows)) - len(rows)
    if more > 0 or not rows:
        yield ""
        yield f"… {more} more rows" if rows else "no rows"


def _shortened(text: str, lines: list[str], language: str) -> Iterator[str]:
    """Lines of a text; where they are not all of it, with the hash of the whole."""
    yield from _fence(language, lines)
    if len(lines) < len(clean(text).rstrip("\n").split("\n")):
        yield ""
        yield f"Shortened; the whole has {_hash(text)}."


# --- Markdown --------------------------------------------------------------------------------------------------


def _table(columns: tuple[str, ...], rows: Sequence[tuple[str, ...]], *, escaped: bool = False) -> Iterator[str]:
    yield ""
    for index, row in enumerate([columns, *rows]):
        yield "| " + " | ".join(value if escaped else inline(value) for value in row) + " |"
        if index == 0:
            yield "|" + " --- |" * len(columns)


def _fence(language: str, lines: list[str]) -> Iterator[str]:
    yield ""
    yield fenced("\n".join(lines), language).rstrip("\n")


def inline(text: str) -> str:
    """Text that Markdown shows as it is, in a table too: no markup, no HTML."""
    escaped = re.sub(r"([\\`*_\[\]<>|#~&])", r"\\\1", one_line(text))
    escaped = re.sub(r"^([-+=])(?=[-+=]*(?:\s|$))", r"\\\1", escaped)  # what would begin a list or underline a heading
    return re.sub(r"^(\d+)([.)])(?=\s|$)", r"\1\\\2", escaped)


def _code(text: str) -> str:
    return code(one_line(clean(text)))


def _html(text: str) -> str:
    return one_line(text).replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
