"""Makes the frozen Inventory: each host with its variables, in Ansible's order of precedence.

From the weakest to the strongest: variables of `all` in the inventory; of its other groups, the deeper, then those of
higher `ansible_group_priority`, then the later in the alphabet winning; group_vars/all beside the inventory, beside
the playbook; group_vars/ of the other groups beside the inventory, beside the playbook; variables of the host in the
inventory; host_vars/ beside the inventory, beside the playbook.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path

from runbook.inventory.builder import LOCALHOST, PRIORITY, InventoryBuilder, Layer, MutableGroup, MutableHost, built_in
from runbook.inventory.sources.vars import VarsFolder
from runbook.model import Group, Host, Inventory, Variable
from runbook.source.document import Span

Origins = dict[str, tuple[Variable, ...]]


def freeze(
    builder: InventoryBuilder, folders: Sequence[Path], playbook_folder: Path | None, sources: Sequence[str]
) -> Inventory:
    """The inventory of a finished builder. `folders` hold the vars folders of the sources, in the order of the sources.

    Problems of group_vars/ and host_vars/ are added to the builder.
    """
    return _Merger(builder, folders, playbook_folder).inventory(sources)


class _Merger:
    def __init__(self, builder: InventoryBuilder, folders: Sequence[Path], playbook_folder: Path | None) -> None:
        self.builder = builder
        # A folder that comes twice counts where it comes last: that is what reading it twice comes to.
        last_first = dict.fromkeys(folder.resolve() for folder in reversed(folders))
        self.beside = [VarsFolder(folder, builder) for folder in reversed(last_first)]
        self.play = [VarsFolder(playbook_folder.resolve(), builder)] if playbook_folder else []
        self._of_groups: dict[tuple[frozenset[str], str], Origins] = {}
        self._above: dict[frozenset[str], frozenset[str]] = {}

    def inventory(self, sources: Sequence[str]) -> Inventory:
        direct: dict[str, list[str]] = {name: [] for name in self.builder.hosts}
        for group in self.builder.groups.values():
            for host in group.hosts:
                direct[host].append(group.name)
        hosts = {name: self._host(host, frozenset(direct[name])) for name, host in self.builder.hosts.items()}
        groups = {name: self._group(group) for name, group in self.builder.groups.items()}
        localhost = next((hosts[name] for name in hosts if name in LOCALHOST), None) or self._implicit()
        return Inventory(hosts, groups, tuple(sources), localhost, tuple(dict.fromkeys(self.builder.warnings)))

    def _host(self, host: MutableHost, direct: frozenset[str]) -> Host:
        if direct not in self._above:
            self._above[direct] = frozenset(self.builder.ancestors(direct)) - {"all"}
        groups = self._above[direct] - {"ungrouped"} if host.expelled else self._above[direct]
        own = [host.variables, *(folder.of_host(host.name) for folder in (*self.beside, *self.play))]
        origins = _stacked(self._inherited(groups, host), own)
        variables = {name: places[-1] for name, places in origins.items()}
        return Host(host.name, variables, tuple(sorted(groups)), origins)

    def _inherited(self, groups: frozenset[str], host: MutableHost) -> Origins:
        """What hosts of the same groups and the same file share."""
        key = (groups, host.source)
        if key not in self._of_groups:
            everything = self.builder.groups["all"]
            rest = sorted((self.builder.groups[name] for name in groups), key=_weight)
            layers = [everything.variables, *(group.variables for group in rest)]
            for folders in (self.beside, self.play):
                layers += [folder.of_group("all") for folder in folders]
            for folders in (self.beside, self.play):
                layers += [folder.of_group(group.name) for folder in folders for group in rest]
            self._of_groups[key] = _stacked({}, [*layers, built_in(host)])
        return self._of_groups[key]

    def _group(self, group: MutableGroup) -> Group:
        layers = [group.variables, *(folder.of_group(group.name) for folder in (*self.beside, *self.play))]
        variables = {name: places[-1] for name, places in _stacked({}, layers).items()}
        if group.priority != 1:
            variables[PRIORITY] = Variable(group.priority, None, f"group:{group.name}")
        return Group(group.name, tuple(group.hosts), tuple(group.children), variables, group.depth)

    def _implicit(self) -> Host:
        """The `localhost` that a pattern may name though no source has it. It has the variables of `all`."""
        local = Variable("local", None, "host:localhost (implicit)")
        return self._host(
            MutableHost("localhost", Span("localhost", 1, 1), {"ansible_connection": [local]}), frozenset()
        )


def _weight(group: MutableGroup) -> tuple[int, int, str]:
    return (group.depth, group.priority, group.name)


def _stacked(below: Origins, layers: Iterable[Layer]) -> Origins:
    """Every place that sets a variable, the winner last."""
    stacked = dict(below)
    for layer in layers:
        for name, places in layer.items():
            stacked[name] = (*stacked.get(name, ()), *places)
    return stacked
