"""The JSON Schema of a stored run, which the `json` report is: `schemas/report.schema.json`.

Made from the classes themselves, so that it cannot say anything else than what is written.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from runbook.common.json_data import schema
from runbook.runs.results import Cause, Run
from runbook.runs.stored_form import FORMAT

TEXTS: Mapping[str, str] = {
    "Run.run_id": "Name of the run: when it began, and six digits of chance.",
    "Run.playbook": "Name of the playbook.",
    "Run.path": "File of the playbook.",
    "Run.inventory": "What -i named.",
    "Run.hosts": "Every host that took part.",
    "Run.labels": "The playbook's labels.",
    "Run.description": "The playbook's description.",
    "Run.mode": "run, check or verify.",
    "Run.user": "Who started it.",
    "Run.version": "Version of runbook.",
    "Run.started": "Seconds since the epoch.",
    "Run.finished": "Seconds since the epoch; null of a run that has not ended.",
    "Run.interrupted": "Was it ended by a signal?",
    "Run.note": "Why it ended before its time.",
    "Run.stages": "The stages that began, in order.",
    "Run.verdict": "What the run came to.",
    "Run.reason": "Why, in one sentence.",
    "Result.children": "What stands in it, in the order in which it ended.",
    "Result.items": "Of a loop: label and outcome of each item.",
    "Result.place": "file:line:column in the playbook.",
    "Result.superseded": "The block around it was run again, so that a later result counts instead.",
    "Outcome.data": "The fields that `register` and `expect` see.",
    "Outcome.message": "One line for people.",
    "Outcome.diff": "Unified diff of what was changed.",
    "Condition.holds": "Did it hold?",
    "Condition.values": "Every operand with its value.",
    "Table.total": "How many rows there were, where not all are kept.",
}
"""What a reader could not tell from a field's name."""


def published() -> dict[str, Any]:
    """The schema of a whole report. Readers must bear with keys that they do not know."""
    made = {**schema(Run)["$defs"], **schema(Cause)["$defs"]}
    for name, one in made.items():
        _describe(name, one)
    run = made.pop(Run.__name__)
    properties = {
        "format": {
            "const": FORMAT,
            "description": "Version of this form; a new one for what old readers would misread.",
        },
        **run["properties"],
        "counts": {
            "type": "object",
            "additionalProperties": {"type": "integer"},
            "description": "How many of the counted steps ended how.",
        },
        "causes": {
            "type": "array",
            "items": {"$ref": f"#/$defs/{Cause.__name__}"},
            "description": "Likely causes, in the order found.",
        },
    }
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "runbook report",
        "description": "A run, as `--report json` and `runbook report --format json` write it.",
        "type": "object",
        "required": list(properties),
        "properties": properties,
        "$defs": made,
    }


def _describe(kind: str, definition: dict[str, Any]) -> None:
    definition["description"] = " ".join(definition["description"].split("\n\n")[0].split())
    for name, field in definition.get("properties", {}).items():
        field["description"] = TEXTS.get(f"{kind}.{name}", name.replace("_", " ").capitalize() + ".")
