"""Sentences that a plan has alike as text, as Markdown and as a page: what it does, and on how many hosts."""

from __future__ import annotations

from runbook.plan.describe.view import StageView, Totals

NAMES = 8
"""Hosts that are named where there are more."""


def counted(number: int, what: str) -> str:
    return f"{number:,} {what}{'' if number == 1 else 's'}"


def hosts_of(names: tuple[str, ...], most: int = NAMES) -> str:
    shown = ", ".join(names[:most])
    return f"{shown} and {len(names) - most:,} more" if len(names) > most else shown


def summary(totals: Totals) -> str:
    """What a plan does, in a sentence or three."""
    if totals.changing:
        verb = "changes" if totals.changing == 1 else "change"
        said = f"{counted(totals.changing, 'step')} {verb} {counted(totals.changed_hosts, 'host')}"
        said += f"; {counted(totals.reading, 'step')} only read{'s' if totals.reading == 1 else ''}."
    else:
        said = "Changes nothing unless something fails: " if totals.repairs else "Changes nothing: "
        said += f"{counted(totals.reading, 'step')} only read{'s' if totals.reading == 1 else ''}, "
        said += f"on {counted(totals.hosts, 'host')}."
    if totals.repairs:
        repairs, hosts = counted(totals.repairs, "more step"), counted(totals.repaired_hosts, "host")
        said += f" If something fails, up to {repairs} may change {hosts}."
    return said + (f" {counted(totals.skipped, 'step')} skipped on every host." if totals.skipped else "")


def hosts_in(stage: StageView) -> tuple[str, ...]:
    return tuple(host for batch in stage.batches for host in batch)
