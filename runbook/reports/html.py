"""The run as one self-contained page: no network, readable on a phone and on paper, in the dark and without scripts."""

from __future__ import annotations

from functools import cache
from html import escape
from importlib.resources import files

from runbook.events import BAD, STOPPING, Evidence, Outcome, Role, Status
from runbook.record import STRUCTURES, Result, Run, StageRecord
from runbook.reports.text import cell, clean, clock, condition_lines, duration, sign

MAX_ROWS = 200
MAX_TEXT = 20_000
"""Characters of one piece of evidence on the page."""


def render(run: Run) -> str:
    parts = [_head(run), _summary(run), _causes(run), _timeline(run), _filters(run)]
    parts += [_stage(run, stage) for stage in run.stages]
    return _asset("report.html").format(
        title=_text(run.playbook), style=_asset("report.css"), script=_asset("report.js"), body="\n".join(parts)
    )


@cache
def _asset(name: str) -> str:
    return (files("runbook.reports") / "assets" / name).read_text(encoding="utf-8")


def _text(text: str) -> str:
    return escape(clean(text))


# --- head ------------------------------------------------------------------------------------------------------


def _head(run: Run) -> str:
    description = f"<p class=lead>{_text(run.description)}</p>" if run.description else ""
    return (
        f"<header><h1>{_text(run.playbook)}</h1>{description}"
        f"<p class='verdict {run.verdict}'><span class=sign>{sign(_status_of(run))}</span> "
        f"<strong>{run.verdict.upper()}</strong> <span>{_text(run.reason)}</span></p></header>"
    )


def _status_of(run: Run) -> Status:
    return Status(str(run.verdict))


def _summary(run: Run) -> str:
    rows = {
        "Started": clock(run.started),
        "Took": duration(run.duration),
        "By": run.user,
        "Hosts": ", ".join(run.hosts),
        "Inventory": ", ".join(run.inventory),
        "Playbook": run.path,
        "Run": run.run_id,
        **run.labels,
    }
    items = "".join(f"<div><dt>{_text(k)}</dt><dd>{_text(v)}</dd></div>" for k, v in rows.items() if v)
    counts = "".join(
        f"<li class={status}>{sign(Status(status))} {count} {status}</li>" for status, count in run.counts.items()
    )
    return f"<section aria-label=Summary><ul class=counts>{counts}</ul><dl class=facts>{items}</dl></section>"


def _causes(run: Run) -> str:
    if not run.causes:
        return ""
    items = "".join(
        f"<li>{_text(cause.text)} <a href='#{_anchor(cause.host, cause.number)}'>step {_text(cause.number)}"
        f"{', ' + _text(cause.host) if len(run.hosts) > 1 else ''}</a></li>"
        for cause in run.causes
    )
    return f"<section class=causes><h2>Likely causes</h2><ul>{items}</ul></section>"


def _timeline(run: Run) -> str:
    """A bar for each step on the axis of time; hosts one below the other."""
    whole = run.duration
    if whole <= 0:
        return ""
    rows = []
    for host in run.hosts:
        bars = "".join(_bar(run, result, whole) for result in run.steps() if result.host == host)
        rows.append(f"<div class=row><span class=host>{_text(host)}</span><div class=bars>{bars}</div></div>")
    axis = f"<div class=axis><span>0</span><span>{duration(whole / 2)}</span><span>{duration(whole)}</span></div>"
    return (
        f"<section class=timeline><h2>Timeline</h2>"
        f"<div role=img aria-label='When each step ran'>{''.join(rows)}</div>{axis}</section>"
    )


def _bar(run: Run, result: Result, whole: float) -> str:
    left = 100 * max(0.0, result.started - run.started) / whole
    width = max(0.3, 100 * result.duration / whole)
    title = _text(f"{result.number} {result.name}: {result.status}, {duration(result.duration)}")
    href = _anchor(result.host, result.number)
    style = f"left:{min(left, 99.7):.2f}%;width:{min(width, 100 - left):.2f}%"
    return f"<a class='bar {result.status}' href='#{href}' style='{style}' title='{title}' aria-label='{title}'></a>"


def _filters(run: Run) -> str:
    statuses = "".join(
        f"<label><input type=checkbox data-status={status} checked> {sign(Status(status))} {status}</label>"
        for status in run.counts
    )
    hosts = ""
    if len(run.hosts) > 1:
        options = "".join(f"<option>{_text(host)}</option>" for host in run.hosts)
        hosts = f"<label>host <select data-host><option value=''>all</option>{options}</select></label>"
    return f"<form class=filters hidden aria-label='Show'>{statuses}{hosts}</form>"


# --- stages and steps ------------------------------------------------------------------------------------------


def _stage(run: Run, stage: StageRecord) -> str:
    took = duration(max(0.0, (stage.finished or stage.started) - stage.started))
    parts = []
    for result in stage.results:
        name = f"<h3>{_text(result.host)} {_badge(result.status)}</h3>" if len(run.hosts) > 1 else ""
        inner = result.children or ((result,) if result.status in (*STOPPING, Status.SKIPPED) else ())
        steps = "".join(_result(child) for child in inner)
        parts.append(f"<div class=onhost data-host='{_text(result.host)}'>{name}{steps}</div>")
    return (
        f"<section class=stage><h2><span class=number>{_text(stage.number)}</span> {_text(stage.name)} "
        f"<small>{took}</small></h2>{''.join(parts)}</section>"
    )


