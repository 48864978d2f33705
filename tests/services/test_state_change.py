"""Bringing a service to a state: what is done, what is looked at, and when it is not believed."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from runbook.services.base import Service, ServiceState
from runbook.services.state_change import ManagedService, Result, WantedState, change_state, moment
from runbook.testing import ScriptedManager
from tests.services.support import local_shell

DOWN = ServiceState(False, detail="down", now=1000.0)
UP = ServiceState(True, 1, 900.0, "1@a", "up", now=1000.0)
NEW = ServiceState(True, 2, 999.9, "2@b", "up", now=1000.0)
NEWER = ServiceState(True, 3, 999.9, "3@c", "up", now=1000.0)
COMING = ServiceState(False, detail="coming", phase="starting", now=1000.0)
AGAIN = ServiceState(False, detail="backing off", phase="retrying", now=1000.0)
DONE = ServiceState(False, detail="done", phase="finished", now=1000.0)
MUTE = ServiceState(True, detail="up", now=1000.0)


def brought(manager: ScriptedManager, state: str, **wanted: Any) -> Result:
    """With pauses that cost nothing: what counts is the order of the looks."""
    times = {"settle": 0.001, "wait": 0.0, **wanted}
    return change_state(
        WantedState(state, **times), ManagedService(manager, Service("it"), local_shell(), lambda _seconds: None)
    )


@pytest.mark.parametrize(
    ("state", "states", "told", "changed", "problem"),
    [
        ("started", [DOWN, NEW], ["start"], True, ""),
        ("started", [UP], [], False, ""),
        ("started", [DONE], [], False, ""),
        ("started", [DOWN, DONE], ["start"], True, ""),
        ("started", [DOWN, DOWN], ["start"], True, "it is not running: down"),
        ("started", [DOWN, AGAIN, NEW], ["start"], True, "it is not running: backing off"),
        ("started", [AGAIN, NEW], ["start"], True, ""),
        ("running", [UP], [], False, ""),
        ("running", [DOWN], [], False, "it is not running: down"),
        ("running", [DONE], [], False, "it is not running: done"),
        ("stopped", [UP, DOWN], ["stop"], True, ""),
        ("stopped", [DOWN], [], False, ""),
        ("stopped", [AGAIN, DOWN], ["stop"], True, ""),
        ("stopped", [DONE, DOWN], ["stop"], True, ""),
        ("restarted", [UP, NEW], ["restart"], True, ""),
        ("restarted", [DOWN, NEW], ["restart"], True, ""),
        ("restarted", [UP, DONE], ["restart"], True, "it is not running: done"),
        ("restarted", [MUTE, MUTE], ["restart"], True, "does not say which process runs"),
        ("reloaded", [UP, UP], ["reload"], True, ""),
        ("reloaded", [UP, NEW], ["reload"], True, ""),
        ("reloaded", [DOWN], [], False, "there is nothing to reload: it is not running: down"),
    ],
)
def test_what_is_done_and_believed(
    state: str, states: list[ServiceState], told: list[str], changed: bool, problem: str
) -> None:
    manager = ScriptedManager(list(states))
    result = brought(manager, state)
    assert (manager.told, result.changed) == (told, changed)
    assert problem in result.problem
    assert bool(problem) is bool(result.problem), result.problem


def test_the_same_process_is_no_restart() -> None:
    result = brought(ScriptedManager([UP]), "restarted")
    assert "it was not restarted: the same process still runs (pid 1, started 1970-01-01 00:15:00.0Z)" in result.problem
    several = ServiceState(True, 1, 900.0, "1@a 5@e", "up", now=1000.0)
    one_new = ServiceState(True, 2, 900.0, "2@b 5@e", "up", now=1000.0)
    assert "not restarted" in brought(ScriptedManager([several, one_new]), "restarted").problem


def test_a_slow_start_is_waited_for() -> None:
    assert brought(ScriptedManager([DOWN, COMING, COMING, NEW]), "started", wait=60).problem == ""
    assert brought(ScriptedManager([DOWN, COMING]), "started").problem == "it is not running: coming"


def test_a_slow_stop_is_waited_for_and_told_again() -> None:
    manager = ScriptedManager([UP, UP, COMING, AGAIN, DOWN])
    assert brought(manager, "stopped", wait=60).problem == ""
    assert manager.told == ["stop", "stop", "stop"], "again where it runs or comes back, not where it is on its way"
    assert "after 0 s it is not down: up" in brought(ScriptedManager([UP]), "stopped").problem


def test_a_restart_in_two_halves() -> None:
    manager = ScriptedManager([UP, NEW])
    assert brought(manager, "restarted", stop_wait=5.0).problem == ""
    assert manager.told == ["stop", "start"]


@pytest.mark.parametrize(
    ("later", "problem"),
    [(DOWN, "did not stay up for 60 s: down"), (NEWER, "ended and was started again within 60 s: a crash loop (up)")],
)
@pytest.mark.parametrize("state", ["restarted", "started", "running"])
def test_it_must_stay_up(state: str, later: ServiceState, problem: str) -> None:
    """Also when it is only looked at, as long as it is younger than `settle`."""
    before = {"restarted": [UP], "started": [DOWN], "running": []}[state]
    assert problem in brought(ScriptedManager([*before, NEW, later]), state, settle=60.0).problem


def test_one_that_is_old_enough_is_not_watched() -> None:
    assert brought(ScriptedManager([UP, DOWN]), "running", settle=60.0).problem == ""


@pytest.mark.parametrize(("state", "action"), [("restarted", "restart"), ("stopped", "stop"), ("started", "start")])
def test_a_refusal_is_the_problem(state: str, action: str) -> None:
    first = DOWN if state == "started" else UP
    result = brought(ScriptedManager([first], fails=action), state)
    assert (result.problem, result.after) == (f"{action} is refused", first)


def test_files_must_be_older(tmp_path: Path) -> None:
    file, other = tmp_path / "main.py", tmp_path / "other.py"
    file.write_text("x")
    other.write_text("x")
    written = file.stat().st_mtime
    for started, right in ((written + 1, True), (written - 1, False)):
        up = ServiceState(True, 1, started, "1@a", "up", now=started + 100)
        result = brought(ScriptedManager([up]), "running", newer_than=(str(file), str(other)))
        assert (result.problem == "") is right
        assert right or "(and 1 more) was written" in result.problem
    blind = brought(ScriptedManager([MUTE]), "running", newer_than=(str(file),))
    assert "cannot be compared" in blind.problem


def test_moments_are_in_utc() -> None:
    assert moment(1_763_945_520.26) == "2025-11-24 00:52:00.2Z"
    assert moment(None) == "at an unknown time"
