"""A plan as it is shown and kept; `plan`, `plan diff` and `run --plan` share it."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from runbook.cli.planning.plan_source import PlanSource

if TYPE_CHECKING:
    from runbook.plan.bind.plan_file import PlanFile

FORMATS = ("text", "markdown", "json", "html")


def plan_file(source: PlanSource) -> PlanFile:
    """The plan of today. Secrets need not be given: none of them is shown. Raises Problems."""
    from runbook.plan.bind.plan_file import sealed
    from runbook.plan.bind.provenance import bound_to
    from runbook.plan.describe.make_view import view_of

    plan = source.plan(secrets=False)
    bound = bound_to(plan, source.playbook, source.inventory, source.request)
    try:
        return sealed(view_of(plan), bound)
    except UnicodeEncodeError:
        raise click.UsageError("a value that was given, or a name, is not UTF-8 text: a plan cannot hold it") from None


def rendered(file: PlanFile, form: str, width: int) -> str:
    """In one of FORMATS."""
    match form:
        case "markdown":
            from runbook.plan.show.markdown import as_markdown

            return as_markdown(file.plan)
        case "json":
            from runbook.plan.bind.plan_file import to_text

            return to_text(file)
        case "html":
            from runbook.plan.show.html import as_html

            return as_html(file.plan)
    from runbook.plan.show.text import as_text

    return as_text(file.plan, width)


def load(path: Path) -> PlanFile:
    """A plan file. Raises PlanRefused, and click's error for what is none."""
    from runbook.plan.bind.plan_file import NoPlan
    from runbook.plan.bind.plan_file import load as read

    try:
        return read(path)
    except NoPlan as error:
        raise click.ClickException(str(error)) from None
