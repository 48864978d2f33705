"""Which variables a host has, before anything has run: the levels of precedence, lowest first.

Input defaults < playbook < group < host < (stage, block, step: added on the way) < registered and set < -e.
"""

from __future__ import annotations

import getpass
import os
from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from runbook.common.frozen import Frozen, field
from runbook.inventory.patterns import members
from runbook.model import Host, Inventory, Playbook
from runbook.playbook.load import project_of
from runbook.runs.start import RunStart
from runbook.templating.controller import Controller
from runbook.templating.errors import OMIT
from runbook.templating.scope import Layer, Scope


class Given(Frozen):
    """What a run was started with: values of -e, and of inputs from the environment or the operator."""

    extra: Mapping[str, Any] = field(default_factory=dict)
    run: RunStart | None = None


class Variables:
    """Scopes for the hosts of one run. Pure: reads no file and no host."""

    def __init__(self, playbook: Playbook, inventory: Inventory, given: Given) -> None:
        self.playbook, self.inventory, self.given = playbook, inventory, given
        self.groups = {group: list(members(inventory, group)) for group in inventory.groups}
        file = Path(playbook.file).absolute()
        self.controller = Controller(file.parent, project_of(file))
        """Before the run."""
        self._below: dict[str, tuple[Layer, ...]] = {}
        self._above = Layer(given.extra)

    def scope(self, host: Host, controller: Controller | None = None) -> Scope:
        """Everything known of a host before the run. `controller`: as lookups see it now, when the run has begun."""
        return Scope((*self.below(host), self.above()), controller or self.controller)

    def below(self, host: Host) -> tuple[Layer, ...]:
        """The layers under those of stages and steps. They are the same for every step of a host."""
        if host.name not in self._below:
            self._below[host.name] = self._layers(host)
        return self._below[host.name]

    def _layers(self, host: Host) -> tuple[Layer, ...]:
        inputs = self.playbook.inputs
        return (
            Layer(self._specials(host)),
            Layer(
                {name: item.default for name, item in inputs.items() if item.has_default},
                templates=True,
                place_of=lambda name: inputs[name].place / "default",
            ),
            Layer(self.playbook.vars, templates=True, place_of=self.playbook.vars_places.get),
            Layer(
                {name: variable.value for name, variable in host.variables.items()},
                templates=True,
                place_of=lambda name: host.variables[name].span,
            ),
        )

    def above(self) -> Layer:
        """The layer over those of stages and steps: what the operator gave. It is data, never a template."""
        return self._above

    def _specials(self, host: Host) -> dict[str, Any]:
        return {
            "omit": OMIT,
            "env": Environ(),
            "inventory_hostname": host.name,
            "inventory_hostname_short": host.name.split(".")[0],
            "host": {"name": host.name, "groups": list(host.groups)},
            "group_names": list(host.groups),
            "groups": self.groups,
            "hostvars": HostVars(self),
            "inputs": Inputs(self, host),
            "run": _mapping_of(self.given.run),
            "playbook_dir": str(Path(self.playbook.file).absolute().parent),
            "controller": {"user": _user(), "cwd": str(Path.cwd())},
        }


class _Reads(Mapping[str, Any], ABC):
    """A mapping whose values are found when they are read."""

    @abstractmethod
    def __iter__(self) -> Iterator[str]: ...

    def __len__(self) -> int:
        return sum(1 for _ in self)


class Environ(_Reads):
    """`env.NAME`: the controller's environment."""

    def __iter__(self) -> Iterator[str]:
        return iter(os.environ)

    def __getitem__(self, name: str) -> str:
        return os.environ[name]

    def __repr__(self) -> str:
        return "the environment of the controller"


class HostVars(_Reads):
    """`hostvars['web1'].port`: what another host's inventory variables come to."""

    def __repr__(self) -> str:
        return "the variables of every host"

    def __init__(self, variables: Variables) -> None:
        self._variables = variables

    def __iter__(self) -> Iterator[str]:
        return iter(self._variables.inventory.hosts)

    def __getitem__(self, name: str) -> Scope:
        return self._variables.scope(self._variables.inventory.hosts[name])


class Inputs(_Reads):
    """`inputs.NAME`: the value of an input for this host, whatever a step has registered under its name."""

    def __repr__(self) -> str:
        return "the inputs"

    def __init__(self, variables: Variables, host: Host) -> None:
        self._variables, self._host = variables, host

    def __iter__(self) -> Iterator[str]:
        return iter(self._variables.playbook.inputs)

    def __getitem__(self, name: str) -> Any:
        declared = self._variables.playbook.inputs[name]
        scope = self._variables.scope(self._host)
        if name not in scope and not declared.required:
            return None
        return scope[name]


def _mapping_of(run: RunStart | None) -> dict[str, Any]:
    return {"id": run.id, "started": run.started, "mode": run.mode} if run else {}


def _user() -> str:
    try:
        return getpass.getuser()
    except (KeyError, OSError):
        return str(os.getuid())
