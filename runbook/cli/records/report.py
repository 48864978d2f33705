"""`runbook report`: a kept run again, in any form."""

from __future__ import annotations

import click

from runbook.reports import REPORTS

EPILOG = """\b
Examples:
  runbook report last --format html=incident.html
  runbook report 20261124-0318 --format junit=checks.xml --format markdown
"""


@click.command(epilog=EPILOG)
@click.argument("run", metavar="RUN", default="last")
@click.option(
    "--format",
    "formats",
    multiple=True,
    metavar="FORMAT[=PATH]",
    help=f"{', '.join(REPORTS)}; `=-` writes to standard output. May be repeated. HTML when not said.",
)
def command(run: str, formats: tuple[str, ...]) -> None:
    """Write reports of a kept RUN: its id, the beginning or the last letters of it, or `last`."""
    from runbook.cli.records.kept_runs import kept_run
    from runbook.cli.records.report_files import parse, write

    found = kept_run(run)
    for wanted in [parse(text) for text in formats or ("html",)]:
        if line := write(wanted, found):
            click.echo(line)
