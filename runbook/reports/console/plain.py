"""The run as plain lines, for logs: nothing moves, nothing is coloured, every line says which step and host.

    [2.3] web1 passed Check the file (0.02 s)

What explains a step is indented below its line. While nothing ends, it is said from time to time what is running.
"""

from __future__ import annotations

import threading
import time
from typing import TextIO

from runbook.common.durations import show as duration
from runbook.documents.harmless import clean, one_line
from runbook.documents.text import Line
from runbook.reports.console import details
from runbook.reports.console.progress_view import View
from runbook.runs.events import (
    RunStarted,
    StageFinished,
    StageStarted,
    StepFinished,
    StepProgress,
    StepStarted,
)
from runbook.runs.record import STRUCTURES, Run

STILL = 30.0
"""Seconds after which a step that has not ended is named, again and again."""
INDENT = "    "


class Plain(View):
    """Writes lines. `still` is the time in seconds after which running steps are named; 0 never."""

    def __init__(self, stream: TextIO, *, verbosity: int = 0, diff: bool = False, still: float = STILL) -> None:
        super().__init__(verbosity, diff)
        self._stream = stream
        self._named: dict[tuple[str, str], float] = {}
        self._closed = threading.Event()
        if still and verbosity >= 0:
            threading.Thread(target=self._watch, args=(still,), name="still-running", daemon=True).start()

    def close(self) -> None:
        super().close()
        self._closed.set()

    def _watch(self, still: float) -> None:
        while not self._closed.wait(still / 4):
            with self._lock:
                if not self._closed.is_set() and not self._asking:
                    self._name_running(time.time(), still)

    def _name_running(self, now: float, still: float) -> None:
        for key, step in self.running.items():
            last = self._named.get(key, step.at)
            if step.kind in STRUCTURES or now - last < still:
                continue
            self._named[key] = now
            note = f": {self.notes[key]}" if key in self.notes else ""
            self._write(f"{_head(step)} running {one_line(step.name)} ({duration(now - step.at)}){note}")

    def _write(self, line: str) -> None:
        self._stream.write(line + "\n")
        self._stream.flush()

    def _below(self, lines: list[Line]) -> None:
        for line in lines:
            for part in clean(line.text).split("\n"):
                self._write((INDENT + " " * line.indent + part.expandtabs(4)).rstrip())

    # --- what is written ---------------------------------------------------------------------------------------

    def show_head(self, event: RunStarted) -> None:
        hosts = ", ".join(one_line(host) for host in event.hosts[:20])
        more = f" and {len(event.hosts) - 20} more" if len(event.hosts) > 20 else ""
        mode = f" mode {event.mode}" if event.mode != "run" else ""
        self._write(f"{one_line(event.playbook)}: run {event.run_id}{mode} on {hosts}{more}")
        for name, value in event.labels.items():
            self._write(f"{INDENT}{one_line(name)}: {one_line(str(value))}")

    def show_stage(self, event: StageStarted) -> None:
        self._write(f"[{event.number}] stage {one_line(event.name)}")

    def show_stage_end(self, event: StageFinished, together: str) -> None:
        self._write(f"[{event.number}] {together}")

    def show_skipped(self, stage: str, count: int) -> None:
        self._write(f"[{stage}] {count} skipped")

    def show_started(self, event: StepStarted) -> None:
        word = "repair" if event.kind == "remediation" else "started"
        self._write(f"{_head(event)} {word} {one_line(event.name)}")
        if self.verbosity >= 1 and event.action:
            self._write(f"{INDENT}$ {one_line(event.action, 1000)}")

    def show_output(self, event: StepProgress) -> None:
        for line in clean(event.text).splitlines():
            self._write(f"{INDENT}[{event.number}] {one_line(event.host)} | {line}")

    def show_failed_first(self, started: StepStarted, event: StepProgress) -> None:
        self._write(f"{_head(started)} {event.stream} {one_line(started.name)} ({duration(event.at - started.at)})")
        self._below([Line(event.text)])

    def show_tried(self, started: StepStarted, event: StepProgress) -> None:
        self._write(f"{_head(started)} {one_line(event.text, 500)}")

    def show_note(self, event: StepFinished) -> None:
        self._write(f"{_head(event)} {one_line(event.name)}: {one_line(event.outcome.message)}")

    def show_finished(self, event: StepFinished, *, repeats: bool) -> None:
        self._named.pop((event.host, event.number), None)
        took = duration(max(0.0, event.at - event.started))
        role = f"{event.role}: " if event.role in ("diagnose", "rescue", "always") else ""
        self._write(f"{_head(event)} {event.outcome.status} {role}{one_line(event.name)} ({took})")
        lines = details.explain(event, self.verbosity, self.diff, 0)
        told = event.outcome.message.split("\n") if repeats else []
        self._below([line for line in lines if line.text not in told])

    def show_end(self, run: Run) -> None:
        self._closed.set()
        self._write("")
        for line in details.summary(run):
            self._write((" " * line.indent + line.text).rstrip())


def _head(event: StepStarted | StepFinished) -> str:
    return f"[{event.number}] {one_line(event.host)}"
