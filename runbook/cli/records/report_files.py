"""`--report FORMAT[=PATH]`: which report goes where."""

from __future__ import annotations

import importlib
import os
import sys
from pathlib import Path

import click

from runbook.common.frozen import Frozen
from runbook.reports import REPORTS
from runbook.runs.record import Run


class ReportTarget(Frozen):
    """A report's format and where it goes: a file, or `-` for standard output."""

    form: str
    path: str

    @property
    def to_stdout(self) -> bool:
        return self.path == "-"


def parse(text: str) -> ReportTarget:
    """Raises click.UsageError for a format that is not there."""
    form, _, path = text.partition("=")
    if form not in REPORTS:
        raise click.UsageError(f"there is no report {form!r}; there are {', '.join(REPORTS)}")
    return ReportTarget(form, path or f"report.{REPORTS[form].ending}")


def writable(target: ReportTarget) -> ReportTarget:
    """The same, if it can be written as things stand: that is better known before a run than after it.

    Raises click.UsageError.
    """
    if not target.to_stdout:
        path = Path(target.path).absolute()
        there = next(folder for folder in path.parents if folder.exists())
        if path.is_dir() or not there.is_dir() or not os.access(path if path.exists() else there, os.W_OK):
            raise click.UsageError(f"the report cannot be written to {target.path}")
    return target


def writable_folder(path: Path) -> None:
    """Raises click.UsageError where files cannot be written below it as things stand."""
    there = next(folder for folder in (path.absolute(), *path.absolute().parents) if folder.exists())
    if not there.is_dir() or not os.access(there, os.W_OK | os.X_OK):
        raise click.UsageError(f"the output cannot be written to {path}: {there} is not to be written to")


def write(target: ReportTarget, run: Run) -> str:
    """Write it; returns a line that says where it is. A file that cannot be written is told, and ends nothing."""
    text = importlib.import_module(REPORTS[target.form].module).render(run)
    if target.to_stdout:
        sys.stdout.write(text)
        return ""
    path = Path(target.path)
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    except OSError as error:
        raise click.ClickException(f"the report cannot be written to {path}: {error.strerror}") from None
    return f"Report: {path}"
