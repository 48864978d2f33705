"""`runbook inventory`: hosts, groups and variables."""

from __future__ import annotations

import json

import click

from runbook.cli.options import inventory_options


@click.command(epilog="Examples: runbook inventory -i prod --graph; runbook inventory -i prod --host web1")
@inventory_options
@click.option("--list", "as_list", is_flag=True, help="Everything as JSON, as `ansible-inventory --list` gives it.")
@click.option("--graph", is_flag=True, help="Groups and hosts as a tree.")
@click.option("--host", "name", metavar="HOST", help="The variables of one host.")
@click.option("--show-origin", is_flag=True, help="With --host: where each variable is set.")
def command(
    inventory: tuple[str, ...], limit: str | None, as_list: bool, graph: bool, name: str | None, show_origin: bool
) -> int:
    """Show hosts, groups and variables of an inventory; without an option the hosts that -l selects."""
    from runbook.inventory import show
    from runbook.inventory.load import load_inventory
    from runbook.inventory.patterns import select
    from runbook.templating.render import nearest

    loaded = load_inventory(inventory)
    if as_list:
        click.echo(json.dumps(show.as_ansible_list(loaded), ensure_ascii=False, indent=4))
    elif graph:
        click.echo(show.as_graph(loaded))
    elif name:
        if name not in loaded.hosts:
            raise click.UsageError(f"the inventory has no host {name!r}. {nearest(name, loaded.hosts)}".rstrip())
        click.echo(show.as_host(loaded, name, show_origin))
    else:
        hosts = select(loaded, limit or "all")
        if not hosts:
            raise click.UsageError(f"no host matches {limit or 'all'!r}")
        click.echo("\n".join(host.name for host in hosts))
    return 0
