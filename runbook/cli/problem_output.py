"""Problems on standard error: each with its place, the excerpt, what is wrong and how to mend it."""

from __future__ import annotations

from pathlib import Path

import click

from runbook.source.document import Problems, read_bounded, render

MAX_EXCERPT = 1024 * 1024
"""Bytes of a file that an excerpt may be taken from, where the problem does not bring the text."""


def show_problems(error: Problems) -> None:
    """Every problem with its excerpt, and how many there are."""
    for problem in error.problems:
        text = error.texts.get(problem.span.file) or text_of(problem.span.file)
        click.echo(render(problem, text) + "\n", err=True)
    count = len(error.problems)
    click.echo(f"{count} problem{'s' if count > 1 else ''} found; nothing has been touched.", err=True)


def text_of(file: str) -> str:
    """The text of a file, as far as an excerpt needs it; nothing where it cannot be read, or is encrypted."""
    from runbook.vault.format import is_encrypted

    try:
        text = read_bounded(Path(file), MAX_EXCERPT).decode("utf-8", "replace") if Path(file).is_file() else ""
    except OSError:
        return ""
    return "" if is_encrypted(text) else text
