"""`runbook plan diff`: what becomes of the actions on hosts between two plans, or two revisions of a playbook."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from runbook.cli.options import Wanted, choice_options, inventory_options
from runbook.source.document import Problems

if TYPE_CHECKING:
    from runbook.plan.describe.view import PlanView

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
        made: click.Context = _told(
            detailed, lambda: super(DiffCommand, self).make_context(info_name, args, parent, **extra)
        )
        return made


def _told(detailed: bool, do: Callable[[], Any]) -> Any:
    """What was wrong is shown, and the command ends with 1, where 2 means a difference."""
    if not detailed:
        return do()
    from runbook.cli.main import show_problems
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
@inventory_options
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
    what: tuple[Path, ...], base: str | None, head: str | None, form: str, detailed: bool, **given: Any
) -> int:
    """Show what becomes of the actions on hosts: steps added, removed, moved, changed; hosts gained and lost.

    BASE and HEAD are plan files. With --base REV it is PLAYBOOK, planned with the same options at that revision of git
    and as it is now. What checks less than before comes first. Steps are known by their place and name, not by number.
    """
    compared: int = _told(detailed, lambda: _compare(what, base, head, form, given))
    return compared if detailed else 0


def _compare(what: tuple[Path, ...], base: str | None, head: str | None, form: str, given: dict[str, Any]) -> int:
    from runbook.common.json_data import encode
    from runbook.plan.compare.diff import diff

    before, after = _plans(what, base, head, given)
    found = diff(before, after)
    if form == "json":
        click.echo(json.dumps({"same": found.same, **encode(found)}, ensure_ascii=False, indent=1))
    else:
        from runbook.plan.compare.diff_text import as_markdown, as_text

        click.echo((as_markdown if form == "markdown" else as_text)(found), nl=False)
    return 0 if found.same else DIFFERENT


def _plans(
    what: tuple[Path, ...], base: str | None, head: str | None, given: dict[str, Any]
) -> tuple[PlanView, PlanView]:
    from runbook.cli.planning.view import load
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
    return _at(base, what[0], given), _at(head, what[0], given)


def _at(revision: str | None, playbook: Path, given: dict[str, Any]) -> PlanView:
    """The plan at a revision; of the files as they are, for None."""
    from runbook.cli.planning.revision import checked_out
    from runbook.cli.planning.view import plan_file

    if revision is None:
        return plan_file(Wanted(playbook, **given)).plan
    with checked_out(revision) as here:
        inventory = tuple(here.path(source) for source in given["inventory"])
        wanted = Wanted(Path(here.path(str(playbook))), **{**given, "inventory": inventory})
        try:
            return plan_file(wanted).plan
        except Problems:
            click.echo(f"At the revision {revision}, in {os.getcwd()}:", err=True)  # noqa: PTH109 - the place is what counts
            raise
