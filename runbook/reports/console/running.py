"""What is running now, below the lines of what has ended: with host, time, and what it said last."""

from __future__ import annotations

import time
from collections.abc import Iterator
from typing import TYPE_CHECKING, Protocol

from rich.live import Live
from rich.spinner import Spinner
from rich.text import Text

from runbook.common.durations import show as duration
from runbook.documents.harmless import one_line
from runbook.runs.events import OUT
from runbook.runs.record import STRUCTURES

if TYPE_CHECKING:
    from rich.console import Console, RenderableType

    from runbook.runs.events import Status, StepStarted

MOST = 6
"""Steps shown at once, those that have run longest first: a host that hangs is named."""
BAR = 30
"""Columns of a fleet's progress bar."""
PATIENCE = 30.0
"""Seconds after which a step's time is shown in colour."""


class View(Protocol):
    """What the lines are drawn from, and on."""

    rich: Console
    running: dict[tuple[str, str], StepStarted]
    notes: dict[tuple[str, str], str]
    stage_size: int
    stage_ended: dict[str, tuple[Status, float]]

    @property
    def of_fleet(self) -> bool: ...

    @property
    def width(self) -> int: ...

    def label(self, host: str) -> str: ...


class Running:
    """Started and stopped around questions; draws itself eight times a second from a thread of rich."""

    def __init__(self, view: View) -> None:
        self._view = view
        self._spinner = Spinner("dots")
        self._live: Live | None = None

    def start(self) -> None:
        if self._live is None:
            self._live = Live(self, console=self._view.rich, refresh_per_second=8, transient=True)
            self._live.start()

    def stop(self) -> None:
        if self._live is not None:
            live, self._live = self._live, None
            live.stop()

    def __rich__(self) -> RenderableType:
        return Text("\n", no_wrap=True, overflow="ellipsis").join(self.lines(time.time()))

    def _bar(self) -> Text:
        """How many hosts of a fleet have ended the stage."""
        ended, size = len(self._view.stage_ended), self._view.stage_size
        full = BAR * ended // size
        bad = sum(status in OUT for status, _ in self._view.stage_ended.values())
        text = Text("  " + "━" * full, style="green")
        text.append("─" * (BAR - full), style="dim")
        text.append(f" {ended} of {size} hosts", style="default")
        if bad:
            text.append(f" · {bad} not well", style="red")
        return text

    def lines(self, now: float) -> Iterator[Text]:
        """A line for each running step, as of `now`."""
        # Events come in on another thread while this is drawn; a copy stands still.
        running = list(self._view.running.values())
        around = {(step.host, step.parent) for step in running}
        steps = [s for s in running if s.kind not in STRUCTURES and (s.host, s.number) not in around]
        steps.sort(key=lambda step: step.at)
        for step in steps[:MOST]:
            took = max(0.0, now - step.at)
            text = Text(no_wrap=True, overflow="ellipsis")
            frame = self._spinner.render(now)
            text.append(frame.plain if isinstance(frame, Text) else "·", style="cyan")
            text.append(f" {step.number}  ", style="dim")
            text.append(self._view.label(step.host), style="cyan")
            text.append(one_line(step.name, max(20, self._view.width // 2)))
            text.append(f"  {duration(took)}", style="yellow" if took >= PATIENCE else "dim")
            if note := self._view.notes.get((step.host, step.number)):
                text.append(f"  {note}", style="dim")
            text.truncate(self._view.width, overflow="ellipsis")
            yield text
        if self._view.of_fleet and self._view.stage_size:
            yield self._bar()
        elif len(steps) > MOST:
            yield Text(f"  … and {len(steps) - MOST} more running", style="dim")
