"""The reference runbook for real: under every manager, on this machine and over SSH, with every variant."""

from __future__ import annotations

import shlex
import shutil
import subprocess
import sys
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path

import pytest

from runbook.testing.processes import wait_until
from tests.integration.relay import relay
from tests.integration.sites import GUARD, Site, by_process, installed, wrapper
from tests.lab.compose import Compose
from tests.lab.pm2 import Pm2
from tests.lab.postgres import Database
from tests.lab.supervisor import Supervisor
from tests.lab.systemd import SystemdHost
from tests.lab.tools import free_port

APP_DIR = "/var/tmp/bot generic site"
UNIT = """\
[Service]
WorkingDirectory={folder}
ExecStart={python} -m uvicorn app.main:app --host 127.0.0.1 --port {port}
"""


@pytest.fixture
def process_site(database: Database, tmp_path: Path) -> Iterator[Site]:
    app = installed(tmp_path, free_port(), database)
    app.start()
    yield Site(app, database, tmp_path, by_process(app))
    app.stop()


@pytest.fixture
def supervisor_site(supervisor: Supervisor, database: Database, tmp_path: Path) -> Iterator[Site]:
    app = installed(tmp_path, free_port(), database)
    supervisor.add("bot-generic", shlex.join(app.command), directory=str(app.folder))
    wait_until(app.serves, "the application serves")
    variables = {"service_manager": "supervisor", "supervisor_config": str(supervisor.config)}
    yield Site(app, database, tmp_path, variables)
    supervisor.remove("bot-generic")


@pytest.fixture
def pm2_site(pm2: Pm2, database: Database, tmp_path: Path) -> Iterator[Site]:
    app = installed(tmp_path, free_port(), database)
    program = tmp_path / "bot-generic"
    program.write_text(f"#!/bin/sh\nexec {shlex.join(app.command)}\n")
    program.chmod(0o755)
    words = ("--name", "bot-generic", "--interpreter", "none", "--cwd", str(app.folder))
    done = pm2.run("start", str(program), *words)
    assert done.returncode == 0, done.stdout
    wait_until(app.serves, "the application serves")
    command = wrapper(tmp_path / "pm2", pm2.env, str(pm2.bin / "pm2"))
    variables = {"service_manager": "pm2", "pm2_command": shlex.quote(command), "pm2_home": str(pm2.home)}
    yield Site(app, database, tmp_path, variables)
    pm2.delete("bot-generic")


@pytest.fixture
def compose_site(compose: Compose, database: Database, tmp_path: Path) -> Iterator[Site]:
    app = installed(tmp_path, free_port(), database)
    compose.write(app.folder, **{"bot-generic": app.command})
    done = compose.run("docker", "compose", "up", "--detach", cwd=app.folder)
    assert done.returncode == 0, done.stderr
    wait_until(app.serves, "the application serves")
    command = wrapper(tmp_path / "docker", compose.env, str(compose.bin / "docker"))
    variables = {
        "service_manager": "compose",
        "compose_dir": str(app.folder),
        "compose_command": f"{shlex.quote(command)} compose",
    }
    yield Site(app, database, tmp_path, variables)
    compose.run("docker", "compose", "down", cwd=app.folder)


@pytest.fixture
def systemd_site(systemd_host: SystemdHost, database: Database, tmp_path: Path) -> Iterator[Site]:
    """In the container; the database is at this machine's end of the cable."""
    near = systemd_host.link.near_address
    with relay(near, database.port, database.port):
        reached = Database(near, database.port, database.dbname, database.user, database.password)
        made = installed(tmp_path, free_port(), reached)
        inside, folder = systemd_host.path(APP_DIR), f"{APP_DIR}/{made.folder.name}"
        shutil.copytree(made.folder, inside / made.folder.name)
        app = replace(made, folder=inside / made.folder.name)
        unit = UNIT.format(folder=folder, python=sys.executable.replace(" ", "\\x20"), port=app.port)
        systemd_host.write_unit("bot-generic.service", unit)
        assert systemd_host.run("systemctl", "start", "bot-generic").returncode == 0
        site = Site(app, reached, Path(APP_DIR), seen=systemd_host.path)
        log = f"{folder}/{app.log_file.relative_to(app.folder)}"
        site.variables = {"service_manager": "systemd", "app_dir": folder, "app_log": log}
        yield site
        systemd_host.remove_unit("bot-generic.service")
        systemd_host.run("rm", "-rf", APP_DIR)


MANAGERS = [
    pytest.param("process", marks=pytest.mark.lab),
    *(
        pytest.param(name, marks=[pytest.mark.lab, pytest.mark.xdist_group(f"lab-{group}")])
        for name, group in [
            ("supervisor", "supervisor"),
            ("systemd", "systemd_host"),
            ("pm2", "pm2"),
            ("compose", "compose"),
        ]
    ),
]
"""The sites are asked for by name, so the lab cannot see what a test uses: the marks say it."""


@pytest.fixture(params=["local", "ssh"])
def reach(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture(params=MANAGERS)
def site(request: pytest.FixtureRequest, reach: str) -> Site:
    found: Site = request.getfixturevalue(f"{request.param}_site")
    if request.param == "systemd":
        return _with_systemd(found, request.getfixturevalue("systemd_host"), reach)
    return found.locally() if reach == "local" else found.over_ssh(request.getfixturevalue("sshd"))


def _with_systemd(site: Site, host: SystemdHost, reach: str) -> Site:
    """`local` is in the container, where the playbook is run then."""

    def inside(argv: Sequence[str]) -> subprocess.CompletedProcess[str]:
        return host.run("env", "HOME=/root", "COLUMNS=120", *argv)

    if reach == "local":
        site.command = inside
        return site.locally()
    site.folder, site.seen = site.seen(site.folder), lambda path: path
    site.variables |= {
        "ansible_host": host.host,
        "ansible_user": "root",
        "ansible_ssh_private_key_file": str(host.key),
        "ansible_ssh_common_args": f"-F none -o UserKnownHostsFile={shlex.quote(str(host.known_hosts))}",
    }
    return site


def test_it_is_repaired_and_then_passes(site: Site) -> None:
    first = site.play()

    assert (first.code, first.verdict) == (0, "remediated"), first.output
    assert first.with_status("failed", "unreachable", "waiting") == ["2.3.d1 Когда записи прекратились"]
    assert {first.status("1.1"), first.status("1.2")} == {"remediated"}
    assert first.causes[-1] == GUARD, "what was repaired stands last"
    assert "if not settings.debug" not in (site.app.folder / "app/main.py").read_text()

    second = site.play()

    assert (second.code, second.verdict) == (0, "passed"), second.output
    assert second.with_status("changed", "remediated", "failed") == []
    assert second.causes == []


@pytest.mark.parametrize("name", MANAGERS[3:])
def test_a_variant_restarts_it_through_the_same_manager(name: str, request: pytest.FixtureRequest) -> None:
    """PM2 and Compose with a command of the inventory's own."""
    site: Site = request.getfixturevalue(f"{name}_site")

    first = site.locally().play("-e", "variant=tokens")

    assert (first.code, first.verdict) == (0, "remediated"), first.output
    assert site.play("-e", "variant=tokens").verdict == "passed"
