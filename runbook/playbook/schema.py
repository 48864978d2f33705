"""JSON Schemas of the language: the keys of playbooks, stages and steps, composed with the kinds' own.

The loader checks each mapping against its own small schema, for messages that speak of that mapping; `published` puts
all together for editors.
"""

from __future__ import annotations

import inspect
from collections.abc import Mapping
from functools import lru_cache
from typing import Any

from runbook.model import NAMES_A_HOST, VARIABLE_NAME
from runbook.playbook.schema_check import templated
from runbook.steps import KINDS

_TEXT = {"type": "string"}
_HOSTS = {
    "anyOf": [
        {"type": "string", "pattern": NAMES_A_HOST},
        {"type": "array", "minItems": 1, "items": {"type": "string", "pattern": NAMES_A_HOST}},
    ]
}
"""A pattern that names something: an empty one would reach every host."""
_EXPRESSIONS = {
    "anyOf": [{"type": ["string", "boolean", "number"]}, {"type": "array", "items": {"type": ["string", "boolean"]}}]
}
_STEPS: dict[str, Any] = {"type": "array", "items": {"$ref": "#/$defs/step"}}
_MAPPING = {"type": "object"}
_FLAG = {"type": "boolean"}
_SECONDS = {"anyOf": [{"type": "number", "exclusiveMinimum": 0}, {"type": "string", "pattern": r"^[0-9.]+(ms|[smhd])"}]}
_TAGS = {"anyOf": [{"type": "string"}, {"type": "array", "items": {"type": "string"}}]}


def _described(schema: Mapping[str, Any], text: str) -> dict[str, Any]:
    return {**schema, "description": text}


def _value(schema: Mapping[str, Any], text: str) -> dict[str, Any]:
    """A key whose value may be a template as well."""
    return templated(_described(schema, text))


REMEDIATE = {
    "anyOf": [
        {"type": "string"},
        {"type": "array", "items": {"anyOf": [{"type": "string"}, {"$ref": "#/$defs/remediation"}]}},
        {"$ref": "#/$defs/remediation"},
    ]
}

SHARED: dict[str, Any] = {
    "name": _described(_TEXT, "What it does, for people. Any script; may be a template."),
    "when": _described(_EXPRESSIONS, "Bare expression, or a list of them that must all hold; else it is skipped."),
    "vars": _described(_MAPPING, "Variables for it and for all that is inside it."),
    "tags": _described(
        _TAGS, "Names to choose steps by with --tags and --skip-tags; `always` and `never` as Ansible's."
    ),
    "become": _value(_FLAG, "Run as another user, by sudo."),
    "become_user": _described(_TEXT, "Which user; root when not said."),
    "environment": _described(_MAPPING, "Environment variables for its commands."),
}
"""Keys of stages, blocks and steps."""

COMMON: dict[str, Any] = {
    **SHARED,
    "delegate_to": _described(_TEXT, "Run it on this host instead, with the variables of the first one."),
    "run_once": _described(_FLAG, "Run on the first host only; its outcome is every host's."),
    "throttle": _described({"type": "integer", "minimum": 1}, "At most so many hosts are in it at a time."),
    "ignore_errors": _value(_FLAG, "A failure is reported as a warning and the run goes on."),
    "no_log": _value(_FLAG, "Keep its outcome out of every output."),
    "timeout": _value(_SECONDS, "Seconds that one attempt may take, or text such as `2m`."),
    "until": _described(_EXPRESSIONS, "Try again until this expression over the outcome holds."),
    "retries": _value({"type": "integer", "minimum": 0}, "How many times to try again after the first attempt."),
    "delay": _value({"anyOf": [{"type": "number", "minimum": 0}, {"type": "string"}]}, "Seconds between attempts."),
    "severity": _described({"enum": ["fail", "warn"]}, "`warn`: a failure is reported and does not fail the run."),
    "diagnose": _described(_STEPS, "Steps that collect evidence when this failed. They never change the verdict."),
    "remediate": _described(REMEDIATE, "Branches tried in order when this failed; then it is run again."),
}
"""Keys of blocks and steps."""

