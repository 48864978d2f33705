"""One contract for every service manager, each with the real thing."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from runbook.common.frozen import replace
from runbook.testing import step_context
from runbook.testing.contracts.managers import STEADY, ForeignManagerContract, ManagerContract, ServiceRig
from tests.integration.rigs import entered, lying
from tests.lab.compose import Compose
from tests.lab.pm2 import Pm2
from tests.lab.supervisor import Supervisor
from tests.lab.systemd import SystemdHost
from tests.lab.tools import SYSTEM_PATH


@pytest.fixture
def process_rig(tmp_path: Path) -> Iterator[ServiceRig]:
    options = {"pid_file": f"{tmp_path}/it.pid", "log_file": f"{tmp_path}/it.log"}
    rig = ServiceRig("process", "it", step_context(), tmp_path, lambda script: options.update(command=script), options)
    yield rig
    rig.step("stopped")


@pytest.fixture
def supervisor_rig(supervisor: Supervisor, tmp_path: Path) -> Iterator[ServiceRig]:
    name = "contract"

    def define(script: str) -> None:
        program = tmp_path / "program"
        program.write_text(f"{script}\n")
        supervisor.add(name, f"/bin/sh {program}", autostart="false", startsecs="0", startretries="1")

    options = {"config": str(supervisor.config)}
    rig = ServiceRig("supervisor", name, step_context(environment=supervisor.env), tmp_path, define, options)
    liar = lying(tmp_path / "liar", supervisor.ctl_path, "restart")
    rig.liar = rig.but(options={**options, "supervisorctl_path": liar})
    yield rig
    supervisor.remove(name)


@pytest.fixture
def systemd_rig(systemd_host: SystemdHost) -> Iterator[ServiceRig]:
    name, folder = "contract", "/var/tmp/contract"
    unit = f"[Service]\nExecStart=/bin/sh {folder}/program\nRestart=on-failure\nRestartSec=0.2\n"
    inside = systemd_host.path(folder)
    (inside / "liar").mkdir(parents=True)
    lying(inside / "liar" / "systemctl", "/usr/bin/systemctl", "restart")

    def define(script: str) -> None:
        (inside / "program").write_text(f"{script}\n")
        systemd_host.write_unit(f"{name}.service", unit)

    context = step_context(entered(systemd_host.pid), environment={"PATH": SYSTEM_PATH})
    rig = ServiceRig("systemd", name, context, inside, define, there=folder)
    rig.liar = rig.but(context=replace(context, environment={"PATH": f"{folder}/liar:{SYSTEM_PATH}"}))
    yield rig
    systemd_host.remove_unit(f"{name}.service")
    systemd_host.run("rm", "-rf", folder)


@pytest.fixture
def pm2_rig(pm2: Pm2, tmp_path: Path) -> Iterator[ServiceRig]:
    name, program = "contract", tmp_path / "program"

    def define(script: str) -> None:
        # What PM2 is to know must have been started once: something that stays up until it is stopped, for of a crash
        # loop the stop may be lost.
        program.write_text(f"#!/bin/sh\n{STEADY}\n")
        program.chmod(0o755)
        done = pm2.run("start", str(program), "--name", name, "--interpreter", "none", "--max-restarts", "1000")
        assert done.returncode == 0, done.stdout
        assert pm2.run("stop", name).returncode == 0
        program.write_text(f"#!/bin/sh\n{script}\n")

    rig = ServiceRig("pm2", name, step_context(environment=pm2.env), tmp_path, define)
    rig.liar = rig.but(options={"pm2_command": lying(tmp_path / "liar", str(pm2.bin / "pm2"), "restart")})
    yield rig
    pm2.delete(name)


@pytest.fixture
def compose_rig(compose: Compose, tmp_path: Path) -> Iterator[ServiceRig]:
    name = "contract"
    path = compose.write(tmp_path, **{name: ["sh", f"{tmp_path}/program"]})
    document = json.loads(path.read_text())
    document["services"][name]["restart"] = "on-failure"
    path.write_text(json.dumps(document))
    liar = lying(tmp_path / "liar", str(compose.bin / "docker"), "restart")
    options = {"project_dir": str(tmp_path)}

    def define(script: str) -> None:
        (tmp_path / "program").write_text(f"{script}\n")

    rig = ServiceRig("compose", name, step_context(environment=compose.env), tmp_path, define, options)
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


class TestOurs(ManagerContract):
    """Processes that the program itself starts."""

    @pytest.fixture
    def rig(self, process_rig: ServiceRig) -> ServiceRig:
        return process_rig


class TestForeign(ForeignManagerContract):
    """The others."""

    @pytest.fixture(params=FOREIGN)
    def rig(self, request: pytest.FixtureRequest) -> ServiceRig:
        found: ServiceRig = request.getfixturevalue(f"{request.param}_rig")
        return found
