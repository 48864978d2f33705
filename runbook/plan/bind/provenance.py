"""What a plan is bound to: the files that it was made of, the inventory that they came to, the variables given."""

from __future__ import annotations

import hashlib
import os
import re
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from runbook.common.json_data import as_json, canonical
from runbook.model import Inventory, Playbook
from runbook.plan.bind.plan_file import Bound, BoundFile, program_version
from runbook.plan.describe.redacted_variables import PLACES, RedactedVariables
from runbook.plan.make.plan import Plan
from runbook.plan.make.request import PlanRequest
from runbook.vault.format import secrets_in

_PASSED_OVER = re.compile(r"^\.|(?:~|\.(?:pyc|pyo|swp|bak|orig|retry))$")
SECRET = "(secret)"  # noqa: S105 - what is shown in the place of one


def bound_to(plan: Plan, playbook: Path, inventory: Sequence[str], request: PlanRequest) -> Bound:
    """`playbook` and `inventory` as the user named them."""
    selection = request.selection
    redacted = RedactedVariables(plan.variables)
    secrets = redacted.secrets
    given = {name: value for name, value in plan.variables.given.extra.items() if name not in secrets}
    return Bound(
        program=program_version(),
        playbook=_relative(playbook),
        inventory=tuple(_portable(source) for source in inventory),
        inventory_sha256=_sha256(canonical(_content(plan.inventory)).encode()),
        files=tuple(_files(plan.playbook, plan.inventory)),
        limit=request.limit or "",
        tags=tuple(sorted(selection.tags)),
        skip_tags=tuple(sorted(selection.skip_tags)),
        start_at=selection.start_at,
        hosts=tuple(sorted(selection.hosts or ())),
        variables=as_json(dict(sorted(given.items()))),
        withheld=tuple(sorted(secrets)),
    )


def _files(playbook: Playbook, inventory: Inventory) -> Iterator[BoundFile]:
    found = {_relative(document.file): _sha256(document.text.encode()) for document in playbook.documents}
    for path in _inventory_files(inventory.sources, Path(playbook.file).absolute().parent):
        try:
            found[_relative(path)] = _sha256(path.read_bytes())
        except OSError:  # the inventory was read, so this is none of its files
            continue
    yield from (BoundFile(path, digest) for path, digest in sorted(found.items()))


def _inventory_files(sources: Sequence[str], playbook_folder: Path) -> Iterator[Path]:
    """Every file that the inventory may have been read from: its sources, and group_vars/ and host_vars/ beside."""
    folders = {playbook_folder.resolve(): None}
    for source in sources:
        path = Path(source)
        if not os.path.lexists(path):  # a list of hosts
            continue
        folders[(path if path.is_dir() else path.parent).resolve()] = None
        yield from _below(path)
    for folder in folders:
        for name in ("group_vars", "host_vars"):
            yield from _below(folder / name)


def _below(path: Path) -> Iterator[Path]:
    if path.is_file():
        yield path
    elif path.is_dir():
        for entry in sorted(path.iterdir()):
            if not _PASSED_OVER.search(entry.name):
                yield from _below(entry)


def _content(inventory: Inventory) -> dict[str, Any]:
    """Hosts with their variables as written, and groups. What was encrypted is left out, for it may be rotated."""
    hosts = {
        name: {
            "groups": list(host.groups),
            "variables": {
                key: _redacted(variable.value) for key, variable in host.variables.items() if key not in PLACES
            },
        }
        for name, host in inventory.hosts.items()
    }
    groups = {name: [list(group.hosts), list(group.children)] for name, group in inventory.groups.items()}
    return {"hosts": hosts, "order": list(inventory.hosts), "groups": groups}


def _redacted(value: Any) -> Any:
    if isinstance(value, str):
        return SECRET if secrets_in(value) else value
    if isinstance(value, Mapping):
        return {str(key): _redacted(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_redacted(item) for item in value]
    return value if isinstance(value, int | float | bool) or value is None else str(value)


def _portable(source: str) -> str:
    """An inventory's path from here; a list of hosts and a bare name as they are."""
    return _relative(source) if Path(source).is_absolute() and os.path.lexists(source) else source


def _relative(path: str | Path) -> str:
    return os.path.relpath(path)


def _sha256(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()
