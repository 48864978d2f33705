"""TAP, OpenMetrics and SARIF, read again as the programs that take them read them."""

from __future__ import annotations

import json
import re

from prometheus_client.openmetrics.parser import text_string_to_metric_families

from runbook.common.frozen import replace
from runbook.reports import openmetrics, sarif, tap
from runbook.runs.events import Status
from runbook.runs.record import Run, Verdict, fold
from tests.engine.support import play, steps
from tests.reports import sample

HOSTILE = 'na"me \\ # with\n- {note: x}'


def sampled() -> Run:
    return fold(sample.events())


def test_openmetrics_is_parsed_and_tells_the_verdict() -> None:
    families = {family.name: family for family in text_string_to_metric_families(openmetrics.render(sampled()))}

    verdicts = {s.labels["runbook_verdict"]: s.value for s in families["runbook_verdict"].samples}
    assert verdicts == {str(verdict): float(verdict is Verdict.FAILED) for verdict in Verdict}
    held = [sample.value for sample in families["runbook_step_ok"].samples]
    assert held.count(0.0) == 2
    counted = {s.labels["status"]: s.value for s in families["runbook_steps"].samples}
    assert counted["failed"] == 1.0


def test_names_of_any_kind_stay_labels() -> None:
    run = replace(play(steps("- {note: x, name: plain}")), playbook=HOSTILE, path=HOSTILE)

    families = list(text_string_to_metric_families(openmetrics.render(run)))

    assert {family.name for family in families} >= {"runbook_verdict", "runbook_step_ok"}
    assert tap.render(run).count("\n") == tap.render(sampled_with_one_step()).count("\n")


def sampled_with_one_step() -> Run:
    return play(steps("- {note: x, name: plain}"))


def test_tap_has_as_many_points_as_its_plans_say() -> None:
    text = tap.render(sampled())

    assert text.startswith("TAP version 14\n")
    for indent in ("", "    "):
        planned = [int(n) for n in re.findall(rf"^{indent}1\.\.(\d+)", text, re.MULTILINE)]
        points = re.findall(rf"^{indent}(?:not )?ok \d+ - ", text, re.MULTILINE)
        assert sum(planned) == len(points)
    assert re.findall(r"^ *not ok \d+ - (\S+)", text, re.MULTILINE) == ["2.1", "2", "5.4", "5", "verdict:"]
    assert "# SKIP when: needs_restart" in text


def test_sarif_has_what_did_not_hold_at_its_place() -> None:
    (run,) = json.loads(sarif.render(sampled()))["runs"]

    levels = {result["message"]["text"].split()[0]: result["level"] for result in run["results"]}
    assert levels == {"1.1": "note", "2.1": "error", "2.2": "warning", "3.2": "warning", "5.4": "error"}
    place = run["results"][0]["locations"][0]["physicalLocation"]
    assert place["artifactLocation"]["uri"] == "playbooks/restore-logging.yml"
    assert run["invocations"][0]["executionSuccessful"] is False
    rules = {rule["id"] for rule in run["tool"]["driver"]["rules"]}
    assert {result["ruleId"] for result in run["results"]} <= rules


def test_what_waits_or_is_unknown_is_not_ok() -> None:
    run = play(steps("- confirm: well?"))

    assert next(run.steps()).status is Status.WAITING
    assert "not ok 1 - 1.1 confirm on one" in tap.render(run)
    assert 'verdict="waiting"} 1' in openmetrics.render(run)
