"""Steps on the HTML page: one line each, with everything that explains them folded below it."""

from __future__ import annotations

from html import escape

from runbook.documents.harmless import bounded, cell, clean, diff_line, one_line, tail
from runbook.reports.text import clock, duration, evidence_of, is_telling, sign, tried_of
from runbook.runs.events import Condition, Evidence, First, Outcome, Role, Status, Table
from runbook.runs.record import ASIDE, Result, Run

MOST_ROWS = 200
MOST_LINES = 400
MOST_ITEMS = 100
LARGE = 1000
"""From so many results on the browser draws only what is in view, and what is closed when it is opened."""
SMALL = 200
"""Up to so many results, tables and blocks are open from the start."""
_OPEN = (
    Status.FAILED,
    Status.RESCUED,
    Status.UNREACHABLE,
    Status.WAITING,
    Status.UNKNOWN,
    Status.WARNED,
    Status.REMEDIATED,
)
_ROLES = {Role.DIAGNOSE: "diagnosis", Role.RESCUE: "rescue", Role.ALWAYS: "always"}


def html_text(text: str) -> str:
    """Text from anywhere, for an element or a quoted attribute."""
    return escape(clean(text))


def badge(status: str, said: str = "") -> str:
    """A sign and a word in the status's colour."""
    return f"<span class='badge {status}'><span aria-hidden=true>{sign(status)}</span> {said or status}</span>"


def later(html: str) -> str:
    """Where scripts run this is one piece of text until the script draws it; without them it is simply there."""
    return f"<noscript>{html}</noscript>"


class Page:
    """Draws results, and knows where on the page each of them stands."""

    def __init__(self, run: Run) -> None:
        self._many_hosts = len(run.hosts) > 1
        results = list(run.results())
        self.results = len(results)
        self._small = self.results <= SMALL
        self.large = self.results > LARGE
        self._anchors: dict[int, str] = {}
        taken: set[str] = set()
        hosts: dict[str, int] = {}
        # Links go to the result that counts, so the superseded ones take what names are left.
        for result in sorted(results, key=lambda result: result.superseded):
            name = f"h{hosts.setdefault(result.host, len(hosts))}-{escape(result.number)}"
            while name in taken:
                name += "-earlier"
            taken.add(name)
            self._anchors[id(result)] = name
        self._hosts = hosts

    def anchor(self, result: Result) -> str:
        return self._anchors[id(result)]

    def key(self, host: str) -> str:
        """What the anchors of a host's steps begin with."""
        return f"h{self._hosts.get(host, 0)}"

    def link(self, host: str, number: str, name: str = "") -> str:
        """A link to a step, in words."""
        where = f" on {html_text(host)}" if self._many_hosts and not name else ""
        of_host = f" <span class=on>{html_text(host)}</span>" if self._many_hosts and name else ""
        said = (
            f"<span class=number>{html_text(number)}</span> {html_text(name)}" if name else f"step {html_text(number)}"
        )
        return f"<a href='#{self.key(host)}-{html_text(number)}'>{said}{where}</a>{of_host}"

    def result(self, result: Result, lazy: bool = False) -> str:
        """A step with all below it; `lazy`: what is closed is drawn when it is opened."""
        inside = self._inside(result, lazy)
        names = f"step {result.status}" + (" earlier" if result.superseded else "")
        attributes = f"class='{names}' id='{self.anchor(result)}' data-status={result.status}"
        if not inside:
            return f"<div {attributes}><div class=line>{_line(result)}</div></div>"
        is_open = " open" if self._is_open(result) else ""
        inside = later(inside) if lazy and not is_open else inside
        return f"<details {attributes}{is_open}><summary class=line>{_line(result)}</summary>{inside}</details>"

    def _inside(self, result: Result, lazy: bool) -> str:
        found = _explained(result)
        lazy = lazy and self._is_open(result)  # else it is drawn as a whole
        children = "".join(self.result(child, lazy) for child in result.children)
        if found:
            found = f"<div class=inside>{found}</div>"
        return found + (f"<div class=children>{children}</div>" if children else "")

    def _is_open(self, result: Result) -> bool:
        """What did not simply pass is open; on a small page tables and what holds steps are too."""
        if result.superseded:
            return False
        if result.status in _OPEN:
            return True
        table = any(evidence.table for evidence in result.outcome.evidence)
        return self._small and (table or result.is_structure or bool(result.outcome.diff))


def _line(result: Result) -> str:
    role = "repair" if result.kind == "remediation" else _ROLES.get(result.role, "")
    note = f"<span class=role>{role}</span>" if role else ""
    again = "<span class=role>run again later</span>" if result.superseded else ""
    status, message = result.status, result.outcome.message
    told = message and (status is not Status.PASSED or is_telling(result.kind))
    said = f"<span class=message>{html_text(message)}</span>" if told else ""
    took = f"<span class=took>{duration(result.duration)}</span>" if status is not Status.SKIPPED else ""
    return (
        f"{badge(status)}<span class=number>{html_text(result.number)}</span>"
        f"<span class=what>{note}<span class=name>{html_text(result.name)}</span>{again}{said}</span>{took}"
    )


