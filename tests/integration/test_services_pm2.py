"""What is PM2's own: clusters, namespaces, `all`, and a daemon that a look must not start."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

import runbook.steps.processes.service as service_kind
from runbook.runs.events import Outcome, Status
from runbook.testing import run_step, step_context
from tests.lab.pm2 import Pm2

PROGRAM = "process.stdout.write('up\\n'); setInterval(() => 0, 1000);\n"


@pytest.fixture
def app(pm2: Pm2, tmp_path: Path) -> Iterator[Path]:
    """A program that runs until it is ended; what a test starts under `own…` is deleted."""
    path = tmp_path / "app.js"
    path.write_text(PROGRAM)
    yield path
    for name in [name for name in pm2.apps() if name.startswith("own")]:
        pm2.delete(name)


def step(pm2: Pm2, name: str, state: str, **options: Any) -> Outcome:
    context = step_context(environment=pm2.env)
    return run_step(
        service_kind, {"name": name, "manager": "pm2", "state": state, "settle": 0.3, **options}, context=context
    )


def test_every_process_of_a_cluster_is_new(pm2: Pm2, app: Path) -> None:
    assert pm2.run("start", str(app), "--name", "own-cluster", "-i", "2").returncode == 0
    first = step(pm2, "own-cluster", "running")
    assert first.status is Status.PASSED, first.message
    assert first.data["detail"].count("online") == 2
    second = step(pm2, "own-cluster", "restarted")
    assert second.status is Status.CHANGED, second.message
    assert step(pm2, "own-cluster", "reloaded").status is Status.CHANGED


def test_a_namespace_is_restarted_whole(pm2: Pm2, app: Path) -> None:
    for name in ("own-a", "own-b"):
        assert pm2.run("start", str(app), "--name", name, "--namespace", "own-space").returncode == 0
    outcome = step(pm2, "own-space", "restarted")
    assert outcome.status is Status.CHANGED, outcome.message
    assert "own-a" in outcome.data["detail"]
    assert "own-b" in outcome.data["detail"]
    assert step(pm2, "all", "running").status is Status.PASSED


def test_a_look_starts_no_daemon(pm2: Pm2, tmp_path: Path) -> None:
    home = tmp_path / "pm2 home"
    home.mkdir()
    for state in ("running", "stopped"):
        outcome = step(pm2, "web", state, pm2_home=str(home))
        assert outcome.data["detail"] == "no PM2 daemon is running"
    assert list(home.iterdir()) == []


def test_a_missing_pm2_says_how_to_name_it(pm2: Pm2) -> None:
    outcome = step(pm2, "web", "running", pm2_command="/nowhere/pm2")
    assert outcome.status is Status.FAILED
    assert "pm2_command" in outcome.message
