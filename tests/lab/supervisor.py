"""A real supervisord with a configuration of its own."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from .tools import SYSTEM_PATH, Daemon, require

CONFIG = """\
[supervisord]
nodaemon = true
user = {user}
logfile = {home}/supervisord.log
pidfile = {home}/supervisord.pid
childlogdir = {home}
[unix_http_server]
file = {home}/supervisor.sock
[rpcinterface:supervisor]
supervisor.rpcinterface_factory = supervisor.rpcinterface:make_main_rpcinterface
[supervisorctl]
serverurl = unix://{home}/supervisor.sock
[include]
files = {home}/conf.d/*.conf
"""


@dataclass(frozen=True)
class Supervisor:
    """A supervisord. Put a program's section into `conf_d`, then `ctl("update")`."""

    config: Path
    conf_d: Path
    ctl_path: str
    daemon: Daemon = field(repr=False)

    def ctl(self, *words: str) -> subprocess.CompletedProcess[str]:
        """Runs supervisorctl; exit code and output are the caller's to judge."""
        argv = [self.ctl_path, "-c", str(self.config), *words]
        return subprocess.run(argv, capture_output=True, text=True, timeout=60, env=self.env)

    def add(self, name: str, command: str, **options: str) -> None:
        """A program that supervisord starts now. `options` are further keys of its section."""
        keys = {"command": command, "startsecs": "0", "stopasgroup": "true", "killasgroup": "true", **options}
        lines = [f"[program:{name}]", *(f"{key} = {value}" for key, value in keys.items()), ""]
        (self.conf_d / f"{name}.conf").write_text("\n".join(lines))
        assert self.ctl("update", name).returncode == 0

    def remove(self, name: str) -> None:
        """Stops and forgets a program."""
        (self.conf_d / f"{name}.conf").unlink(missing_ok=True)
        self.ctl("update", name)

    @property
    def env(self) -> dict[str, str]:
        """The environment for commands: supervisorctl is on its PATH."""
        return {**os.environ, "PATH": f"{os.environ['PATH']}:{SYSTEM_PATH}"}


@pytest.fixture(scope="session")
def supervisor(lab_dir: Path) -> Iterator[Supervisor]:
    """One supervisord without programs; a test adds its own and removes them."""
    daemon_path = require("supervisord", "apt-get install supervisor")
    ctl_path = require("supervisorctl", "apt-get install supervisor")
    home = lab_dir / "supervisor"
    (home / "conf.d").mkdir(parents=True)
    config = home / "supervisord.conf"
    config.write_text(CONFIG.format(home=home, user=os.geteuid()))
    daemon = Daemon([daemon_path, "-c", str(config)], home / "output.log", death_signal="TERM")
    made = Supervisor(config, home / "conf.d", ctl_path, daemon)
    daemon.start(lambda: made.ctl("pid").returncode == 0)
    yield made
    daemon.stop()
