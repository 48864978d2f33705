"""What happens after a failure: diagnosis, remediation, rescue, unreachable hosts, verdicts."""

from __future__ import annotations

from pathlib import Path

import pytest

from runbook.cli.exit_codes import exit_code
from runbook.steps.base import Answer, Question
from tests.engine.support import ends, message, play, steps


def test_diagnosis_runs_whole_and_changes_no_verdict() -> None:
    run = play(
        steps("""
- shell: exit 1
  diagnose:
    - shell: exit 2
      cause: The first thing on {{ inventory_hostname }}
    - note: looks fine
      cause: Not this one
    - steps:
        - shell: exit 3
          cause: The inner thing
- note: never
""")
    )

    assert ends(run) == {
        "1.1.d1": "failed",
        "1.1.d2": "passed",
        "1.1.d3.1": "failed",
        "1.1.d3": "failed",
        "1.1": "failed",
    }
    assert [cause.text for cause in run.causes] == ["The first thing on one", "The inner thing"]
    assert run.verdict == "failed"


def test_a_repaired_step_is_remediated_and_not_passed(tmp_path: Path) -> None:
    flag = tmp_path / "flag"
    text = steps(
        f"""
- name: The flag is there
  file: {flag}
  remediate: [useless, make]
- note: goes on
""",
        before=f"""
remediations:
  useless:
    when: failure.exists
    steps: [{{note: useless}}]
  make:
    description: Make the flag
    steps: [{{shell: touch {flag}}}]
""",
    )

    first, second = play(text), play(text)

    assert ends(first) == {
        "1.1.f1": "skipped",
        "1.1.f2.1": "changed",
        "1.1.f2": "changed",
        "1.1": "remediated",
        "1.2": "passed",
    }
    assert (first.verdict, second.verdict) == ("remediated", "passed")
    assert first.reason.startswith("1.1 The flag is there: repaired")


def test_a_branch_that_does_not_help_leaves_the_step_failed() -> None:
    run = play(
        steps("""
- shell: exit 4
  remediate:
    - name: breaks off
      steps: [{shell: exit 1, cause: It was the cable}, {note: never}]
    - name: does nothing
      steps: [{note: done}]
""")
    )

    assert ends(run) == {
        "1.1.f1.1": "failed",
        "1.1.f1": "failed",
        "1.1.f2.1": "passed",
        "1.1.f2": "passed",
        "1.1": "failed",
    }
    assert [cause.text for cause in run.causes] == ["It was the cable"]


def test_a_rescued_block_is_rescued_and_always_runs() -> None:
    run = play(
        steps("""
- name: Block
  steps: [{shell: exit 1}, {note: never}]
  rescue: [{note: 'rescued {{ failure.msg }}'}]
  always: [{note: always}]
- note: goes on
""")
    )

    assert ends(run) == {
        "1.1.1": "failed",
        "1.1.r1": "passed",
        "1.1.a1": "passed",
        "1.1": "rescued",
        "1.2": "passed",
    }
    assert message(run, "1.1.r1") == "rescued exit code 1"
    assert (run.verdict, run.reason) == (
        "rescued",
        "1.1 Block: failed, and was rescued, on one",
    )
    assert (exit_code(run), run.unfinished) == (1, ("one",))


def test_a_failing_rescue_fails_and_always_runs_still() -> None:
    run = play(steps("- steps: [{shell: exit 1}]\n  rescue: [{shell: exit 2}]\n  always: [{note: always}]"))

    assert ends(run) == {"1.1.1": "failed", "1.1.r1": "failed", "1.1.a1": "passed", "1.1": "failed"}


def test_a_block_is_tried_again_whole(tmp_path: Path) -> None:
    flag = tmp_path / "flag"
    run = play(
        steps(f"""
- retries: 2
  delay: 0
  steps:
    - shell: echo x >> {flag}
    - shell: test $(wc -l < {flag}) -ge 2
""")
    )

    assert run.verdict == "passed"
    assert next(r for r in run.results() if r.number == "1.1").attempts == 2


def test_a_repaired_block_is_run_again_whole(tmp_path: Path) -> None:
    run = play(
        steps(f"""
- steps:
    - shell: echo x >> {tmp_path}/n
    - file: {tmp_path}/flag
  remediate:
    - steps: [{{shell: touch {tmp_path}/flag}}]
""")
    )

    assert run.verdict == "remediated"
    assert (tmp_path / "n").read_text() == "x\nx\n"


def test_a_host_that_is_not_there_is_unreachable_and_the_others_go_on() -> None:
    head = "name: T\nhosts: all\nstages:\n"
    text = head + "  - {name: A, steps: [{shell: 'true'}]}\n  - {name: B, steps: [{note: goes on}]}\n"

    run = play(text, "one down")

    assert ends(run) == {"one 1.1": "changed", "down 1.1": "unreachable", "one 2.1": "passed"}
    assert run.verdict == "unreachable"


