"""The run as one self-contained page: no network, readable on a phone, on paper, in the dark and without scripts.

The verdict, who and when; then likely causes and what needs attention; then the timeline and every stage. The policy
in the page's head lets nothing run but its own script and nothing be loaded, whatever a host's output holds.
"""

from __future__ import annotations

import base64
import hashlib
import time
from collections import Counter
from collections.abc import Iterator
from functools import cache
from html import escape
from importlib.resources import files

from runbook.reports.details import counted, per_host
from runbook.reports.html_steps import Page, badge, html_text, later
from runbook.reports.text import clock, duration, sign
from runbook.runs.events import SEVERITY, Status
from runbook.runs.record import ASIDE, Result, Run, StageRecord

TROUBLE = (
    Status.FAILED,
    Status.RESCUED,
    Status.UNREACHABLE,
    Status.WAITING,
    Status.UNKNOWN,
    Status.WARNED,
    Status.REMEDIATED,
)
"""What is listed under "needs attention", the worst first."""
MOST_LISTED = 100
MOST_LANES = 40
"""Hosts with a row in the timeline; of more, those that came to the worst."""
MOST_BARS = 300
"""Bars in a row; of more steps, those that came to the worst or took longest."""
MOST_OPEN = 50
"""Hosts of a stage that are open from the start on a large page."""


def render(run: Run) -> str:
    page = Page(run)
    main = [_causes(run, page), _attention(run, page), _timeline(run, page), _filters(run)]
    main += [_stage(run, page, stage) for stage in run.stages]
    script = _asset("report.js")
    return _asset("report.html").format(
        title=html_text(f"{sign(run.verdict)} {run.verdict} – {run.playbook}"),
        style=_asset("report.css"),
        script=script,
        script_hash=base64.b64encode(hashlib.sha256(script.encode()).digest()).decode(),
        size="large" if page.large else "",
        header=_header(run),
        main="\n".join(part for part in main if part),
        footer=html_text(f"runbook {run.version} · run {run.run_id}"),
    )


@cache
def _asset(name: str) -> str:
    return (files("runbook.reports") / "assets" / name).read_text(encoding="utf-8")


# --- head ------------------------------------------------------------------------------------------------------


def _header(run: Run) -> str:
    lead = f"<p class=lead>{html_text(run.description)}</p>" if run.description else ""
    facts = "".join(f"<div><dt>{html_text(name)}</dt><dd>{value}</dd></div>" for name, value in _facts(run))
    counts = "".join(f"<li>{badge(status, said)}</li>" for status, said in counted(run))
    return (
        f"<h1>{html_text(run.playbook)}</h1>{lead}"
        f"<p class='verdict {run.verdict}'><span class=mark aria-hidden=true>{sign(run.verdict)}</span>"
        f"<span><strong>{run.verdict}</strong> <span class=reason>{html_text(run.reason)}</span></span></p>"
        f"<ul class=counts aria-label='Steps by result'>{counts}</ul><dl class=facts>{facts}</dl>"
    )


def _facts(run: Run) -> Iterator[tuple[str, str]]:
    """Name and HTML of each detail that is known."""
    hosts = ", ".join(run.hosts[:20]) + (f" and {len(run.hosts) - 20} more" if len(run.hosts) > 20 else "")
    yield "Started", _time(run.started)
    if run.finished is not None:
        yield "Took", duration(run.duration)
    facts = {
        "By": run.user,
        "Mode": run.mode if run.mode != "run" else "",
        "Hosts": hosts,
        "Inventory": ", ".join(run.inventory),
        "Playbook": run.path,
        **{name: str(value) for name, value in run.labels.items()},
    }
    yield from ((name, html_text(value)) for name, value in facts.items() if value)


def _time(at: float) -> str:
    iso = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(at))
    return f"<time datetime={iso}>{clock(at)}</time>"


def _causes(run: Run, page: Page) -> str:
    """Each likely cause once, with links to the steps that it explains."""
    places: dict[str, list[str]] = {}
    open_ones = {cause.text for cause in run.causes if not cause.repaired}
    for cause in run.causes:
        places.setdefault(cause.text, []).append(page.link(cause.host, cause.number))
    items = []
    for text, links in places.items():
        more = f" and {len(links) - 5} more" if len(links) > 5 else ""
        said = html_text(text) + ("" if text in open_ones else " – repaired")
        items.append(f"<li>{said} <span class=where>{', '.join(links[:5])}{more}</span></li>")
    return _section("causes", "Likely causes", f"<ul>{''.join(items)}</ul>") if items else ""


def _attention(run: Run, page: Page) -> str:
    """Steps that did not simply pass, the worst first."""
    found = [step for step in run.steps() if step.status in TROUBLE]
    found.sort(key=lambda step: -SEVERITY[step.status])
    items = [_attending(step, page) for step in found[:MOST_LISTED]]
    more = f"<p class=soft>… and {len(found) - MOST_LISTED} more</p>" if len(found) > MOST_LISTED else ""
    return _section("attention", "Needs attention", f"<ul class=plain>{''.join(items)}</ul>{more}") if items else ""


def _attending(step: Result, page: Page) -> str:
    message = step.first_failure if step.status is Status.REMEDIATED else step.outcome.message
    said = f"<span class=message>{html_text(message)}</span>" if message else ""
    link = page.link(step.host, step.number, step.name)
    return f"<li>{badge(step.status)}<span class=what>{link}{said}</span></li>"


def _section(kind: str, title: str, inside: str) -> str:
    return f"<section class='{kind}' aria-labelledby={kind}-title><h2 id={kind}-title>{title}</h2>{inside}</section>"


