"""The steps `mark` and `log` on what a real systemd, a real compose and a real PM2 keep."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

import runbook.steps.logs.log as log_kind
import runbook.steps.logs.mark as mark_kind
from runbook.runs.events import Outcome, Status
from runbook.steps.base import Context
from runbook.testing import run_step, step_context
from runbook.testing.processes import wait_until
from tests.integration.rigs import entered
from tests.lab.compose import Compose
from tests.lab.pm2 import Pm2
from tests.lab.systemd import SystemdHost
from tests.lab.tools import SYSTEM_PATH

UNIT = "runbook-talker.service"


def lines(context: Context, **args: Any) -> list[str]:
    outcome = run_step(log_kind, args, context=context)
    assert outcome.status is Status.PASSED, outcome.message
    found: list[str] = outcome.data["lines"]
    return found


def mark(context: Context, **log: Any) -> Outcome:
    outcome = run_step(mark_kind, {"log": log}, context=context)
    assert outcome.status is Status.PASSED, outcome.message
    return outcome


# --- systemd ---------------------------------------------------------------------------------------------------


@pytest.fixture
def unit(systemd_host: SystemdHost) -> Iterator[Context]:
    systemd_host.write_unit(UNIT, "[Service]\nType=oneshot\nExecStart=/bin/echo it said ERROR\n")
    yield step_context(entered(systemd_host.pid), environment={"PATH": SYSTEM_PATH})
    systemd_host.remove_unit(UNIT)


def test_the_journal_of_a_unit_since_a_mark(systemd_host: SystemdHost, unit: Context) -> None:
    first = mark(unit, unit=UNIT).data
    assert lines(unit, unit=UNIT, since=first, pattern="ERROR") == []
    systemd_host.run("systemctl", "start", UNIT)
    wait_until(lambda: lines(unit, unit=UNIT, since=first, pattern="ERROR"), "the line is in the journal")
    assert len(lines(unit, unit=UNIT, since=first, pattern="ERROR")) == 1
    assert len(lines(unit, unit=UNIT, since="start", pattern="ERROR")) == 1
    assert len(lines(unit, unit=UNIT, pattern="ERROR")) >= 1
    assert len(lines(unit, unit=UNIT, lines=1)) == 1
    second = mark(unit, unit=UNIT).data
    assert lines(unit, unit=UNIT, since=second) == [], "in the same second, but before the mark"


def test_a_unit_that_is_not_there_is_not_silent(unit: Context) -> None:
    for since in ({}, {"since": "10m"}):
        outcome = run_step(log_kind, {"unit": "no-such.service", **since}, context=unit)
        assert (outcome.status, "there is no unit no-such.service" in outcome.message) == (Status.FAILED, True)


# --- compose ---------------------------------------------------------------------------------------------------


@pytest.fixture
def project(compose: Compose, tmp_path: Path) -> Iterator[tuple[Context, Path]]:
    """A service that says the lines of `say.txt`, as they are added."""
    (tmp_path / "say.txt").touch()
    compose.write(tmp_path, talker=["tail", "-f", str(tmp_path / "say.txt")])
    done = compose.run("docker", "compose", "up", "-d", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    yield step_context(environment=compose.env), tmp_path
    compose.run("docker", "compose", "down", cwd=tmp_path)


def say(folder: Path, text: str) -> None:
    with (folder / "say.txt").open("a") as file:
        file.write(f"{text}\n")


def test_the_log_of_a_compose_service_since_a_mark(project: tuple[Context, Path]) -> None:
    context, folder = project
    log = {"compose": "talker", "project_dir": str(folder)}
    say(folder, "the first ERROR")
    wait_until(lambda: lines(context, **log, pattern="ERROR"), "the line is in the log")
    said = int(time.time())
    wait_until(lambda: time.time() >= said + 1, "the next second: Podman tells whole ones")
    at = mark(context, **log).data
    assert lines(context, **log, since=at) == []
    say(folder, "a second | ERROR")
    wait_until(lambda: lines(context, **log, since=at), "the line is in the log")
    assert lines(context, **log, since=at) == ["a second | ERROR"]
    assert lines(context, **log) == ["the first ERROR", "a second | ERROR"]
    assert lines(context, **log, lines=1) == ["a second | ERROR"]
    assert lines(context, **log, since="start") == ["the first ERROR", "a second | ERROR"]


def test_a_compose_service_that_is_not_there_is_not_silent(project: tuple[Context, Path]) -> None:
    context, folder = project
    for since in ({}, {"since": "10m"}):
        outcome = run_step(log_kind, {"compose": "nope", "project_dir": str(folder), **since}, context=context)
        assert (outcome.status, "nope" in outcome.message) == (Status.FAILED, True)
    assert (
        run_step(log_kind, {"compose": "talker", "project_dir": str(folder / "no")}, context=context).status
        is Status.FAILED
    )


# --- PM2 -------------------------------------------------------------------------------------------------------


@pytest.fixture
def app(pm2: Pm2, tmp_path: Path) -> Iterator[Context]:
    """An application that says one line on each of its outputs whenever it is started."""
    program = tmp_path / "talker.js"
    program.write_text("console.log('all is well'); console.error('an ERROR'); setInterval(() => 0, 1000);\n")
    assert pm2.run("start", str(program), "--name", "talker").returncode == 0
    yield step_context(environment=pm2.env)
    pm2.delete("talker")


def test_the_log_of_a_pm2_application_since_a_mark(pm2: Pm2, app: Context) -> None:
    wait_until(lambda: len(lines(app, pm2="talker")) >= 2, "it said its lines")
    at = mark(app, pm2="talker").data
    assert lines(app, pm2="talker", since=at) == []
    assert pm2.run("restart", "talker").returncode == 0
    wait_until(lambda: len(lines(app, pm2="talker", since=at)) >= 2, "it said its lines again")
    assert lines(app, pm2="talker", since=at) == ["all is well", "an ERROR"]
    assert lines(app, pm2="talker", since=at, pattern="ERROR") == ["an ERROR"]


def test_a_pm2_log_without_time_stamps_wants_a_mark(app: Context) -> None:
    wait_until(lambda: len(lines(app, pm2="talker")) >= 2, "it said its lines")
    assert "use a `mark`" in run_step(log_kind, {"pm2": "talker", "since": "10m"}, context=app).message


def test_a_pm2_application_that_is_not_there_is_not_silent(app: Context) -> None:
    assert (
        "PM2 has no application 'nope'; there are: talker" in run_step(log_kind, {"pm2": "nope"}, context=app).message
    )


def test_without_pm2s_daemon_there_is_no_log(pm2: Pm2, tmp_path: Path) -> None:
    context = step_context(environment={**pm2.env, "PM2_HOME": str(tmp_path)})
    assert run_step(log_kind, {"pm2": "talker"}, context=context).message == "no PM2 daemon is running"
