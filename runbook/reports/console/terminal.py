"""The run as it happens, on a terminal: a line for each finished step, and below them what is running now.

`choose` gives the view that fits a stream. All text from hosts is made harmless, and is never read as markup.
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, TextIO

from runbook.common.durations import show as duration
from runbook.common.frozen import replace
from runbook.documents.harmless import clean, one_line
from runbook.documents.text import Line
from runbook.documents.wrap import cropped, folded
from runbook.reports.console import details
from runbook.reports.console.progress_view import View
from runbook.reports.results import sign
from runbook.runs.events import (
    BAD,
    Role,
    RunStarted,
    StageFinished,
    StageStarted,
    StepFinished,
    StepProgress,
    StepStarted,
)
from runbook.runs.record import Run

if TYPE_CHECKING:
    from rich.text import Text

STYLES = {
    "text": "",
    "soft": "dim",
    "strong": "bold",
    "added": "green",
    "removed": "red",
    "passed": "green",
    "changed": "yellow",
    "drift": "yellow",
    "remediated": "magenta",
    "rescued": "bold red",
    "warned": "yellow",
    "skipped": "dim",
    "failed": "bold red",
    "unreachable": "bold red",
    "unknown": "cyan",
    "waiting": "cyan",
}
ROLES = {"diagnose": "diagnose ", "rescue": "rescue ", "always": "always "}
NARROW = 60
"""On a terminal with fewer columns nothing is aligned to the right edge."""
SHORTEST = 12
"""With fewer columns left for a step's name, how it ended goes to a line of its own."""
HOST = 20
"""Columns for a host's name, at most."""


def choose(
    stream: TextIO, *, verbosity: int = 0, color: bool | None = None, diff: bool = False, width: int | None = None
) -> View:
    """The view for a stream: live on a terminal, plain lines elsewhere.

    `color` None goes by the terminal and NO_COLOR; True colours where no terminal is, as the logs of CI services show.
    """
    _never_unencodable(stream)
    terminal = stream.isatty() and os.environ.get("TERM") not in ("dumb", "unknown")
    if terminal or color:
        return Console(stream, verbosity=verbosity, color=color, diff=diff, width=width)
    from runbook.reports.console.plain import Plain

    return Plain(stream, verbosity=verbosity, diff=diff)


def _never_unencodable(stream: TextIO) -> None:
    """A sign that the terminal's encoding does not have is shown as `?`, and ends no run."""
    if reconfigure := getattr(stream, "reconfigure", None):
        reconfigure(errors="replace")