STEP_ONLY: dict[str, Any] = {
    "loop": _described({"type": ["array", "string"]}, "A list, or a bare expression or template that gives one."),
    "loop_control": _described(
        {
            "type": "object",
            "additionalProperties": False,
            "properties": {
                "loop_var": _described({"type": "string"}, "Name of the item's variable; `item` when not said."),
                "label": _described({"type": "string"}, "What is shown for an item."),
            },
        },
        "How the loop names its items.",
    ),
    "register": _described({"type": "string", "pattern": VARIABLE_NAME}, "Variable that gets the outcome."),
    "changed_when": _described(_EXPRESSIONS, "When the outcome counts as a change."),
    "failed_when": _described(
        _EXPRESSIONS, "When the outcome counts as a failure, instead of the kind's own judgement."
    ),
    "expect": _described(_EXPRESSIONS, "What must hold of the outcome's fields; a false one fails the step."),
    "changes": _described({"type": "boolean"}, "Does it change the host? `false` for commands that only look."),
    "cause": _described(
        {
            "anyOf": [
                _TEXT,
                {
                    "type": "array",
                    "items": {
                        "type": "object",
                        "additionalProperties": False,
                        "required": ["text"],
                        "properties": {
                            "when": _described(_EXPRESSIONS, "Over the outcome, `failure` and what was registered."),
                            "text": _described(_TEXT, "The likely cause."),
                        },
                    },
                },
            ]
        },
        "The likely cause when this step does not pass, or a list of them with a `when` each.",
    ),
    "secrets": _described(
        {"type": "array", "items": {"type": "string"}}, "Parts of the outcome that are secret, as `json.access_token`."
    ),
}

BLOCK_ONLY: dict[str, Any] = {
    "steps": _described(_STEPS, "The steps of the block; they stop at the first failure."),
    "rescue": _described(_STEPS, "Steps that run when one of the block's failed; it is `rescued` then, not passed."),
    "recheck": _described(_FLAG, "After its rescue the block is run again; where it passes it is `remediated`."),
    "rescued": _described({"enum": ["fail", "accept"]}, "`accept`: that it was rescued is only a warning."),
    "always": _described(_STEPS, "Steps that run in the end, whatever happened."),
}

CHOOSE: dict[str, Any] = {
    "type": "object",
    "additionalProperties": False,
    "required": ["by", "options"],
    "description": "Exactly one of several options runs.",
    "properties": {
        "by": _described({"type": ["string", "boolean", "number"]}, "Bare expression that gives the option's name."),
        "options": {
            "type": "object",
            "minProperties": 1,
            "description": "The options by name.",
            "additionalProperties": {
                "type": "object",
                "additionalProperties": False,
                "properties": {
                    "description": _described(_TEXT, "When it is the right one, for people."),
                    "steps": _described(_STEPS, "Its steps."),
                },
            },
        },
    },
}
INCLUDE = _described({"type": "string"}, "A file with a list of steps, relative to this one.")
STRUCTURES = ("steps", "choose", "include")

STAGE: dict[str, Any] = {
    **SHARED,
    "hosts": _described(_HOSTS, "Inventory pattern, or a list of them; the playbook's `hosts` when not said."),
    "serial": _value(
        {"anyOf": [{"type": ["integer", "string"]}, {"type": "array", "items": {"type": ["integer", "string"]}}]},
        "Hosts at a time: a number, a percentage, or a list of them.",
    ),
    "max_fail_percentage": _value({"type": "number", "minimum": 0, "maximum": 100}, "More failed hosts end the run."),
    "any_errors_fatal": _described({"type": "boolean"}, "One failed host ends the run for all after this stage."),
    "order": _described(
        {"enum": ["inventory", "reverse_inventory", "sorted", "reverse_sorted"]}, "Order of the hosts."
    ),
    "confirm": _described(_TEXT, "A question that must be answered yes before the stage begins."),
    "remediate": COMMON["remediate"],
    **BLOCK_ONLY,
}

