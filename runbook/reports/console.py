"""The run as it happens: a line for each finished step, and on a terminal what is running, below them.

`choose` gives the view that fits: live on a terminal, plain lines elsewhere. Text from hosts is made harmless first.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from typing import TYPE_CHECKING, TextIO

from runbook.events import (
    BAD,
    Event,
    Role,
    RunFinished,
    RunStarted,
    StageFinished,
    StageStarted,
    Status,
    StepFinished,
    StepProgress,
    StepStarted,
)
from runbook.record import STRUCTURES, Recorder
from runbook.reports import details
from runbook.reports.text import clean, duration, sign

if TYPE_CHECKING:
    from rich.console import Console as RichConsole
    from rich.text import Text

STYLES = {
    Status.PASSED: "green",
    Status.CHANGED: "yellow",
    Status.REMEDIATED: "magenta",
    Status.WARNED: "yellow",
    Status.SKIPPED: "dim",
    Status.FAILED: "bold red",
    Status.UNREACHABLE: "bold red",
    Status.UNKNOWN: "cyan",
    Status.WAITING: "cyan",
}
MAX_RUNNING = 6
SLOW = 5.0
"""Seconds from which on a step is named among the slowest."""


def choose(stream: TextIO, *, verbosity: int = 0, color: bool | None = None, diff: bool = False) -> View:
    """The view for a stream. `verbosity`: -1 quiet, 0, 1 commands, 2 and more output too."""
    import os

    from rich.console import Console

    # `color` False leaves the live lines: NO_COLOR asks for no colour, not for no terminal.
    no_color = color is False or (color is None and bool(os.environ.get("NO_COLOR")))
    terminal = stream.isatty()
    console = Console(
        file=stream,
        no_color=no_color,
        force_terminal=True if color else None,
        highlight=False,
        markup=False,
        emoji=False,
        width=None if terminal else 100,
    )
    if terminal and verbosity >= 0 and os.environ.get("TERM") != "dumb":
        from runbook.reports.live import LiveView

        return LiveView(console, verbosity, diff)
    return View(console, verbosity, diff)


class View:
    """Prints what has ended, line by line."""

    def __init__(self, console: RichConsole, verbosity: int, diff: bool) -> None:
        self.console, self.verbosity, self.diff = console, verbosity, diff
        self.recorder = Recorder()
        self.hosts: tuple[str, ...] = ()
        self.running: dict[tuple[str, str], StepStarted] = {}
        self.notes: dict[tuple[str, str], str] = {}
        self._skipped = 0

    def handle(self, event: Event) -> None:
        """Show one event."""
        self.recorder.add(event)
        match event:
            case RunStarted():
                self._head(event)
            case StageStarted():
                self._stage(event)
            case StepStarted():
                self._started(event)
            case StepProgress():
                self._progress(event)
            case StepFinished():
                self._finished(event)
            case StageFinished():
                self._stage_end()
            case RunFinished():
                self._end()

    def close(self) -> None:
        """Nothing to put away here."""

    @contextlib.contextmanager
    def suspended(self) -> Iterator[None]:
        """While a person is asked something."""
        yield

    # --- lines -------------------------------------------------------------------------------------------------

    def print(self, text: str | Text = "", style: str = "", *, indent: int = 0) -> None:
        """One line, or several; long ones are folded under their indentation."""
        from rich.padding import Padding
        from rich.text import Text

        shown = text if isinstance(text, Text) else Text(clean(text), style=style)
        self.console.print(Padding(shown, (0, 0, 0, indent)) if indent else shown)

    def _head(self, event: RunStarted) -> None:
        self.hosts = event.hosts
        if self.verbosity < 0:
            return
        self.print(event.playbook, "bold")
        hosts = ", ".join(event.hosts[:5]) + (f" and {len(event.hosts) - 5} more" if len(event.hosts) > 5 else "")
        labels = "".join(f" · {name}: {value}" for name, value in event.labels.items())
        self.print(f"{hosts} · run {event.run_id}{labels}", "dim")

    def _stage(self, event: StageStarted) -> None:
        self._skipped = 0
        if self.verbosity >= 0:
            self.print()
            self.print(f"━━ {event.number}  {event.name}", "bold cyan")

    def _stage_end(self) -> None:
        if self._skipped and self.verbosity == 0:
            self.print(f"  – {self._skipped} skipped", "dim")

    def _started(self, event: StepStarted) -> None:
        self.running[event.host, event.number] = event
        if self.verbosity < 0 or event.kind == "stage":
            return
        if event.kind in ("block", "include", "choose"):
            self._line(event, "▸", "", "dim")
        elif event.kind == "remediation":
            self.print(f"↳ repair: {event.name}", "magenta", indent=self._depth(event.number) * 2 + 2)

    def _progress(self, event: StepProgress) -> None:
        key = (event.host, event.number)
        last = event.text.strip().splitlines()[-1:] or [""]
        self.notes[key] = clean(last[0])[:200]
        started = self.running.get(key)
        if event.stream == "failed" and started is not None and self.verbosity >= 0:
            self._line(started, sign(Status.FAILED), f"failed: {event.text}", STYLES[Status.FAILED])
        elif event.stream in ("stdout", "stderr") and self.verbosity >= 2:
            for line in event.text.splitlines():
                self.print(f"{self._host(event.host)}│ {line}", "dim", indent=self._depth(event.number) * 2 + 4)

    def _finished(self, event: StepFinished) -> None:
        self.running.pop((event.host, event.number), None)
        self.notes.pop((event.host, event.number), None)
        status = event.outcome.status
        if status is Status.SKIPPED and self.verbosity <= 0:
            self._skipped += event.kind not in STRUCTURES
            return
        if event.kind in STRUCTURES and not self._worth_a_line(event):
            return
        if self.verbosity < 0 and status not in BAD:
            return
        self._line(event, sign(status), self._said(event), STYLES[status])
        self._below(event)

    def _worth_a_line(self, event: StepFinished) -> bool:
        """A stage is in the summary; what holds steps is told again only when it did not simply pass."""
        if event.kind == "stage":
            return event.outcome.status in BAD and not self._told(event)
        notable = event.outcome.status not in (Status.PASSED, Status.CHANGED, Status.SKIPPED)
        return event.kind in ("block", "include") and notable

    def _told(self, event: StepFinished) -> bool:
        stages = [stage for stage in self.recorder.run.stages if stage.number == event.number]
        return any(result.children for stage in stages for result in stage.results if result.host == event.host)

    def _said(self, event: StepFinished) -> str:
        took = event.at - event.started
        parts = [str(event.outcome.status)]
        message = event.outcome.message
        if message and (
            event.outcome.status not in (Status.PASSED, Status.CHANGED) or event.kind in ("note", "choose")
        ):
            parts.append(message)
        if event.attempts > 1:
            parts.append(f"{event.attempts} attempts")
        if took >= 1:
            parts.append(duration(took))
        return ", ".join(parts[:1]) + (": " if len(parts) > 1 else "") + ", ".join(parts[1:])

    def _line(self, event: StepStarted | StepFinished, mark: str, said: str, style: str) -> None:
        from rich.text import Text

        text = Text()
        text.append(f"{mark} ", style=style)
        text.append(f"{event.number} ", style="dim")
        text.append(self._host(event.host), style="cyan")
        text.append(clean(event.name))
        if said:
            text.append(f"  {clean(said)}", style=style if style != "green" else "dim")
        self.print(text, indent=self._depth(event.number) * 2)

    def _below(self, event: StepFinished) -> None:
        """What belongs under a step's line: command, diff, tables, and for a failure everything that explains it."""
        indent = self._depth(event.number) * 2 + 4
        if self.verbosity >= 1 and event.action:
            self.print(event.action, "dim", indent=indent)
        if event.outcome.diff and (self.diff or event.role is Role.REMEDIATE or self.verbosity >= 1):
            for line, style in details.diff_lines(event.outcome.diff):
                self.print(line, style, indent=indent)
        for line, style in details.explain(event, self.verbosity):
            self.print(line, style, indent=indent)

    def _depth(self, number: str) -> int:
        return max(0, number.count(".") - 1)

    def _host(self, host: str) -> str:
        return f"[{host}] " if len(self.hosts) > 1 else ""

    # --- the end -----------------------------------------------------------------------------------------------

    def _end(self) -> None:
        run = self.recorder.run
        status = Status(run.verdict.value) if run.verdict.value in Status._value2member_map_ else Status.FAILED
        counts = ", ".join(f"{count} {name}" for name, count in run.counts.items())
        self.print()
        self.print(f"{sign(status)} {run.verdict.upper()} – {run.reason}", STYLES[status])
        self.print(f"  {counts or 'no steps'} · {duration(run.duration)}", "dim")
        if len(run.hosts) > 1:
            for line, style in details.per_host(run):
                self.print(line, style, indent=2)
        if run.causes:
            self.print("  Likely causes:", "bold")
            for cause in run.causes:
                where = f"{cause.host}, " if len(run.hosts) > 1 else ""
                self.print(f"- {cause.text} ({where}step {cause.number})", indent=4)
        slow = sorted((r for r in run.steps() if r.duration >= SLOW), key=lambda r: -r.duration)[:3]
        if slow:
            said = ", ".join(f"{result.number} {duration(result.duration)}" for result in slow)
            self.print(f"  slowest: {said}", "dim")
