"""`runbook inventory`: hosts, groups and variables."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING

import click

from runbook.cli.inventories.warnings import show_warnings
from runbook.cli.options.groups import options_as
from runbook.cli.options.sources import HostOptions, looking_options
from runbook.common.frozen import Frozen

if TYPE_CHECKING:
    from runbook.model import Inventory

EPILOG = """\b
Examples:
  runbook inventory -i prod -l 'web*:!web3'
  runbook inventory -i prod --graph
  runbook inventory -i prod --host web1 --show-origin
  runbook inventory -i prod --list --vault-password-file ~/.vault
"""


class Form(Frozen):
    """What of the inventory is shown, and how."""

    group: str | None
    as_list: bool
    graph: bool
    with_vars: bool
    name: str | None
    show_origin: bool


_form_options = options_as(
    "form",
    Form,
    click.option("--list", "as_list", is_flag=True, help="Everything as JSON, as `ansible-inventory --list` gives it."),
    click.option("--graph", is_flag=True, help="Groups and hosts as a tree; of one GROUP when it is named."),
    click.option("--vars", "with_vars", is_flag=True, help="With --graph: the variables too."),
    click.option("--host", "name", metavar="HOST", help="The variables of one host."),
    click.option("--show-origin", is_flag=True, help="With --host: where each variable is set, and what it overrides."),
)


@click.command(epilog=EPILOG)
@click.argument("group", required=False)
@looking_options
@_form_options
@click.option(
    "--playbook-dir",
    type=click.Path(path_type=Path, exists=True, file_okay=False),
    help="Read group_vars/ and host_vars/ of this folder too, as for a playbook in it.",
)
def command(hosts: HostOptions, form: Form, playbook_dir: Path | None) -> int:
    """Show hosts, groups and variables of an inventory; without an option the hosts that -l selects."""
    from runbook.inventory.load import load_inventory

    _refuse_misuse(form)
    loaded = load_inventory(hosts.inventory, playbook_folder=playbook_dir, vault=hosts.vault)
    show_warnings(loaded, hosts.limit)
    click.echo(_shown(loaded, hosts.limit, form))
    return 0


def _refuse_misuse(form: Form) -> None:
    if form.group and not form.graph:
        raise click.UsageError(f"a GROUP is for --graph; its hosts are shown by: -l {form.group}")
    if form.with_vars and not form.graph:
        raise click.UsageError("--vars is for --graph")
    if form.show_origin and not form.name:
        raise click.UsageError("--show-origin is for --host; one variable on all hosts: runbook explain VARIABLE")


def _shown(loaded: Inventory, limit: str | None, form: Form) -> str:
    from runbook.inventory import show

    if form.as_list:
        return show.as_json(show.as_ansible_list(loaded, limit))
    if form.graph:
        top = form.group or "all"
        _known(top, loaded.groups, "group")
        return show.as_graph(loaded, top, with_vars=form.with_vars)
    if form.name:
        _known(form.name, [*loaded.hosts, "localhost"], "host")
        return show.as_host(loaded, form.name, form.show_origin)
    return "\n".join(_hosts(loaded, limit or "all"))


def _hosts(loaded: Inventory, limit: str) -> list[str]:
    from runbook.inventory.patterns import select

    hosts = select(loaded, limit)
    if not hosts:
        raise click.UsageError(f"no host matches {limit!r}")
    return [host.name for host in hosts]


def _known(name: str, names: Iterable[str], what: str) -> None:
    from runbook.common.spelling import nearest

    if name not in names:
        raise click.UsageError(f"the inventory has no {what} {name!r}. {nearest(name, names)}".rstrip())
