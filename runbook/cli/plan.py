"""`runbook plan`: what a run would do, without touching a host."""

from __future__ import annotations

import shutil
import sys
from pathlib import Path
from typing import Any

import click

from runbook.cli.options import Wanted, choice_options, inventory_options, make_plan, playbook_argument


@click.command(epilog="Example: runbook plan playbooks/restore.yml -i prod -l web1")
@playbook_argument
@inventory_options
@choice_options
def command(playbook: Path, **given: Any) -> int:
    """Show by stage and host what each step of PLAYBOOK will do, and what is known only later.

    No host is touched. `~` marks a step that changes its host. For the same files and inputs the text is the same.
    """
    from runbook.plan.render import as_text

    plan = make_plan(Wanted(playbook, **given))
    width = shutil.get_terminal_size().columns if sys.stdout.isatty() else 100
    click.echo(as_text(plan, min(width, 120)), nl=False)
    return 0
