"""One contract for every service manager, each with the real thing."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from runbook.runs.events import Outcome, Status
from runbook.testing import step_context
from runbook.testing.processes import wait_until
from tests.integration.rigs import Rig, entered, lying
from tests.lab.compose import Compose
from tests.lab.pm2 import Pm2
from tests.lab.supervisor import Supervisor
from tests.lab.systemd import SystemdHost
from tests.lab.tools import SYSTEM_PATH

STEADY = "echo I am up; exec sleep 600"
BROKEN = "echo boom: no such table; exit 3"
SHORT_LIVED = "echo I am up; sleep 1; echo boom: out of memory; exit 3"


@pytest.fixture
def process_rig(tmp_path: Path) -> Iterator[Rig]:
    options = {"pid_file": f"{tmp_path}/it.pid", "log_file": f"{tmp_path}/it.log"}
    rig = Rig("process", "it", step_context(), tmp_path, lambda script: options.update(command=script), options)
    yield rig
    rig.step("stopped")


@pytest.fixture
def supervisor_rig(supervisor: Supervisor, tmp_path: Path) -> Iterator[Rig]:
    name = "contract"

    def define(script: str) -> None:
        program = tmp_path / "program"
        program.write_text(f"{script}\n")
        supervisor.add(name, f"/bin/sh {program}", autostart="false", startsecs="0", startretries="1")

    options = {"config": str(supervisor.config)}
    rig = Rig("supervisor", name, step_context(environment=supervisor.env), tmp_path, define, options)
    liar = lying(tmp_path / "liar", supervisor.ctl_path, "restart")
    rig.liar = rig.but(options={**options, "supervisorctl_path": liar})
    yield rig
    supervisor.remove(name)


@pytest.fixture
def systemd_rig(systemd_host: SystemdHost) -> Iterator[Rig]:
    name, folder = "contract", "/var/tmp/contract"
    unit = f"[Service]\nExecStart=/bin/sh {folder}/program\nRestart=on-failure\nRestartSec=0.2\n"
    inside = systemd_host.path(folder)
    (inside / "liar").mkdir(parents=True)
    lying(inside / "liar" / "systemctl", "/usr/bin/systemctl", "restart")

    def define(script: str) -> None:
        (inside / "program").write_text(f"{script}\n")
        systemd_host.write_unit(f"{name}.service", unit)

    context = step_context(entered(systemd_host.pid), environment={"PATH": SYSTEM_PATH})
    rig = Rig("systemd", name, context, inside, define, there=folder)
    rig.liar = rig.but(context=replace(context, environment={"PATH": f"{folder}/liar:{SYSTEM_PATH}"}))
    yield rig
    systemd_host.remove_unit(f"{name}.service")
    systemd_host.run("rm", "-rf", folder)


@pytest.fixture
def pm2_rig(pm2: Pm2, tmp_path: Path) -> Iterator[Rig]:
    name, program = "contract", tmp_path / "program"

    def define(script: str) -> None:
        program.write_text(f"#!/bin/sh\n{script}\n")
        program.chmod(0o755)
        done = pm2.run("start", str(program), "--name", name, "--interpreter", "none", "--max-restarts", "1000")
        assert done.returncode == 0, done.stdout
        pm2.run("stop", name)

    rig = Rig("pm2", name, step_context(environment=pm2.env), tmp_path, define)
    rig.liar = rig.but(options={"pm2_command": lying(tmp_path / "liar", str(pm2.bin / "pm2"), "restart")})
    yield rig
    pm2.run("delete", name)


@pytest.fixture
def compose_rig(compose: Compose, tmp_path: Path) -> Iterator[Rig]:
    name = "contract"
    path = compose.write(tmp_path, **{name: ["sh", f"{tmp_path}/program"]})
    document = json.loads(path.read_text())
    document["services"][name]["restart"] = "on-failure"
    path.write_text(json.dumps(document))
    liar = lying(tmp_path / "liar", str(compose.bin / "docker"), "restart")
    options = {"project_dir": str(tmp_path)}

    def define(script: str) -> None:
        (tmp_path / "program").write_text(f"{script}\n")

    rig = Rig("compose", name, step_context(environment=compose.env), tmp_path, define, options)
    rig.liar = rig.but(options={**options, "compose_command": f"{liar} compose"})
    yield rig
    done = compose.run("docker", "compose", "down", cwd=tmp_path)
    assert done.returncode == 0, done.stderr


FOREIGN = [
    pytest.param(name, marks=[pytest.mark.lab, pytest.mark.xdist_group(f"lab-{group}")])
    for name, group in [
        ("supervisor", "supervisor"),
        ("systemd", "systemd_host"),
        ("pm2", "pm2"),
        ("compose", "compose"),
    ]
]
"""The managers that are not ours: somebody stands between us and the process, who may be wrong.

