"""A fleet for whole runs over SSH: many names for the addresses of the lab's sshd, and the report of a run on them."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.cli.terminal import ROOT
from tests.lab.sshd import Sshd
from tests.transports.ways import variables


@dataclass(frozen=True)
class Ran:
    """A run that has ended: seconds, MiB at the most, and what it told of each host."""

    code: int
    output: str
    seconds: float
    memory: float
    report: Mapping[str, Any]

    @property
    def hosts(self) -> dict[str, dict[str, Any]]:
        """The last result of each host, on the level of stages."""
        stages = self.report["stages"]
        return {result["host"]: result for stage in stages for result in stage["results"]}

    def ended(self, status: str) -> set[str]:
        return {host for host, result in self.hosts.items() if result["outcome"]["status"] == status}

    def said(self, host: str) -> str:
        """The messages of its steps."""
        return "\n".join(str(step["outcome"]["message"]) for step in self.hosts[host]["children"])


class Fleet:
    """Made with a folder; add hosts, then run a playbook on them."""

    def __init__(self, folder: Path, sshd: Sshd) -> None:
        self.folder, self.sshd = folder, sshd
        self.known: dict[str, Any] = {}

    def add(self, name: str, **changed: Any) -> None:
        """A host; an address of the lab's own unless `ansible_host` says another."""
        address = self.sshd.hosts[len(self.known) % len(self.sshd.hosts)]
        self.known[name] = {"ansible_host": address, **changed}

    def start(self, steps: str, *more: str, stage: str = "") -> subprocess.Popen[bytes]:
        """`steps` is YAML, `stage` further keys of the stage."""
        common = {key: value for key, value in variables(self.sshd).items() if key != "ansible_host"}
        inventory = {"all": {"hosts": self.known, "vars": common}}
        (self.folder / "fleet.yml").write_text(json.dumps(inventory))
        indented = "".join(f"      {line}\n" for line in steps.splitlines())
        (self.folder / "play.yml").write_text(
            "name: Fleet\nhosts: all\nstages:\n"
            f"  - name: All\n    {stage or 'order: inventory'}\n    steps:\n{indented}"
        )
        argv = ["run", "play.yml", "-i", "fleet.yml", "-y", "--report", "json=report.json", *more]
        with (self.folder / "output").open("wb") as output:
            return subprocess.Popen(
                [sys.executable, "-m", "runbook", *argv],
                cwd=self.folder,
                env={**os.environ, "PYTHONPATH": str(ROOT), "RUNBOOK_STATE_DIR": str(self.folder / "state")},
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
            )

    def wait(self, process: subprocess.Popen[bytes], began: float) -> Ran:
        # Not from getrusage: a child's peak begins there with the memory of the process that made it.
        memory = 0.0
        while process.poll() is None:
            memory = max(memory, _peak(process.pid))
            time.sleep(0.02)
        output = (self.folder / "output").read_text()
        report = self.folder / "report.json"
        assert report.exists(), output
        return Ran(process.returncode, output, time.monotonic() - began, memory, json.loads(report.read_text()))

    def run(self, steps: str, *more: str, stage: str = "") -> Ran:
        began = time.monotonic()
        return self.wait(self.start(steps, *more, stage=stage), began)


def _peak(pid: int) -> float:
    """MiB at the most until now; 0 of a process that has ended."""
    try:
        lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    except OSError:
        return 0.0
    return next((int(line.split()[1]) / 1024 for line in lines if line.startswith("VmHWM")), 0.0)
