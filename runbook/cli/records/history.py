"""`runbook history`: the runs that are kept."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from datetime import datetime
from typing import TYPE_CHECKING

import click

from runbook.common.frozen import Frozen, asdict

if TYPE_CHECKING:
    from runbook.runs.store import Head

VERDICTS = ("passed", "remediated", "rescued", "failed", "unreachable", "waiting", "unknown", "drift")
EPILOG = """\b
Examples:
  runbook history
  runbook history --playbook restore --verdict failed --since 7d
  runbook history --host 'web*' -n 5 --format json
"""


@click.command(epilog=EPILOG)
@click.option("-n", "--number", type=click.IntRange(1), default=20, show_default=True, help="How many.")
@click.option("--playbook", default="", metavar="TEXT", help="Only runs whose playbook's name or file has this text.")
@click.option("--host", default="", metavar="PATTERN", help="Only runs on this host; * and ? stand for anything.")
@click.option(
    "--verdict", type=click.Choice(VERDICTS), multiple=True, help="Only runs that came to this. May be repeated."
)
@click.option("--since", default="", metavar="WHEN", help="Only runs that began after: 12h, 7d, 2026-11-24 (T08:30).")
@click.option("--format", "form", type=click.Choice(("text", "json")), default="text", show_default=True)
def command(number: int, playbook: str, host: str, verdict: tuple[str, ...], since: str, form: str) -> int:
    """List the kept runs, the newest first. They are in RUNBOOK_STATE_DIR, or the user's state folder."""
    filters = Filters(playbook.lower(), host, verdict, _since(since))
    shown = 0
    heads = []
    for head in _heads(filters):
        if shown == number:
            break
        shown += 1
        if form == "json":
            heads.append({**asdict(head), "duration": head.duration})
        else:
            click.echo(_line(head))
    if form == "json":
        click.echo(json.dumps(heads, ensure_ascii=False, indent=2))
    elif not shown:
        chosen = filters != Filters()
        click.echo("no run that is kept is like that" if chosen else "no run is kept yet", err=True)
    return 0


class Filters(Frozen):
    """Which of the kept runs are shown."""

    playbook: str = ""
    """In lower case."""
    host: str = ""
    verdicts: tuple[str, ...] = ()
    since: float = 0.0

    def admit(self, head: Head) -> bool:
        from fnmatch import fnmatchcase

        text = f"{head.playbook}\n{head.path}".lower()
        named = not self.host or any(fnmatchcase(name, self.host) for name in head.hosts)
        right = not self.verdicts or head.verdict in self.verdicts
        return head.started >= self.since and self.playbook in text and named and right


def _heads(filters: Filters) -> Iterator[Head]:
    """The runs that are asked for. What cannot be read is told, and left out."""
    from runbook.cli.records.kept_runs import kept_runs
    from runbook.runs.store import load_head

    for run in kept_runs():
        try:
            head = load_head(run)
        except FileNotFoundError:  # another run has just thrown it out
            continue
        except (OSError, ValueError) as error:
            click.echo(f"{run.run_id}  cannot be read: {error}", err=True)
            continue
        if filters.admit(head):
            yield head


def _since(text: str) -> float:
    """Seconds since the epoch. Raises click.UsageError."""
    from runbook.common.durations import seconds

    if not text:
        return 0.0
    try:
        return time.time() - seconds(text)
    except ValueError:
        pass
    try:
        return datetime.fromisoformat(text).timestamp()
    except ValueError:
        raise click.UsageError(
            f"--since {text!r} is neither a time like 12h or 7d nor a date like 2026-11-24"
        ) from None


def _line(head: Head) -> str:
    from runbook.common.durations import show
    from runbook.documents.harmless import one_line

    when = time.strftime("%Y-%m-%d %H:%M:%S", time.localtime(head.started))
    hosts = head.hosts[0] if len(head.hosts) == 1 else f"{len(head.hosts)} hosts"
    said = "interrupted" if head.interrupted else head.verdict
    mode = "" if head.mode == "run" else f" ({head.mode})"
    about = one_line(f"{hosts}: {head.playbook}{mode} [{head.path}]")
    return f"{head.run_id}  {when}  {said:<11}  {show(head.duration):>8}  {about}"
