"""The guard before a run that may change hosts: it shows them, and wants a word from whoever starts it."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from runbook.model import Host
    from runbook.plan.make.plan import Plan

SHOWN = 10
VARIABLE = "confirm_name"
"""Inventory variable: its value has to be typed, or given, before hosts that have it are changed."""


def agree(plan: Plan, *, yes: bool, named: Sequence[str]) -> None:
    """Returns when the run may begin. Raises click.Abort when it must not, UsageError when nobody can be asked."""
    from runbook.plan.make.changed_hosts import may_change

    hosts = may_change(plan)
    missing = [name for name in _names(hosts) if name not in named]
    if not missing and (yes or len(hosts) < 2):
        return
    if not (sys.stdin.isatty() and sys.stderr.isatty()):
        raise click.UsageError(_how(hosts, missing))
    click.echo(f"{plan.playbook.name}: {_counted(hosts)} may be changed: {_shown(hosts)}", err=True)
    if not (all(_typed(name) for name in missing) if missing else click.confirm("Go on?", err=True)):
        click.echo("Not started; nothing has been touched.", err=True)
        raise click.Abort


def _typed(name: str) -> bool:
    return bool(click.prompt(f"Type {name} to go on", err=True, default="", show_default=False).strip() == name)


def _names(hosts: Sequence[Host]) -> list[str]:
    found = [str(host.variables[VARIABLE].value) for host in hosts if VARIABLE in host.variables]
    return list(dict.fromkeys(name for name in found if name))


def _how(hosts: Sequence[Host], missing: Sequence[str]) -> str:
    said = f"this run may change {_counted(hosts)} ({_shown(hosts)}), and nobody can be asked here; "
    if missing:
        options = " ".join(f"--confirm-name {name}" for name in missing)
        return f"{said}the inventory wants their name: {options}"
    return f"{said}-y says yes (or RUNBOOK_YES=1), -l takes fewer hosts"


def _counted(hosts: Sequence[Host]) -> str:
    return f"{len(hosts)} host{'s' if len(hosts) != 1 else ''}"


def _shown(hosts: Sequence[Host]) -> str:
    names = ", ".join(host.name for host in hosts[:SHOWN])
    return names + (f" and {len(hosts) - SHOWN} more" if len(hosts) > SHOWN else "")
