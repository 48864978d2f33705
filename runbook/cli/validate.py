"""`runbook validate`: every mistake of every playbook, at its place."""

from __future__ import annotations

import json
from collections.abc import Iterable
from pathlib import Path

import click

from runbook.cli.passwords import vault_options
from runbook.inventory.vault import Vault
from runbook.source import Problem, Problems, read_bounded

LOOK = 1024 * 1024
"""Bytes of a file in which `stages:` is looked for."""


@click.command(epilog="Example: runbook validate playbooks/ --format github")
@click.argument("paths", nargs=-1, type=click.Path(path_type=Path))
@click.option(
    "--format",
    "form",
    type=click.Choice(["text", "json", "github"]),
    default="text",
    show_default=True,
    help="text for people, json for programs, github for annotations in a workflow.",
)
@vault_options(optional=True)
def command(paths: tuple[Path, ...], form: str, vault: Vault) -> int:
    """Look for mistakes in playbooks; touches no host. Folders are searched for playbooks (default: here)."""
    from runbook.cli.main import OK, WRONG, show_problems
    from runbook.playbook.load import load_playbook

    files = list(_files(paths or (Path(),)))
    if not files:
        raise click.UsageError(f"no playbook in {', '.join(map(str, paths)) or 'this folder'}")
    problems: list[Problem] = []
    texts: dict[str, str] = {}
    for file in files:
        try:
            load_playbook(file, vault=vault)
        except Problems as error:
            problems += error.problems
            texts |= error.texts
    if form != "text":
        click.echo(_as_json(problems) if form == "json" else _as_github(problems), nl=form == "json")
    elif problems:
        show_problems(Problems(problems, texts))
    else:
        click.echo(f"{len(files)} playbook{'s' if len(files) > 1 else ''}, no problems.")
    return WRONG if problems else OK


def _files(paths: Iterable[Path]) -> Iterable[Path]:
    """Named files as they are; in folders every YAML file that looks like a playbook."""
    for path in paths:
        if path.is_dir():
            yield from (file for file in sorted(path.rglob("*.y*ml")) if _is_playbook(file))
        else:
            yield path


def _is_playbook(path: Path) -> bool:
    if path.suffix not in (".yml", ".yaml") or any(part.startswith(".") for part in path.parts):
        return False
    try:
        text = read_bounded(path, LOOK).decode("utf-8", "replace")
    except OSError:
        return False
    return text.startswith("stages:") or "\nstages:" in text


def _as_json(problems: list[Problem]) -> str:
    rows = [
        {
            "file": p.span.file,
            "line": p.span.line,
            "column": p.span.column,
            "length": p.span.length,
            "message": p.message,
            "hint": p.hint,
            "rule": p.rule,
        }
        for p in Problems(problems).problems
    ]
    return json.dumps(rows, ensure_ascii=False, indent=2)


def _as_github(problems: list[Problem]) -> str:
    return "".join(
        f"::error file={_escaped(p.span.file)},line={p.span.line},col={p.span.column}"
        f"::{_escaped(p.message + (f' ({p.hint})' if p.hint else ''))}\n"
        for p in Problems(problems).problems
    )


def _escaped(text: str) -> str:
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")
