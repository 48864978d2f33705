"""The kinds of step: one file each, one row here each. A kind is imported when a playbook uses it.

Options, rendered and checked, and a `Context` come in at a kind's `run`; an `Outcome` leaves. Open `base.py` first:
what a kind is and what it is given; then `traits.py`: what else it may say of itself.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from importlib import import_module
from typing import cast

from runbook.steps.base import Kind

_MODULES = {
    "assert": "control.assert_",
    "command": "commands.command",
    "confirm": "control.confirm",
    "copy": "files.copy",
    "edit": "files.edit",
    "fail": "control.fail",
    "file": "files.file",
    "http": "requests.http",
    "log": "logs.log",
    "mark": "logs.mark",
    "note": "control.note",
    "port": "processes.port",
    "process": "processes.process",
    "reboot": "processes.reboot",
    "script": "commands.script",
    "service": "processes.service",
    "set": "control.set",
    "shell": "commands.shell",
    "sql": "requests.sql",
    "template": "files.template",
    "wait": "control.wait",
}


class _Kinds(Mapping[str, Kind]):
    def __init__(self) -> None:
        self._used: dict[str, Kind] = {}

    def __getitem__(self, name: str) -> Kind:
        if name not in self._used:
            self._used[name] = cast(Kind, import_module(f"runbook.steps.{_MODULES[name]}"))
        return self._used[name]

    def __contains__(self, name: object) -> bool:
        return name in _MODULES

    def __iter__(self) -> Iterator[str]:
        return iter(_MODULES)

    def __len__(self) -> int:
        return len(_MODULES)


KINDS: Mapping[str, Kind] = _Kinds()
