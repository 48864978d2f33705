"""Several hosts: batches, run_once, delegation, limits on failure."""

from __future__ import annotations

import threading
from pathlib import Path

import pytest

from runbook.engine.fleet.throttle import Throttle
from runbook.engine.session import MOST_WAITING, Session, Tools
from runbook.runs.events import StepProgress
from runbook.transports.base import Stopped
from tests.engine.support import connect, ends, planned, play, steps


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
hosts: all
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
hosts: all
stages:
  - name: One
    steps: [{{shell: 'case {{{{ n }}}} in a) sleep 0.3 ;; esac; echo 1 >> {tmp_path}/n'}}]
  - name: Two
    steps: [{{shell: echo 2 >> {tmp_path}/n}}]
"""

    assert play(text, "a b c").verdict == "passed"
    assert (tmp_path / "n").read_text().split() == ["1"] * 3 + ["2"] * 3


def test_throttle_lets_so_many_hosts_in_at_a_time(tmp_path: Path) -> None:
    """Each host leaves a mark while it is in the block, and counts the marks that are there."""
    enter = f"touch {tmp_path}/in-$H; ls {tmp_path} | grep -c in- >> {tmp_path}/counted; sleep 0.2"
    text = steps(
        f"- throttle: 2\n  steps:\n    - shell: '{enter}'\n      environment: {{H: '{{{{ inventory_hostname }}}}'}}\n"
        f"    - shell: 'rm {tmp_path}/in-$H'\n      environment: {{H: '{{{{ inventory_hostname }}}}'}}\n"
    )
    run = play(text, "a b c d e")

    assert run.verdict == "passed"
    counted = [int(line) for line in (tmp_path / "counted").read_text().split()]
    assert len(counted) == 5
    assert max(counted) == 2


def test_whoever_waits_for_a_turn_is_told_and_can_be_stopped() -> None:
    stop, told = threading.Event(), []
    throttle = Throttle(stop)
    with throttle.of("1.1", 1, lambda: told.append("first")):
        stop.set()
        with pytest.raises(Stopped), throttle.of("1.1", 1, lambda: told.append("second")):
            pytest.fail("two at a time")
    assert told == ["second"]


def test_who_prints_faster_than_it_is_shown_waits() -> None:
    session = Session(planned(steps("- note: x")), Tools(connect))
    event = StepProgress(0.0, "one", "1.1", "stdout", "x")
    for _ in range(MOST_WAITING):
        session.emit(event)
    printing = threading.Thread(target=session.emit, args=(event,), daemon=True)
    printing.start()

    printing.join(0.05)
    assert printing.is_alive()
    session.queue.get()
    printing.join(10)
    assert not printing.is_alive()
    assert session.queue.qsize() == MOST_WAITING
