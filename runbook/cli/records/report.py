"""`runbook report`: a kept run again, in any form."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from runbook.reports import REPORTS

if TYPE_CHECKING:
    from runbook.runs.results import Run
    from runbook.runs.store import Kept

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
    from runbook.cli.records.report_files import parse, write

    found = kept_run(run)
    for wanted in [parse(text) for text in formats or ("html",)]:
        if line := write(wanted, found):
            click.echo(line)


def kept_runs() -> list[Kept]:
    """All kept runs, the newest first. Raises click.ClickException where their folder cannot be read."""
    from runbook.runs.store import folder, kept

    try:
        return list(kept(folder()))
    except (OSError, RuntimeError) as error:  # RuntimeError: a user without a home
        raise click.ClickException(f"the kept runs cannot be read: {error}") from None


def kept_run(name: str) -> Run:
    """A kept run. Raises click.ClickException where there is none, or its file is damaged."""
    from runbook.runs.store import find, folder, load

    try:
        return load(find(name, folder()))
    except ValueError as error:
        raise click.ClickException(f"{error}; see `runbook history`") from None
    except (OSError, RuntimeError) as error:
        raise click.ClickException(f"the kept runs cannot be read: {error}") from None
