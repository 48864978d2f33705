"""One step: when, attempts, judgement, loops, register, time-outs."""

from __future__ import annotations

from pathlib import Path

import pytest

from runbook.runs.events import StepProgress
from tests.engine.support import ends, events, message, play, steps


def test_a_step_runs_and_its_outcome_is_registered() -> None:
    run = play(
        steps("""
- shell: echo hello; exit 0
  register: said
- assert: said.stdout == 'hello' and said.rc == 0 and said.changed and not said.failed and said.attempts == 1
""")
    )

    assert ends(run) == {"1.1": "changed", "1.2": "passed"}
    assert run.verdict == "passed"


def test_a_failure_ends_the_stage_and_shows_the_values_of_its_operands() -> None:
    run = play(
        steps("""
- shell: echo 3
  changes: false
  expect: stdout | int > 5
- note: never
""")
    )

    failed = next(run.steps())
    assert ends(run) == {"1.1": "failed"}
    assert failed.conditions[0].values == (("stdout | int", "3"),)
    assert "expect: stdout" in failed.excerpt
    assert failed.place == "playbook.yml:6:9"
    assert run.verdict == "failed"


@pytest.mark.parametrize(
    ("keys", "status"),
    [
        ("failed_when: rc == 3", "failed"),
        ("failed_when: rc == 4", "changed"),
        ("failed_when: false", "changed"),
        ("expect: rc == 3", "changed"),
        ("expect: rc == 4", "failed"),
        ("expect: stdout == ''", "failed"),
        ("ignore_errors: true", "warned"),
        ("severity: warn", "warned"),
        ("{failed_when: false, changed_when: false}", "passed"),
        ("{expect: rc == 3, changes: false}", "passed"),
        ("when: false", "skipped"),
        ("when: [true, 1 == 2]", "skipped"),
    ],
)
def test_who_judges_an_exit_code(keys: str, status: str) -> None:
    inner = keys if not keys.startswith("{") else keys.strip("{}").replace(", ", "\n  ")
    run = play(steps(f"- shell: exit 3\n  {inner}\n- note: end\n  tags: always"))

    assert ends(run)["1.1"] == status


def test_until_tries_again_and_says_how_often(tmp_path: Path) -> None:
    counter = tmp_path / "n"
    run = play(
        steps(f"""
- shell: echo x >> {counter}; wc -l < {counter}
  until: stdout | int == 3
  delay: 0.01
  register: tried
- assert: tried.attempts == 3
""")
    )

    assert ends(run) == {"1.1": "changed", "1.2": "passed"}


def test_until_that_never_holds_fails_with_its_values() -> None:
    run = play(steps("- shell: echo 1\n  until: stdout == '2'\n  retries: 1\n  delay: 0"))

    failed = next(run.steps())
    assert failed.outcome.message == "until never held in 2 attempts: stdout == '2'"
    assert failed.conditions[0].values == (("stdout", '"1"'),)


def test_retries_alone_try_again_while_it_fails(tmp_path: Path) -> None:
    flag = tmp_path / "flag"
    run = play(steps(f"- shell: test -e {flag} || {{ touch {flag}; exit 1; }}\n  retries: 2\n  delay: 0"))

    assert next(run.steps()).attempts == 2


def test_a_timeout_kills_the_step_and_all_its_children(tmp_path: Path) -> None:
    run = play(steps(f"- shell: (sleep 2; touch {tmp_path}/late) & echo before; sleep 30\n  timeout: 0.3"))

    failed = next(run.steps())
    assert str(failed.status) == "failed"
    assert "still running after 0.3 s" in failed.outcome.message
    assert failed.outcome.evidence[0].text.strip() == "before"
    assert failed.duration < 2


def test_a_loop_asks_when_for_each_item_and_is_as_bad_as_its_worst() -> None:
    run = play(
        steps("""
- shell: test {{ item }} != 3
  loop: [1, 2, 3, 4]
  when: item != 2
  register: all
  ignore_errors: true
- assert:
    that:
      - all.results | length == 4
      - all.results[1].skipped
      - all.results[2].failed
""")
    )

    looped = next(run.steps())
    assert [str(outcome.status) for _, outcome in looped.items] == ["changed", "skipped", "failed", "changed"]
    assert ends(run) == {"1.1": "warned", "1.2": "passed"}


@pytest.mark.parametrize(
    ("loop", "count"), [("[]", 0), ("'[1, 2] + [3]'", 3), ("'{{ {\"a\": 1} }}'", 1), ("range(2) | list", 2)]
)
def test_what_can_be_looped_over(loop: str, count: int) -> None:
    run = play(steps(f"- note: '{{{{ item }}}}'\n  loop: {loop}\n- note: end"))

    assert len(next(run.steps()).items) == count


def test_an_empty_loop_is_skipped() -> None:
    assert ends(play(steps("- note: x\n  loop: []\n- note: end")))["1.1"] == "skipped"


def test_an_undefined_name_fails_its_step_with_the_place() -> None:
    run = play(steps("- note: '{{ servce }}'\n", before="vars: {service: x}"))

    assert message(run, "1.1") == "playbook.yml:6:15: 'servce' is not defined (did you mean service?)"


def test_a_value_that_a_skipped_step_would_have_set_names_that_step() -> None:
    run = play(
        steps("""
- shell: echo x
  when: false
  tags: never
  register: said
- note: "{{ said.stdout }}"
""")
    )

    assert message(run, "1.2") == "playbook.yml:10:15: 'said' has no value: step 1.1 sets it, and has not run"


def test_a_wrong_value_from_a_template_is_told_with_its_option() -> None:
    run = play(steps("- port: {port: '{{ p }}'}", before="vars: {p: many}"))

    assert "port: must be a whole number, not the text 'many'" in message(run, "1.1")


def test_what_a_host_said_is_never_rendered() -> None:
    run = play(
        steps("""
- shell: echo '{''{ 7 * 6 }''}'
  register: said
- set: {copied: "{{ said.stdout }}"}
- note: "{{ copied }}"
""")
    )

    assert message(run, "1.3") == "{{ 7 * 6 }}"


def test_output_is_shown_as_it_arrives_in_whole_lines() -> None:
    found = [event for event in events(steps("- shell: printf 'a\\nb'; echo c >&2")) if isinstance(event, StepProgress)]

    assert {(event.stream, event.text) for event in found} == {("stdout", "a"), ("stdout", "b"), ("stderr", "c")}


def test_environment_becomes_and_chdir_reach_the_command(tmp_path: Path) -> None:
    run = play(
        steps(f"""
- shell: {{cmd: 'echo "$A $B"; pwd', chdir: '{tmp_path}'}}
  environment: {{A: "x y", B: "{{{{ n }}}}"}}
  expect: stdout_lines == ['x y one', '{tmp_path}']
""")
    )

    assert run.verdict == "passed"


def test_variables_have_five_levels() -> None:
    text = """
name: Levels
vars: {a: playbook, b: playbook, c: playbook, n: playbook, d: playbook}
hosts: all
stages:
  - name: One
    vars: {b: stage, c: stage}
    steps:
      - note: "{{ [a, b, c, n, d] | join(' ') }}"
        vars: {c: step}
"""

    assert message(play(text, d="extra"), "1.1") == "playbook stage step one extra"
