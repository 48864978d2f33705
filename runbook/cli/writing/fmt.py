"""`runbook fmt`: playbooks in one layout."""

from __future__ import annotations

import difflib
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import click

from runbook.cli.exit_codes import FAILED, OK, WRONG
from runbook.cli.problem_output import show_problems
from runbook.common.atomic_file import write_whole
from runbook.source.document import Problems, show_path

EPILOG = """\b
Examples:
  runbook fmt playbooks/            every playbook and every file of steps
  runbook fmt --diff restore.yml    show what would change, and write nothing
  runbook fmt --check playbooks/    for CI
  runbook fmt - < restore.yml       for editors: to standard output

\b
Exit codes:
  0 done, or nothing to do
  1 with --check or --diff: something would change
  2 a file is not YAML, or cannot be laid out without changing what it means
"""


@click.command(epilog=EPILOG)
@click.argument("paths", nargs=-1, type=click.Path(path_type=Path, allow_dash=True))
@click.option("--check", is_flag=True, help="Write nothing; name the files that would change.")
@click.option("--diff", is_flag=True, help="Write nothing; show what would change.")
def command(paths: tuple[Path, ...], check: bool, diff: bool) -> int:
    """Lay out playbooks: the order of keys, the indentation. Comments, quotes and blocks of text stay as they are.

    Folders are searched for playbooks and files of steps (default: here). What a file means is never changed.
    """
    if paths == (Path("-"),):
        return _filter()
    files = list(dict.fromkeys(_files(paths or (Path(),))))
    if not files:
        raise click.UsageError(f"no playbook in {', '.join(map(str, paths)) or 'this folder'}")
    refused = changed = 0
    for path in files:
        try:
            changed += _one(path, look=check or diff, diff=diff)
        except Problems as error:
            show_problems(error)
            refused += 1
        except _Refused as error:
            click.echo(f"{show_path(path)}: left as it is: {error}", err=True)
            refused += 1
    verb = "would change" if check or diff else "changed"
    click.echo(f"{changed} of {len(files)} file{'s' if len(files) > 1 else ''} {verb}.", err=diff)
    if refused:
        return WRONG
    return FAILED if changed and (check or diff) else OK


class _Refused(Exception):
    """A file that cannot be laid out, or not be written; `str()` says why."""


def _filter() -> int:
    """Standard input to standard output: the text as it was where it cannot be laid out."""
    from runbook.source.yaml import MAX_BYTES, decode

    raw = sys.stdin.buffer.read(MAX_BYTES + 1)
    try:
        laid = _laid_out(decode(raw, "-"), "-")
    except _Refused as error:
        click.echo(raw, nl=False)
        click.echo(f"left as it is: {error}", err=True)
        return WRONG
    click.echo(laid, nl=False)
    return OK


def _one(path: Path, *, look: bool, diff: bool) -> bool:
    """Would it change, or has it? Writes it unless it is only looked at."""
    from runbook.source.yaml import decode, read_yaml_file

    name = show_path(path)
    read_yaml_file(path)  # its bounds, and all that is wrong with it
    raw = path.read_bytes()
    text = decode(raw, name)
    laid = _laid_out(text, name)
    if laid == text:
        return False
    if diff:
        before, after = text.splitlines(keepends=True), laid.splitlines(keepends=True)
        click.echo("".join(difflib.unified_diff(before, after, name, name)), nl=False)
    else:
        click.echo(name)
    if not look:
        ends = laid.replace("\n", "\r\n") if b"\r\n" in raw else laid
        mark = b"\xef\xbb\xbf" if raw.startswith(b"\xef\xbb\xbf") else b""
        _write(path, mark + ends.encode())
    return True


def _laid_out(text: str, name: str) -> str:
    from runbook.playbook.fmt import NotKept, formatted

    try:
        return formatted(text, name)
    except NotKept as error:
        raise _Refused(str(error)) from None


def _write(path: Path, data: bytes) -> None:
    try:
        write_whole(path, data)
    except OSError as error:
        raise _Refused(f"cannot be written: {error.strerror}") from None


def _files(paths: tuple[Path, ...]) -> Iterator[Path]:
    from runbook.cli.writing.playbook_files import yaml_files

    for path in paths:
        if path.is_dir():
            yield from (file for file in yaml_files(path) if _is_ours(file))
        else:
            yield path


def _is_ours(path: Path) -> bool:
    """Is it a playbook, or a list of steps?"""
    from runbook.playbook.schema import STRUCTURES
    from runbook.source.yaml import read_yaml_file
    from runbook.steps import KINDS

    try:
        data: Any = read_yaml_file(path).data
    except Problems:
        from runbook.cli.writing.playbook_files import is_playbook

        return is_playbook(path)
    if isinstance(data, Mapping):
        return "stages" in data
    known = {*KINDS, *STRUCTURES}
    steps = [isinstance(item, Mapping) and bool(known & set(item)) for item in data] if isinstance(data, list) else []
    return bool(steps) and all(steps)
