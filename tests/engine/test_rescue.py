"""A rescue takes back what a block did: the block is `rescued`, and its host counts as a failed one."""

from __future__ import annotations

from pathlib import Path

import pytest

from runbook.cli.exit_codes import exit_code
from runbook.engine.mode import Mode
from runbook.playbook.load import playbook_from_text
from runbook.runs.record import Run
from runbook.source.document import Problems
from tests.engine.support import ends, play, steps

HOSTS = "one two three"
ROLLED_BACK = "{steps: [{shell: exit 1}], rescue: [{note: taken back}]}"


def fleet(stage: str, hosts: str = HOSTS, block: str = ROLLED_BACK) -> Run:
    text = f"""
name: T
hosts: all
stages:
  - name: Roll out
    {stage}
    steps: [{block}]
  - {{name: After it, steps: [{{note: goes on}}]}}
"""
    return play(text, hosts)


def touched(run: Run, number: str) -> list[str]:
    return sorted(result.host for result in run.results() if result.number == number)


@pytest.mark.parametrize("stage", ["serial: 1", "serial: [1, 5]", "any_errors_fatal: true", "max_fail_percentage: 10"])
def test_a_rescued_host_is_a_failed_one_to_a_roll_out(stage: str) -> None:
    run = fleet(stage)

    assert touched(run, "1.1") == (["one"] if "serial" in stage else sorted(HOSTS.split()))
    assert touched(run, "2.1") == []
    assert (run.verdict, exit_code(run)) == ("rescued", 1)
    assert "stopped" in run.reason


def test_a_rescued_host_takes_part_in_no_later_stage() -> None:
    block = "{steps: [{assert: n != 'two'}], rescue: [{note: taken back}]}"

    run = fleet("order: inventory", block=block)

    assert touched(run, "2.1") == ["one", "three"]
    assert run.unfinished == ("two",)


def test_what_was_rescued_may_be_accepted() -> None:
    run = fleet("serial: 1", block=ROLLED_BACK.replace("{steps", "{rescued: accept, steps"))

    assert touched(run, "2.1") == sorted(HOSTS.split())
    assert (run.verdict, exit_code(run)) == ("passed", 0)
    assert {result.status for result in run.results() if result.number == "1.1"} == {"warned"}


@pytest.mark.parametrize("soft", ["severity: warn", "ignore_errors: true"])
def test_a_warning_stays_one_when_it_was_rescued(soft: str) -> None:
    run = play(steps(f"- {{name: B, {soft}, {ROLLED_BACK[1:]}"))

    assert (ends(run)["1.1"], run.verdict) == ("warned", "passed")


def test_a_block_that_is_asked_again_after_its_rescue_is_remediated(tmp_path: Path) -> None:
    run = play(
        steps(f"""
- recheck: true
  steps: [{{file: {tmp_path}/there}}]
  rescue: [{{shell: 'touch {tmp_path}/there'}}]
  always: [{{shell: 'echo >> {tmp_path}/always'}}]
""")
    )

    assert (ends(run)["1.1"], run.verdict) == ("remediated", "remediated")
    assert (tmp_path / "always").read_text() == "\n"
    assert [step.status for step in run.steps() if step.number == "1.1.1"] == ["passed"]


def test_a_block_that_fails_again_is_rescued_again(tmp_path: Path) -> None:
    run = play(
        steps(f"""
- recheck: true
  steps: [{{shell: 'touch {tmp_path}/half; exit 1'}}]
  rescue: [{{shell: 'rm {tmp_path}/half; echo >> {tmp_path}/n'}}]
""")
    )

    assert (ends(run)["1.1"], run.verdict) == ("rescued", "rescued")
    assert not (tmp_path / "half").exists()
    assert (tmp_path / "n").read_text() == "\n\n"


@pytest.mark.parametrize(
    "around",
    [
        "{steps: [BLOCK]}",
        "{choose: {by: n, options: {one: {steps: [BLOCK]}}}}",
        "{steps: [{note: x}], always: [BLOCK]}",
        "{steps: [{steps: [{shell: exit 1}], rescue: [BLOCK]}]}",
    ],
)
def test_what_stands_around_a_rescued_block_is_rescued(around: str) -> None:
    run = play(steps(f"- {around.replace('BLOCK', ROLLED_BACK)}"))

    assert (ends(run)["1.1"], run.verdict) == ("rescued", "rescued")


def test_a_stage_may_be_rescued_and_asked_again(tmp_path: Path) -> None:
    stage = f"recheck: true\n    rescue: [{{shell: 'touch {tmp_path}/there'}}]"

    run = fleet(stage, "one", block=f"{{file: {tmp_path}/there}}")

    assert run.verdict == "remediated"
    assert touched(run, "2.1") == ["one"]


def test_a_failed_rescue_is_a_failure_and_none_runs_in_a_check() -> None:
    text = steps("- steps: [{assert: 'false'}]\n  rescue: [{shell: exit 1}]\n  rescued: accept")

    assert (play(text).verdict, play(text, mode=Mode.CHECK).verdict) == ("failed", "failed")


def test_a_branch_whose_block_was_rescued_has_repaired_nothing() -> None:
    run = play(steps(f"- shell: exit 1\n  remediate: [{{name: fix, recheck: false, steps: [{ROLLED_BACK}]}}]"))

    assert (ends(run)["1.1"], run.verdict) == ("failed", "failed")


@pytest.mark.parametrize("key", ["recheck: true", "rescued: accept"])
def test_what_is_said_of_a_rescue_needs_one(key: str) -> None:
    with pytest.raises(Problems, match="and there is none here"):
        playbook_from_text(steps(f"- steps: [{{note: x}}]\n  {key}"))
