"""`runbook verify`: is everything as it should be? Safe to run anywhere, at any time, by a timer."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import Any

import click

from runbook.cli.options import choice_options, inventory_options, playbook_argument
from runbook.cli.running.play import connection_options, output_options, play, wanted_of

EPILOG = """\b
Examples:
  runbook verify playbooks/restore.yml -i prod
  runbook verify playbooks/restore.yml -i prod --report junit=checks.xml -q
"""


@click.command(epilog=EPILOG)
@playbook_argument
@inventory_options
@choice_options
@connection_options
@output_options
def command(playbook: Path, **given: Any) -> int:
    """Run only what changes nothing of PLAYBOOK: nothing is repaired, and nobody is asked.

    Verdict, exit codes and reports are those of `run`; a failed check is diagnosed.
    """
    return play(partial(wanted_of, playbook, given), given, "verify")
