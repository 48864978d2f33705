"""Options that say what is shown of a run, and which reports are written."""

from __future__ import annotations

from pathlib import Path

import click

from runbook.cli.options.groups import options_as
from runbook.common.frozen import Frozen
from runbook.reports import REPORTS


class OutputOptions(Frozen):
    """As typed."""

    reports: tuple[str, ...]
    output_dir: Path | None
    diff: bool
    verbose: int
    quiet: bool
    color: bool | None
    """None: when it is a terminal."""

    @property
    def verbosity(self) -> int:
        """As the console's views have it."""
        return -1 if self.quiet else self.verbose


output_options = options_as(
    "output",
    OutputOptions,
    click.option(
        "--report",
        "reports",
        multiple=True,
        envvar="RUNBOOK_REPORT",
        metavar="FORMAT[=PATH]",
        help=f"Write a report: {', '.join(REPORTS)}. May be repeated; `=-` writes to standard output.",
    ),
    click.option(
        "--output-dir",
        type=click.Path(path_type=Path, file_okay=False),
        envvar="RUNBOOK_OUTPUT_DIR",
        help="Folder for the whole output of every command, in files under RUN/HOST/STEP.",
    ),
    click.option("-D", "--diff", is_flag=True, envvar="RUNBOOK_DIFF", help="Show what changes in files."),
    click.option("-v", "--verbose", count=True, help="Show commands and their output."),
    click.option("-q", "--quiet", is_flag=True, help="Show failures and the end only."),
    click.option("--color/--no-color", "color", default=None, help="Colours; by default when it is a terminal."),
)
