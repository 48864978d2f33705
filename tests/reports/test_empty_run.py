"""What the built-in reports say of a run of which nothing is known. That none calls it a success: `ReportContract`."""

from __future__ import annotations

import importlib
import json
import re
import xml.etree.ElementTree as ET

from runbook.reports import REPORTS
from runbook.runs.results import Run

REASON = "the run has not ended"
SAID = {name: importlib.import_module(report.module).render(Run()) for name, report in REPORTS.items()}


def test_people_read_the_verdict_the_reason_and_no_step() -> None:
    page, text = SAID["html"], SAID["markdown"]
    assert "<strong>failed</strong>" in page
    assert f"<span class=reason>{REASON}</span>" in page
    assert "<section" not in page
    assert f"**✗ FAILED** – {REASON}" in text
    assert "## " not in text


def test_json() -> None:
    found = json.loads(SAID["json"])
    assert (found["verdict"], found["reason"]) == ("failed", REASON)
    assert [found[name] for name in ("stages", "hosts", "causes", "counts")] == [[], [], [], {}]


def test_junit() -> None:
    root = ET.fromstring(SAID["junit"])
    assert [(suite.get("name"), suite.get("errors")) for suite in root] == [("run", "1")]
    assert [(error.get("type"), error.text) for error in root.iter("error")] == [("failed", REASON)]


def test_tap() -> None:
    assert SAID["tap"].splitlines()[-2:] == ["not ok 1 - verdict: failed", "1..1"]


def test_sarif() -> None:
    (run,) = json.loads(SAID["sarif"])["runs"]
    assert run["invocations"] == [{"executionSuccessful": False, "exitCodeDescription": f"failed: {REASON}"}]
    assert run["results"] == []


def test_openmetrics() -> None:
    verdicts = dict(re.findall(r'runbook_verdict="(\w+)"\} (\d)', SAID["openmetrics"]))
    assert [name for name, value in verdicts.items() if value == "1"] == ["failed"]
    assert set(re.findall(r"^runbook_steps\{.*\} (\d+)$", SAID["openmetrics"], re.M)) == {"0"}
