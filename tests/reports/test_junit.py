"""JUnit XML against the rules of Jenkins' schema, which GitLab and GitHub read too."""

from __future__ import annotations

import re
import xml.etree.ElementTree as ET

import pytest
from hypothesis import given
from hypothesis import strategies as st

from runbook.reports.junit import render
from runbook.runs.events import Event
from runbook.runs.record import fold
from runbook.testing.run_events import EventWriter, outcome
from tests.reports import sample

# Element → (attributes that must be there, those that may be, children in their order with how many there may be).
RULES: dict[str, tuple[set[str], set[str], list[tuple[str, int]]]] = {
    "testsuites": (set(), {"name", "time", "tests", "failures", "errors", "disabled"}, [("testsuite", 10**6)]),
    "testsuite": (
        {"name", "tests"},
        {"failures", "errors", "skipped", "time", "timestamp", "hostname", "id", "package", "disabled"},
        [("properties", 1), ("testcase", 10**6), ("system-out", 1), ("system-err", 1)],
    ),
    "properties": (set(), set(), [("property", 10**6)]),
    "property": ({"name"}, {"value"}, []),
    "testcase": (
        {"name", "classname"},
        {"time", "assertions", "status"},
        [("skipped", 1), ("error", 1), ("failure", 1), ("system-out", 1), ("system-err", 1)],
    ),
    "failure": (set(), {"message", "type"}, []),
    "error": (set(), {"message", "type"}, []),
    "skipped": (set(), {"message", "type"}, []),
    "system-out": (set(), set(), []),
}


def _parsed(events: list[Event]) -> ET.Element:
    root = ET.fromstring(render(fold(events)))  # the document is our own
    for element in root.iter():
        _follows_the_rules(element)
    for suite in root.iter("testsuite"):
        _adds_up(suite)
    for key in ("tests", "failures", "errors"):
        assert int(root.get(key, "")) == sum(int(suite.get(key, "")) for suite in root.iter("testsuite"))
    return root


def _follows_the_rules(element: ET.Element) -> None:
    required, optional, children = RULES[element.tag]
    assert required <= set(element.attrib) <= required | optional, element.attrib
    order = [name for name, _ in children]
    found = [child.tag for child in element]
    assert found == sorted(found, key=order.index), found
    assert all(found.count(name) <= most for name, most in children)
    assert sum(tag in found for tag in ("skipped", "error", "failure")) <= 1
    assert re.fullmatch(r"\d+\.\d{3}", element.get("time", "0.000"))
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d", element.get("timestamp", "2026-01-01T00:00:00"))


def _adds_up(suite: ET.Element) -> None:
    assert int(suite.get("tests", "")) == len(suite.findall("testcase"))
    for key, tag in (("failures", "failure"), ("errors", "error"), ("skipped", "skipped")):
        assert int(suite.get(key, "")) == len(suite.findall(f"testcase/{tag}"))


def _one(status: str, message: str = "m") -> ET.Element:
    log = EventWriter()
    with log.stage("1", "One"), log.on("web1", "1", "One", outcome=outcome(status, message)):
        log.step("web1", "1.1", "Look", "shell", outcome(status, message))
    case = _parsed(log.end()).find("testsuite/testcase")
    assert case is not None
    return case


def test_a_suite_for_each_stage_and_a_case_for_each_step_on_each_host() -> None:
    root = _parsed(sample.events())
    assert [suite.get("name", "")[:1] for suite in root] == ["1", "2", "3", "4", "5"]
    cases = [(case.get("classname"), case.get("name", "").split()[0]) for case in root.iter("testcase")]
    assert len(cases) == len(set(cases)) == 17
    assert ("web1", "2.3.2") in cases
    assert ("web1", "2.2.d1") not in cases


@pytest.mark.parametrize(
    ("status", "tag"),
    [
        ("failed", "failure"),
        ("unreachable", "error"),
        ("waiting", "error"),
        ("skipped", "skipped"),
        ("warned", "system-out"),
        ("remediated", "system-out"),
        ("changed", "system-out"),
    ],
)
def test_failure_and_error_are_kept_apart(status: str, tag: str) -> None:
    assert [child.tag for child in _one(status)] == [tag]


def test_a_step_that_passed_needs_no_words_and_an_unknown_one_was_not_tested() -> None:
    assert list(_one("passed", "")) == []
    assert _one("unknown", "depends on 1.1")[0].get("message") == "unknown: depends on 1.1"


def test_a_failure_carries_what_explains_it() -> None:
    failure = _parsed(sample.events()).find(".//failure")
    assert failure is not None
    text = failure.text or ""
    for part in ("status = 500", "likely cause: Обработчик", "Internal Server Error", "KeyError: 'model'", "268 |"):
        assert part in text


def test_a_repair_shows_what_was_wrong_and_what_was_changed() -> None:
    case = next(
        case for case in _parsed(sample.events()).iter("testcase") if case.findtext("system-out", "").find("-if n") > 0
    )
    assert "failed at first: matches what it must not" in case.findtext("system-out", "")


@pytest.mark.parametrize("interrupted", [True, False])
def test_a_run_without_success_is_red_though_no_step_failed(interrupted: bool) -> None:
    log = EventWriter()
    with log.stage("1", "One"), log.on("web1", "1", "One", outcome=outcome("skipped")):
        log.step("web1", "1.1", "Look", "shell", outcome("skipped"))
    root = _parsed(log.end(interrupted=interrupted))
    assert root.get("errors") == "1"
    error = root.find("testsuite[@name='run']/testcase/error")
    assert error is not None
    assert error.get("message") == ("interrupted" if interrupted else "nothing was checked")


def test_a_stage_that_nobody_agreed_to_is_a_case() -> None:
    log = EventWriter()
    with log.stage("1", "One"), log.on("web1", "1", "One", outcome=outcome("waiting", "Go on? – waits for an answer")):
        pass
    case = _parsed(log.end()).find("testsuite/testcase")
    assert case is not None
    assert case[0].get("type") == "waiting"


@given(st.text())
def test_any_text_makes_a_document_that_can_be_read(text: str) -> None:
    log = EventWriter(playbook=text, labels={text: text}, user=text)
    with log.stage("1", text), log.on("web1", "1", text, outcome=outcome("failed", text)):
        log.step("web1", "1.1", text, "shell", outcome("failed", text, diff=text), causes=(text,), excerpt=text)
    assert "\x1b" not in ET.tostring(_parsed(log.end()), encoding="unicode")
