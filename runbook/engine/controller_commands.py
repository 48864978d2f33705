"""Commands that templates run on the controller by the lookup `pipe`: within a time, and with bounded output."""

from __future__ import annotations

from pathlib import Path

from runbook.templating.controller import CommandFailed
from runbook.transports.base import Command, CommandTimeout
from runbook.transports.local.transport import LocalTransport

SECONDS = 60.0
MAX_OUTPUT = 10 * 1024 * 1024
"""Bytes that a command may print."""


def run_on_controller(script: str, folder: Path) -> str:
    """What the command prints. Raises CommandFailed when it fails, takes too long or prints too much."""
    try:
        done = LocalTransport().run(Command(script, chdir=str(folder), timeout=SECONDS, output_limit=MAX_OUTPUT))
    except CommandTimeout as error:
        raise CommandFailed(str(error)) from None
    if not done.ok:
        raise CommandFailed(f"the command ended with {done.exit_code}: {done.err[-300:]}".rstrip(": "))
    if done.dropped:
        raise CommandFailed(f"the command prints more than {MAX_OUTPUT // 1024 // 1024} MiB")
    return done.out
