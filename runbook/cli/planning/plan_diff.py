"""`runbook plan diff`: what becomes of the actions on hosts between two plans, or two revisions of a playbook."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

from runbook.cli.options.choice import ChoiceOptions, choice_options
from runbook.cli.options.sources import HostOptions, host_options
from runbook.cli.planning.plan_source import source_of_options
from runbook.cli.problem_output import show_problems
from runbook.common.frozen import replace
from runbook.source.document import Problems

if TYPE_CHECKING:
    from runbook.plan.describe.view import PlanView

T = TypeVar("T")
ERROR, DIFFERENT = 1, 2
EPILOG = """\b
Examples:
  runbook plan diff before.json after.json
  runbook plan diff --base main playbooks/restore.yml -i prod
  runbook plan diff --base v1.2 --head v1.3 playbooks/restore.yml -i prod --format markdown

\b
Exit codes:
  0 compared; 2 what you wrote is wrong. With --detailed-exitcode, as terraform's:
  0 no difference    1 what you wrote is wrong    2 there is a difference
"""


class DiffCommand(click.Command):
    """With --detailed-exitcode a wrong command line is 1 too: 2 has another meaning then."""

    def make_context(
        self, info_name: str | None, args: list[str], parent: click.Context | None = None, **extra: Any
    ) -> click.Context:
        detailed = bool({"--detailed-exitcode", "--exit-code"} & set(args))
        return _told(detailed, lambda: super(DiffCommand, self).make_context(info_name, args, parent, **extra))


def _told(detailed: bool, do: Callable[[], T]) -> T:
    """What was wrong is shown, and the command ends with 1, where 2 means a difference."""
    if not detailed:
        return do()
    from runbook.plan.bind.plan_file import PlanRefused

    try:
        return do()
    except Problems as error:
        show_problems(error)
    except click.ClickException as error:
        error.show()
    except PlanRefused as error:
        click.echo(f"Error: {error}", err=True)
    raise click.exceptions.Exit(ERROR)


@click.command(cls=DiffCommand, epilog=EPILOG)
@click.argument("what", nargs=-1, required=True, metavar="BASE HEAD | PLAYBOOK", type=click.Path(path_type=Path))
@click.option("--base", metavar="REV", help="Compare PLAYBOOK and its inventory with this revision of git.")
@click.option("--head", metavar="REV", help="The later revision; the files as they are, when not said.")
@host_options
@choice_options
@click.option(
    "--format",
    "form",
    type=click.Choice(["text", "markdown", "json"]),
    default="text",
    show_default=True,
    help="How to show it.",
)
@click.option(
    "--detailed-exitcode",
    "--exit-code",
    "detailed",
    is_flag=True,
    help="0 no difference, 1 an error, 2 a difference; as terraform's.",
)
def diff_command(
    what: tuple[Path, ...],
    base: str | None,
    head: str | None,
    hosts: HostOptions,
    choice: ChoiceOptions,
    form: str,
    detailed: bool,
) -> int:
    """Show what becomes of the actions on hosts: steps added, removed, moved, changed; hosts gained and lost.

    BASE and HEAD are plan files. With --base REV it is PLAYBOOK, planned with the same options at that revision of git
    and as it is now. What checks less than before comes first. Steps are known by their place and name, not by number.
    """
    same = _told(detailed, lambda: _compare(*_plans(what, base, head, hosts, choice), form))
    return DIFFERENT if detailed and not same else 0


def _compare(before: PlanView, after: PlanView, form: str) -> bool:
    """Shows the difference. Is there none?"""
    from runbook.common.frozen import asdict
    from runbook.common.json_data import json_text
    from runbook.plan.compare.diff import diff

    found = diff(before, after)
    if form == "json":
        click.echo(json_text({"same": found.same, **asdict(found)}))
    else:
        from runbook.plan.compare.diff_text import as_markdown, as_text

        click.echo((as_markdown if form == "markdown" else as_text)(found), nl=False)
    return found.same


def _plans(
    what: tuple[Path, ...], base: str | None, head: str | None, hosts: HostOptions, choice: ChoiceOptions
) -> tuple[PlanView, PlanView]:
    from runbook.cli.planning.plan_file import load
    from runbook.plan.bind.plan_file import PlanRefused

    if base is None:
        if len(what) != 2 or head is not None:
            raise click.UsageError("give two plan files, BASE and HEAD; or one PLAYBOOK and --base REV")
        try:
            return load(what[0]).plan, load(what[1]).plan
        except PlanRefused as error:
            raise click.ClickException(str(error)) from None
    if len(what) != 1:
        raise click.UsageError("with --base give one PLAYBOOK")
    return _at(base, what[0], hosts, choice), _at(head, what[0], hosts, choice)


def _at(revision: str | None, playbook: Path, hosts: HostOptions, choice: ChoiceOptions) -> PlanView:
    """The plan at a revision; of the files as they are, for None."""
    from runbook.cli.planning.plan_file import plan_file
    from runbook.cli.planning.revision import checked_out

    if revision is None:
        return plan_file(source_of_options(playbook, hosts, choice)).plan
    with checked_out(revision) as here:
        there = replace(hosts, inventory=tuple(map(here.path, hosts.inventory)))
        try:
            return plan_file(source_of_options(Path(here.path(str(playbook))), there, choice)).plan
        except Problems:
            click.echo(f"At the revision {revision}, in {os.getcwd()}:", err=True)  # noqa: PTH109 - the place is what counts
            raise
