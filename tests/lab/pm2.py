"""A real PM2 from the npm registry, kept in a cache between runs."""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from runbook.testing.processes import wait_until

from .npm import installed
from .tools import Daemon, require

VERSION = "7.0.4"


@dataclass(frozen=True)
class Pm2:
    """A PM2 daemon without apps. Commands need `env`, which names the daemon; `pm2` is on its PATH."""

    env: Mapping[str, str] = field(repr=False)
    bin: Path
    home: Path

    def run(self, *words: str, cwd: Path | None = None) -> subprocess.CompletedProcess[str]:
        """Runs `pm2 WORDS`."""
        argv = [str(self.bin / "pm2"), *words]
        return subprocess.run(
            argv, cwd=cwd, env=self.env, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=60
        )

    def delete(self, name: str) -> None:
        """Deletes an app for certain.

        PM2 takes an app from its list while it is just about to start it again after a crash: it says that all went
        well, and the app comes back with its next life.
        """
        wait_until(lambda: self._deleted(name), f"PM2 has no app {name}")

    def _deleted(self, name: str) -> bool:
        self.run("delete", name)
        return name not in self.apps()

    def apps(self) -> dict[str, dict[str, object]]:
        """What PM2 knows of each app by its name: `pid`, `pm2_env` …"""
        return {app["name"]: app for app in json.loads(self.run("jlist").stdout)}


@pytest.fixture(scope="session")
def pm2(lab_dir: Path) -> Iterator[Pm2]:
    """One daemon for all tests; a test starts apps under names of its own and deletes them."""
    node = require("node", "apt-get install nodejs npm")
    modules = installed(f"pm2-{VERSION}", {"pm2": VERSION})
    home = lab_dir / "pm2"
    for folder in ("logs", "pids", "modules"):
        (home / folder).mkdir(parents=True)
    (home / "module_conf.json").write_text("{}")
    (home / "touch").touch()  # PM2's greeting is shown already: a first `pm2 jlist` prints it before its JSON
    path = f"{modules / '.bin'}:{os.environ['PATH']}"
    env = {**os.environ, "PATH": path, "PM2_HOME": str(home), "PM2_DISABLE_VERSION_CHECK": "true"}
    made = Pm2(env, modules / ".bin", home)
    # Started here as PM2 itself would start it, but in the foreground, so that it ends with the tests.
    daemon = Daemon([node, str(modules / "pm2/lib/Daemon.js")], lab_dir / "pm2.log", env, death_signal="TERM")
    daemon.start(lambda: (home / "rpc.sock").exists() and (home / "pub.sock").exists())
    assert made.apps() == {}
    yield made
    made.run("kill")
    daemon.stop()