# --- timeline --------------------------------------------------------------------------------------------------


def _timeline(run: Run, page: Page) -> str:
    """A lane for each host with a bar for each step on the axis of time. What it shows stands in the stages as text."""
    if run.duration <= 0 or not run.stages:
        return ""
    found = per_host(run)
    hosts = sorted(found, key=lambda host: -SEVERITY[found[host][0]])[:MOST_LANES]
    shown = [host for host in found if host in set(hosts)]
    bars: dict[str, list[Result]] = {host: [] for host in shown}
    for step in run.results():
        # All that took time: repairs and earlier passes too, drawn over the step that they stand in.
        if step.host in bars and not step.is_structure and step.status is not Status.SKIPPED:
            bars[step.host].append(step)
    marks = "".join(_mark(run, stage) for stage in run.stages)
    lanes = "".join(
        f"<div class=lane><span class=host>{html_text(host)}</span>"
        f"<div class=bars>{_bars(run, page, bars[host])}</div></div>"
        for host in shown
    )
    axis = f"<span>0 s</span><span>{duration(run.duration / 2)}</span><span>{duration(run.duration)}</span>"
    more = f"<p class=soft>{len(found) - len(shown)} more hosts are not shown.</p>" if len(found) > len(shown) else ""
    return _section(
        "timeline",
        "Timeline",
        f"<div aria-hidden=true><div class=lane><span></span><div class=marks>{marks}</div></div>{lanes}"
        f"<div class=lane><span></span><div class=axis>{axis}</div></div></div>{more}",
    )


def _percent(run: Run, at: float) -> float:
    return min(100.0, max(0.0, 100 * (at - run.started) / run.duration))


def _mark(run: Run, stage: StageRecord) -> str:
    title = html_text(f"{stage.number} {stage.name}")
    return f"<span style='left:{_percent(run, stage.started):.2f}%' title='{title}'>{html_text(stage.number)}</span>"


def _bars(run: Run, page: Page, steps: list[Result]) -> str:
    if len(steps) > MOST_BARS:
        telling = sorted(steps, key=lambda step: (step.status not in TROUBLE, -step.duration))[:MOST_BARS]
        kept = {id(step) for step in telling}
        steps = [step for step in steps if id(step) in kept]
    return "".join(_bar(run, page, step) for step in steps)


def _bar(run: Run, page: Page, step: Result) -> str:
    left = min(99.6, _percent(run, step.started))
    width = max(0.4, _percent(run, step.finished) - left)
    title = html_text(f"{step.number} {step.name}: {step.status}, {duration(step.duration)}")
    return (
        f"<a class='bar {step.status}' tabindex=-1 href='#{page.anchor(step)}' title='{title}' "
        f"style='left:{left:.2f}%;width:{width:.2f}%'></a>"
    )


# --- filters and stages ----------------------------------------------------------------------------------------


def _filters(run: Run) -> str:
    """Shown by the script, which they need."""
    boxes = "".join(
        f"<label><input type=checkbox name=status value={status} checked> {badge(status)}</label>"
        for status in run.counts
    )
    hosts = ""
    if len(run.hosts) > 1:
        options = "".join(f"<option>{html_text(host)}</option>" for host in run.hosts)
        hosts = f"<label>Host <select name=host><option value=''>all</option>{options}</select></label>"
    return (
        f"<form class=filters hidden aria-label='Filter the steps'>{boxes}<span class=tools>{hosts}"
        "<button type=button data-open=1>Open all</button><button type=button data-open=''>Close all</button></span>"
        "<output aria-live=polite></output></form>"
    )


def _stage(run: Run, page: Page, stage: StageRecord) -> str:
    results = sorted(stage.results, key=lambda result: -SEVERITY[result.status])
    hosts = "".join(_on_host(run, page, stage, result, index) for index, result in enumerate(results))
    took = f"<small>{duration(stage.duration)}</small>" if stage.finished is not None else ""
    name = f"stage-{html_text(stage.number)}"
    return (
        f"<section class=stage aria-labelledby={name}><h2 id={name}><span class=number>{html_text(stage.number)}</span>"
        f"<span class=name>{html_text(stage.name)}</span>{badge(stage.status)}{took}</h2>{hosts}</section>"
    )


def _on_host(run: Run, page: Page, stage: StageRecord, result: Result, index: int) -> str:
    data = f"data-host='{html_text(result.host)}'"
    if len(run.hosts) == 1 and not page.large:
        return f"<div class=host {data}>{_steps(page, result)}</div>"
    few = MOST_OPEN if page.large else len(stage.results)
    is_open = (result.status in TROUBLE and index < few) or (len(stage.results) <= 3 and not page.large)
    inside = _steps(page, result, page.large and is_open)
    if page.large and not is_open:
        inside, data = later(inside), f"{data} data-key={page.key(result.host)} data-steps='{_told(result)}'"
    steps = sum(1 for child in result.children if child.role not in ASIDE)
    said = f"<small>{steps} step{'s' * (steps != 1)}, {duration(result.duration)}</small>"
    return (
        f"<details class=host {data}{' open' * is_open}><summary><h3>{escape(result.host)}</h3>{badge(result.status)}"
        f"{said}</summary>{inside}</details>"
    )


def _steps(page: Page, result: Result, lazy: bool = False) -> str:
    return "".join(page.result(child, lazy) for child in result.children) or page.result(result, lazy)


def _told(result: Result) -> str:
    """How many of the steps directly in a host ended how, for filters that run before they are drawn."""
    counts = Counter(str(child.status) for child in result.children or (result,))
    return " ".join(f"{status}:{count}" for status, count in counts.items())
