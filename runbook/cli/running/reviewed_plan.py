"""`runbook run --plan`: exactly what was reviewed, or nothing."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click
from click.core import ParameterSource

from runbook.cli.exit_codes import REFUSED
from runbook.cli.options.extra_variables import extra_variables
from runbook.cli.planning.plan_file import load, plan_file
from runbook.cli.planning.plan_source import PlanSource, source_of_plan_file
from runbook.cli.problem_output import show_problems
from runbook.cli.running.ask import input_prompt
from runbook.cli.running.run_loop import RunOptions, run_to_end
from runbook.source.document import Problems
from runbook.vault.format import Vault

if TYPE_CHECKING:
    from runbook.plan.bind.plan_file import PlanFile
    from runbook.plan.make.plan import Plan

FIXED = {
    "playbook": "PLAYBOOK",
    "inventory": "-i",
    "limit": "--limit",
    "tags": "--tags",
    "skip_tags": "--skip-tags",
    "start_at": "--start-at",
    "retry_failed": "--retry-failed",
}
"""What the plan says itself."""
UNPLANNED = {"become": "--become", "become_user": "--become-user", "user": "--user"}
"""As whom commands run: what is not in the plan was not reviewed, wherever it was set."""


def run_reviewed(
    ctx: click.Context,
    path: Path,
    key: Path | None,
    extra: tuple[str, ...],
    vault: Vault,
    options: RunOptions,
    before: Callable[[Plan], None],
) -> int:
    """Gives the exit code: REFUSED when the plan is not the one that was made, or not the plan of today."""
    from runbook.plan.bind.plan_file import PlanRefused

    _only_what_a_plan_leaves_open(ctx)
    try:
        file = load(path)
        _check_seal(ctx, file, key)
        source = source_of_plan_file(file.bound, _secrets(extra, file, vault), vault)
        _check_drift(file, source)
    except PlanRefused as error:
        click.echo(f"The plan is refused: {error}\nNothing has been touched.", err=True)
        return REFUSED
    return run_to_end(lambda start: source.plan(start, input_prompt()), options, before)


def _only_what_a_plan_leaves_open(ctx: click.Context) -> None:
    """Raises UsageError for what would make it another plan."""
    typed = [option for name, option in FIXED.items() if ctx.get_parameter_source(name) is ParameterSource.COMMANDLINE]
    if typed:
        raise click.UsageError(f"{', '.join(typed)} beside --plan: the plan fixes that; make another plan for it")
    unplanned = [option for name, option in UNPLANNED.items() if ctx.params.get(name)]
    if unplanned:
        raise click.UsageError(
            f"{', '.join(unplanned)} beside --plan: nobody has reviewed that; write it into the playbook "
            "(`become: true`) or the inventory (`ansible_user`), and plan again"
        )


def _check_seal(ctx: click.Context, file: PlanFile, key: Path | None) -> None:
    from runbook.plan.bind.seal import KeyProblem, check

    default = ctx.lookup_default("plan_key")
    if default is not None and key is not None and Path(default) != key:
        raise click.UsageError(f"the project's plan_key is {default}: a plan is not checked with another one")
    if key is None:
        return
    try:
        check(file, key)
    except KeyProblem as error:
        raise click.ClickException(str(error)) from None


def _secrets(extra: tuple[str, ...], file: PlanFile, vault: Vault) -> Mapping[str, Any]:
    """The secrets of the plan that -e gives. Raises UsageError for others: the plan has fixed them."""
    given = extra_variables(extra, vault)
    others = sorted(set(given) - set(file.bound.withheld))
    if others:
        wanted = ", ".join(file.bound.withheld) or "none"
        raise click.UsageError(f"-e {', '.join(others)} beside --plan: only its secrets are given again ({wanted})")
    return given


def _check_drift(file: PlanFile, source: PlanSource) -> None:
    """Raises PlanRefused with all that has changed. A playbook that is wrong now has changed too."""
    from runbook.plan.bind.drift import changed_files, drift
    from runbook.plan.bind.plan_file import PlanRefused

    try:
        today = plan_file(source)
    except Problems as error:
        changed = changed_files(file.bound)
        if not changed:
            raise
        show_problems(error)
        raise PlanRefused("it cannot be made any more:\n" + "\n".join(f"  {line}" for line in changed)) from None
    lines = drift(file, today)
    if lines:
        raise PlanRefused("it is not the plan of today:\n" + "\n".join(f"  {line}".rstrip() for line in lines))
