"""`runbook schedule export`: a playbook's `schedule` as units, a crontab, or a job of a CI service."""

from __future__ import annotations

import shutil
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import click

from runbook.cli.options.sources import playbook_argument

EPILOG = """\b
Examples:
  runbook schedule export playbooks/restore.yml -i prod --out /etc/systemd/system
  runbook schedule export playbooks/restore.yml -i prod --format cron
"""
FORMATS = ("systemd", "cron", "kubernetes", "github", "gitlab")


@click.group(epilog=EPILOG)
def command() -> None:
    """Playbooks on a timer; see `runbook schedule export --help`."""


@command.command("export", epilog=EPILOG)
@playbook_argument
@click.option("-i", "--inventory", default="", help="Inventory to use; the `schedule`'s own when not said.")
@click.option("--format", "form", type=click.Choice(FORMATS), default="systemd", show_default=True)
@click.option("--out", type=click.Path(path_type=Path, file_okay=False), help="Folder to write to; else it is printed.")
@click.option("--image", default="", help="Image that has runbook and the project, for kubernetes and gitlab.")
@click.option("--package", default="", help="What pip installs for github, such as a URL; else this version.")
def export(playbook: Path, inventory: str, form: str, out: Path | None, image: str, package: str) -> int:
    """Write what runs PLAYBOOK at the times of its `schedule`: `verify`, or `run` where its `mode` says so."""
    from runbook.playbook.load import load_playbook
    from runbook.schedules.cron import parse
    from runbook.schedules.exports import DEFAULT_IMAGE, DEFAULT_PACKAGE, EXPORTS, Timer
    from runbook.source.document import Problems

    loaded = load_playbook(playbook)
    schedule, place = loaded.schedule, loaded.place / "schedule"
    if not schedule.get("cron"):
        raise Problems([place.problem("the playbook has no `schedule` with `cron`", "such as cron: '*/15 * * * *'")])
    hosts = inventory or str(schedule.get("inventory", ""))
    if not hosts:
        raise click.UsageError("which inventory? -i, or `inventory` in the playbook's `schedule`")
    timer = Timer(
        name=playbook.stem,
        title=loaded.name,
        cron=parse(str(schedule["cron"])),
        timezone=str(schedule.get("timezone", "")),
        words=(_program(form), *_words(schedule, playbook, hosts)),
        folder=str(Path.cwd()),
        image=image or DEFAULT_IMAGE,
        package=package or DEFAULT_PACKAGE,
        environment=tuple(item.env for item in loaded.inputs.values() if item.env),
    )
    try:
        files = EXPORTS[form](timer)
    except ValueError as error:
        raise Problems([(place / "cron").problem(str(error))]) from None
    for name, text in files.items():
        if out is None:
            click.echo(f"# --- {name}\n{text}")
        else:
            out.mkdir(parents=True, exist_ok=True)
            (out / name).write_text(text, encoding="utf-8")
            click.echo(f"written  {out / name}")
    return 0


def _program(form: str) -> str:
    """On this machine the program by its path: timers have another PATH than people."""
    if form not in ("systemd", "cron"):
        return "runbook"
    beside = Path(sys.executable).with_name("runbook")
    return str(beside) if beside.exists() else shutil.which("runbook") or "/usr/local/bin/runbook"


def _words(schedule: Mapping[str, Any], playbook: Path, hosts: str) -> tuple[str, ...]:
    mode, inputs = str(schedule.get("mode", "verify")), schedule.get("inputs") or {}
    given = [word for name, value in inputs.items() for word in ("-e", f"{name}={value}")]
    return (mode, str(playbook), "-i", hosts, *given, *(["--yes"] if mode == "run" else []))
