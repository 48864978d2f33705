"""The step `reboot`, by what hosts answer; a real one is restarted in `tests/integration/test_reboot.py`."""

from __future__ import annotations

from typing import Any

import pytest

import runbook.steps.processes.reboot as kind
from runbook.runs.events import Outcome, Status
from runbook.steps.base import StepError
from runbook.testing import ScriptedHost, examples, options, problems, run_step, step_context
from runbook.transports.base import Unreachable

AWAY = Unreachable("web1: no answer")


def restarted(*ids: Any, test: Any = "", **args: Any) -> Outcome:
    """The outcome on a host that gives these boot ids in turn."""
    host = ScriptedHost({"nohup": "", "boot_id": list(ids), "test -e /ready": test})
    return run_step(kind, {"test": "test -e /ready", **args}, context=step_context(host, note=lambda _text: None))


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """No pause between two looks."""
    monkeypatch.setattr(kind, "EVERY", 0.0)


def test_a_host_with_another_boot_id_has_restarted() -> None:
    outcome = restarted("a", "a", AWAY, AWAY, "b")
    assert outcome.status is Status.CHANGED, outcome.message
    assert {name: outcome.data[name] for name in ("boot_id", "previous_boot_id", "away")} == {
        "boot_id": "b",
        "previous_boot_id": "a",
        "away": 2,
    }


def test_the_same_boot_id_is_no_restart() -> None:
    outcome = restarted("a", timeout=0.2)
    assert outcome.status is Status.FAILED
    assert outcome.message == "not up again within 0.20 s: it has not gone down yet: its boot id is the same"


def test_a_host_that_stays_away_is_unreachable() -> None:
    outcome = restarted("a", AWAY, timeout=0.2)
    assert (outcome.status, outcome.message) == (Status.UNREACHABLE, "not up again within 0.20 s: web1: no answer")


def test_it_must_pass_the_test_when_it_is_up_again() -> None:
    assert restarted("a", "b", test=[(1, "starting"), ""]).status is Status.CHANGED
    outcome = restarted("a", "b", test=(1, "degraded"), timeout=0.2)
    assert (outcome.status, "`test -e /ready`: degraded" in outcome.message) == (Status.FAILED, True)


def test_a_refusal_is_told_and_nothing_is_waited_for() -> None:
    host = ScriptedHost({"nohup": (1, "only root restarts a host: write `become: true`"), "boot_id": "a"})
    outcome = run_step(kind, {}, host)
    assert outcome.status is Status.FAILED
    assert outcome.message == "it was not restarted: only root restarts a host: write `become: true`"
    assert (
        kind.preview(options(kind, {}), step_context(ScriptedHost({"boot_id": "a", "id -u": (1, "no")}))).message
        == "no"
    )


def test_the_machine_of_the_run_is_not_restarted() -> None:
    outcome = run_step(kind, {})
    assert (outcome.status, "it would end with it" in outcome.message) == (Status.FAILED, True)
    with pytest.raises(StepError, match="it would end with it"):
        kind.preview(options(kind, {}), step_context())


def test_a_host_without_a_boot_id_is_left_alone() -> None:
    host = ScriptedHost({"boot_id": (1, "No such file or directory")})
    outcome = run_step(kind, {}, host)
    assert "no boot id to prove a restart by" in outcome.message
    assert len(host.scripts) == 1


def test_options_plan_and_example() -> None:
    (step,) = examples(kind)
    assert problems(kind, step["reboot"]) == []
    assert kind.changes({})
    shown = kind.plan(options(kind, step["reboot"]))
    assert shown == "restart the host and wait up to 10m, until `systemctl is-system-running --wait` succeeds"
