"""The verdict of a run, and its reason in one sentence. It is made here and nowhere else."""

from __future__ import annotations

from runbook.runs.events import UNASKED, Status, worst
from runbook.runs.results import ASIDE, Result, Run, Verdict

NOT_FINISHED = "was running when the run ended"
"""The message of a step that had no end."""

_OF_STATUS = {
    Status.FAILED: Verdict.FAILED,
    Status.RESCUED: Verdict.RESCUED,
    Status.UNREACHABLE: Verdict.UNREACHABLE,
    Status.WAITING: Verdict.WAITING,
    Status.UNKNOWN: Verdict.UNKNOWN,
    Status.REMEDIATED: Verdict.REMEDIATED,
}
_SAID = {
    Verdict.FAILED: "failed",
    Verdict.RESCUED: "failed, and was rescued,",
    Verdict.UNREACHABLE: "the host could not be reached",
    Verdict.WAITING: "waits for an answer",
    Verdict.UNKNOWN: "cannot be known before it runs",
    Verdict.REMEDIATED: "repaired, and passed after it",
}


def judge(run: Run) -> tuple[Verdict, str]:
    """The worst of what the stages came to, and why."""
    if run.finished is None:
        return Verdict.FAILED, "the run has not ended"
    if run.interrupted:
        return Verdict.FAILED, _interrupted(run)
    stages = [result for stage in run.stages for result in stage.results]
    status = worst([result.status for result in stages])
    verdict = _OF_STATUS.get(status, Verdict.PASSED)
    if verdict is Verdict.PASSED:
        if run.note:  # ended before its time, though nothing had failed: a fault, and no success
            return Verdict.FAILED, run.note
        if all(result.status is Status.SKIPPED for result in run.steps()):
            return Verdict.FAILED, "nothing was checked"
        if run.mode == "check":
            return _drift(run)
        return verdict, _all_well(run)
    reason = _reason(_SAID[verdict], [_source(result, status) for result in stages if result.status is status])
    if verdict is Verdict.UNKNOWN and run.mode == "check" and (drift := _would_change(run)):
        reason += f"; {drift}"
    return verdict, reason + (f"; {run.note}" if run.note else "")


def _drift(run: Run) -> tuple[Verdict, str]:
    """Of a check in which all is known: is there anything that a run would change?"""
    said = _would_change(run)
    return (Verdict.DRIFT, said) if said else (Verdict.PASSED, "every check held, and nothing would change")


def _would_change(run: Run) -> str:
    """`3 steps would change 2 hosts`; empty where none would."""
    found = [result for result in run.steps() if result.status is Status.CHANGED]
    if not found:
        return ""
    steps, hosts = len({result.number for result in found}), {result.host for result in found}
    where = found[0].host if len(hosts) == 1 else f"{len(hosts)} hosts"
    return f"{steps} step{'s' * (steps > 1)} would change {where}"


def _all_well(run: Run) -> str:
    """Every check held, but those that are warnings, and those that nobody asked again after a repair."""
    warned = run.counts.get("warned", 0)
    counts = (result for result in run.results() if result.role not in ASIDE and not result.superseded)
    unasked = sum(any(tried.what == UNASKED for tried in result.tried) for result in counts)
    said = f", with {warned} warning{'s' * (warned > 1)}" if warned else ""
    if unasked:
        said += f", but {unasked} that {'was' if unasked == 1 else 'were'} repaired and not asked again"
    return f"every check held{said}"


def _interrupted(run: Run) -> str:
    broken = [r for r in run.results() if r.outcome.message == NOT_FINISHED and not r.is_structure]
    said = f": {run.note}" if run.note else ""
    if not broken:
        return f"interrupted{said}"
    more = f" and {len(broken) - 1} more" if len(broken) > 1 else ""
    return f"interrupted{said} while {broken[0].number} {broken[0].name} ran on {broken[0].host}{more}"


def _reason(said: str, sources: list[Result]) -> str:
    """`2.3 New records: failed on web1 and 2 more hosts; 1 other step too`."""
    first = sources[0]
    hosts = {source.host for source in sources if source.number == first.number}
    others = {source.number for source in sources} - {first.number}
    where = f" on {first.host}"
    if len(hosts) > 1:
        where += f" and {len(hosts) - 1} more host{'s' * (len(hosts) > 2)}"
    also = f"; {len(others)} other step{'s' * (len(others) > 1)} too" if others else ""
    return f"{first.number} {first.name}: {said}{where}{also}"


def _source(result: Result, status: Status) -> Result:
    """The innermost step that a stage's status comes from."""
    for child in result.children:
        if child.status is status and child.role not in ASIDE and not child.superseded:
            return _source(child, status) if child.is_structure else child
    return result