REMEDIATION: dict[str, Any] = {
    "name": _described(_TEXT, "What it repairs."),
    "description": _described(_TEXT, "What it repairs, and how."),
    "when": _described(_EXPRESSIONS, "When to try it; `failure` has the failed outcome."),
    "vars": SHARED["vars"],
    "steps": _described(_STEPS, "What repairs it; the branch ends at the first failure."),
    "recheck": _described({"type": "boolean"}, "Run the failed step again after it; true when not said."),
}

INPUT: dict[str, Any] = {
    "type": _described({"enum": ["string", "integer", "number", "boolean", "array", "object"]}, "Type of the value."),
    "enum": _described({"type": "array", "minItems": 1}, "The values allowed."),
    "default": {"description": "The value when none is given."},
    "description": _described(_TEXT, "What it is for."),
    "secret": _described({"type": "boolean"}, "Never shown, stored or sent."),
    "env": _described(_TEXT, "Environment variable that it is read from."),
    "required": _described({"type": "boolean"}, "An error when no value is given; true without a default."),
    "pattern": _described(_TEXT, "Regular expression that a text must match."),
    "minimum": {"type": "number", "description": "Smallest number allowed."},
    "maximum": {"type": "number", "description": "Largest number allowed."},
    "minLength": {"type": "integer", "description": "Fewest characters allowed."},
    "maxLength": {"type": "integer", "description": "Most characters allowed."},
    "items": {"type": "object", "description": "JSON Schema of a list's items."},
}

DATABASE: dict[str, Any] = {
    "dsn": _value(_TEXT, "Connection string, instead of the single settings."),
    "host": _value(_TEXT, "Server as seen `from` there; localhost when not said."),
    "port": _value({"type": "integer", "minimum": 1, "maximum": 65535}, "5432 when not said."),
    "dbname": _value(_TEXT, "Name of the database."),
    "user": _value(_TEXT, "Role to log in as."),
    "password": _value(_TEXT, "Its password: a template that reads a secret input or env.NAME."),
    "sslmode": _value({"enum": ["disable", "allow", "prefer", "require", "verify-ca", "verify-full"]}, "As libpq's."),
    "connect_timeout": _value({"type": "number", "exclusiveMinimum": 0}, "Seconds; 10 when not said."),
    "from": _value({"enum": ["host", "controller"]}, "Whose network it is reached from; host when not said."),
}

PLAYBOOK: dict[str, Any] = {
    "name": _described(_TEXT, "What the runbook is for."),
    "description": _described(_TEXT, "When to use it, and what it does."),
    "labels": _described({"type": "object"}, "Free labels: risk, owner, duration, docs."),
    "hosts": _described(_HOSTS, "Inventory pattern that stages run on, or a list of them; here or on each stage."),
    "inputs": {"type": "object", "description": "Typed parameters of a run."},
    "vars": SHARED["vars"],
    "vars_files": _described(
        {"type": "array", "items": {"type": "string"}}, "Files of variables, relative to this one."
    ),
    "environment": SHARED["environment"],
    "defaults": {
        "type": "object",
        "additionalProperties": False,
        "description": "What steps have when they do not say it.",
        "properties": {k: COMMON[k] for k in ("timeout", "retries", "delay", "become", "become_user", "no_log")},
    },
    "databases": {"type": "object", "description": "Named database connections."},
    "stages": {"type": "array", "minItems": 1, "description": "The stages, in order."},
    "remediations": {"type": "object", "description": "Named branches that steps refer to."},
    "schedule": {
        "type": "object",
        "additionalProperties": False,
        "description": "When to run it on a timer.",
        "properties": {
            "cron": _described(_TEXT, "Five fields, as crontab's."),
            "timezone": _described(_TEXT, "IANA name; UTC when not said."),
            "inventory": _described(_TEXT, "Inventory to use."),
            "mode": _described({"enum": ["verify", "run"]}, "`verify` runs only what changes nothing."),
            "inputs": _described({"type": "object"}, "Values of inputs."),
        },
    },
}


