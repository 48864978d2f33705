"""The view of a terminal: below the finished lines, what is running now, with its host and its time."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Iterator

from rich.console import Console, Group, RenderableType
from rich.live import Live
from rich.spinner import Spinner
from rich.text import Text

from runbook.events import Event, RunFinished
from runbook.record import STRUCTURES
from runbook.reports.console import MAX_RUNNING, View
from runbook.reports.text import clean, duration


class LiveView(View):
    """Prints above, animates below."""

    def __init__(self, console: Console, verbosity: int, diff: bool) -> None:
        super().__init__(console, verbosity, diff)
        self._spinner = Spinner("dots")
        self._live = Live(self, console=console, refresh_per_second=8, transient=True)
        self._live.start()

    def handle(self, event: Event) -> None:
        if isinstance(event, RunFinished):
            self._live.stop()
        super().handle(event)

    def close(self) -> None:
        self._live.stop()

    @contextlib.contextmanager
    def suspended(self) -> Iterator[None]:
        self._live.stop()
        try:
            yield
        finally:
            self._live.start()

    def __rich__(self) -> RenderableType:
        now = time.time()
        # Another thread draws this while events come in.
        steps = [step for step in list(self.running.values()) if step.kind not in STRUCTURES]
        lines: list[RenderableType] = []
        for step in steps[:MAX_RUNNING]:
            note = self.notes.get((step.host, step.number), "")
            said = f"{step.number} {self._host(step.host)}{clean(step.name)}  {duration(now - step.at)}"
            text = Text(said + (f"  {note}" if note else ""), style="dim", no_wrap=True, overflow="ellipsis")
            lines.append(Group(_beside(self._spinner, text, now)))
        if len(steps) > MAX_RUNNING:
            lines.append(Text(f"  … and {len(steps) - MAX_RUNNING} more running", style="dim"))
        return Group(*lines)


def _beside(spinner: Spinner, text: Text, now: float) -> Text:
    frame = spinner.render(now)
    return Text.assemble(frame if isinstance(frame, Text) else str(frame), " ", text, no_wrap=True, overflow="ellipsis")
