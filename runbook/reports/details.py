"""What explains a step, and what ends a run, as lines for the console and for plain output alike."""

from __future__ import annotations

from collections.abc import Iterator

from runbook.documents import columns
from runbook.documents.harmless import bounded, clean, diff_line, one_line, tail
from runbook.documents.text import Line
from runbook.reports.text import duration, evidence_of, is_telling, sign, table_of, tried_of, unmet
from runbook.runs.events import BAD, Condition, Evidence, First, Outcome, Role, Status, StepFinished, worst
from runbook.runs.record import ASIDE, STRUCTURES, Result, Run

MAX_DIFF = 40
MAX_ROWS = 10
MAX_EVIDENCE = 15
MAX_ITEMS = 10
MAX_HOSTS = 30
SLOW = 5.0
"""Seconds from which on a step is named among the slowest."""
_TROUBLE = (*BAD, Status.RESCUED, Status.WARNED, Status.WAITING, Status.UNKNOWN)


def explain(event: StepFinished, verbosity: int, diff: bool, width: int) -> Iterator[Line]:
    """What stands under a finished step; of a failure everything that explains it."""
    status = event.outcome.status
    trouble = status in _TROUBLE
    yield from _message(event, verbosity)
    if trouble or verbosity >= 2:
        yield from _conditions(event.conditions, event.outcome)
        yield from _items(event.items)
    for evidence in evidence_of(event.outcome):
        if evidence.table is not None or trouble or verbosity >= 2:
            yield from _evidence(evidence, width)
    if event.outcome.diff and (diff or trouble or event.role is Role.REMEDIATE or verbosity >= 1):
        yield from _diff(event.outcome.diff)
    if event.first is not None:
        yield from _before(event.first, width)
    if event.tried and status in _TROUBLE:
        yield Line(f"tried: {', '.join(tried_of(event.tried))}", "strong")
    if status in BAD and event.role not in ASIDE:
        yield from _where(event)


def _before(first: First, width: int) -> Iterator[Line]:
    """What a step came to before it was repaired, with all that explains it."""
    yield Line(f"before the repair: {one_line(first.outcome.message)}", "soft")
    yield from _conditions(first.conditions, first.outcome)
    yield from _items(first.items)
    for evidence in evidence_of(first.outcome):
        yield from _evidence(evidence, width)


def _message(event: StepFinished, verbosity: int) -> Iterator[Line]:
    status = event.outcome.status
    shown = status is not Status.PASSED or is_telling(event.kind) or verbosity >= 1
    style = str(status) if status in _TROUBLE else "soft"
    if event.outcome.message and shown:
        yield from (Line(line, style) for line in bounded(event.outcome.message, MAX_EVIDENCE))
    if event.attempts > 1:
        yield Line(f"after {event.attempts} attempts", "soft")


def _conditions(conditions: tuple[Condition, ...], outcome: Outcome) -> Iterator[Line]:
    message = one_line(outcome.message)
    for condition in unmet(conditions):
        if f"expected {condition.text}" not in message:
            yield Line(f"{condition.keyword}: {condition.text}")
        yield from (Line(f"{name} = {value}", indent=2) for name, value in condition.values)


def _items(items: tuple[tuple[str, Outcome], ...]) -> Iterator[Line]:
    bad = [(label, outcome) for label, outcome in items if outcome.status in _TROUBLE]
    for label, outcome in bad[:MAX_ITEMS]:
        said = f"{sign(outcome.status)} {one_line(label, 80)}: {one_line(outcome.message, 300)}"
        yield Line(said, str(outcome.status), 2)
    if len(bad) > MAX_ITEMS:
        yield Line(f"… {len(bad) - MAX_ITEMS} more items", "soft", 2)


def _evidence(evidence: Evidence, width: int) -> Iterator[Line]:
    if evidence.table is not None:
        if evidence.title:
            yield Line(one_line(evidence.title), "soft")
        for line in columns.lines(table_of(evidence.table), MAX_ROWS, width):
            yield Line(line, long="cut")
    elif evidence.text.strip():
        if evidence.title:
            yield Line(f"{one_line(evidence.title)}:", "soft")
        yield from (Line(line, "soft", 2, long="chop") for line in tail(evidence.text, MAX_EVIDENCE))


def _diff(diff: str) -> Iterator[Line]:
    for line in bounded(diff, MAX_DIFF):
        yield Line(line, diff_line(line) or "soft", long="chop")


def _where(event: StepFinished) -> Iterator[Line]:
    for cause in event.causes:
        yield Line(f"likely cause: {one_line(cause)}", "strong")
    if event.place and event.kind not in STRUCTURES:
        yield Line(one_line(event.place), "soft")
    if event.excerpt and event.outcome.status is not Status.UNREACHABLE:  # then nothing is wrong with the playbook
        yield from (Line(line, "soft", 2, long="cut") for line in clean(event.excerpt).splitlines())


# --- the end ---------------------------------------------------------------------------------------------------


