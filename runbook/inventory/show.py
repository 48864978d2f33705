"""An inventory for people and programs: what `ansible-inventory --list`, `--graph` and `--host` print."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from runbook.inventory.builder import LOCALHOST
from runbook.inventory.patterns import select
from runbook.model import Group, Host, Inventory, Variable
from runbook.vault.format import CLOSED, Secret

MAX_LINES = 100_000
# fmt: off
_NOT_SHOWN = frozenset((
    "ansible_async_path", "ansible_collection_name", "ansible_config_file", "ansible_dependent_role_names",
    "ansible_diff_mode", "ansible_facts", "ansible_forks", "ansible_inventory_sources", "ansible_limit",
    "ansible_play_batch", "ansible_play_hosts", "ansible_play_hosts_all", "ansible_play_role_names",
    "ansible_playbook_python", "ansible_role_name", "ansible_role_names", "ansible_run_tags",
    "ansible_skip_tags", "ansible_verbosity", "ansible_version", "group_names", "groups", "hostvars",
    "inventory_dir", "inventory_file", "inventory_hostname", "inventory_hostname_short", "play_hosts",
    "playbook_dir", "role_name", "role_names", "role_path", "role_uuid",
))
# fmt: on
"""Names that Ansible itself sets, so that its listings leave them out."""


def as_ansible_list(inventory: Inventory, limit: str | None = None) -> dict[str, Any]:
    """What `ansible-inventory --list` prints as JSON. Templates stand as they are written."""
    hosts = select(inventory, "all", limit)
    names = {host.name for host in hosts}
    listed: dict[str, Any] = {}
    for group in _reached(inventory, "all"):
        shown = [host for host in group.hosts if host in names and group.name != "all"]
        entry = {"hosts": shown, "children": list(group.children)}
        if entry := {key: value for key, value in entry.items() if value}:
            listed[group.name] = entry
    hostvars = {host.name: values for host in hosts if (values := host_variables(host))}
    return {**listed, "_meta": {"hostvars": hostvars, "profile": "inventory_legacy"}}


def _reached(inventory: Inventory, top: str) -> Iterator[Group]:
    """A group and every group below it, each once."""
    todo, seen = [top], {top}
    while todo:
        group = inventory.groups[todo.pop()]
        yield group
        new = [name for name in group.children if name not in seen]
        seen.update(new)
        todo.extend(reversed(new))


def as_json(data: Any) -> str:
    """As Ansible prints it: names sorted, where they can be."""
    try:
        return json.dumps(data, ensure_ascii=False, indent=4, sort_keys=True, default=str)
    except TypeError:  # a mapping with numbers and texts as its keys
        return json.dumps(data, ensure_ascii=False, indent=4, default=str)


def as_host(inventory: Inventory, name: str, show_origin: bool = False) -> str:
    """The variables of a host: JSON as `ansible-inventory --host` prints it, or all places that set each, as text.

    Raises KeyError when there is no such host.
    """
    local = inventory.localhost if name in LOCALHOST else None
    host = inventory.hosts[name] if name in inventory.hosts or not local else local
    return "\n".join(_origins(host)) if show_origin else as_json(host_variables(host))


def _origins(host: Host) -> Iterator[str]:
    """Each variable with the places that set it: first the one that counts, then those that it overrides."""
    for name, places in sorted(host.origins.items()):
        if name in _NOT_SHOWN:
            continue
        yield f"{name}:"
        for place in reversed(places):
            value = json.dumps(redacted(place.value), ensure_ascii=False, default=str)
            overridden = "" if place is places[-1] else "  (overridden)"
            yield f"  {place.span or '-'}  {place.level}  {value}{overridden}"


def redacted(value: Any) -> Any:
    """A value as people may see it: what was encrypted is not in it."""
    return _replaced(value, lambda _secret: CLOSED)


def host_variables(host: Host) -> dict[str, Any]:
    """The variables of a host with their values, without those that are always there."""
    return _shown(host.variables)


def _shown(variables: Mapping[str, Variable]) -> dict[str, Any]:
    return {name: _replaced(each.value, _as_written) for name, each in variables.items() if name not in _NOT_SHOWN}


def _replaced(value: Any, replacement: Callable[[Secret], Any]) -> Any:
    """A value with something else for each text that was encrypted."""
    if isinstance(value, Secret):
        return replacement(value)
    if isinstance(value, Mapping):
        return {key: _replaced(item, replacement) for key, item in value.items()}
    return [_replaced(item, replacement) for item in value] if isinstance(value, list) else value


def _as_written(secret: Secret) -> Any:
    """As Ansible lists it: `!vault` as it stands, and what is from an encrypted file in clear."""
    return {"__ansible_vault": secret.encrypted} if secret.encrypted else str(secret)


def as_graph(inventory: Inventory, top: str = "all", *, with_vars: bool = False) -> str:
    """The tree of groups and hosts as `ansible-inventory --graph [GROUP] [--vars]` draws it.

    Raises KeyError when there is no such group.
    """
    lines: list[str] = []
    for line in _graph(inventory, inventory.groups[top], 0, with_vars):
        if len(lines) == MAX_LINES:  # groups that share groups, many times over, have a tree without end
            lines.append("…")
            break
        lines.append(line)
    return "\n".join(lines)


def _graph(inventory: Inventory, group: Group, depth: int, with_vars: bool) -> Iterator[str]:
    yield _branch(f"@{group.name}:", depth)
    for child in group.children:
        yield from _graph(inventory, inventory.groups[child], depth + 1, with_vars)
    for name in group.hosts if group.name != "all" else ():
        yield _branch(name, depth + 1)
        if with_vars:
            yield from _leaves(inventory.hosts[name].variables, depth + 2)
    if with_vars:
        yield from _leaves(group.variables, depth + 1)


def _leaves(variables: Mapping[str, Variable], depth: int) -> Iterator[str]:
    for name in sorted(variables.keys() - _NOT_SHOWN):
        yield _branch(f"{{{name} = {redacted(variables[name].value)}}}", depth)


def _branch(text: str, depth: int) -> str:
    return "  |" * depth + f"--{text}" if depth else text
