"""check and verify change nothing, and never guess what a step that was not run would have told."""

from __future__ import annotations

from pathlib import Path

import pytest

from runbook.engine.mode import Mode
from runbook.reports.results import counted
from runbook.runs.record import Run
from tests.engine.support import ends, message, play, steps


def check(text: str, **given: object) -> Run:
    return play(text, mode=Mode.CHECK, **given)


def verify(text: str, **given: object) -> Run:
    return play(text, mode=Mode.VERIFY, **given)


def test_a_check_runs_what_looks_and_shows_what_would_run(tmp_path: Path) -> None:
    run = check(
        steps(f"""
- shell: touch {tmp_path}/made
- {{shell: echo 42, changes: false, register: read}}
- note: it says {{{{ read.stdout }}}}
- file: {tmp_path}
""")
    )

    assert ends(run) == {"1.1": "unknown", "1.2": "passed", "1.3": "passed", "1.4": "passed"}
    assert message(run, "1.1") == f"would run: touch {tmp_path}/made"
    assert message(run, "1.3") == "it says 42"
    assert (run.verdict, run.mode) == ("unknown", "check")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    "step",
    [
        "- {note: x, when: made.rc == 0}",
        "- {note: x, when: made is changed}",
        "- {note: x, when: made is failed}",
        "- {note: x, when: made.stdout | default('a') == 'a'}",
        "- {note: '{{ made.stdout }}'}",
        "- {note: 'all of it: {{ made }}'}",
        "- {assert: \"'x' in made.stdout_lines\"}",
        "- {note: '{{ item }}', loop: made.stdout_lines}",
        "- {shell: 'true', changes: false, expect: made.rc == rc}",
        "- {choose: {by: made.stdout, options: {a: {steps: [{note: x}]}}}}",
        "- {steps: [{note: x}], when: made.stdout == 'a'}",
    ],
)
def test_what_depends_on_what_was_not_run_is_unknown(step: str) -> None:
    """In Ansible's check mode the registered value is missing or empty, and the wrong branch is taken."""
    run = check(steps(f"- {{shell: echo a, register: made}}\n{step}\n- note: it goes on"))

    assert ends(run)["1.2"] == "unknown"
    assert "step 1.1" in message(run, "1.2")
    assert ends(run)["1.3"] == "passed"


@pytest.mark.parametrize("mode", [Mode.CHECK, Mode.VERIFY])
def test_what_cannot_be_rendered_says_what_it_depends_on(mode: Mode) -> None:
    run = play(steps("- {shell: echo a, register: made}\n- {note: '{{ made.stdout }}'}"), mode=mode)

    assert message(run, "1.2") == "not known: it depends on step 1.1, which was not run"


def test_a_block_and_a_choice_that_cannot_be_known_show_what_each_way_would_do(tmp_path: Path) -> None:
    run = check(
        steps(f"""
- {{shell: echo a, register: made}}
- when: made.stdout == 'a'
  steps:
    - {{shell: touch {tmp_path}/x, when: made.rc == 0}}
    - {{file: {tmp_path}/never, register: there}}
    - {{note: left out, when: false}}
- {{note: x, when: there.exists}}
- choose: {{by: made.stdout, options: {{a: {{steps: [{{shell: touch {tmp_path}/a}}]}}, b: {{steps: [{{note: x}}]}}}}}}
- {{shell: "touch {tmp_path}/{{{{ item }}}}", loop: [1, 2], when: made.rc == item}}
""")
    )

    assert ends(run) == {
        "1.1": "unknown",
        "1.2": "unknown",
        "1.2.1": "unknown",
        "1.2.2": "unknown",
        "1.2.3": "skipped",
        "1.3": "unknown",
        "1.4": "unknown",
        "1.4.a.1": "unknown",
        "1.4.b.1": "unknown",
        "1.5": "unknown",
    }
    after = "(known after step 1.1 has run)"
    both = f"if made.stdout == 'a' and made.rc == 0 {after}: would run: touch {tmp_path}/x; else skipped"
    assert message(run, "1.2.1") == both
    assert message(run, "1.4.a.1") == f"if made.stdout == 'a' {after}: would run: touch {tmp_path}/a; else skipped"
    assert message(run, "1.4").startswith("one of a, b;")
    (loop,) = [result for result in run.steps() if result.number == "1.5"]
    assert [outcome.message for _, outcome in loop.items] == [
        f"if made.rc == item {after}: would run: touch {tmp_path}/{item}; else skipped" for item in (1, 2)
    ]
    assert list(tmp_path.iterdir()) == []


