"""`runbook schema`: JSON Schemas for editors."""

from __future__ import annotations

import importlib
import json

import click

MODULES = {"plan": "runbook.plan.file", "playbook": "runbook.playbook.schema"}
"""What has a schema, and the module whose `published` gives it."""


@click.command(epilog="Example: runbook schema playbook > schemas/playbook.schema.json")
@click.argument("what", type=click.Choice(list(MODULES)), default="playbook")
def command(what: str) -> int:
    """Print a JSON Schema: of playbooks, for completion and checks in an editor; of plan files, for who reads them."""
    published = importlib.import_module(MODULES[what]).published
    click.echo(json.dumps(published(), ensure_ascii=False, indent=2))
    return 0
