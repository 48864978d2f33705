"""Why it went as it did: likely causes, and the steps that need attention."""

from __future__ import annotations

from collections.abc import Iterator

from runbook.documents.model import Bullets, Item, Section, Span, said
from runbook.reports.parts.forms import Reported
from runbook.reports.results import TROUBLE, badge, tried_of
from runbook.runs.events import SEVERITY, Status
from runbook.runs.results import ASIDE, Result

MOST_LISTED = 100
MOST_HOSTS = 3
"""Hosts that are named beside a cause."""


def likely_causes(report: Reported) -> Iterator[Section]:
    """Each likely cause once, with the steps and hosts that it explains; those of what was repaired say so."""
    found: dict[str, dict[str, list[str]]] = {}
    for cause in report.run.causes:
        found.setdefault(cause.text, {}).setdefault(cause.number, []).append(cause.host)
    open_ones = {cause.text for cause in report.run.causes if not cause.repaired}
    if found:
        words = {text: text if text in open_ones else f"{text} – repaired" for text in found}
        items = (Item((Span(words[text]), *_places(report, steps))) for text, steps in found.items())
        yield Section("causes", "Likely causes", (Bullets(tuple(items)),))


def _places(report: Reported, steps: dict[str, list[str]]) -> Iterator[Span]:
    """Such as ` (step 1.1 on web1, web2; step 3)`; each host leads to the step."""
    before = " ("
    for number, hosts in steps.items():
        on = f" on {hosts[0]}" if report.many_hosts else ""
        yield Span(before, "soft")
        yield report.link(hosts[0], number, f"step {number}{on}")
        for host in hosts[1:MOST_HOSTS]:
            yield Span(", ", "soft")
            yield report.link(host, number, host)
        if len(hosts) > MOST_HOSTS:
            yield Span(f" and {len(hosts) - MOST_HOSTS} more", "soft")
        before = "; "
    yield Span(")", "soft")


def waits_for(report: Reported) -> Iterator[Section]:
    """Each question that nobody has answered, once, with how to answer it."""
    waiting = (result for result in _that_count(report) if result.status is Status.WAITING)
    if asked := dict.fromkeys(result.outcome.message for result in waiting if result.outcome.message):
        yield Section("waits", "Waits for", (Bullets(tuple(Item(said(text)) for text in asked)),))


def tried(report: Reported) -> Iterator[Section]:
    """Of each step that a branch was to repair and that is not well, the branches and what they came to."""
    found = [result for result in _that_count(report) if result.tried and result.status in TROUBLE]
    if found:
        yield Section("tried", "Tried", (Bullets(tuple(_tried(report, result) for result in found)),))


def _that_count(report: Reported) -> Iterator[Result]:
    return (one for one in report.results if one.role not in ASIDE and not one.superseded)


def _tried(report: Reported, result: Result) -> Item:
    host = (Span(f" {result.host}", "soft"),) if report.many_hosts else ()
    step = report.link(result.host, result.number, f"{result.number} {result.name}")
    return Item((step, *host, Span(f": {', '.join(tried_of(result.tried))}")))


def attention(report: Reported) -> Iterator[Section]:
    """Steps that did not simply pass, the worst first."""
    found = [step for step in report.steps if step.status in (*TROUBLE, Status.REMEDIATED)]
    found.sort(key=lambda step: -SEVERITY[step.status])
    if found:
        items = tuple(_attending(report, step) for step in found[:MOST_LISTED])
        yield Section("attention", "Needs attention", (Bullets(items, more=max(0, len(found) - MOST_LISTED)),))


def _attending(report: Reported, step: Result) -> Item:
    host = (Span(f" {step.host}", "soft"),) if report.many_hosts else ()
    text = (report.link(step.host, step.number, f"{step.number} {step.name}"), *host)
    message = step.first_failure if step.status is Status.REMEDIATED else step.outcome.message
    return Item(text, badge(step.status), message)
