"""What is odd in an inventory and yet no error, told on standard error."""

from __future__ import annotations

import click

from runbook.model import Inventory


def show_warnings(inventory: Inventory, limit: str | None) -> None:
    """The inventory's own, and which parts of the limit nothing has."""
    from runbook.inventory.patterns import unmatched

    for problem in inventory.warnings:
        hint = f" ({problem.hint})" if problem.hint else ""
        click.echo(f"warning: {problem.span}: {problem.message}{hint}", err=True)
    for part in unmatched(inventory, "", limit):
        click.echo(f"warning: -l: no host and no group is called {part!r}", err=True)