def _object(properties: Mapping[str, Any], *required: str) -> dict[str, Any]:
    return {
        "type": "object",
        "additionalProperties": False,
        "properties": dict(properties),
        **({"required": list(required)} if required else {}),
    }


def kind_schema(kind: str) -> dict[str, Any]:
    """What may stand under a kind's key: its options, or the bare value of its SHORT option."""
    schema = options_schema(kind)
    short = KINDS[kind].SHORT
    if not short:
        return schema
    bare = {k: v for k, v in schema["properties"][short].items() if k != "default"}
    return {"description": schema["description"], "anyOf": [schema, bare]}


def options_schema(kind: str) -> dict[str, Any]:
    """A kind's options as they may be written: wherever it wants something else than text, a template may stand."""
    schema = dict(KINDS[kind].SCHEMA)
    schema["properties"] = {name: templated(inner) for name, inner in schema.get("properties", {}).items()}
    schema.setdefault("description", " ".join((inspect.getdoc(KINDS[kind]) or "").split("\n\n")[0].split()))
    return schema


@lru_cache(maxsize=64)
def loading(name: str) -> dict[str, Any]:
    """The schema that the loader holds one mapping against: `playbook`, `stage`, `step`, `block`, `choose`, `include`,
    `remediation`, `input`, `database`, or a kind's options. Inner steps are only asked to be a list; the loader goes on
    into them itself."""
    makers: dict[str, Any] = {
        "playbook": lambda: _object(PLAYBOOK, "name", "stages"),
        "stage": lambda: _object(STAGE, "steps"),
        "step": lambda: _object({**COMMON, **STEP_ONLY}),
        "block": lambda: _object({**COMMON, **BLOCK_ONLY}, "steps"),
        "choose": lambda: _object({**COMMON, "choose": CHOOSE}, "choose"),
        "include": lambda: _object({**COMMON, "include": INCLUDE}, "include"),
        "remediation": lambda: _object(REMEDIATION, "steps"),
        "input": lambda: _object(INPUT),
        "database": lambda: _object(DATABASE),
    }
    schema: dict[str, Any] = _shallow(makers[name]() if name in makers else options_schema(name))
    return schema


def _shallow(schema: Any) -> Any:
    """The schema with references to steps and remediations opened: the loader looks into these itself."""
    if isinstance(schema, Mapping):
        if "$ref" in schema:
            return {"type": "object"}
        return {key: _shallow(value) for key, value in schema.items()}
    return [_shallow(item) for item in schema] if isinstance(schema, list) else schema


def published() -> dict[str, Any]:
    """The schema of a whole playbook, for editors: `schemas/playbook.schema.json`."""
    kinds = {kind: kind_schema(kind) for kind in KINDS}
    keys = {**COMMON, **STEP_ONLY, **BLOCK_ONLY, "choose": CHOOSE, "include": INCLUDE, **kinds}
    step = {**_object(keys), "oneOf": [{"required": [key]} for key in (*kinds, *STRUCTURES)]}
    playbook = {
        **PLAYBOOK,
        "inputs": {**PLAYBOOK["inputs"], "additionalProperties": _object(INPUT)},
        "databases": {**PLAYBOOK["databases"], "additionalProperties": _object(DATABASE)},
        "stages": {**PLAYBOOK["stages"], "items": _object(STAGE, "steps")},
        "remediations": {**PLAYBOOK["remediations"], "additionalProperties": {"$ref": "#/$defs/remediation"}},
    }
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "runbook playbook",
        **_object(playbook, "name", "stages"),
        "$defs": {"step": step, "remediation": _object(REMEDIATION, "steps")},
    }
