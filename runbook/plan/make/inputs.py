"""Values of inputs, from -e, the environment, the inventory or the default; checked before any host is touched."""

from __future__ import annotations

import json
import os
from collections.abc import Iterable
from typing import Any

from runbook.common.nesting import deeper
from runbook.model import Host, Input, Playbook
from runbook.plan.make.variables import Variables
from runbook.playbook.schema_check import check
from runbook.source.document import Document, Place, Problem, Problems
from runbook.templating.errors import TemplateError


def from_environment(playbook: Playbook) -> dict[str, Any]:
    """Inputs whose `env` variable is set."""
    return {
        item.name: coerce(os.environ[item.env], item)
        for item in playbook.inputs.values()
        if item.env and item.env in os.environ
    }


def coerce(value: Any, item: Input) -> Any:
    """A text from a command line or an environment as the type that the input has; unchanged where it is not that."""
    if not isinstance(value, str):
        return value
    kind = item.schema.get("type", "string")
    if kind == "string":
        return value
    if kind == "boolean":
        return {
            "true": True,
            "yes": True,
            "on": True,
            "1": True,
            "false": False,
            "no": False,
            "off": False,
            "0": False,
        }.get(value.strip().lower(), value)
    try:
        found = json.loads(value)
    except (ValueError, RecursionError):
        return value
    return value if deeper(found) else found


def missing(playbook: Playbook, variables: Variables, hosts: Iterable[Host]) -> list[Input]:
    """Required inputs that at least one host has no value for."""
    scopes = [variables.scope(host) for host in hosts]
    return [
        item for item in playbook.inputs.values() if item.required and any(item.name not in scope for scope in scopes)
    ]


def check_inputs(playbook: Playbook, variables: Variables, hosts: Iterable[Host], *, secrets: bool = True) -> None:
    """Raises Problems when an input has no value, or one of the wrong type, on any of the hosts.

    Without `secrets` only the others are looked at.
    """
    problems: list[Problem] = []
    hosts = list(hosts)
    items = [item for item in playbook.inputs.values() if secrets or not item.secret]
    for item in missing(playbook, variables, hosts):
        if item not in items:
            continue
        problems.append(item.place.problem(f"the input {item.name!r} has no value", _how(item), "input", at_key=True))
    for host in hosts:
        for item in items:
            problems += _wrong(item, variables, host)
    if problems:
        raise Problems(problems, {doc.file: doc.text for doc in playbook.documents})


def _wrong(item: Input, variables: Variables, host: Host) -> list[Problem]:
    scope = variables.scope(host)
    if item.name not in scope:
        return []
    try:
        value = scope[item.name]
    except TemplateError as error:
        return [Problem(f"the input {item.name!r}: {error.message}", error.span or item.place.key, error.hint, "input")]
    if value is None and not item.required:
        return []
    found = check(item.schema, value, Place(Document(item.name, "", value)))
    shown = "(secret)" if item.secret else _short(value)
    return [
        item.place.problem(
            f"the input {item.name!r} is {shown} and {_hide(p.message, value, item)}", p.hint, "input", at_key=True
        )
        for p in found
    ]


def _hide(message: str, value: Any, item: Input) -> str:
    return message.replace(str(value), "…") if item.secret and str(value) else message


def _how(item: Input) -> str:
    ways = [f"-e {item.name}=VALUE"]
    if item.env:
        ways.append(f"the environment variable {item.env}")
    ways.append(f"`{item.name}` in the inventory")
    return "give it by " + ", ".join(ways[:-1]) + f" or {ways[-1]}"


def _short(value: Any) -> str:
    text = json.dumps(value, ensure_ascii=False, default=str)
    return text if len(text) <= 60 else text[:57] + "..."
