"""Reports on disk, as they are made from the sample run.

`make golden` writes them anew; look at the difference before you commit it.
"""

from __future__ import annotations

import importlib
import io
from collections.abc import Callable
from pathlib import Path

from runbook.reports import REPORTS
from runbook.reports.console.plain import Plain
from runbook.reports.console.progress_view import View
from runbook.reports.console.terminal import Console
from runbook.runs.events import Event
from runbook.runs.record import Run, fold
from tests.reports import sample

FOLDER = Path(__file__).with_name("golden")


def watch(view: View, events: list[Event]) -> None:
    """Has the view show a run to its end."""
    for event in events:
        view.handle(event)
    view.show_run(fold(events))


def shown(view: Callable[[io.StringIO], View]) -> str:
    """What a view writes of the sample run."""
    stream = io.StringIO()
    drawn = view(stream)
    watch(drawn, sample.events())
    drawn.close()
    return stream.getvalue()


def made() -> dict[str, str]:
    """Every golden file's name, and what it holds today."""
    run: Run = fold(sample.events())
    reports = {
        f"report.{report.ending}": importlib.import_module(report.module).render(run) for report in REPORTS.values()
    }
    return {
        **reports,
        "console-80.txt": shown(lambda stream: Console(stream, width=80)),
        "console-quiet.txt": shown(lambda stream: Console(stream, width=80, verbosity=-1)),
        "console-verbose.txt": shown(lambda stream: Console(stream, width=100, verbosity=2, diff=True)),
        "console-narrow.txt": shown(lambda stream: Console(stream, width=44)),
        "plain.txt": shown(lambda stream: Plain(stream, still=0)),
    }


def main() -> None:
    FOLDER.mkdir(exist_ok=True)
    for name, text in made().items():
        (FOLDER / name).write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
