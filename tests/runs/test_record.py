"""Folding events: order, nesting, second passes, what breaks off, and the verdict."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from runbook.runs.events import Event, Role, Status
from runbook.runs.record import Recorder, Result, Run, fold
from runbook.runs.stored_form import from_json, plain, to_json
from runbook.testing.run_events import NOON, EventWriter, outcome
from tests.reports import sample


def _by_number(run: Run, number: str, host: str = "web1") -> list[Result]:
    return [result for result in run.results() if result.number == number and result.host == host]


def _stage(log: EventWriter, *statuses: str, role: Role = Role.STEP) -> None:
    """A stage with one step for each status; the stage ends as the last one did."""
    with log.stage("1", "One"), log.on("web1", "1", "One", outcome=outcome(statuses[-1])):
        for index, status in enumerate(statuses, 1):
            log.step("web1", f"1.{index}", f"step {index}", "shell", outcome(status), role=role)


def _verdict(*stages: tuple[str, str]) -> tuple[str, str]:
    """The verdict of a run whose stages came on hosts to this: (host, status)."""
    log = EventWriter(tuple(dict.fromkeys(host for host, _ in stages)))
    for index, (host, status) in enumerate(stages, 1):
        number = str(index)
        with log.stage(number, "Stage", host), log.on(host, number, "Stage", outcome=outcome(status)):
            log.step(host, f"{number}.1", "Look", "shell", outcome(status))
    run = fold(log.end())
    return str(run.verdict), run.reason


def _again(run: Run) -> Run:
    """The run, stored and read."""
    return from_json(to_json(run).encode())


# --- folding ---------------------------------------------------------------------------------------------------


def test_children_stand_under_what_held_them_in_the_order_in_which_they_ended() -> None:
    run = fold(sample.events())
    (guard,) = _by_number(run, "1.1")
    assert [child.number for child in guard.children] == ["1.1.f1"]
    assert [child.number for child in guard.children[0].children] == ["1.1.f1.1"]
    assert [stage.number for stage in run.stages] == ["1", "2", "3", "4", "5"]
    assert [result.host for result in run.stages[0].results] == ["web2", "web1"]


def test_a_repaired_step_still_tells_why_it_failed_at_first() -> None:
    (guard,) = _by_number(fold(sample.events()), "1.1")
    assert guard.status is Status.REMEDIATED
    assert guard.first_failure.startswith("matches what it must not")


def test_of_a_block_that_ran_twice_the_last_pass_counts() -> None:
    run = fold(sample.events())
    tried = _by_number(run, "2.3.2")
    assert [(result.status, result.superseded) for result in tried] == [("failed", True), ("passed", False)]
    assert run.counts == {
        "passed": 8,
        "changed": 1,
        "remediated": 1,
        "warned": 2,
        "skipped": 3,
        "failed": 1,
        "unreachable": 1,
    }


def test_of_three_passes_all_but_the_last_are_superseded_whatever_they_reached() -> None:
    log = EventWriter()
    with log.stage("1", "One"), log.on("web1", "1", "One"), log.holding("web1", "1.1", "Block", "block", "1"):
        for statuses in (["passed", "failed"], ["failed"], ["passed"]):
            for index, status in enumerate(statuses, 1):
                log.step("web1", f"1.1.{index}", "step", "shell", outcome(status))
    run = fold(log.end())
    assert [r.superseded for r in run.stages[0].results[0].children[0].children] == [True, True, True, False]
    assert run.counts == {"passed": 1}


def test_causes_are_told_once_for_a_host_and_of_the_step_that_they_explain_the_repaired_last() -> None:
    found = [(cause.host, cause.number, cause.text[:7]) for cause in fold(sample.events()).causes]
    assert found == [("web1", "2.2", "Записи "), ("web1", "5.4", "Обработ"), ("web1", "1.1", "В app/m")]
    assert [cause.repaired for cause in fold(sample.events()).causes] == [False, False, True]


def test_diagnosis_and_repair_are_in_the_record_and_not_in_the_counts() -> None:
    log = EventWriter()
    with log.stage("1", "One"), log.on("web1", "1", "One"), log.holding("web1", "1.1", "S", "shell", "1"):
        log.step("web1", "1.1.d1", "Probe", "shell", outcome("failed"), role=Role.DIAGNOSE)
        with log.holding("web1", "1.1.f1", "Fix", "remediation", "1.1", Role.REMEDIATE):
            log.step("web1", "1.1.f1.1", "Edit", "edit", outcome("changed"), role=Role.REMEDIATE)
    run = fold(log.end())
    assert run.counts == {"passed": 1}
    assert run.verdict == "passed"
    assert len(list(run.results())) == 5


def test_hosts_that_interleave_keep_their_own_steps() -> None:
    log = EventWriter(("a", "b"))
    with log.stage("1", "One"), log.on("a", "1", "One"), log.on("b", "1", "One"):
        log.step("a", "1.1", "S", "shell", outcome("passed"))
        log.step("b", "1.1", "S", "shell", outcome("changed"))
    stage = fold(log.end()).stages[0]
    assert {result.host: result.children[0].status for result in stage.results} == {"a": "passed", "b": "changed"}


def test_what_had_run_before_an_interrupt_is_kept_and_what_ran_is_named() -> None:
    log = EventWriter(("web1", "web2"))
    with log.stage("1", "One"):
        for host in ("web1", "web2"):
            hold = log.on(host, "1", "One")
            hold.__enter__()
            log.step(host, "1.1", "Look", "shell", outcome("passed"))
        block = log.holding("web2", "1.2", "Block", "block", "1")
        block.__enter__()
        log.holding("web2", "1.2.1", "Hang", "shell", "1.2", action="sleep 999").__enter__()
        log.wait(60)
    run = fold(log.end(interrupted=True))
    (hung,) = _by_number(run, "1.2.1", "web2")
    assert (hung.status, hung.duration, hung.action) == ("unknown", 60.0, "sleep 999")
    assert run.counts == {"passed": 2, "unknown": 1}
    assert (run.verdict, run.reason) == ("failed", "interrupted while 1.2.1 Hang ran on web2")


def test_events_that_break_off_anywhere_make_a_run_that_can_be_stored() -> None:
    recorder = Recorder()
    events = sample.events()
    for event in events:
        recorder.add(event)
        assert _again(recorder.run).verdict == recorder.run.verdict
    assert recorder.run == fold(events)


def test_times_come_from_the_events() -> None:
    run = fold(sample.events())
    assert run.started == NOON
    assert run.finished is not None
    assert run.duration == pytest.approx(45.5, abs=1)
    assert run.stages[0].duration == pytest.approx(10.13)


# --- the verdict -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("statuses", "verdict"),
    [
        (["passed"], "passed"),
        (["changed", "passed"], "passed"),
        (["warned"], "passed"),
        (["passed", "skipped"], "passed"),
        (["remediated", "passed"], "remediated"),
        (["unknown", "remediated"], "unknown"),
        (["waiting", "unknown"], "waiting"),
        (["unreachable", "waiting"], "unreachable"),
        (["failed", "unreachable", "waiting", "unknown", "remediated", "passed"], "failed"),
        (["skipped"], "failed"),
    ],
)
def test_the_worst_stage_gives_the_verdict(statuses: list[str], verdict: str) -> None:
    for order in (statuses, statuses[::-1]):
        assert _verdict(*(("web1", status) for status in order))[0] == verdict


@pytest.mark.parametrize(
    ("stages", "reason"),
    [
        ([("a", "passed")], "every check held"),
        ([("a", "warned"), ("a", "warned")], "every check held, with 2 warnings"),
        ([("a", "skipped")], "nothing was checked"),
        ([("a", "failed")], "1.1 Look: failed on a"),
        ([("a", "failed"), ("b", "failed")], "1.1 Look: failed on a; 1 other step too"),
        ([("a", "passed"), ("b", "unreachable")], "2.1 Look: the host could not be reached on b"),
        ([("a", "waiting")], "1.1 Look: waits for an answer on a"),
        ([("a", "remediated")], "1.1 Look: repaired, and passed after it on a"),
    ],
)
def test_the_reason_names_the_step_and_the_host(stages: list[tuple[str, str]], reason: str) -> None:
    assert _verdict(*stages)[1] == reason


def test_the_reason_counts_hosts_that_fail_alike() -> None:
    log = EventWriter(("a", "b", "c"))
    with log.stage("1", "One"):
        for host in ("a", "b", "c"):
            with log.on(host, "1", "One", outcome=outcome("failed")):
                log.step(host, "1.1", "Look", "shell", outcome("failed"))
    assert fold(log.end()).reason == "1.1 Look: failed on a and 2 more hosts"


def test_nothing_checked_is_no_success_and_neither_is_an_empty_run() -> None:
    log = EventWriter()
    _stage(log, "skipped", "skipped")
    assert (fold(log.end()).verdict, fold(EventWriter().end()).verdict) == ("failed", "failed")


def test_a_run_that_stopped_before_its_time_without_a_failure_did_not_pass() -> None:
    log = EventWriter()
    _stage(log, "passed")
    run = fold(log.end(note="a fault of the program"))
    assert (run.verdict, run.reason) == ("failed", "a fault of the program")


def test_why_a_run_was_stopped_stands_beside_what_failed() -> None:
    log = EventWriter()
    _stage(log, "failed")
    assert fold(log.end(note="stopped: too many")).reason == "1.1 step 1: failed on web1; stopped: too many"


def test_a_run_without_its_end_has_no_good_verdict() -> None:
    log = EventWriter()
    _stage(log, "passed")
    assert (fold(log.events).verdict, fold(log.events).reason) == ("failed", "the run has not ended")
    assert fold([]) == Run()


# --- the stored form -------------------------------------------------------------------------------------------


def test_a_stored_run_comes_back_as_it_was() -> None:
    run = fold(sample.events())
    assert _again(run) == run


def test_what_json_does_not_have_becomes_text_and_stays_readable() -> None:
    found = plain({"path": b"\xff/a", 1: float("nan"), "bad\udc80": ("x", {"y"}), "ok": None})
    assert found == {"path": "\ufffd/a", "1": "nan", "bad?": ["x", ["y"]], "ok": None}


def test_keys_of_a_later_version_are_left_out() -> None:
    data = json.loads(to_json(fold(sample.events())))
    data["later"] = data["stages"][0]["later"] = data["stages"][0]["results"][0]["outcome"]["later"] = 1
    assert from_json(json.dumps(data).encode()) == fold(sample.events())


@pytest.mark.parametrize(
    ("data", "sentence"),
    [
        ({}, "no stored run of format 1, but of format None"),
        ({"format": 2}, "of format 2"),
        ({"format": 1}, "damaged"),
        ({"format": 1, "inventory": [], "hosts": [], "verdict": "passed", "stages": [7]}, "damaged"),
        ({"format": 1, "inventory": [], "hosts": [], "verdict": "great", "stages": []}, "great"),
    ],
)
def test_what_is_no_stored_run_is_an_error_with_a_sentence(data: dict[str, object], sentence: str) -> None:
    with pytest.raises(ValueError, match=sentence):
        from_json(json.dumps(data).encode())


_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text() | st.binary(max_size=4),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=8,
)


@given(_values, st.text())
def test_any_outcome_can_be_stored_and_read(value: object, text: str) -> None:
    log = EventWriter()
    with log.stage("1", text), log.on("web1", "1", text):
        log.step("web1", "1.1", text, "shell", outcome("passed", text, data={"value": value}))
    events: list[Event] = log.end()
    stored = to_json(fold(events))
    data = json.loads(stored, parse_constant=pytest.fail)
    assert json.loads(to_json(from_json(stored.encode()))) == data
