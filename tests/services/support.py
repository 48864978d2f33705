"""A shell of this machine, as a manager is given it."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Callable, Mapping

from runbook.transports.base import CommandResult


def local_shell(environment: Mapping[str, str] | None = None, sh: str = "/bin/sh") -> Callable[[str], CommandResult]:
    """Runs sh text here, each in a session of its own as the transports do. `environment` replaces the whole."""

    def shell(script: str) -> CommandResult:
        done = subprocess.run(
            [sh, "-c", script],
            stdin=subprocess.DEVNULL,
            capture_output=True,
            env=dict(os.environ if environment is None else environment),
            start_new_session=True,
            timeout=60,
        )
        return CommandResult(script, done.returncode, done.stdout, done.stderr)

    return shell