def test_the_summary_counts_the_three_values(tmp_path: Path) -> None:
    run = check(steps(f"- copy: {{dest: {tmp_path}/x, content: x}}\n- {{file: {tmp_path}}}\n- shell: echo x"))

    assert [said for _, said in counted(run)] == ["1 would change", "1 would not", "1 unknown"]
    assert [said for _, said in counted(verify(steps("- note: x")))] == ["1 passed"]


def test_what_is_set_from_the_unknown_is_unknown() -> None:
    run = check(
        steps("""
- {shell: echo a, register: made}
- set: {word: '{{ made.stdout }}', other: 1}
- {note: x, when: word == 'a'}
- note: "{{ word }}"
""")
    )

    assert set(ends(run).values()) == {"unknown"}


def test_what_does_not_depend_on_it_is_known() -> None:
    run = check(steps("- {shell: echo a, register: made}\n- {note: x, when: 1 == 1 or made.rc == 0}"))

    assert ends(run)["1.2"] == "passed"


def test_previews_show_what_would_change_and_write_nothing(tmp_path: Path) -> None:
    conf, new, same = tmp_path / "conf", tmp_path / "new", tmp_path / "same"
    conf.write_text("debug = on\n")
    same.write_text("as it is\n")
    run = check(
        steps(f"""
- edit: {{path: {conf}, replace: 'on', with: 'off'}}
  register: edited
- {{note: x, when: edited is changed}}
- {{note: x, when: edited.backup == ''}}
- copy: {{dest: {new}, content: hello}}
- copy: {{dest: {same}, content: "as it is\\n"}}
  register: copied
- {{note: x, when: copied is not changed}}
- edit: {{path: {same}, replace: it, with: it}}
""")
    )

    assert ends(run) == {
        "1.1": "changed",
        "1.2": "passed",
        "1.3": "unknown",
        "1.4": "changed",
        "1.5": "passed",
        "1.6": "passed",
        "1.7": "passed",
    }
    (edited,) = [result for result in run.results() if result.number == "1.1"]
    assert "-debug = on\n+debug = off" in edited.outcome.diff
    assert message(run, "1.1") == f"{conf} would be edited"
    assert conf.read_text() == "debug = on\n"
    assert not new.exists()


def test_a_failure_behind_a_change_is_unknown_and_before_it_a_failure(tmp_path: Path) -> None:
    run = check(
        steps(f"""
- {{file: {tmp_path}/other, ignore_errors: true}}
- shell: touch {tmp_path}/made
- file: {tmp_path}/made
- file: {tmp_path}
""")
    )

    assert ends(run) == {"1.1": "warned", "1.2": "unknown", "1.3": "unknown", "1.4": "passed"}
    assert message(run, "1.3").endswith("step 1.2 before it would change the host")


@pytest.mark.parametrize("mode", [Mode.CHECK, Mode.VERIFY])
def test_nothing_is_repaired(tmp_path: Path, mode: Mode) -> None:
    run = play(
        steps(f"""
- steps: [{{file: {tmp_path}/made}}]
  rescue: [{{shell: touch {tmp_path}/rescued}}]
  ignore_errors: true
- file: {tmp_path}/made
  diagnose: [{{shell: ls {tmp_path}, changes: false, expect: stdout != '', cause: It was never made}}]
  remediate: [{{name: make it, steps: [{{shell: touch {tmp_path}/made}}]}}]
"""),
        mode=mode,
    )

    assert ends(run)["1.2"] == "failed"
    assert [cause.text for cause in run.causes] == ["It was never made"]
    assert run.verdict == "failed"
    assert list(tmp_path.iterdir()) == []


def test_a_verification_leaves_out_what_changes(tmp_path: Path) -> None:
    run = verify(
        steps(f"""
- {{shell: touch {tmp_path}/made, register: made}}
- {{note: x, when: made.rc == 0}}
- file: {tmp_path}
- confirm: Is it well?
- copy: {{dest: {tmp_path}/made, content: x}}
""")
    )

    assert ends(run) == {"1.1": "skipped", "1.2": "unknown", "1.3": "passed", "1.4": "skipped", "1.5": "skipped"}
    assert list(tmp_path.iterdir()) == []


def test_a_loop_over_what_would_run_is_unknown() -> None:
    run = check(steps("- {shell: 'echo {{ item }}', loop: [1, 2], register: made}\n- {note: x, when: made.changed}"))

    assert ends(run) == {"1.1": "unknown", "1.2": "unknown"}
