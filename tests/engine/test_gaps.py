"""What was not read is unknown: a condition over it never holds, whatever was read says."""

from __future__ import annotations

import pytest

from runbook.runs.record import Run
from runbook.runs.results import Result
from tests.engine.support import message, play, steps

LONG = "yes xxxxxxxxx | head -c 17825792 | tr -d '\\n' | cut -c1-17000000; yes y | head -c 1048576; echo ERROR"
"""More than the 16 MiB that are kept, and its last line is not among them."""


def ended(body: str) -> tuple[Run, Result]:
    run = play(steps(body))
    return run, next(run.steps())


@pytest.mark.parametrize(
    ("condition", "status"),
    [
        ("'xxx' in stdout", "passed"),
        ("stdout is search('x{100}')", "passed"),
        ("stdout is match('x')", "passed"),
        ("rc == 0", "passed"),
        ("stderr_lines is defined", "passed"),
        ("'ERROR' not in stdout", "failed"),
        ("'ERROR' in stdout", "failed"),
        ("not ('ERROR' in stdout)", "failed"),
        ("stdout is not search('ERROR')", "failed"),
        ("stdout | length < 100", "failed"),
        ("stdout | regex_findall('ERROR') | length == 0", "failed"),
        ("stdout != ''", "failed"),
        ("stdout_lines | length > 0", "failed"),
        ("stdout_lines[-1] != 'ERROR'", "failed"),
        ("stdout_lines | select('equalto', 'ERROR') | list | length == 0", "failed"),
        ("stdout.count('ERROR') == 0", "failed"),
        ("(stdout ~ '') == ''", "failed"),
        ("(stdout | default('')) == ''", "failed"),
    ],
)
def test_a_condition_over_output_that_was_cut(condition: str, status: str) -> None:
    _, result = ended(f'- shell: {LONG}\n  changes: false\n  expect: "{condition}"')
    assert str(result.status) == status, result.outcome.message
    if status == "failed":
        assert "bytes of the output were not kept" in result.outcome.message


@pytest.mark.parametrize(
    ("step", "status"),
    [
        ("assert: \"'ERROR' not in r.stdout\"", "failed"),
        ("assert: \"'xxx' in r.stdout\"", "passed"),
        ('note: "{{ r.rc }}"', "passed"),
        ('note: "{{ r.stdout }}"', "failed"),
        ('set: {kept: "{{ r }}"}', "failed"),
        ('set: {kept: "{{ [r.stdout] }}"}', "failed"),
        ("note: never\n  when: r.stdout == ''", "failed"),
    ],
)
def test_what_was_registered_of_it(step: str, status: str) -> None:
    run = play(steps(f"- shell: {LONG}\n  changes: false\n  register: r\n- {step}"))
    last = list(run.steps())[-1]
    assert (last.number, str(last.status)) == ("1.2", status), last.outcome.message


def test_until_is_not_reached_by_what_was_not_read() -> None:
    step = f"- shell: {LONG}\n  changes: false\n  until: \"'ERROR' not in stdout\"\n  retries: 0"
    assert "bytes of the output were not kept" in message(play(steps(step)), "1.1")


def test_the_items_of_a_loop_keep_their_gaps() -> None:
    looped = f"- shell: {LONG}\n  changes: false\n  loop: [1]\n  register: r\n"
    text = looped + "- assert: \"'ERROR' not in r.results[0].stdout\""
    assert "bytes of the output were not kept" in message(play(steps(text)), "1.2")


def test_json_of_what_is_none_says_why() -> None:
    _, result = ended("- shell: echo ready\n  changes: false\n  expect: json.ok == 1")
    assert str(result.status) == "failed"
    assert (
        "the output is no JSON: Expecting value at line 1, column 1 (it begins with 'ready')" in result.outcome.message
    )
