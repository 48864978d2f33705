"""Options that several commands share, and the way from them to a plan."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import field
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

from runbook.cli.inventories.passwords import vault_options
from runbook.common.frozen import frozen
from runbook.model import Host, Input, Inventory, Playbook
from runbook.source.document import Problem, Problems, Span
from runbook.templating.render import is_template
from runbook.vault.format import Vault

if TYPE_CHECKING:
    from runbook.plan.make.plan import Plan
    from runbook.plan.make.selection import Selection

F = TypeVar("F", bound=Callable[..., Any])

playbook_argument = click.argument("playbook", type=click.Path(path_type=Path))

_INVENTORY = [
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
]
extra_option = click.option(
    "-e",
    "--extra-vars",
    "extra",
    multiple=True,
    metavar="NAME=VALUE|@FILE",
    help="A variable or input; wins over everything.",
)
_CHOICE = [
    extra_option,
    click.option(
        "-t", "--tags", multiple=True, envvar="RUNBOOK_TAGS", metavar="TAGS", help="Only steps with these tags."
    ),
    click.option(
        "--skip-tags", multiple=True, envvar="RUNBOOK_SKIP_TAGS", metavar="TAGS", help="No steps with these tags."
    ),
    click.option(
        "--retry-failed",
        metavar="RUN",
        default="",
        help="Only the hosts that did not come through that kept run: its id, or `last`.",
    ),
    click.option("--start-at", metavar="STEP", default="", help="Begin at this step: its number or its name."),
]


def stack(options: list[Callable[[Any], Any]]) -> Callable[[F], F]:
    """One decorator for several options, which the help shows in this order."""

    def add(function: F) -> F:
        for option in reversed(options):
            function = option(function)
        return function

    return add


inventory_options = stack([*_INVENTORY, vault_options()])
looking_options = stack([*_INVENTORY, vault_options(optional=True)])
"""For commands that show how things are written: they need no password for values under `!vault`."""
choice_options = stack(_CHOICE)


@frozen
class Wanted:
    """What the user asked for, as typed."""

    playbook: Path
    inventory: tuple[str, ...] = ()
    limit: str | None = None
    extra: tuple[str, ...] = ()
    tags: tuple[str, ...] = ()
    skip_tags: tuple[str, ...] = ()
    start_at: str = ""
    retry_failed: str = ""
    vault: Vault = field(default_factory=Vault)
    run: Mapping[str, Any] = field(default_factory=dict)
    fixed: Mapping[str, Any] = field(default_factory=dict)
    """Variables that a plan file has; they win over `extra`."""
    hosts: tuple[str, ...] = ()
    """Only these of the chosen hosts; all when there are none."""


@frozen
class Prepared:
    """A checked plan, and what of the playbook was chosen for it."""

    plan: Plan
    selection: Selection


def make_plan(wanted: Wanted, ask: Callable[[Input], Any] | None = None) -> Plan:
    """Everything up to a checked plan: files, inputs, hosts. `ask` is for inputs that nobody has given.

    Raises Problems with all that is wrong.
    """
    return prepare(wanted, ask).plan


def prepare(wanted: Wanted, ask: Callable[[Input], Any] | None = None, *, secrets: bool = True) -> Prepared:
    """The same, with what was chosen. Without `secrets` those may be missing, or wrong."""
    from runbook.plan.make.inputs import check_inputs, coerce, from_environment, missing
    from runbook.plan.make.plan import build
    from runbook.plan.make.variables import Given

    playbook, inventory = load_both(wanted.playbook, wanted.inventory, wanted.vault)
    warn(inventory, wanted.limit)
    extra = {**from_environment(playbook), **extra_variables(wanted.extra, wanted.vault), **wanted.fixed}
    extra = {k: coerce(v, playbook.inputs[k]) if k in playbook.inputs else v for k, v in extra.items()}
    selection = _selection(wanted, playbook)
    plan = build(playbook, inventory, Given(extra, wanted.run), selection, wanted.limit)
    lacking = missing(playbook, plan.variables, plan.hosts) if ask else []
    if ask and lacking:
        extra |= {item.name: coerce(ask(item), item) for item in lacking}
        plan = build(playbook, inventory, Given(extra, wanted.run), selection, wanted.limit)
    check_inputs(playbook, plan.variables, plan.hosts, secrets=secrets)
    if odd := list(odd_names(plan.hosts, inventory.sources)):
        raise Problems(odd)
    return Prepared(plan, selection)


def _selection(wanted: Wanted, playbook: Playbook) -> Selection:
    from runbook.plan.make.selection import Selection

    again = _unfinished(wanted.retry_failed, playbook) if wanted.retry_failed else frozenset(wanted.hosts) or None
    return Selection(split(wanted.tags), split(wanted.skip_tags), wanted.start_at, again)


def odd_names(hosts: Iterable[Host], sources: tuple[str, ...]) -> Iterator[Problem]:
    """Names, addresses and users that no connection would be made with, told before anything has begun."""
    from runbook.transports.connect import LOCAL
    from runbook.transports.ssh.settings.names import WAY_OUT, odd_host, odd_user

    for host in hosts:
        if host.get("ansible_connection") in LOCAL:
            continue
        asked: list[tuple[str, Span | None]] = []
        if not host.get("ansible_host"):
            asked.append((odd_host(host.name), None))
        for name, odd in (("ansible_host", odd_host), ("ansible_user", odd_user)):
            variable = host.variables.get(name)
            if variable is not None and not is_template(variable.value):
                asked.append((odd(str(variable.value)), variable.span))
        for message, span in asked:
            if message:
                place = span or Span(", ".join(sources) or "inventory", 1, 1)
                yield Problem(message, place, WAY_OUT, "inventory")


def _unfinished(name: str, playbook: Playbook) -> frozenset[str]:
    """The hosts that did not come through a kept run. Raises click.UsageError where there are none."""
    from runbook.cli.records.report import kept_run

    run = kept_run(name)
    if run.playbook != playbook.name:
        raise click.UsageError(f"--retry-failed: run {run.run_id} was of {run.playbook!r}, not of {playbook.name!r}")
    if not run.unfinished:
        raise click.UsageError(f"--retry-failed: every host came through run {run.run_id}; nothing is left to do")
    return frozenset(run.unfinished)


def load_both(path: Path, inventory: tuple[str, ...], vault: Vault) -> tuple[Playbook, Inventory]:
    """The playbook and the inventory, with the problems of both at once."""
    from runbook.inventory.load import load_inventory
    from runbook.playbook.load import load_playbook

    problems: list[Problem] = []
    texts: dict[str, str] = {}
    playbook = hosts = None
    try:
        playbook = load_playbook(path, vault=vault)
    except Problems as error:
        problems += error.problems
        texts |= error.texts
    try:
        hosts = load_inventory(inventory, playbook_folder=path.absolute().parent, vault=vault)
    except Problems as error:
        problems += error.problems
        texts |= error.texts
    if playbook is None or hosts is None:
        raise Problems(problems, texts)
    return playbook, hosts


def warn(inventory: Inventory, limit: str | None) -> None:
    """Tell what is odd in the inventory and yet no error, and which parts of the limit nothing has."""
    from runbook.inventory.patterns import unmatched

    for problem in inventory.warnings:
        hint = f" ({problem.hint})" if problem.hint else ""
        click.echo(f"warning: {problem.span}: {problem.message}{hint}", err=True)
    for part in unmatched(inventory, "", limit):
        click.echo(f"warning: -l: no host and no group is called {part!r}", err=True)


def extra_variables(texts: tuple[str, ...], vault: Vault) -> dict[str, Any]:
    from runbook.plan.make.inputs import parse_extra
    from runbook.vault.documents import read_document

    try:
        return parse_extra(texts, lambda name: read_document(Path(name), vault).data)
    except ValueError as error:
        raise click.UsageError(str(error)) from None


def split(values: tuple[str, ...]) -> frozenset[str]:
    """The tags of options such as `-t a,b -t c`."""
    return frozenset(part.strip() for value in values for part in value.split(",") if part.strip())
