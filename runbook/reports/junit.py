"""JUnit XML, as Jenkins, GitLab and GitHub read it: a suite for each stage, a case for each step on each host.

A check that does not hold is a `failure`; a host that was not reached, a question that nobody answered and a run that
broke off are an `error`. A run that did not pass always has one of them; what a check cannot know is skipped.
"""

from __future__ import annotations

import re
import time
import xml.etree.ElementTree as ET
from collections.abc import Iterator

from runbook.common.durations import show as duration
from runbook.documents import columns
from runbook.documents.harmless import bounded, clean, one_line, tail
from runbook.reports.results import evidence_of, table_of, tried_of, unmet
from runbook.runs.events import Evidence, First, Status
from runbook.runs.record import Result, Run, StageRecord, Verdict

_ILLEGAL = re.compile("[^\t\n\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
_NOT_RUN = (Status.SKIPPED, Status.UNKNOWN)
_SIMPLE = (Status.PASSED, Status.CHANGED, Status.SKIPPED)
_BROKEN = (Status.UNREACHABLE, Status.WAITING)
_GOOD = (Verdict.PASSED, Verdict.REMEDIATED, Verdict.UNKNOWN, Verdict.DRIFT)
MOST_ROWS = 50
MOST_LINES = 200
LARGE = 5000
"""Of a run with more steps, what passed tells only where it stands and what it did: servers bound such files."""


def render(run: Run) -> str:
    root = ET.Element("testsuites", name=_legal(one_line(run.playbook)), time=_seconds(run.duration))
    brief = sum(1 for _ in run.steps()) > LARGE
    suites = [_suite(run, index, stage, brief) for index, stage in enumerate(run.stages)]
    if run.verdict not in _GOOD and not any(suite.find("testcase/*[@type]") is not None for suite in suites):
        suites.append(_of_run(run, len(suites)))
    root.extend(suites)
    for key in ("tests", "failures", "errors"):
        root.set(key, str(sum(int(suite.get(key, "0")) for suite in suites)))
    ET.indent(root)
    return '<?xml version="1.0" encoding="UTF-8"?>\n' + ET.tostring(root, encoding="unicode") + "\n"


def _suite(run: Run, index: int, stage: StageRecord, brief: bool) -> ET.Element:
    cases = [case for result in stage.results for case in _cases(result, brief)]
    suite = _counted(index, f"{stage.number} {stage.name}", stage.duration, stage.started, cases)
    properties = ET.Element("properties")
    about = {"run": run.run_id, "playbook": run.path, "mode": run.mode, "user": run.user, "verdict": str(run.verdict)}
    for name, value in (*about.items(), *run.labels.items()):
        ET.SubElement(properties, "property", name=_legal(one_line(name)), value=_legal(one_line(str(value))))
    suite.insert(0, properties)
    return suite


def _counted(index: int, name: str, took: float, at: float, cases: list[ET.Element]) -> ET.Element:
    tags = [case[0].tag if len(case) else "" for case in cases]
    suite = ET.Element(
        "testsuite",
        id=str(index),
        name=_legal(one_line(name)),
        tests=str(len(cases)),
        failures=str(tags.count("failure")),
        errors=str(tags.count("error")),
        skipped=str(tags.count("skipped")),
        time=_seconds(took),
        timestamp=time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(at)),
    )
    suite.extend(cases)
    return suite


def _of_run(run: Run, index: int) -> ET.Element:
    """What is wrong with the run as a whole, when no step shows it: interrupted, or nothing was checked."""
    case = ET.Element("testcase", name="verdict", classname="run", time=_seconds(run.duration))
    message = _legal(one_line(run.reason))
    ET.SubElement(case, "error", message=message, type=str(run.verdict)).text = message
    return _counted(index, "run", run.duration, run.started, [case])


def _cases(result: Result, brief: bool) -> Iterator[ET.Element]:
    """The steps that count; a stage or block that ended badly by itself is a case too."""
    steps = list(result.counted())
    if not steps and result.status in (Status.FAILED, *_BROKEN):
        steps = [result]
    for step in steps:
        yield _case(step, brief and step.status in _SIMPLE)


def _case(result: Result, brief: bool) -> ET.Element:
    case = ET.Element(
        "testcase",
        name=_legal(one_line(f"{result.number} {result.name}")),
        classname=_legal(one_line(result.host)),
        time=_seconds(result.duration),
    )
    status, message = result.status, _legal(one_line(result.outcome.message))
    details = _legal("\n".join(_where(result) if brief else _details(result)))
    if status in _NOT_RUN:
        ET.SubElement(case, "skipped", message=message if status is Status.SKIPPED else f"unknown: {message}")
    elif status is Status.FAILED:
        ET.SubElement(case, "failure", message=message, type=result.kind).text = details
    elif status in _BROKEN:
        ET.SubElement(case, "error", message=message, type=str(status)).text = details
    else:
        # What a good step saw; repairs and warnings are told here, as JUnit has no word for them.
        said = [f"{status}: {message}".rstrip(": ")] if status is not Status.PASSED else []
        if text := "\n".join(part for part in (*said, details) if part):
            ET.SubElement(case, "system-out").text = text
    return case


def _where(result: Result) -> Iterator[str]:
    yield from (text for text in (result.place, one_line(result.action)) if text)


def _details(result: Result) -> Iterator[str]:
    yield from _where(result)
    if result.attempts > 1:
        yield f"{result.attempts} attempts in {duration(result.duration)}"
    if result.first is not None:
        yield from _before(result.first)
    elif result.first_failure and result.status is Status.REMEDIATED:
        yield f"failed at first: {clean(result.first_failure)}"
    if result.tried:
        yield f"tried: {', '.join(tried_of(result.tried))}"
    for condition in unmet(result.conditions):
        yield f"{condition.keyword}: {condition.text}"
        yield from (f"    {name} = {value}" for name, value in condition.values)
    for label, outcome in result.items:
        yield f"{outcome.status} {one_line(label)}: {one_line(outcome.message)}"
    yield from (f"likely cause: {one_line(cause)}" for cause in result.causes)
    yield from _seen(result)
    for child in result.walk():
        if child is not result:
            yield f"{child.number} {one_line(child.name)}: {child.status} {one_line(child.outcome.message)}".rstrip()
            yield from _seen(child)
    if result.excerpt:
        yield clean(result.excerpt).rstrip("\n")


def _before(first: First) -> Iterator[str]:
    yield f"failed at first: {clean(first.outcome.message)}"
    for condition in unmet(first.conditions):
        yield f"{condition.keyword}: {condition.text}"
        yield from (f"    {name} = {value}" for name, value in condition.values)
    for label, outcome in first.items:
        yield f"{outcome.status} {one_line(label)}: {one_line(outcome.message)}"
    for evidence in evidence_of(first.outcome):
        yield from _evidence(evidence)


def _seen(result: Result) -> Iterator[str]:
    for evidence in evidence_of(result.outcome):
        yield from _evidence(evidence)
    if result.outcome.diff:
        yield from bounded(result.outcome.diff, MOST_LINES)


def _evidence(evidence: Evidence) -> Iterator[str]:
    if evidence.title:
        yield f"{one_line(evidence.title)}:"
    if evidence.table is not None:
        yield from columns.lines(table_of(evidence.table), MOST_ROWS)
    elif evidence.text:
        yield from tail(evidence.text, MOST_LINES)


def _seconds(value: float) -> str:
    return f"{value:.3f}"


def _legal(text: str) -> str:
    """Without characters that XML cannot hold."""
    return _ILLEGAL.sub("\ufffd", clean(text))
