"""`runbook show`: a kept run, to be read."""

from __future__ import annotations

import click

EPILOG = """\b
Examples:
  runbook show
  runbook show 20261124-0318
"""


@click.command(epilog=EPILOG)
@click.argument("run", metavar="RUN", default="last")
def command(run: str) -> None:
    """Print a kept RUN: its id, the beginning or the last letters of it, or `last`."""
    from runbook.cli.records.kept_runs import kept_run
    from runbook.cli.records.report_files import parse, write

    write(parse("markdown=-"), kept_run(run))
