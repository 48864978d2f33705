"""What the program's exit codes mean, one meaning each."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from runbook.runs.results import Run

OK, FAILED, WRONG, UNREACHABLE, WAITING, REFUSED, DRIFT, FAULT, INTERRUPTED = 0, 1, 2, 3, 4, 5, 7, 70, 130

_OF_VERDICT = {
    "passed": OK,
    "remediated": OK,
    "unknown": OK,
    "drift": OK,
    "unreachable": UNREACHABLE,
    "waiting": WAITING,
}


def exit_code(run: Run, *, detailed: bool = False) -> int:
    """Of a run. `drift` and `unknown` are of a check in which nothing failed: it would change something, or may.

    With `detailed` these have a code of their own.
    """
    if run.interrupted:
        return INTERRUPTED
    if detailed and run.verdict in ("drift", "unknown"):
        return DRIFT
    return _OF_VERDICT.get(str(run.verdict), FAILED)