def _result(result: Result) -> str:
    status = result.status
    inside = _details(result) + "".join(_result(child) for child in result.children)
    took = f" <small>{duration(result.duration)}</small>" if result.kind not in STRUCTURES else ""
    told = status not in (Status.PASSED, Status.CHANGED) or result.kind in ("note", "choose", "confirm")
    message = f"<span class=message>{_text(result.outcome.message)}</span>" if result.outcome.message and told else ""
    role = f"<span class=role>{_role(result)}</span> " if _role(result) else ""
    head = (
        f"{_badge(status)} <span class=number>{_text(result.number)}</span> {role}"
        f"<span class=name>{_text(result.name)}</span>{took}{message}"
    )
    attributes = f"class='step {status} {result.role}' id='{_anchor(result.host, result.number)}' data-status={status}"
    if not inside:
        return f"<div {attributes}><div class=head>{head}</div></div>"
    is_open = " open" if _opened(result) else ""
    return (
        f"<details {attributes}{is_open}><summary class=head>{head}</summary><div class=inside>{inside}</div></details>"
    )


def _opened(result: Result) -> bool:
    """What failed is open, and the way to it; so are tables and repairs."""
    shown = any(evidence.table for evidence in result.outcome.evidence)
    return (
        shown or result.kind in STRUCTURES or result.status in (*BAD, Status.REMEDIATED, Status.WAITING, Status.WARNED)
    )


def _role(result: Result) -> str:
    if result.kind == "remediation":
        return "repair"
    return "" if result.role in (Role.STEP, Role.REMEDIATE) else str(result.role)


def _details(result: Result) -> str:
    parts = []
    if result.action:
        parts.append(f"<p class=action><code>{_text(result.kind)}: {_text(result.action)}</code></p>")
    unmet = condition_lines(result.conditions)
    if unmet and result.status is not Status.SKIPPED:
        parts.append(f"<pre class=values>{_text(chr(10).join(unmet))}</pre>")
    parts += [f"<p class=cause>Likely cause: {_text(cause)}</p>" for cause in result.causes]
    parts.append(_outcome(result.outcome, result.status in BAD))
    if result.items:
        parts.append(_items(result.items))
    if result.excerpt:
        parts.append(f"<p class=place>{_text(result.place)}</p><pre class=excerpt>{_text(result.excerpt)}</pre>")
    return "".join(parts)


def _outcome(outcome: Outcome, bad: bool) -> str:
    shown = "".join(_evidence(evidence) for evidence in outcome.evidence)
    output = str(outcome.data.get("stdout") or "")
    if output and not bad and not outcome.evidence:
        shown += f"<pre>{_text(output[:MAX_TEXT])}</pre>"
    return shown + (_diff(outcome.diff) if outcome.diff else "")


def _items(items: tuple[tuple[str, Outcome], ...]) -> str:
    rows = "".join(
        f"<tr><td>{_text(label)}</td><td>{_badge(outcome.status)}</td><td>{_text(outcome.message)}</td></tr>"
        for label, outcome in items
    )
    return f"<div class=scroll><table><thead><tr><th>item<th>status<th></tr></thead><tbody>{rows}</tbody></table></div>"


def _evidence(evidence: Evidence) -> str:
    title = f"<p class=title>{_text(evidence.title)}</p>" if evidence.title else ""
    if evidence.table is None:
        return f"{title}<pre>{_text(evidence.text[-MAX_TEXT:])}</pre>"
    table = evidence.table
    head = "".join(f"<th scope=col>{_text(str(column))}</th>" for column in table.columns)
    rows = "".join("<tr>" + "".join(_cell(value) for value in row) + "</tr>" for row in table.rows[:MAX_ROWS])
    more = max(table.total, len(table.rows)) - min(MAX_ROWS, len(table.rows))
    said = f"<p class=more>… {more} more rows</p>" if more > 0 else ""
    none = "<p class=more>no rows</p>" if not table.rows else ""
    return f"<div class=scroll><table><thead><tr>{head}</tr></thead><tbody>{rows}</tbody></table></div>{said}{none}"


def _cell(value: object) -> str:
    number = " class=n" if isinstance(value, int | float) and not isinstance(value, bool) else ""
    return f"<td{number}>{_text(cell(value))}</td>"


def _diff(diff: str) -> str:
    lines = []
    for line in clean(diff).rstrip("\n").splitlines():
        kind = "add" if line.startswith("+") else "del" if line.startswith("-") else "ctx"
        lines.append(f"<span class={kind}>{escape(line)}</span>")
    return f"<pre class=diff>{chr(10).join(lines)}</pre>"


def _badge(status: Status) -> str:
    return f"<span class='badge {status}'>{sign(status)} {status}</span>"


def _anchor(host: str, number: str) -> str:
    return escape(f"{host}-{number}".replace(" ", "-"), quote=True)