The rigs are asked for by name, so the lab cannot see which of its services a test uses: the marks say it.
"""


@pytest.fixture(params=["process", *FOREIGN])
def rig(request: pytest.FixtureRequest) -> Rig:
    found: Rig = request.getfixturevalue(f"{request.param}_rig")
    return found


@pytest.fixture(params=FOREIGN)
def foreign_rig(request: pytest.FixtureRequest) -> Rig:
    found: Rig = request.getfixturevalue(f"{request.param}_rig")
    return found


def evidence(outcome: Outcome) -> str:
    return "\n".join(item.text for item in outcome.evidence)


def test_it_is_started_once(rig: Rig) -> None:
    rig.define(STEADY)
    began = time.time()
    first = rig.step("started", settle=1)
    assert first.status is Status.CHANGED, (first.message, evidence(first))
    assert first.data["running"] is True
    assert first.data["manager"] == rig.manager
    assert began - 0.1 <= first.data["started"] <= time.time()
    assert 1.0 <= first.data["uptime"] <= time.time() - began + 0.1
    again = rig.step("started")
    assert again.status is Status.PASSED, again.message
    assert again.data["pid"] == first.data["pid"] == again.data["previous_pid"]
    looked = rig.step("running")
    assert (looked.status, looked.data["pid"]) == (Status.PASSED, first.data["pid"])
    assert rig.context.command(f"kill -0 {first.data['pid']}").ok


def test_a_restart_gives_a_new_process(rig: Rig) -> None:
    rig.define(STEADY)
    first = rig.step("started", settle=0)
    second = rig.step("restarted")
    assert second.status is Status.CHANGED, (second.message, evidence(second))
    assert second.data["previous_pid"] == first.data["pid"] != second.data["pid"]
    assert second.data["started"] > first.data["started"]


def test_a_restart_starts_what_was_down(rig: Rig) -> None:
    rig.define(STEADY)
    outcome = rig.step("restarted")
    assert outcome.status is Status.CHANGED, (outcome.message, evidence(outcome))
    assert (outcome.data["running"], outcome.data["previous_pid"]) == (True, None)


def test_a_restart_in_two_halves(rig: Rig) -> None:
    rig.define(STEADY)
    first = rig.step("started", settle=0)
    second = rig.step("restarted", stop_wait=0.2)
    assert second.status is Status.CHANGED, (second.message, evidence(second))
    assert second.data["pid"] != first.data["pid"]


def test_it_is_stopped_once(rig: Rig) -> None:
    rig.define(STEADY)
    rig.step("started", settle=0)
    first = rig.step("stopped")
    assert (first.status, first.data["running"], first.data["pid"]) == (Status.CHANGED, False, None), first.message
    assert rig.step("stopped").status is Status.PASSED
    looked = rig.step("running")
    assert looked.status is Status.FAILED
    assert "not running" in looked.message
    assert looked.evidence[0].title == f"{rig.name}: status"


@pytest.mark.parametrize("state", ["started", "restarted"])
def test_one_that_dies_at_once_fails_with_its_log(rig: Rig, state: str) -> None:
    rig.define(BROKEN)
    outcome = rig.step(state, wait=8)
    assert outcome.status is Status.FAILED
    assert "boom: no such table" in evidence(outcome)
    assert rig.step("running").status is Status.FAILED


def test_one_that_does_not_stay_up_fails(rig: Rig) -> None:
    rig.define(SHORT_LIVED)
    outcome = rig.step("started", settle=3)
    assert outcome.status is Status.FAILED, outcome.message
    seen = ("within 3 s", "for 3 s", "has ended")  # the last where it is gone before the first look
    assert any(words in outcome.message for words in seen), outcome.message
    assert "boom: out of memory" in evidence(outcome)
    assert rig.step("running", settle=3).status is Status.FAILED, "a crash loop is not taken for a running service"
    assert rig.step("stopped").data["running"] is False


def test_a_process_older_than_its_files_is_noticed_and_restarted(rig: Rig) -> None:
    name = "main näh.py"
    file, there = rig.folder / name, rig.path(name)
    rig.define(STEADY)
    file.write_text("old\n")
    assert rig.step("started", newer_than=there).status is Status.CHANGED
    assert rig.step("running", newer_than=[there]).status is Status.PASSED
    before = file.stat().st_mtime

    def edit() -> bool:
        file.write_text("new\n")
        return file.stat().st_mtime > before + 0.2

    wait_until(edit, "the file is newer")
    stale = rig.step("running", newer_than=there)
    assert stale.status is Status.FAILED
    assert f"before {there} was written" in stale.message
    fresh = rig.step("restarted", newer_than=there)
    assert fresh.status is Status.CHANGED, fresh.message
    gone = rig.step("running", newer_than=f"{there}.gone")
    assert "there is no file" in gone.message


def test_a_manager_that_only_says_so_is_not_believed(foreign_rig: Rig) -> None:
    rig = foreign_rig
    assert rig.liar is not None
    rig.define(STEADY)
    first = rig.step("started", settle=0)
    outcome = rig.liar.step("restarted")
    assert outcome.status is Status.FAILED
    assert "reports success, but it was not restarted" in outcome.message
    assert outcome.data["pid"] == first.data["pid"]


def test_an_unknown_name_is_told_apart_from_a_stopped_one(foreign_rig: Rig) -> None:
    rig = foreign_rig
    rig.define(STEADY)
    for state in ("started", "restarted", "stopped", "running"):
        outcome = rig.step(state, name=f"{rig.name}x")
        assert outcome.status is Status.FAILED
        assert f"did you mean {rig.name}" in outcome.message


def test_the_manager_is_found_by_asking(rig: Rig) -> None:
    rig.define(STEADY)
    rig.step("started", settle=0)
    outcome = rig.step("running", manager="auto")
    assert (outcome.status, outcome.data["manager"]) == (Status.PASSED, rig.manager), outcome.message
