"""`runbook history`: the runs that are kept."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from runbook.results import Run

EPILOG = """\b
Examples:
  runbook history
  runbook history --playbook restore-logging -n 5
"""


@click.command(epilog=EPILOG)
@click.option("-n", "--number", type=click.IntRange(1), default=20, show_default=True, help="How many.")
@click.option("--playbook", default="", metavar="TEXT", help="Only runs whose playbook's name or file has this text.")
def command(number: int, playbook: str) -> None:
    """List the kept runs, the newest first. They are in RUNBOOK_STATE_DIR, or the user's state folder."""
    from runbook.history import folder, kept, load

    shown = 0
    for run in kept(folder()):
        if shown == number:
            break
        try:
            line = _line(load(run))
        except (OSError, ValueError) as error:
            line = f"{run.run_id}  cannot be read: {error}"
        if playbook.lower() in line.lower():
            click.echo(line)
            shown += 1
    if not shown:
        click.echo("no run is kept" + (f" with {playbook!r}" if playbook else " yet"), err=True)


def _line(run: Run) -> str:
    from runbook.durations import show

    when = time.strftime("%Y-%m-%d %H:%M:%S", time.localtime(run.started))
    hosts = run.hosts[0] if len(run.hosts) == 1 else f"{len(run.hosts)} hosts"
    said = "interrupted" if run.interrupted else str(run.verdict)
    mode = "" if run.mode == "run" else f" ({run.mode})"
    return f"{run.run_id}  {when}  {said:<11}  {show(run.duration):>8}  {hosts}: {run.playbook}{mode} [{run.path}]"
