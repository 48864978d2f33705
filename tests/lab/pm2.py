"""A real PM2 from the npm registry, kept in a cache between runs."""

from __future__ import annotations

import fcntl
import json
import os
import subprocess
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from .tools import Daemon, missing, require

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

    def apps(self) -> dict[str, dict[str, object]]:
        """What PM2 knows of each app by its name: `pid`, `pm2_env` …"""
        return {app["name"]: app for app in json.loads(self.run("jlist").stdout)}


def _cache() -> Path:
    """Where programs are kept that no package of the system brings; readable for every user if root makes it."""
    home = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    return Path("/var/cache/runbook-lab") if os.geteuid() == 0 else Path(home) / "runbook-lab"


def _installed() -> Path:
    """The folder of PM2, installed by the first who asks; others wait for it."""
    npm = require("npm", "apt-get install npm")
    folder = _cache() / f"pm2-{VERSION}"
    folder.mkdir(parents=True, exist_ok=True)
    done = folder / "installed"
    with (folder / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not done.exists():
            (folder / "package.json").write_text(json.dumps({"private": True, "dependencies": {"pm2": VERSION}}))
            argv = [npm, "install", "--no-audit", "--no-fund", "--no-progress", "--loglevel=error"]
            made = subprocess.run(argv, cwd=folder, capture_output=True, text=True, timeout=300)
            if made.returncode != 0:
                missing(f"PM2 ({made.stderr.strip()[-500:]})", f"cd {folder} && npm install pm2@{VERSION}")
            done.touch()
    return folder / "node_modules"


@pytest.fixture(scope="session")
def pm2(lab_dir: Path) -> Iterator[Pm2]:
    """One daemon for all tests; a test starts apps under names of its own and deletes them."""
    node = require("node", "apt-get install nodejs npm")
    modules = _installed()
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
