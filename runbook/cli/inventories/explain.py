"""`runbook explain`: where the value of a variable comes from."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from runbook.cli.options.choice import extra_option
from runbook.cli.options.extra_variables import extra_variables
from runbook.cli.options.sources import HostOptions, looking_options

if TYPE_CHECKING:
    from runbook.model import Host, Inventory, Playbook
    from runbook.plan.make.settings import Setting
    from runbook.vault.format import Vault

EPILOG = """\b
Examples:
  runbook explain http_port -i prod --host web1
  runbook explain http_port playbooks/restart.yml -i prod --host web1
  runbook explain http_port -i prod
"""


@click.command(epilog=EPILOG)
@click.argument("variable")
@click.argument("playbook", required=False, type=click.Path(path_type=Path))
@looking_options
@click.option("--host", "name", metavar="HOST", help="For this host; for all of them, by their values, when not said.")
@extra_option
@click.option("--format", "form", type=click.Choice(["text", "json"]), default="text", show_default=True)
def command(
    variable: str,
    playbook: Path | None,
    hosts: HostOptions,
    name: str | None,
    extra: tuple[str, ...],
    form: str,
) -> int:
    """Show every place that sets VARIABLE, which one wins, and why; with a PLAYBOOK its places too.

    No host is touched. Secrets are masked.
    """
    from runbook.common.spelling import nearest
    from runbook.plan.make.variable_origins import Explainer
    from runbook.plan.make.variables import Given, Variables
    from runbook.plan.show.variable_text import as_data, as_text

    loaded, inventory = _loaded(playbook, hosts)
    given = [*_from_environment(loaded), *_from_options(extra, loaded, hosts.vault)]
    variables = Variables(loaded, inventory, Given({each.name: each.written for each in given}))
    explainer = Explainer(variables, _chosen(inventory, name, hosts.limit), given)
    if variable not in (names := explainer.names()):
        hint = nearest(variable, names) or "runbook inventory --host HOST shows all that the inventory sets"
        raise click.UsageError(f"nothing sets the variable {variable!r}. {hint}")
    found = explainer.explain(variable)
    if form == "json":
        click.echo(json.dumps(as_data(variable, found, inventory), ensure_ascii=False, indent=2, default=str))
    else:
        click.echo(as_text(variable, found, inventory))
    return 0


def _loaded(playbook: Path | None, hosts: HostOptions) -> tuple[Playbook, Inventory]:
    if playbook:
        from runbook.plan.make.sources import load_sources

        return load_sources(playbook, hosts.inventory, hosts.vault)
    from runbook.inventory.load import load_inventory
    from runbook.model import Playbook
    from runbook.source.document import Document, Place

    return Playbook("", Place(Document("playbook", "", None)), ()), load_inventory(hosts.inventory, vault=hosts.vault)


def _chosen(inventory: Inventory, name: str | None, limit: str | None) -> list[Host]:
    from runbook.common.spelling import nearest
    from runbook.inventory.patterns import select

    if name is None:
        if hosts := select(inventory, "all", limit):
            return list(hosts)
        raise click.UsageError(f"no host matches {limit or 'all'!r}; for this machine: --host localhost")
    if name in inventory.hosts:
        return [inventory.hosts[name]]
    if name == "localhost" and inventory.localhost:
        return [inventory.localhost]
    raise click.UsageError(f"the inventory has no host {name!r}. {nearest(name, inventory.hosts)}".rstrip())


def _from_environment(playbook: Playbook) -> Iterator[Setting]:
    from runbook.plan.make.inputs import from_environment
    from runbook.plan.make.settings import Level, Setting

    for name, value in from_environment(playbook).items():
        yield Setting(name, Level.GIVEN, f"environment variable {playbook.inputs[name].env}", value)


def _from_options(texts: tuple[str, ...], playbook: Playbook, vault: Vault) -> Iterator[Setting]:
    from runbook.plan.make.inputs import coerce
    from runbook.plan.make.settings import Level, Setting
    from runbook.source.document import Place
    from runbook.vault.documents import read_document

    for text in texts:
        file = Place(read_document(Path(text[1:]), vault)) if text.startswith("@") else None
        for name, value in extra_variables((text,), vault).items():
            known: Any = coerce(value, playbook.inputs[name]) if name in playbook.inputs else value
            yield Setting(name, Level.GIVEN, "-e", known, (file / name).value if file else None)
