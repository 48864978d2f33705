"""What the program's exit codes mean, one meaning each."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from runbook.runs.results import Run

OK, FAILED, WRONG, UNREACHABLE, WAITING, REFUSED, FAULT, INTERRUPTED = 0, 1, 2, 3, 4, 5, 70, 130


def exit_code(run: Run) -> int:
    """Of a run. `unknown` is a check in which nothing failed: what it would change, it cannot know."""
    if run.interrupted:
        return INTERRUPTED
    return {"passed": OK, "remediated": OK, "unknown": OK, "unreachable": UNREACHABLE, "waiting": WAITING}.get(
        str(run.verdict), FAILED
    )
