"""What one attempt of a step shows and prints: to whoever watches, line by line, and whole into files where asked."""

from __future__ import annotations

from types import TracebackType
from typing import Self

from runbook.common.frozen import replace
from runbook.engine.host_state import HostState
from runbook.engine.inherited import Inherited
from runbook.engine.kind_runner import Progress
from runbook.engine.output.files import Outputs, both
from runbook.engine.output.live import LiveOutput
from runbook.engine.step_events import StepEvents
from runbook.model import Step
from runbook.runs.events import OUTPUT_FILES, Outcome
from runbook.transports.base import OnOutput


class StepOutput:
    """Entered for the attempt, and closed behind it."""

    def __init__(
        self, step: Step, own: Inherited, state: HostState, events: StepEvents, outputs: Outputs | None
    ) -> None:
        self._lines = LiveOutput(
            lambda stream, text: events.progress(step.number, stream, text, own), state.session.masker.text
        )
        whole = outputs is not None and not step.secrets and not state.truth(own.no_log, own)
        self._files = outputs.of(step.number) if outputs and whole else None
        # What a step is about to tell as a secret cannot be masked while it is printed: it is not shown live.
        shown: OnOutput = _unseen if step.secrets else self._lines.add
        output = both(shown, self._files.add) if self._files else shown
        self.progress = Progress(lambda text: events.progress(step.number, "note", text, own), output)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._files:
            self._files.close()
        if error is None:
            self._lines.close()

    def with_files(self, outcome: Outcome) -> Outcome:
        """The outcome with the names of the files that its whole output is in."""
        told = self._files.told() if self._files else []
        return replace(outcome, data={**outcome.data, OUTPUT_FILES: told}) if told else outcome


def _unseen(_stream: str, _data: bytes) -> None:
    """Output that is not shown as it arrives."""
