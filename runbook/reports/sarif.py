"""SARIF 2.1.0: every check that did not hold, at its place in the playbook, for code scanning in GitHub and editors."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from pathlib import PurePath
from typing import Any
from urllib.parse import quote

from runbook import __version__
from runbook.documents.harmless import one_line
from runbook.reports.results import tried_of, unmet
from runbook.runs.events import Status
from runbook.runs.record import Result, Run, Verdict

_LEVELS = {
    Status.FAILED: "error",
    Status.RESCUED: "error",
    Status.UNREACHABLE: "error",
    Status.WAITING: "error",
    Status.UNKNOWN: "note",
    Status.WARNED: "warning",
    Status.REMEDIATED: "note",
}
SCHEMA = "https://json.schemastore.org/sarif-2.1.0.json"


def render(run: Run) -> str:
    return document(_run(run))


def document(run: dict[str, Any]) -> str:
    """A whole SARIF file with one run in it."""
    whole = {"$schema": SCHEMA, "version": "2.1.0", "runs": [run]}
    return json.dumps(whole, ensure_ascii=False, indent=2) + "\n"


def driver(rules: list[dict[str, Any]]) -> dict[str, Any]:
    """This program, as SARIF's tool."""
    return {"driver": {"name": "runbook", "version": __version__, "rules": rules}}


def _run(run: Run) -> dict[str, Any]:
    found = [step for step in run.steps() if step.status in _LEVELS]
    kinds = sorted({step.kind for step in found})
    good = run.verdict in (Verdict.PASSED, Verdict.REMEDIATED, Verdict.UNKNOWN, Verdict.DRIFT)
    invocation = {"executionSuccessful": good, "exitCodeDescription": f"{run.verdict}: {one_line(run.reason)}"}
    return {
        "tool": driver([{"id": kind} for kind in kinds]),
        "invocations": [invocation],
        "automationDetails": {"id": f"{run.path}/{run.run_id}"},
        "results": list(_results(found)),
    }


def _results(steps: list[Result]) -> Iterator[dict[str, Any]]:
    for step in steps:
        yield {
            "ruleId": step.kind,
            "level": _LEVELS[step.status],
            "message": {"text": _told(step)},
            "locations": [_location(step.place)] if step.place else [],
            "partialFingerprints": {"stepOnHost/v1": f"{step.number}@{step.host}"},
        }


def _told(step: Result) -> str:
    said = [f"{step.number} {step.name} on {step.host}: {step.status}", one_line(step.outcome.message)]
    said += [f"Expected {c.text}" for c in unmet(step.conditions) if c.text not in step.outcome.message]
    said += [f"Before the repair: {one_line(step.first.outcome.message)}"] if step.first is not None else []
    said += [f"Tried: {', '.join(tried_of(step.tried))}"] if step.tried else []
    said += [f"Likely cause: {one_line(cause)}" for cause in step.causes]
    return "\n".join(filter(None, said))


def _location(place: str) -> dict[str, Any]:
    """`file:line:column` as SARIF has it: paths are relative to the folder of the run."""
    file, line, column = place.rsplit(":", 2)
    return location(file, {"startLine": int(line), "startColumn": int(column)})


def location(file: str, region: dict[str, int]) -> dict[str, Any]:
    """A region of a file."""
    uri = quote(os.fsencode(PurePath(file).as_posix()))
    where = {"uri": uri} if not PurePath(file).is_absolute() else {"uri": f"file://{uri}"}
    return {"physicalLocation": {"artifactLocation": where, "region": region}}
