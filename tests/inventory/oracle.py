"""Ansible as the oracle: one process in a virtual environment of its own, asked over a pipe."""

from __future__ import annotations

import contextlib
import fcntl
import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from tests.lab.tools import missing

HOME = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "runbook-lab"
SERVER = Path(__file__).with_name("oracle_server.py")
REQUIREMENT = "ansible-core>=2.19"


@dataclass
class Oracle:
    process: subprocess.Popen[str]

    def ask(
        self,
        folder: Path,
        sources: Sequence[str],
        patterns: Sequence[tuple[str, str | None]] = (),
        playbook_folder: Path | None = None,
        vault_password: str | None = None,
    ) -> dict[str, Any]:
        """What Ansible makes of it: see `oracle_server.py`."""
        question = {
            "folder": str(folder),
            "sources": list(sources),
            "patterns": [list(pair) for pair in patterns],
            "playbook_folder": str(playbook_folder) if playbook_folder else None,
            "vault_password": vault_password,
        }
        return self._answer(question)

    def templates(self, texts: Sequence[str], variables: Mapping[str, Any]) -> list[dict[str, Any]]:
        """What each text comes to with these variables: {"value"} or {"error"}; see `oracle_templates.py`."""
        found: list[dict[str, Any]] = self._answer({"templates": list(texts), "variables": variables})["results"]
        return found

    def _answer(self, question: Mapping[str, Any]) -> dict[str, Any]:
        assert self.process.stdin is not None
        assert self.process.stdout is not None
        self.process.stdin.write(json.dumps(question) + "\n")
        self.process.stdin.flush()
        line = self.process.stdout.readline()
        assert line, "the oracle has ended"
        found: dict[str, Any] = json.loads(line)
        return found


def ansible_python() -> Path:
    """The Python of the virtual environment that holds ansible-core; made when it is not there."""
    HOME.mkdir(parents=True, exist_ok=True)
    python = HOME / "ansible" / "bin" / "python"
    with (HOME / "ansible.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)  # several test workers need it at once
        if not (HOME / "ansible" / "bin" / "ansible-inventory").exists():
            _install(python)
    return python


def _install(python: Path) -> None:
    commands = (
        [sys.executable, "-m", "venv", "--clear", str(HOME / "ansible")],
        [str(python), "-m", "pip", "install", "--quiet", "--disable-pip-version-check", REQUIREMENT],
    )
    for command in commands:
        done = subprocess.run(command, capture_output=True, text=True, timeout=300)
        if done.returncode:
            missing(f"ansible-core ({done.stderr.strip()[-300:]})", " ".join(command))


@contextlib.contextmanager
def running_oracle() -> Iterator[Oracle]:
    """Ansible, ready to be asked, with none of the settings of whoever runs this."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("ANSIBLE_")}
    with tempfile.TemporaryDirectory() as folder:
        settings = Path(folder) / "ansible.cfg"
        settings.touch()
        process = subprocess.Popen(
            [str(ansible_python()), str(SERVER)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
            env={**kept, "ANSIBLE_CONFIG": str(settings), "PYTHONDONTWRITEBYTECODE": "1"},
        )
        try:
            yield Oracle(process)
        finally:
            process.communicate(timeout=30)


@pytest.fixture(scope="session")
def oracle() -> Iterator[Oracle]:
    """Ansible, started once a session."""
    with running_oracle() as started:
        yield started
