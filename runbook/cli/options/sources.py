"""Options that say what a plan is made of: the playbook, the inventory, the passwords of what is encrypted in them."""

from __future__ import annotations

from pathlib import Path

import click

from runbook.cli.options.groups import options_as
from runbook.cli.options.passwords import vault_options
from runbook.common.frozen import Frozen
from runbook.vault.format import Vault


class HostOptions(Frozen):
    """Which hosts, as typed."""

    inventory: tuple[str, ...]
    limit: str | None
    vault: Vault


playbook_argument = click.argument("playbook", type=click.Path(path_type=Path))
_INVENTORY = (
    click.option(
        "-i",
        "--inventory",
        "inventory",
        multiple=True,
        envvar="RUNBOOK_INVENTORY",
        metavar="PATH|HOSTS",
        help="Inventory file, folder, or a list such as `web1,web2,`. A bare name is looked up in inventories/.",
    ),
    click.option("-l", "--limit", envvar="RUNBOOK_LIMIT", metavar="PATTERN", help="Only these of the chosen hosts."),
)
host_options = options_as("hosts", HostOptions, *_INVENTORY, vault_options())
looking_options = options_as("hosts", HostOptions, *_INVENTORY, vault_options(optional=True))
"""For commands that show how things are written: they need no password for values under `!vault`."""
