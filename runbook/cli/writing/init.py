"""`runbook init`: a project that runs at once."""

from __future__ import annotations

import json
from pathlib import Path

import click

PLAYBOOK = """\
# yaml-language-server: $schema=../schemas/playbook.schema.json
name: Check that this machine is well
description: A first playbook. Try `runbook plan`, then `runbook run`.
labels:
  risk: none
  duration: a few seconds

hosts: all

inputs:
  max_used_percent:
    type: integer
    default: 90
    description: How full the disk may be.

stages:
  - name: Look
    steps:
      - name: The disk has room
        shell: df -P / | awk 'NR == 2 {sub("%", "", $5); print $5}'
        changes: false
        expect: stdout | int < max_used_percent

      - name: The hosts file names localhost
        file:
          path: /etc/hosts
          contains: localhost
"""

INVENTORY = """\
all:
  hosts:
    this-machine:
      ansible_connection: local
  # A host over SSH:
  #   web1:
  #     ansible_host: web1.example.com
  #     ansible_user: deploy
"""

PROJECT = """\
# Defaults of this project. A flag wins over an environment variable, that over this file.
[defaults]
inventory = ["inventories/local.yml"]
"""

SETTINGS = {
    "yaml.schemas": {
        "./schemas/playbook.schema.json": ["playbooks/*.yml", "playbooks/*.yaml"],
        "./schemas/inventory.schema.json": ["inventories/*.yml", "inventories/*.yaml"],
    }
}


@click.command(epilog="Example: runbook init my-runbooks && cd my-runbooks && runbook run playbooks/hello.yml")
@click.argument("folder", type=click.Path(path_type=Path, file_okay=False), default=".")
def command(folder: Path) -> int:
    """Make a project in FOLDER: one playbook, an inventory, editor settings. Files that are there are kept."""
    from runbook.inventory.schema import published as inventory_schema
    from runbook.playbook.schema import published as playbook_schema

    files = {
        "runbook.toml": PROJECT,
        "playbooks/hello.yml": PLAYBOOK,
        "inventories/local.yml": INVENTORY,
        "schemas/playbook.schema.json": _json(playbook_schema()),
        "schemas/inventory.schema.json": _json(inventory_schema()),
        ".vscode/settings.json": _json(SETTINGS),
    }
    try:
        for name, text in files.items():
            _write(folder / name, text)
    except OSError as error:
        raise click.ClickException(f"{error.filename or folder} cannot be written: {error.strerror}") from None
    there = "" if folder == Path() else f"cd {folder}; "
    click.echo(f"\nNext: {there}runbook run playbooks/hello.yml")
    return 0


def _json(data: object) -> str:
    return json.dumps(data, ensure_ascii=False, indent=2) + "\n"


def _write(path: Path, text: str) -> None:
    if path.exists():
        click.echo(f"kept     {path}")
        return
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")
    click.echo(f"created  {path}")
