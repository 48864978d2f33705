"""A real service for the contract test, under each of the managers: the test says what it runs, the rig has it run."""

from __future__ import annotations

import shlex
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import runbook.steps.processes.service as service
from runbook.runs.events import Outcome
from runbook.steps.base import Context
from runbook.testing import FarHost, run_step


@dataclass
class Rig:
    """One service under one manager, on one host. `define` gives it the sh text that it runs; it is not started."""

    manager: str
    name: str
    context: Context
    folder: Path
    """A folder of the host, as the test sees it."""
    define: Callable[[str], None]
    options: dict[str, Any] = field(default_factory=dict)
    there: str = ""
    """The same folder as the host sees it, where that is not the same."""
    liar: Rig | None = None
    """The same with a manager that says that it restarted the service, and did not."""

    def step(self, state: str, **options: Any) -> Outcome:
        """The `service` step, with these options over the rig's own. Settling is short: tests are many."""
        args = {"name": self.name, "manager": self.manager, "settle": 0.4, **self.options, **options, "state": state}
        return run_step(service, args, context=self.context)

    def path(self, name: str) -> str:
        """A file in the folder, as the host sees it."""
        return f"{self.there or self.folder}/{name}"

    def but(self, **changes: Any) -> Rig:
        """The same with other fields."""
        return replace(self, **changes)


def lying(path: Path, real: str, word: str) -> str:
    """A program that does as the real one, but for calls with that word does nothing and reports success."""
    path.write_text(f'#!/bin/sh\nfor w; do [ "$w" = {word} ] && exit 0; done\nexec {shlex.quote(real)} "$@"\n')
    path.chmod(0o755)
    return str(path)


def entered(pid: int) -> FarHost:
    """A host that is a container of this machine: its commands run in the namespaces of its process 1."""
    return FarHost(by=f"nsenter --target={pid} --all --wdns=/ -- /bin/sh -c")
