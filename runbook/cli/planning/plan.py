"""`runbook plan`: what a run would do, without touching a host; `runbook plan diff`: what a change does to it."""

from __future__ import annotations

import shutil
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

import click

from runbook.cli.options.choice import ChoiceOptions, choice_options
from runbook.cli.options.sources import HostOptions, host_options, playbook_argument
from runbook.cli.planning.plan_diff import diff_command
from runbook.cli.planning.plan_file import FORMATS, plan_file, rendered
from runbook.cli.planning.plan_source import source_of_options

if TYPE_CHECKING:
    from runbook.plan.bind.plan_file import PlanFile

EPILOG = """\b
Examples:
  runbook plan playbooks/restore.yml -i prod -l web1
  runbook plan playbooks/restore.yml -i prod --out plan.json
  runbook run --plan plan.json
  runbook plan diff --base main playbooks/restore.yml -i prod
  runbook plan ./diff          (a playbook whose file is called `diff`)
"""


class PlanCommand(click.Command):
    """`plan PLAYBOOK`, and `plan diff …`."""

    commands: ClassVar[dict[str, click.Command]] = {"diff": diff_command}

    def make_context(
        self, info_name: str | None, args: list[str], parent: click.Context | None = None, **extra: Any
    ) -> click.Context:
        if args[:1] == ["diff"]:
            if parent is not None and parent.default_map:
                extra["default_map"] = parent.default_map.get(info_name or "")
            return diff_command.make_context(f"{info_name} diff", args[1:], parent, **extra)
        return super().make_context(info_name, args, parent, **extra)


@click.command(cls=PlanCommand, epilog=EPILOG)
@playbook_argument
@host_options
@choice_options
@click.option(
    "--format",
    "form",
    type=click.Choice(FORMATS),
    default="text",
    envvar="RUNBOOK_PLAN_FORMAT",
    show_default=True,
    help="How to show it; markdown is for a comment in a review.",
)
@click.option("--out", type=click.Path(path_type=Path, dir_okay=False), help="Write the plan file, for `run --plan`.")
@click.option(
    "--plan-key",
    type=click.Path(path_type=Path),
    envvar="RUNBOOK_PLAN_KEY",
    help="Sign the plan file: a file with a shared key, or a private SSH key.",
)
def command(
    playbook: Path, hosts: HostOptions, choice: ChoiceOptions, form: str, out: Path | None, plan_key: Path | None
) -> int:
    """Show by stage and host what each step of PLAYBOOK will do, and what is known only later.

    No host is touched. `~` marks a step that changes its host. For the same files and inputs the plan is the same, to
    the byte. Secrets are not shown, and need not be given.

    `runbook plan diff BASE HEAD` shows what becomes of the actions on hosts between two plans.
    """
    source = click.get_current_context().get_parameter_source("plan_key")
    if source is click.core.ParameterSource.COMMANDLINE and out is None and form != "json":
        raise click.UsageError("--plan-key signs a plan file: say where to write it, --out FILE")
    file = plan_file(source_of_options(playbook, hosts, choice))
    if plan_key is not None and (out is not None or form == "json"):
        file = _signed(file, plan_key)
    width = shutil.get_terminal_size().columns if sys.stdout.isatty() else 100
    if out is not None:
        _write(out, rendered(file, "json", width))
    click.echo(rendered(file, form, min(width, 120)), nl=False)
    if out is not None:
        click.echo(f"The plan is in {out}; `runbook run --plan {out}` runs exactly this.", err=True)
    return 0


def _signed(file: PlanFile, key: Path) -> PlanFile:
    from runbook.plan.bind.plan_file import with_seal
    from runbook.plan.bind.seal import KeyProblem, seal

    try:
        return with_seal(file, seal(file, key))
    except KeyProblem as error:
        raise click.ClickException(str(error)) from None


def _write(path: Path, text: str) -> None:
    try:
        path.write_text(text, encoding="utf-8")
    except OSError as error:
        raise click.ClickException(f"{path} cannot be written: {error.strerror or error}") from None
