"""`runbook schema`: JSON Schemas for editors and programs."""

from __future__ import annotations

import json
from importlib import import_module

import click

SCHEMAS = {
    "inventory": "runbook.inventory.schema",
    "plan": "runbook.plan.bind.plan_file",
    "playbook": "runbook.playbook.schema",
    "report": "runbook.runs.stored_schema",
}
"""Name → the module whose `published` gives it."""


@click.command(epilog="Example: runbook schema playbook > schemas/playbook.schema.json")
@click.argument("what", type=click.Choice(list(SCHEMAS)), default="playbook")
def command(what: str) -> int:
    """Print a JSON Schema: of playbooks and of YAML inventories for editors, of plan files and of the JSON report for
    programs."""
    click.echo(json.dumps(import_module(SCHEMAS[what]).published(), ensure_ascii=False, indent=2))
    return 0
