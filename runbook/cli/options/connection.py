"""Options that say how hosts are reached, as whom, and how many at a time."""

from __future__ import annotations

import click

from runbook.cli.options.groups import options_as
from runbook.common.frozen import Frozen


class ConnectionOptions(Frozen):
    """As typed."""

    forks: int
    become: bool
    become_user: str
    ask_become_pass: bool
    user: str | None
    private_key: str | None


connection_options = options_as(
    "connection",
    ConnectionOptions,
    click.option(
        "-f",
        "--forks",
        type=click.IntRange(1),
        default=10,
        envvar="RUNBOOK_FORKS",
        show_default=True,
        help="Hosts at a time.",
    ),
    click.option("-b", "--become", is_flag=True, envvar="RUNBOOK_BECOME", help="Run steps as another user, by sudo."),
    click.option("--become-user", default="", envvar="RUNBOOK_BECOME_USER", help="Which user; root when not said."),
    click.option("-K", "--ask-become-pass", is_flag=True, help="Ask for sudo's password."),
    click.option("-u", "--user", envvar="RUNBOOK_USER", help="Log in as this user."),
    click.option("--private-key", envvar="RUNBOOK_PRIVATE_KEY", type=click.Path(), help="Log in with this key."),
)
