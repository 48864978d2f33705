"""`runbook run`: the playbook runs, or with --check shows what it would change."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from runbook.cli.options.choice import ChoiceOptions, choice_options
from runbook.cli.options.connection import ConnectionOptions, connection_options
from runbook.cli.options.output import OutputOptions, output_options
from runbook.cli.options.sources import HostOptions, host_options
from runbook.cli.planning.plan_source import source_of_options
from runbook.cli.running.ask import input_prompt
from runbook.cli.running.guard import agree
from runbook.cli.running.reviewed_plan import run_reviewed
from runbook.cli.running.run_loop import RunOptions, run_to_end

if TYPE_CHECKING:
    from runbook.plan.make.plan import Plan

EPILOG = """\b
Examples:
  runbook run playbooks/restore.yml -i prod
  runbook run playbooks/restore.yml -i prod -l web1 -e variant=redis --report html=out.html
  runbook run playbooks/restore.yml -i prod --check --diff
  runbook run playbooks/restore.yml -i prod --answer 5.5=yes
  runbook run --plan plan.json --plan-key plan.key
"""


@click.command(epilog=EPILOG)
@click.argument("playbook", required=False, type=click.Path(path_type=Path))
@click.option(
    "--plan",
    "plan",
    type=click.Path(path_type=Path),
    envvar="RUNBOOK_PLAN",
    help="Run exactly this plan, made by `runbook plan --out`. Refused when what it was made of has changed since.",
)
@click.option(
    "--plan-key",
    type=click.Path(path_type=Path),
    envvar="RUNBOOK_PLAN_KEY",
    help="Only a plan that is signed: by this shared key, or by one of these allowed SSH signers.",
)
@host_options
@choice_options
@connection_options
@click.option(
    "-C",
    "--check",
    is_flag=True,
    envvar="RUNBOOK_CHECK",
    help="Change nothing: run what only looks, and show what the rest would do. What depends on that is unknown.",
)
@click.option(
    "--detailed-exitcode",
    "detailed",
    is_flag=True,
    help="With --check: exit code 0 when nothing would change, 7 when something would, or may.",
)
@click.option(
    "--answer",
    "answers",
    multiple=True,
    metavar="STEP=yes|no|na",
    help="Answer a `confirm` step beforehand. May be repeated.",
)
@output_options
@click.option("-y", "--yes", is_flag=True, envvar="RUNBOOK_YES", help="Do not ask before several hosts are changed.")
@click.option(
    "--confirm-name",
    multiple=True,
    envvar="RUNBOOK_CONFIRM_NAME",
    metavar="NAME",
    help="The name that the inventory wants to hear (`confirm_name`) before its hosts are changed.",
)
@click.pass_context
def command(
    ctx: click.Context,
    /,
    playbook: Path | None,
    plan: Path | None,
    plan_key: Path | None,
    hosts: HostOptions,
    choice: ChoiceOptions,
    connection: ConnectionOptions,
    check: bool,
    detailed: bool,
    answers: tuple[str, ...],
    output: OutputOptions,
    yes: bool,
    confirm_name: tuple[str, ...],
) -> int:
    """Run PLAYBOOK on the hosts of an inventory, or exactly what a plan file says.

    Exit code: 0 passed or remediated, 1 failed or rescued, see `runbook --help`.
    """
    if detailed and not check:
        raise click.UsageError("--detailed-exitcode goes with --check")
    options = RunOptions(connection, output, "check" if check else "run", answers, detailed)

    def before(made: Plan) -> None:
        if not check:
            agree(made, yes=yes, named=confirm_name)

    if plan is not None:
        return run_reviewed(ctx, plan, plan_key, choice.extra, hosts.vault, options, before)
    if playbook is None:
        raise click.UsageError("give a PLAYBOOK, or a plan: --plan FILE")
    if plan_key is not None and not check:
        raise click.UsageError("only signed plans run here (plan_key): give one by --plan FILE; --check needs none")
    source = source_of_options(playbook, hosts, choice)
    return run_to_end(lambda start: source.plan(start, input_prompt()), options, before)
