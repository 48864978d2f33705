"""The JSON Schema of a stored run, which the `json` report is: `schemas/report.schema.json`.

Made from the dataclasses themselves, so that it cannot say anything else than what is written.
"""

from __future__ import annotations

import dataclasses
import types
import typing
from collections.abc import Mapping
from enum import StrEnum
from typing import Any

from runbook.runs import events, results
from runbook.runs.results import Run
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
    made: dict[str, Any] = {}
    run = _object(Run, made)
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
            "items": _of(results.Cause, made),
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


def _of(kind: Any, made: dict[str, Any]) -> dict[str, Any]:
    """The schema of a type as it is stored."""
    origin, args = typing.get_origin(kind), typing.get_args(kind)
    if origin in (types.UnionType, typing.Union):
        return {"anyOf": [_of(one, made) for one in args]}
    if origin is tuple and args[-1] is ...:
        return {"type": "array", "items": _of(args[0], made)}
    if origin is tuple:
        return {"type": "array", "prefixItems": [_of(one, made) for one in args], "items": False}
    if isinstance(origin, type) and issubclass(origin, Mapping):
        return {"type": "object", "additionalProperties": _of(args[1], made)}
    if dataclasses.is_dataclass(kind) and isinstance(kind, type):
        if kind.__name__ not in made:
            made[kind.__name__] = {}  # it may hold itself
            made[kind.__name__] = _object(kind, made)
        return {"$ref": f"#/$defs/{kind.__name__}"}
    if isinstance(kind, type) and issubclass(kind, StrEnum):
        return {"enum": [str(value) for value in kind]}
    return dict(_PLAIN.get(kind, {}))


_PLAIN: Mapping[Any, Mapping[str, Any]] = {
    str: {"type": "string"},
    int: {"type": "integer"},
    float: {"type": "number"},
    bool: {"type": "boolean"},
    type(None): {"type": "null"},
}


def _object(kind: type, made: dict[str, Any]) -> dict[str, Any]:
    hints = typing.get_type_hints(kind, {**vars(events), **vars(results)})
    names = [field.name for field in dataclasses.fields(kind)]
    properties = {name: _described(_of(hints[name], made), kind, name) for name in names}
    text = " ".join((kind.__doc__ or "").split("\n\n")[0].split())
    return {"type": "object", "description": text, "required": names, "properties": properties}


def _described(schema: dict[str, Any], kind: type, name: str) -> dict[str, Any]:
    return {**schema, "description": TEXTS.get(f"{kind.__name__}.{name}", name.replace("_", " ").capitalize() + ".")}