def summary(run: Run) -> Iterator[Line]:
    """The verdict with its reason, counts, hosts, likely causes, and what took long."""
    verdict = str(run.verdict)
    yield Line(f"{sign(verdict)} {verdict.upper()} – {one_line(run.reason)}", verdict)
    counts = ", ".join(said for _, said in counted(run))
    yield Line(f"{counts or 'no steps'} · {duration(run.duration)}", "soft", 2)
    if len(run.hosts) > 1:
        yield Line("")
        yield from _hosts(run)
    if run.causes:
        yield Line("")
        yield Line("Likely causes", "strong", 2)
        yield from (Line(f"• {said}", indent=2, hang=2) for said in causes(run))
    slow = sorted((r for r in run.steps() if r.duration >= SLOW), key=lambda r: -r.duration)[:3]
    if waits := list(waits_for(run)):
        yield Line("")
        yield Line("Waits for", "strong", 2)
        yield from (Line(f"• {said}", indent=2, hang=2) for said in waits)
    if tried := list(tried_in(run)):
        yield Line("")
        yield Line("Tried", "strong", 2)
        yield from (Line(f"• {said}", indent=2, hang=2) for said in tried)
    if slow:
        yield Line("")
        yield Line("Slowest steps", "strong", 2)
        yield from (Line(f"{duration(step.duration):>10}  {_which(run, step)}", "soft", 2) for step in slow)


def counted(run: Run) -> list[tuple[Status, str]]:
    """How many steps ended how, in words. Of a check: would they change something, or not, or can nobody know?"""
    words = {Status.CHANGED: "would change", Status.PASSED: "would not", Status.UNKNOWN: "unknown"}
    if run.mode != "check":
        words = {}
    found = {**dict.fromkeys(words, 0), **{Status(name): count for name, count in run.counts.items()}}
    return [(status, f"{count} {words.get(status, status)}") for status, count in found.items()]


def waits_for(run: Run) -> Iterator[str]:
    """Each question that nobody has answered, once, with how to answer it."""
    open_ones = (result for result in run.results() if result.status is Status.WAITING and result.role not in ASIDE)
    asked = (one_line(result.outcome.message) for result in open_ones if not result.superseded)
    yield from filter(None, dict.fromkeys(asked))


def tried_in(run: Run) -> Iterator[str]:
    """Of each step that a branch was to repair and that is not well, the branches and what they came to."""
    for result in run.results():
        if result.tried and result.status in _TROUBLE and result.role not in ASIDE and not result.superseded:
            yield f"{_which(run, result)}: {', '.join(tried_of(result.tried))}"


def _which(run: Run, step: Result) -> str:
    host = f"{one_line(step.host)} " if len(run.hosts) > 1 else ""
    return f"{step.number} {host}{one_line(step.name)}"


def causes(run: Run) -> Iterator[str]:
    """Each likely cause once, with the steps and hosts that it explains."""
    places: dict[str, dict[str, list[str]]] = {}
    open_ones = {one_line(cause.text) for cause in run.causes if not cause.repaired}
    for cause in run.causes:
        places.setdefault(one_line(cause.text), {}).setdefault(cause.number, []).append(one_line(cause.host))
    for text, steps in places.items():
        said = text if text in open_ones else f"{text} – repaired"
        yield f"{said} ({'; '.join(_place(run, number, hosts) for number, hosts in steps.items())})"


def _place(run: Run, number: str, hosts: list[str]) -> str:
    if len(run.hosts) == 1:
        return f"step {number}"
    more = f" and {len(hosts) - 3} more" if len(hosts) > 3 else ""
    return f"step {number} on {', '.join(hosts[:3])}{more}"


def _hosts(run: Run) -> Iterator[Line]:
    """A line for each host: the worst that it came to, and its counts. Of very many, those that need attention."""
    found = per_host(run)
    told = [host for host, (status, _) in found.items() if status in _TROUBLE] if len(found) > MAX_HOSTS else [*found]
    size = max((len(one_line(host)) for host in told), default=0)
    for host in told[:MAX_HOSTS]:
        status, counts = found[host]
        said = "  ".join(f"{sign(name)} {counts[name]}" for name in Status if name in counts)
        yield Line(
            f"{sign(status)} {one_line(host):<{size}}  {status!s:<11}  {said}".rstrip(), str(status), 2, long="cut"
        )
    if rest := len(found) - len(told[:MAX_HOSTS]):
        yield Line(f"… and {rest} more hosts", "soft", 2)


def per_host(run: Run) -> dict[str, tuple[Status, dict[str, int]]]:
    """For each host the worst that its stages came to, and how many of its steps ended how."""
    statuses: dict[str, list[Status]] = {host: [] for host in run.hosts}
    counts: dict[str, dict[str, int]] = {host: {} for host in run.hosts}
    for stage in run.stages:
        for result in stage.results:
            statuses.setdefault(result.host, []).append(result.status)
            of_host = counts.setdefault(result.host, {})
            for step in result.counted():
                of_host[str(step.status)] = of_host.get(str(step.status), 0) + 1
    return {host: (worst(found), counts[host]) for host, found in statuses.items()}


def is_heading(kind: str) -> bool:
    """Is a line due when this starts, with what it holds below it?"""
    return kind in STRUCTURES - {"stage"}
