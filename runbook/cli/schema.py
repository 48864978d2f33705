"""`runbook schema`: JSON Schemas for editors."""

from __future__ import annotations

import json

import click


@click.command(epilog="Example: runbook schema playbook > schemas/playbook.schema.json")
@click.argument("what", type=click.Choice(["playbook"]), default="playbook")
def command(what: str) -> int:
    """Print a JSON Schema, for completion and checks in an editor."""
    from runbook.playbook.schema import published

    makers = {"playbook": published}
    click.echo(json.dumps(makers[what](), ensure_ascii=False, indent=2))
    return 0