class Console(View):
    """Draws with rich. Without a terminal behind the stream (tests, `--color` into a file) nothing is animated."""

    def __init__(
        self,
        stream: TextIO,
        *,
        verbosity: int = 0,
        color: bool | None = None,
        diff: bool = False,
        width: int | None = None,
    ) -> None:
        from rich.console import Console as Rich

        super().__init__(verbosity, diff)
        no_color = color is False or (color is None and bool(os.environ.get("NO_COLOR")))
        self.rich = Rich(
            file=stream,
            no_color=no_color,
            force_terminal=True if color else None,
            highlight=False,
            markup=False,
            emoji=False,
            width=width if width is not None or stream.isatty() else 100,
        )
        self._live = None
        if self.rich.is_terminal and stream.isatty():
            from runbook.reports.console.running import Running

            self._live = Running(self)
            self._live.start()

    def close(self) -> None:
        super().close()
        self._pause()

    def _pause(self) -> None:
        if self._live is not None:
            self._live.stop()

    def _resume(self) -> None:
        if self._live is not None:
            self._live.start()

    # --- lines -------------------------------------------------------------------------------------------------

    @property
    def width(self) -> int:
        return max(20, self.rich.width)

    def print(self, text: str | Text, style: str = "text") -> None:
        """One line that fits."""
        from rich.text import Text

        shown = text if isinstance(text, Text) else Text(text, style=STYLES[style])
        self.rich.print(shown, soft_wrap=True)

    def print_lines(self, lines: list[Line], prefix: str, bar: str = "") -> None:
        """Lines under a prefix (in style `bar`); what is too long is folded under it, or cut."""
        from rich.cells import cell_len
        from rich.text import Text

        for line in lines:
            room = max(10, self.width - cell_len(prefix) - line.indent)
            text = clean(line.text).expandtabs(4)
            for part in replace(line, text=text).fitted(room):
                shown = Text(prefix, style=STYLES[bar or "text"])
                shown.append(" " * line.indent + part, style=STYLES[line.style])
                self.print(shown)

    def label(self, host: str) -> str:
        """The column of hosts; empty when there is but one."""
        if len(self.hosts) < 2:
            return ""
        from rich.cells import cell_len, set_cell_size

        width = min(HOST, max(cell_len(one_line(name)) for name in self.hosts))
        return set_cell_size(cropped(one_line(host), width), width) + "  "

    def _line(
        self, event: StepStarted | StepFinished, mark: str, style: str, status: str = "", took: str = "", name: str = ""
    ) -> None:
        """A step: sign, number, host and name, and at the right edge how it ended and how long it took."""
        from rich.text import Text

        left = Text(self._indent(event.number))
        left.append(f"{mark} ", style=STYLES[style])
        left.append(f"{_tail(event.number, self.width // 2)}  ", style="dim")
        left.append(self.label(event.host), style="cyan")
        under = " " * min(left.cell_len, self.width // 2)
        ended = f"{status:<11} {took:>9}" if self.width >= NARROW else f"{status} {took}"
        room = self.width - left.cell_len
        beside = bool(status) and room - len(ended) - 2 >= SHORTEST
        first, *rest = folded(name or ROLES.get(event.role, "") + one_line(event.name), self._room(room, ended, beside))
        left.append(first)
        if beside:
            gap = self.width - len(ended) - left.cell_len if self.width >= NARROW else 2
            left.append(" " * gap)
            left.append(ended[: -len(took)], style=STYLES[style])
            left.append(took, style="dim")
        self.print(left)
        for line in rest:
            self.print(under + line)
        if status and not beside:
            self.print_lines([Line(ended, status)], under)

    def _indent(self, number: str) -> str:
        """What stands in a step is shown a little to the right of it, up to a quarter of the width."""
        return ("  " * max(0, number.count(".") - 1))[: self.width // 4]

    def _room(self, room: int, ended: str, beside: bool) -> int:
        """Columns for a step's name, whose continuation may stand further to the left than its first line."""
        return max(SHORTEST if beside else 4, room - (len(ended) + 2 if beside else 0))

    # --- what is drawn -----------------------------------------------------------------------------------------

    def show_head(self, event: RunStarted) -> None:
        names = [one_line(host) for host in event.hosts]
        hosts = ", ".join(names[:5]) + (f" and {len(names) - 5} more" if len(names) > 5 else "")
        labels = [f"{one_line(name)}: {one_line(str(value))}" for name, value in event.labels.items()]
        mode = [f"mode {event.mode}"] if event.mode != "run" else []
        said = " · ".join([hosts, *mode, f"run {event.run_id}", *labels])
        self.print_lines([Line(one_line(event.playbook), "strong"), Line(said, "soft")], "")

    def show_stage(self, event: StageStarted) -> None:
        from rich.text import Text

        title = cropped(f"{event.number}  {one_line(event.name)}", self.width - 6)
        text = Text("\n━━ ", style="cyan")
        text.append(title, style="bold")
        text.append(" " + "━" * max(2, self.width - text.cell_len - 1), style="cyan")
        self.print(text)

    def show_stage_end(self, event: StageFinished, together: str) -> None:  # noqa: ARG002 - plain output names the stage
        self.print_lines([Line(together, "soft")], "  ")

    def show_skipped(self, stage: str, count: int) -> None:  # noqa: ARG002 - plain output names the stage
        self.print(f"– {count} skipped", "skipped")

    def show_started(self, event: StepStarted) -> None:
        if event.kind == "remediation":
            self._line(event, "↳", "remediated", name=f"repair: {one_line(event.name)}")
        else:
            self._line(event, "▸", "soft")
        if self.verbosity >= 1 and event.action:
            self.print_lines([Line(f"$ {one_line(event.action, 1000)}", "soft")], self._indent(event.number) + "    ")

    def show_output(self, event: StepProgress) -> None:
        bar = self._indent(event.number) + "    " + self.label(event.host) + "│ "
        self.print_lines([Line(line, long="chop") for line in clean(event.text).splitlines()], bar, "soft")

    def show_failed_first(self, started: StepStarted, event: StepProgress) -> None:
        self._line(started, sign(event.stream), "failed", event.stream, duration(event.at - started.at))
        self.print_lines([Line(event.text, "failed")], self._indent(event.number) + "    ")

    def show_tried(self, started: StepStarted, event: StepProgress) -> None:
        self.print_lines([Line(one_line(event.text, 500), "warned")], self._indent(started.number) + "  ↳ ")

    def show_note(self, event: StepFinished) -> None:
        self.print_lines([Line(event.outcome.message, "soft")], self._indent(event.number) + "  └ ")

    def show_finished(self, event: StepFinished, *, repeats: bool) -> None:
        status = str(event.outcome.status)
        # What a diagnosing step finds is news, and no failure of the run.
        bad = event.outcome.status in BAD and event.role is not Role.DIAGNOSE
        style = "warned" if event.outcome.status in BAD and not bad else status
        self._line(event, sign(status), style, status, duration(max(0.0, event.at - event.started)))
        prefix = self._indent(event.number) + ("  │ " if bad else "    ")
        lines = list(details.explain(event, self.verbosity, self.diff, self.width - len(prefix)))
        if repeats:
            lines = [line for line in lines if line.text not in event.outcome.message.split("\n")]
        self.print_lines(lines, prefix, "failed" if bad else "text")

    def show_end(self, run: Run) -> None:
        self._pause()
        self._live = None
        self.print("")
        self.print_lines(list(details.summary(run)), "")


def _tail(number: str, most: int) -> str:
    """A number, or of that of a step that is nested very deeply the end."""
    return number if len(number) <= most else f"…{number[1 - most :]}"
