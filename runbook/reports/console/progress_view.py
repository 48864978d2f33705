"""What a view of a running run does with events, whatever it draws them on: what is shown, and what is folded."""

from __future__ import annotations

import contextlib
import threading
from abc import ABC, abstractmethod
from collections.abc import Iterator

from runbook.common.durations import show as duration
from runbook.documents.harmless import one_line
from runbook.runs.events import (
    BAD,
    Event,
    RunStarted,
    StageFinished,
    StageStarted,
    Status,
    StepFinished,
    StepProgress,
    StepStarted,
)
from runbook.runs.record import ASIDE, STRUCTURES, Run

FLEET = 10
"""With more hosts than these a stage gets one line, and only the hosts that are out of line are shown one by one."""
_SLOW = 3
_PLAIN_ENDS = (Status.PASSED, Status.CHANGED, Status.SKIPPED)


class View(ABC):
    """Shows events. `verbosity`: -1 failures and the end, 0, 1 commands and their output, 2 all evidence too."""

    def __init__(self, verbosity: int, diff: bool) -> None:
        self.verbosity, self.diff = verbosity, diff
        self.hosts: tuple[str, ...] = ()
        self.running: dict[tuple[str, str], StepStarted] = {}
        self.notes: dict[tuple[str, str], str] = {}
        """What a running step said last, by host and number."""
        self._told: dict[tuple[str, str], set[str]] = {}
        """Messages shown of what something holds, so that it does not repeat them."""
        self._skipped: dict[str, int] = {}
        self.stage_size = 0
        """Hosts of the stage that runs."""
        self.stage_ended: dict[str, tuple[Status, float]] = {}
        """Those of them that have ended it: how, and after how many seconds."""
        self._lock = threading.RLock()
        self._asking = 0
        self._later: list[Event] = []

    def handle(self, event: Event) -> None:
        """Show one event. While a person is asked something, events wait to be shown."""
        with self._lock:
            if self._asking:
                self._later.append(event)
            else:
                self._take(event)

    def show_run(self, run: Run) -> None:
        """The run has ended: shows what had to wait, and what came of it all."""
        with self._lock:
            self._asking = 0
            self._flush()
            self.running.clear()
            self.show_end(run)

    def close(self) -> None:
        """Put the view away; shows what had to wait."""
        with self._lock:
            self._asking = 0
            self._flush()

    @contextlib.contextmanager
    def suspended(self) -> Iterator[None]:
        """While a person is asked something; may be used from another thread."""
        with self._lock:
            self._asking += 1
            self._pause()
        try:
            yield
        finally:
            with self._lock:
                self._asking = max(0, self._asking - 1)
                if not self._asking:
                    self._flush()
                    self._resume()

    def _flush(self) -> None:
        later, self._later = self._later, []
        for event in later:
            self._take(event)

    def _pause(self) -> None:  # noqa: B027 - a view without a screen has nothing to leave
        """Leave the screen to somebody else."""

    def _resume(self) -> None:  # noqa: B027 - nor to take again
        """Take the screen again."""

    @property
    def of_fleet(self) -> bool:
        """Are there so many hosts that only what is out of line is shown?"""
        return len(self.hosts) > FLEET and self.verbosity == 0

    # --- what is shown -----------------------------------------------------------------------------------------

    def _take(self, event: Event) -> None:
        match event:
            case RunStarted():
                self.hosts = event.hosts
                self.diff = self.diff or event.mode == "check"  # what would change is what a check is asked for
                if self.verbosity >= 0:
                    self.show_head(event)
            case StageStarted():
                self.stage_size, self.stage_ended = len(event.hosts), {}
                if self.verbosity >= 0:
                    self.show_stage(event)
            case StepStarted():
                self._started(event)
            case StepProgress():
                self._progressed(event)
            case StepFinished():
                self._finished(event)
            case StageFinished():
                skipped = self._skipped.pop(event.number, 0)
                if self.of_fleet:
                    self.show_stage_end(event, self._together())
                elif skipped and self.verbosity == 0:
                    self.show_skipped(event.number, skipped)

    def _started(self, event: StepStarted) -> None:
        self.running[event.host, event.number] = event
        if self.verbosity < 0 or event.kind == "stage" or (self.of_fleet and event.kind != "remediation"):
            return
        if event.kind in STRUCTURES or self.verbosity >= 1:
            self.show_started(event)

    def _progressed(self, event: StepProgress) -> None:
        key = (event.host, event.number)
        lines = [line for line in event.text.splitlines() if line.strip()]
        if lines:
            self.notes[key] = one_line(lines[-1], 200)
        started = self.running.get(key)
        if event.stream in BAD:
            if started is not None and self.verbosity >= 0 and started.kind != "stage":
                self.show_failed_first(started, event)
                self._told.setdefault(key, set()).add(event.text)
        elif event.stream == "tried" and started is not None and self.verbosity >= 0:
            self.show_tried(started, event)
        elif event.stream in ("stdout", "stderr") and self.verbosity >= 1:
            self.show_output(event)

    def _finished(self, event: StepFinished) -> None:
        key = (event.host, event.number)
        self.running.pop(key, None)
        self.notes.pop(key, None)
        told = self._told.pop(key, None)
        around = self._told.setdefault((event.host, event.parent), set())
        again = not event.outcome.looked and event.outcome.message in around
        around.add(event.outcome.message)
        status = event.outcome.status
        if status is Status.SKIPPED and self.verbosity <= 0:
            stage = event.number.partition(".")[0]
            self._skipped[stage] = self._skipped.get(stage, 0) + (event.kind not in STRUCTURES)
        elif event.kind in STRUCTURES:
            self._structure_finished(event, told)
        elif self.of_fleet and status in _PLAIN_ENDS:
            return
        elif self.verbosity >= 0 or (status in BAD and event.role not in ASIDE):
            self.show_finished(event, repeats=again or event.outcome.message in (told or ()))

    def _structure_finished(self, event: StepFinished, told: set[str] | None) -> None:
        """What holds steps gets a line at its end when it did not simply pass, or has something to say itself."""
        status, message = event.outcome.status, event.outcome.message
        repeats = told is not None and message in told
        if event.kind == "choose" and message and not repeats and self.verbosity >= 0:
            if self.of_fleet:
                return
            self.show_note(event)
        elif event.kind == "stage":
            self.stage_ended[event.host] = (status, max(0.0, event.at - event.started))
            if status not in _PLAIN_ENDS and told is None:
                self.show_finished(event, repeats=False)
        elif event.kind != "remediation" and status not in _PLAIN_ENDS and (self.verbosity >= 0 or not repeats):
            self.show_finished(event, repeats=repeats)

    def _together(self) -> str:
        """How the hosts of a stage ended it, and which took longest."""
        ended = [status for status, _ in self.stage_ended.values()]
        counts = [f"{ended.count(status)} {status}" for status in Status if status in ended]
        slow = sorted(self.stage_ended.items(), key=lambda item: -item[1][1])[:_SLOW]
        slowest = ", ".join(f"{one_line(host)} {duration(took)}" for host, (_, took) in slow)
        return " · ".join([f"{len(ended)} of {self.stage_size} hosts", *counts, f"slowest: {slowest}"])

    # --- how it is drawn ---------------------------------------------------------------------------------------

    @abstractmethod
    def show_head(self, event: RunStarted) -> None: ...

    @abstractmethod
    def show_stage(self, event: StageStarted) -> None: ...

    @abstractmethod
    def show_stage_end(self, event: StageFinished, together: str) -> None:
        """Of a fleet: how its hosts ended the stage."""

    @abstractmethod
    def show_skipped(self, stage: str, count: int) -> None: ...

    @abstractmethod
    def show_started(self, event: StepStarted) -> None:
        """What holds steps; with -v every step."""

    @abstractmethod
    def show_output(self, event: StepProgress) -> None:
        """Lines that a command has just printed."""

    @abstractmethod
    def show_failed_first(self, started: StepStarted, event: StepProgress) -> None:
        """A step has failed, and is now diagnosed and repaired."""

    @abstractmethod
    def show_tried(self, started: StepStarted, event: StepProgress) -> None:
        """What a branch came to that was to repair a step."""

    @abstractmethod
    def show_note(self, event: StepFinished) -> None:
        """The message alone of something whose steps are shown."""

    @abstractmethod
    def show_finished(self, event: StepFinished, *, repeats: bool) -> None:
        """A step has ended; `repeats`: its message has been shown."""

    @abstractmethod
    def show_end(self, run: Run) -> None: ...
