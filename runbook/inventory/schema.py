"""The JSON Schema of YAML inventories, for editors: `schemas/inventory.schema.json`."""

from __future__ import annotations

from typing import Any

_TEXT = {"type": "string"}
_PORT = {"type": ["integer", "string"]}
_FLAG = {"type": ["boolean", "string"]}

VARIABLES: dict[str, tuple[dict[str, Any], str]] = {
    "ansible_host": (_TEXT, "Address to connect to; the host's name when not said."),
    "ansible_port": (_PORT, "Port of its SSH server; 22 when not said."),
    "ansible_user": (_TEXT, "User to log in as."),
    "ansible_connection": (
        {"anyOf": [{"enum": ["ssh", "local"]}, _TEXT]},
        "`ssh`, or `local` for the machine that runbook runs on.",
    ),
    "ansible_password": (_TEXT, "Password of the login: a template that reads env.NAME, or a vault's value."),
    "ansible_ssh_private_key_file": (_TEXT, "Key to log in with."),
    "ansible_ssh_private_key_passphrase": (_TEXT, "Opens the key; keep it in a vault."),
    "ansible_ssh_common_args": (_TEXT, "Options of ssh, such as `-o ProxyJump=user@bastion`."),
    "ansible_ssh_extra_args": (_TEXT, "More options of ssh."),
    "ansible_ssh_timeout": (_PORT, "Seconds that connecting may take."),
    "ansible_become": (_FLAG, "Run steps as another user, by sudo."),
    "ansible_become_user": (_TEXT, "Which user; root when not said."),
    "ansible_become_password": (_TEXT, "Password that sudo asks for."),
    "ansible_group_priority": (
        {"type": "integer"},
        "Of groups of one depth the higher number wins; else 1.",
    ),
    "confirm_name": (_TEXT, "Has to be typed, or given with --confirm-name, before these hosts are changed."),
}
"""The variables that the program itself reads, in `vars` and under hosts."""


def published() -> dict[str, Any]:
    """The schema of a whole inventory file."""
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "runbook inventory",
        "description": "Groups by name, each with hosts, children and vars.",
        "type": "object",
        "properties": {
            "all": {"$ref": "#/$defs/group", "description": "The group of every host."},
            "ungrouped": {"$ref": "#/$defs/group", "description": "Hosts of no other group."},
        },
        "additionalProperties": {"$ref": "#/$defs/group"},
        "$defs": {"group": _group(), "variables": _variables()},
    }


def _group() -> dict[str, Any]:
    variables, group = {"$ref": "#/$defs/variables"}, {"$ref": "#/$defs/group"}
    return {
        "type": ["object", "null"],
        "description": "A group of hosts.",
        "additionalProperties": False,
        "properties": {
            "hosts": {
                "description": "Hosts by name, each with a colon behind it; ranges such as `web[01:50]` are many.",
                "type": ["object", "string", "null"],
                "additionalProperties": variables,
            },
            "children": {
                "description": "Groups in this group.",
                "type": ["object", "string", "null"],
                "additionalProperties": group,
            },
            "vars": {**variables, "description": "Variables of every host in it."},
        },
    }


def _variables() -> dict[str, Any]:
    return {
        "description": "Variables by name; texts may be templates.",
        "type": ["object", "null"],
        "properties": {name: {**schema, "description": text} for name, (schema, text) in VARIABLES.items()},
        "propertyNames": {"type": "string"},
    }