def test_an_unreachable_host_can_be_remediated_from_the_controller() -> None:
    run = play(
        steps("""
- shell: "true"
  remediate:
    - name: wake it
      when: failure is unreachable
      steps:
        - shell: echo woken
          delegate_to: localhost
      recheck: false
"""),
        "down",
    )

    assert ends(run) == {"1.1.f1.1": "changed", "1.1.f1": "changed", "1.1": "changed"}
    assert message(run, "1.1").startswith("wake it was done, and nothing was asked again; before it: no route to host")
    assert run.reason == "every check held, but 1 that was repaired and not asked again"


def test_errors_of_unreachable_hosts_are_not_ignored() -> None:
    assert ends(play(steps("- shell: 'true'\n  ignore_errors: true"), "down"))["1.1"] == "unreachable"


def test_a_run_in_which_nothing_was_checked_has_failed() -> None:
    run = play(steps("- note: x\n  when: false"))

    assert (run.verdict, run.reason) == ("failed", "nothing was checked")


@pytest.mark.parametrize(("value", "status"), [("yes", "passed"), ("no", "failed"), ("na", "skipped")])
def test_a_person_is_asked_once_for_all_hosts(value: str, status: str) -> None:
    asked: list[Question] = []

    def ask(question: Question) -> Answer:
        asked.append(question)
        return Answer(value, "ann", 1.0, "seen")

    run = play(steps("- confirm: Is it well?\n- note: end\n  tags: always"), "one two", ask=ask)

    assert ends(run)["one 1.1"] == ends(run)["two 1.1"] == status
    assert len(asked) == 1


def test_a_question_that_nobody_answers_leaves_the_run_waiting() -> None:
    run = play(steps("- confirm: Is it well?\n- note: never"))

    assert (ends(run), run.verdict) == ({"1.1": "waiting"}, "waiting")


def test_choose_runs_exactly_one_option() -> None:
    text = steps("""
- choose:
    by: way
    options:
      left: {steps: [{note: left}]}
      right: {steps: [{note: right}]}
""")

    assert ends(play(text, way="right")) == {"1.1.right.1": "passed", "1.1": "passed"}
    assert message(play(text, way="up"), "1.1").endswith("way is 'up'; the options are left, right")


def test_ignored_errors_of_a_block_let_the_run_go_on() -> None:
    run = play(steps("- ignore_errors: true\n  steps: [{shell: exit 1}, {note: goes on}]\n- note: end"))

    assert ends(run) == {"1.1.1": "warned", "1.1.2": "passed", "1.1": "warned", "1.2": "passed"}


def test_the_evidence_of_the_failure_is_kept_after_the_repair(tmp_path: Path) -> None:
    file = tmp_path / "conf"
    file.write_text("debug = on\n")
    run = play(
        steps(f"""
- file: {{path: {file}, not_contains: debug}}
  remediate:
    - name: empty it
      steps: [{{shell: ': > {file}'}}]
""")
    )

    (result,) = [result for result in run.results() if result.number == "1.1"]
    assert result.outcome.status == "remediated"
    assert result.first is not None
    assert [item.title for item in result.first.outcome.evidence] == ["where it contains 'debug'"]
    assert "debug = on" in result.first.outcome.evidence[0].text


@pytest.mark.parametrize("judged", ["expect: one == 1", "expect: elapsed > 1", "failed_when: one == 1"])
def test_why_a_step_came_to_nothing_is_told_although_it_cannot_be_judged(judged: str) -> None:
    nobody = "databases: {app: {host: 127.0.0.1, port: 9, dbname: x, user: x}}"
    run = play(steps(f"- {{sql: SELECT 1 AS one, {judged}}}", before=nobody))

    assert ends(run) == {"1.1": "failed"}
    assert "127.0.0.1:9" in message(run, "1.1")


def test_a_failure_that_was_let_pass_is_one_to_what_follows() -> None:
    run = play(
        steps("""
- {shell: exit 3, ignore_errors: true, register: ignored}
- {shell: exit 3, severity: warn, register: warned}
- {note: x, when: ignored is failed and ignored.rc == 3 and warned is failed}
- {note: x, when: ignored is succeeded}
""")
    )

    assert ends(run) == {"1.1": "warned", "1.2": "warned", "1.3": "passed", "1.4": "skipped"}


def test_after_a_repair_a_block_has_all_its_attempts_again(tmp_path: Path) -> None:
    """Its `until` is asked then too: what only ran through without it is not repaired."""
    run = play(
        steps(f"""
- until: count.stdout == '4'
  retries: 1
  delay: 0
  steps:
    - {{shell: 'echo >> {tmp_path}/n; wc -l < {tmp_path}/n', register: count}}
  remediate:
    - steps: [{{note: nothing}}]
""")
    )

    block = next(result for result in run.results() if result.number == "1.1")
    assert (block.status, block.attempts) == ("remediated", 2)
    assert (tmp_path / "n").read_text() == "\n" * 4
