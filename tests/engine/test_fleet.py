"""Several hosts: batches, run_once, delegation, limits on failure."""

from __future__ import annotations

from pathlib import Path

from tests.engine.support import ends, play, steps


def test_run_once_runs_on_the_first_host_and_its_outcome_is_everyones(tmp_path: Path) -> None:
    run = play(
        steps(f"""
- shell: echo {{{{ inventory_hostname }}}} | tee -a {tmp_path}/n
  run_once: true
  register: once
- assert: once.stdout in ['a', 'b', 'c']
"""),
        "a b c",
    )

    assert run.verdict == "passed"
    assert len((tmp_path / "n").read_text().splitlines()) == 1


def test_a_failure_of_run_once_is_everyones() -> None:
    run = play(steps("- shell: exit 1\n  run_once: true\n- note: never"), "a b")

    assert ends(run) == {"a 1.1": "failed", "b 1.1": "failed"}


def test_delegated_steps_see_the_variables_of_the_first_host() -> None:
    run = play(steps("- shell: test {{ n }} = {{ inventory_hostname }}\n  delegate_to: localhost"), "a down")

    assert run.verdict == "passed"


def test_delegating_to_a_stranger_is_an_error() -> None:
    run = play(steps("- shell: 'true'\n  delegate_to: nowhere"), "a")

    assert "the inventory has no host 'nowhere'" in next(run.steps()).outcome.message


def _serial(extra: str) -> str:
    return f"""
name: Batches
stages:
  - name: One
    serial: 2
    {extra}
    steps:
      - shell: test {{{{ n }}}} != bad1 -a {{{{ n }}}} != bad2
"""


def test_a_batch_that_fails_whole_stops_the_run() -> None:
    run = play(_serial("order: inventory"), "bad1 bad2 c d")

    assert set(ends(run)) == {"bad1 1.1", "bad2 1.1"}
    assert run.verdict == "failed"


def test_half_a_batch_may_fail() -> None:
    assert len(ends(play(_serial("order: inventory"), "bad1 b c d"))) == 4


def test_max_fail_percentage_stops_the_run() -> None:
    run = play(_serial("max_fail_percentage: 40"), "bad1 b c d")

    assert len(ends(run)) == 2
    assert "more than 40 %" in run.reason


def test_any_errors_fatal_stops_the_run() -> None:
    assert len(ends(play(_serial("any_errors_fatal: true"), "bad1 b c d"))) == 2


def test_a_stage_is_a_barrier(tmp_path: Path) -> None:
    text = f"""
name: Barrier
stages:
  - name: One
    steps: [{{shell: 'case {{{{ n }}}} in a) sleep 0.3 ;; esac; echo 1 >> {tmp_path}/n'}}]
  - name: Two
    steps: [{{shell: echo 2 >> {tmp_path}/n}}]
"""

    assert play(text, "a b c").verdict == "passed"
    assert (tmp_path / "n").read_text().split() == ["1"] * 3 + ["2"] * 3
