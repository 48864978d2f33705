"""Options that say what of a playbook runs, and with which values: -e, tags, the step to start at, a run to retry."""

from __future__ import annotations

import click

from runbook.cli.options.groups import options_as
from runbook.common.frozen import Frozen


class ChoiceOptions(Frozen):
    """As typed."""

    extra: tuple[str, ...] = ()
    tags: tuple[str, ...] = ()
    skip_tags: tuple[str, ...] = ()
    retry_failed: str = ""
    start_at: str = ""


extra_option = click.option(
    "-e",
    "--extra-vars",
    "extra",
    multiple=True,
    metavar="NAME=VALUE|@FILE",
    help="A variable or input; wins over everything.",
)
choice_options = options_as(
    "choice",
    ChoiceOptions,
    extra_option,
    click.option(
        "-t", "--tags", multiple=True, envvar="RUNBOOK_TAGS", metavar="TAGS", help="Only steps with these tags."
    ),
    click.option(
        "--skip-tags", multiple=True, envvar="RUNBOOK_SKIP_TAGS", metavar="TAGS", help="No steps with these tags."
    ),
    click.option(
        "--retry-failed",
        metavar="RUN",
        default="",
        help="Only the hosts that did not come through that kept run: its id, or `last`.",
    ),
    click.option("--start-at", metavar="STEP", default="", help="Begin at this step: its number or its name."),
)


def split(values: tuple[str, ...]) -> frozenset[str]:
    """The tags of options such as `-t a,b -t c`."""
    return frozenset(part.strip() for value in values for part in value.split(",") if part.strip())
