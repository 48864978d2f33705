"""The `service` step: its options, its plan, its outcome. What managers do: tests/services, tests/integration."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

import runbook.steps.processes.service as kind
from runbook.cli.writing.reference import page
from runbook.runs.events import Outcome, Status
from runbook.services import MANAGERS
from runbook.testing import examples, options, problems, run_step, step_context
from runbook.transports.base import Stopped


@pytest.fixture
def server(tmp_path: Path) -> Iterator[dict[str, Any]]:
    """Options of a plain command, which is ended afterwards."""
    made = {"name": "it", "pid_file": f"{tmp_path}/it.pid", "command": "echo up; exec sleep 600", "settle": 0.2}
    yield made
    run_step(kind, {**made, "state": "stopped"})


@pytest.mark.parametrize("step", examples(kind), ids=lambda step: str(step["name"]))
def test_the_examples_are_right(step: dict[str, Any]) -> None:
    assert options(kind, step["service"])["manager"] in MANAGERS


def test_every_option_is_described_and_says_whose_it_is() -> None:
    properties = kind.SCHEMA["properties"]
    assert all(schema.get("description") for schema in properties.values())
    for name, manager in MANAGERS.items():
        for option in manager.OPTIONS:
            assert name in properties[option]["description"].partition(":")[0].split(", ")
            assert f"| `{option}` |" in page("service"), f"{option} is missing in the reference"
            assert "default" not in properties[option], "a default would reach the other managers"


@pytest.mark.parametrize(
    ("args", "said"),
    [
        ({"name": "x"}, ["missing key 'state'"]),
        ({"state": "started"}, ["missing key 'name'"]),
        ({"name": "x", "state": "up"}, ["must be one of restarted, started, stopped, reloaded, running, not 'up'"]),
        ({"name": "x", "state": "started", "manager": "process"}, ["missing key 'pid_file'"]),
        ({"name": "x", "state": "started", "settle": -1}, ["must be at least 0"]),
        ({"name": "x", "state": "running", "manager": "systemd", "scope": "user"}, []),
        ({"name": "x", "state": "running", "manager": "auto", "project_dir": "/srv"}, []),
        ({"name": "x", "state": "running", "files": []}, ["needs at least 1 item(s)"]),
    ],
)
def test_options_are_held_against_the_schema(args: dict[str, Any], said: list[str]) -> None:
    assert problems(kind, args) == said


def test_an_option_of_another_manager_is_wrong_at_its_place() -> None:
    args = {"name": "x", "state": "started", "manager": "systemd", "pid_file": "/run/x.pid", "scope": "user"}
    assert problems(kind, args) == ["pid_file is an option of manager process, not of systemd"]


def test_an_option_of_another_manager_is_refused_after_rendering() -> None:
    args = {"name": "x", "state": "started", "manager": "pm2", "config": "/etc/x"}
    outcome = kind_outcome(args)
    assert outcome.message == "x: config is an option of manager supervisor, not of pm2"


def test_options_that_no_manager_has_together_are_refused() -> None:
    outcome = kind_outcome({"name": "x", "state": "started", "config": "/etc/x", "scope": "user"})
    assert "no manager has all these options" in outcome.message


def kind_outcome(args: dict[str, Any]) -> Outcome:
    """What the kind says to options that the schema would not have let through."""
    from runbook.runs.events import failed
    from runbook.steps.base import StepError

    try:
        return kind.run(args, step_context())
    except StepError as error:
        return failed(str(error))


@pytest.mark.parametrize(
    ("args", "line"),
    [
        ({"name": "web", "state": "restarted"}, "restart web by whichever manager has it, and prove it"),
        (
            {"name": "web", "state": "restarted", "manager": "systemd", "newer_than": ["/a", "/b"]},
            "restart web by systemd, and prove it, newer than /a, /b",
        ),
        ({"name": "web", "state": "stopped", "manager": "pm2"}, "stop web by pm2"),
        (
            {"name": "web", "state": "running", "manager": "pm2", "newer_than": "/a"},
            "check that web is running, newer than /a (by pm2)",
        ),
        ({"name": "web", "state": "{{ wanted }}"}, "bring to {{ wanted }}: web by whichever manager has it"),
    ],
)
def test_the_plan_is_one_line(args: dict[str, Any], line: str) -> None:
    assert kind.plan(args) == line


def test_only_a_look_changes_nothing() -> None:
    states = kind.SCHEMA["properties"]["state"]["enum"]
    assert [state for state in states if not kind.changes({"name": "x", "state": state})] == ["running"]
    assert kind.changes({"name": "x", "state": "{{ wanted }}"})


def test_the_outcome_has_every_field(server: dict[str, Any]) -> None:
    outcome = run_step(kind, {**server, "state": "restarted"})
    assert outcome.status is Status.CHANGED, outcome.message
    fields = ["manager", "name", "state", "running", "pid", "started", "uptime", "previous_pid", "detail"]
    assert list(outcome.data) == fields
    assert outcome.data["manager"] == "process"
    assert outcome.data["state"] == "restarted"
    assert 0.2 <= outcome.data["uptime"] < 5
    again = run_step(kind, {**server, "state": "restarted"})
    assert again.message == f"it (process): restarted, pid {outcome.data['pid']} → {again.data['pid']}, running"
    looked = run_step(kind, {**server, "state": "running", "newer_than": []})
    assert looked.data["previous_pid"] == looked.data["pid"] == again.data["pid"]


def test_where_no_manager_knows_it_those_asked_are_named() -> None:
    outcome = run_step(kind, {"name": "nobody-knows-me", "state": "running"})
    assert outcome.status is Status.FAILED
    assert "asked: process, systemd, supervisor, pm2, compose" in outcome.message


def test_a_failed_step_has_status_and_log_as_evidence(server: dict[str, Any]) -> None:
    server["command"] = "for n in $(seq 100); do echo line $n; done; exit 3"
    outcome = run_step(kind, {**server, "state": "started"})
    assert outcome.status is Status.FAILED
    status, log = outcome.evidence
    assert (status.title, log.title, log.language) == ("it: status", "it: last 50 log lines", "log")
    assert log.text.splitlines() == [f"line {number}" for number in range(51, 101)]


def test_a_stopped_run_waits_no_longer(server: dict[str, Any]) -> None:
    stop = threading.Event()
    stop.set()
    context = step_context(stop=stop)
    with pytest.raises(Stopped):
        kind.run(options(kind, {**server, "state": "started", "settle": 60}), context)
