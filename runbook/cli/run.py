"""`runbook run`: the playbook runs, or with --check shows what it would change."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from runbook.cli.guard import agree
from runbook.cli.options import choice_options, inventory_options, playbook_argument
from runbook.cli.play import connection_options, output_options, play

EPILOG = """\b
Examples:
  runbook run playbooks/restore.yml -i prod
  runbook run playbooks/restore.yml -i prod -l web1 -e variant=redis --report html=out.html
  runbook run playbooks/restore.yml -i prod --check --diff
  runbook run playbooks/restore.yml -i prod --answer 5.5=yes
"""


@click.command(epilog=EPILOG)
@playbook_argument
@inventory_options
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
def command(playbook: Path, check: bool, answers: tuple[str, ...], **given: Any) -> int:
    """Run PLAYBOOK on the hosts of an inventory. Exit code: 0 passed or remediated, 1 failed, see `runbook --help`."""
    if check:
        return play(playbook, given, "check", answers)
    return play(
        playbook, given, "run", answers, before=lambda plan: agree(plan, yes=given["yes"], named=given["confirm_name"])
    )
