"""Runs that are kept, as commands ask for them: what cannot be had is an error of the command line."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from runbook.runs.results import Run
    from runbook.runs.store import Kept


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