def _explained(result: Result) -> str:
    parts = []
    if result.first is not None:
        parts.append(_before(result.first))
    elif result.first_failure and result.first_failure != result.outcome.message:
        parts.append(f"<p class=first>Failed at first: {html_text(result.first_failure)}</p>")
    if result.conditions and result.status is not Status.SKIPPED:
        parts.append(f"<ul class=conditions>{''.join(map(_condition, result.conditions))}</ul>")
    if result.role not in ASIDE:  # what diagnosed tells its causes to the step that failed
        parts += [f"<p class=cause><strong>Likely cause</strong> {html_text(cause)}</p>" for cause in result.causes]
    if result.tried:
        parts.append(f"<p class=title>Tried: {html_text(', '.join(tried_of(result.tried)))}</p>")
    if result.items:
        parts.append(_items(result.items))
    parts += [_evidence(evidence) for evidence in evidence_of(result.outcome)]
    if result.outcome.diff:
        parts.append(_diff(result.outcome.diff))
    if result.excerpt:
        parts.append(f"<p class=title>{html_text(result.place)}</p>{_pre(bounded(result.excerpt, MOST_LINES))}")
    if parts or result.action:
        parts.append(_how(result))
    return "".join(parts)


def _before(first: First) -> str:
    """What it came to before it was repaired."""
    parts = [f"<p class=first>Before the repair: {html_text(first.outcome.message)}</p>"]
    if first.conditions:
        parts.append(f"<ul class=conditions>{''.join(map(_condition, first.conditions))}</ul>")
    if first.items:
        parts.append(_items(first.items))
    return "".join([*parts, *map(_evidence, evidence_of(first.outcome))])


def _how(result: Result) -> str:
    """What it did, when, and how often."""
    attempts = f"{result.attempts} attempts" if result.attempts > 1 else ""
    began = f"began {clock(result.started, '%H:%M:%S')}"
    place = html_text(result.place) if not result.excerpt else ""
    action = f"<code>{html_text(one_line(result.action, 2000))}</code>" if result.action else ""
    return f"<p class=how>{' · '.join(part for part in (action, attempts, began, place) if part)}</p>"


def _condition(condition: Condition) -> str:
    mark, word = ("✓", "holds") if condition.holds else ("✗", "does not hold")
    values = "".join(
        f"<div><dt>{html_text(name)}</dt><dd>{html_text(one_line(value, 2000))}</dd></div>"
        for name, value in condition.values
    )
    shown = f"<dl>{values}</dl>" if values else ""
    kind = "holds" if condition.holds else "broken"
    said = f"{html_text(condition.keyword)} <code>{html_text(condition.text)}</code> <span class=soft>{word}</span>"
    return f"<li class={kind}><span aria-hidden=true>{mark}</span> {said}{shown}</li>"


def _items(items: tuple[tuple[str, Outcome], ...]) -> str:
    rows = "".join(
        f"<tr><td>{html_text(label)}<td>{badge(outcome.status)}<td class=wide>{html_text(outcome.message)}"
        for label, outcome in items[:MOST_ITEMS]
    )
    more = _more(len(items) - MOST_ITEMS, "item")
    return _scroll(f"<thead><tr><th scope=col>Item<th scope=col>Result<th scope=col>What was seen<tbody>{rows}") + more


def _evidence(evidence: Evidence) -> str:
    title = f"<p class=title>{html_text(evidence.title)}</p>" if evidence.title else ""
    if evidence.table is not None:
        return title + _table(evidence.table)
    return title + _pre(tail(evidence.text, MOST_LINES)) if evidence.text.strip() else ""


def _table(table: Table) -> str:
    numbers = [all(_is_number(row[i]) for row in table.rows) for i in range(len(table.columns))]
    head = "".join(
        f"<th scope=col{' class=n' if number else ''}>{html_text(str(column))}"
        for column, number in zip(table.columns, numbers, strict=True)
    )
    rows = "".join("<tr>" + "".join(map(_cell, row)) for row in table.rows[:MOST_ROWS])
    more = _more(max(table.total, len(table.rows)) - min(MOST_ROWS, len(table.rows)), "row")
    none = "" if table.rows else "<p class=soft>no rows</p>"
    return _scroll(f"<thead><tr>{head}<tbody>{rows}") + more + none


def _more(count: int, word: str) -> str:
    return f"<p class=soft>… {count} more {word}{'s' * (count > 1)}</p>" if count > 0 else ""


def _scroll(table: str) -> str:
    """A wide table scrolls by itself, by keyboard too; the page does not."""
    return f"<div class=scroll tabindex=0 role=group aria-label=Table><table>{table}</table></div>"


def _is_number(value: object) -> bool:
    """Is it shown on the right of its column? NULL stands in columns of either kind."""
    return value is None or (isinstance(value, int | float) and not isinstance(value, bool))


def _cell(value: object) -> str:
    number = " class=n" if _is_number(value) and value is not None else ""
    return f"<td{number}>{'<span class=soft>null</span>' if value is None else html_text(cell(value))}"


def _pre(lines: list[str]) -> str:
    return f"<pre tabindex=0>{escape(chr(10).join(lines))}</pre>"


def _diff(diff: str) -> str:
    lines = []
    for line in bounded(diff, MOST_LINES):
        kind = {"added": "ins", "removed": "del"}.get(diff_line(line), "span")
        lines.append(f"<{kind}>{escape(line) or ' '}</{kind}>")
    return f"<pre class=diff tabindex=0>{''.join(lines)}</pre>"
