"""`runbook verify`: is everything as it should be? Safe to run anywhere, at any time, by a timer."""

from __future__ import annotations

from pathlib import Path

import click

from runbook.cli.options.choice import ChoiceOptions, choice_options
from runbook.cli.options.connection import ConnectionOptions, connection_options
from runbook.cli.options.output import OutputOptions, output_options
from runbook.cli.options.sources import HostOptions, host_options, playbook_argument
from runbook.cli.planning.plan_source import source_of_options
from runbook.cli.running.ask import input_prompt
from runbook.cli.running.run_loop import RunOptions, run_to_end

EPILOG = """\b
Examples:
  runbook verify playbooks/restore.yml -i prod
  runbook verify playbooks/restore.yml -i prod --report junit=checks.xml -q
"""


@click.command(epilog=EPILOG)
@playbook_argument
@host_options
@choice_options
@connection_options
@output_options
def command(
    playbook: Path, hosts: HostOptions, choice: ChoiceOptions, connection: ConnectionOptions, output: OutputOptions
) -> int:
    """Run only what changes nothing of PLAYBOOK: nothing is repaired, and nobody is asked.

    Verdict, exit codes and reports are those of `run`; a failed check is diagnosed.
    """
    source = source_of_options(playbook, hosts, choice)
    return run_to_end(lambda start: source.plan(start, input_prompt()), RunOptions(connection, output, "verify"))
