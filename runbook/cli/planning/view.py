"""From what the user typed to a plan as it is shown and kept; `plan`, `plan diff` and `run --plan` share it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from runbook.cli.options import Wanted, prepare

if TYPE_CHECKING:
    from runbook.plan.bind.plan_file import Bound, PlanFile
    from runbook.plan.describe.view import PlanView
    from runbook.vault.format import Vault

FORMATS = ("text", "markdown", "json", "html")


def plan_file(wanted: Wanted) -> PlanFile:
    """The plan of today. Secrets need not be given: none of them is shown. Raises Problems."""
    from runbook.plan.bind.plan_file import sealed
    from runbook.plan.bind.provenance import bound_to
    from runbook.plan.describe.make_view import view_of

    made = prepare(wanted, secrets=False)
    bound = bound_to(made.plan, wanted.playbook, wanted.inventory, made.selection, wanted.limit)
    try:
        return sealed(view_of(made.plan), bound)
    except UnicodeEncodeError:
        raise click.UsageError("a value that was given, or a name, is not UTF-8 text: a plan cannot hold it") from None


def rendered(file: PlanFile, form: str, width: int) -> str:
    """In one of FORMATS."""
    view: PlanView = file.plan
    match form:
        case "markdown":
            from runbook.plan.show.markdown import as_markdown

            return as_markdown(view)
        case "json":
            from runbook.plan.bind.plan_file import to_text

            return to_text(file)
        case "html":
            from runbook.plan.show.html import as_html

            return as_html(view)
    from runbook.plan.show.text import as_text

    return as_text(view, width)


def load(path: Path) -> PlanFile:
    """A plan file. Raises PlanRefused, and click's error for what is none."""
    from runbook.plan.bind.plan_file import NoPlan
    from runbook.plan.bind.plan_file import load as read

    try:
        return read(path)
    except NoPlan as error:
        raise click.ClickException(str(error)) from None


def wanted_by(bound: Bound, secrets: tuple[str, ...], run: Mapping[str, Any], vault: Vault) -> Wanted:
    """What was asked for when the plan was made, with the secrets that are given now."""
    return Wanted(
        Path(bound.playbook),
        inventory=bound.inventory,
        limit=bound.limit or None,
        extra=secrets,
        tags=bound.tags,
        skip_tags=bound.skip_tags,
        start_at=bound.start_at,
        vault=vault,
        run=run,
        fixed=json.loads(bound.variables),
        hosts=bound.hosts,
    )
