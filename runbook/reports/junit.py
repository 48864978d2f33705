"""JUnit XML, as Jenkins, GitLab and GitHub read it: a suite for each stage, a case for each step and host.

A failed step is a `failure`; a host that was not reached, or a run that waits, is an `error`.
"""

from __future__ import annotations

import re
import time
import xml.etree.ElementTree as ET
from collections.abc import Iterator

from runbook.events import Status
from runbook.record import STRUCTURES, Result, Run, StageRecord
from runbook.reports.text import condition_lines, evidence_text

_ILLEGAL = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
_ERRORS = (Status.UNREACHABLE, Status.WAITING, Status.UNKNOWN)


def render(run: Run) -> str:
    root = ET.Element("testsuites", name=_legal(run.playbook), time=f"{run.duration:.3f}")
    for stage in run.stages:
        root.append(_suite(run, stage))
    totals = {key: sum(int(suite.get(key, "0")) for suite in root) for key in ("tests", "failures", "errors")}
    for key, value in totals.items():
        root.set(key, str(value))
    ET.indent(root)
    return '<?xml version="1.0" encoding="UTF-8"?>\n' + ET.tostring(root, encoding="unicode") + "\n"


def _suite(run: Run, stage: StageRecord) -> ET.Element:
    cases = [case for result in stage.results for case in _cases(stage, result)]
    suite = ET.Element(
        "testsuite",
        name=_legal(f"{stage.number} {stage.name}"),
        tests=str(len(cases)),
        failures=str(sum(case.find("failure") is not None for case in cases)),
        errors=str(sum(case.find("error") is not None for case in cases)),
        skipped=str(sum(case.find("skipped") is not None for case in cases)),
        time=f"{max(0.0, (stage.finished or stage.started) - stage.started):.3f}",
        timestamp=time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(stage.started)),
        hostname=_legal(run.user),
    )
    suite.extend(cases)
    return suite


def _cases(stage: StageRecord, result: Result) -> Iterator[ET.Element]:
    if result.role.value in ("diagnose", "remediate"):
        return
    if result.kind in STRUCTURES:
        if not result.children and result.status is not Status.SKIPPED:
            yield _case(stage, result)
        for child in result.children:
            yield from _cases(stage, child)
        return
    yield _case(stage, result)


def _case(stage: StageRecord, result: Result) -> ET.Element:
    case = ET.Element(
        "testcase",
        name=_legal(f"{result.number} {result.name}"),
        classname=_legal(f"{stage.name}.{result.host}"),
        time=f"{result.duration:.3f}",
    )
    message = _legal(result.outcome.message)
    if result.status is Status.SKIPPED:
        ET.SubElement(case, "skipped", message=message)
    elif result.status is Status.FAILED:
        ET.SubElement(case, "failure", message=message, type=result.kind).text = _legal(_details(result))
    elif result.status in _ERRORS:
        ET.SubElement(case, "error", message=message, type=str(result.status)).text = _legal(_details(result))
    elif said := _said(result):
        ET.SubElement(case, "system-out").text = _legal(said)
    return case


def _said(result: Result) -> str:
    if result.status in (Status.REMEDIATED, Status.WARNED, Status.CHANGED):
        return f"{result.status}: {result.outcome.message}\n{_details(result)}".strip()
    return ""


def _details(result: Result) -> str:
    parts = [result.place, result.action, *condition_lines(result.conditions)]
    parts += [f"likely cause: {cause}" for cause in result.causes]
    parts += [f"{evidence.title}:\n{evidence_text(evidence)}" for evidence in result.outcome.evidence]
    return "\n".join(part for part in (*parts, result.outcome.diff) if part)


def _legal(text: str) -> str:
    """Without characters that XML cannot hold."""
    return _ILLEGAL.sub("\ufffd", text)
