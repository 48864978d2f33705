"""A real service for the contract test, under each of the managers: the test says what it runs, the rig has it run."""

from __future__ import annotations

import shlex
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import runbook.steps.service as service
from runbook.events import Outcome
from runbook.steps.base import Context
from tests.steps.support import run_kind


@dataclass
class Rig:
    """One service under one manager, on one host. `define` gives it the sh text that it runs; it is not started."""

    manager: str
    name: str
    context: Context
    folder: Path
    """A folder that the host and the test both see."""
    define: Callable[[str], None]
    options: dict[str, Any] = field(default_factory=dict)
    liar: Mapping[str, Any] = field(default_factory=dict)
    """Options with which the manager says that it restarted the service, and did not."""

    def step(self, state: str, **options: Any) -> Outcome:
        """The `service` step, with these options over the rig's own."""
        args = {"name": self.name, "manager": self.manager, **self.options, **options, "state": state}
        return run_kind(service, self.context, **args)


def lying(folder: Path, real: str, word: str) -> str:
    """A program that does as the real one, but for calls with that word does nothing and reports success."""
    path = folder / "liar"
    path.write_text(f'#!/bin/sh\nfor w; do [ "$w" = {word} ] && exit 0; done\nexec {shlex.quote(real)} "$@"\n')
    path.chmod(0o755)
    return str(path)
