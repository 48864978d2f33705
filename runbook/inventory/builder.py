"""An inventory while its sources are read: hosts and groups that grow, and everything that was found wrong.

What is added when, and in which order, follows Ansible to the letter, because the order of hosts and the values of
variables rest on it. `merge.py` makes the frozen Inventory out of it.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from msgspec import Struct, field

from runbook.inventory.addresses import MAX_HOSTS
from runbook.model import Variable
from runbook.source.document import Place, Problem, Severity, Span
from runbook.vault.format import Vault, hidden

LOCALHOST = ("localhost", "127.0.0.1", "::1")
MAX_DEPTH = 100
PRIORITY = "ansible_group_priority"
BUILT_IN = "set by runbook"
_VARIABLE_NAME = re.compile(r"[^\W\d]\w*\Z")

Layer = dict[str, list[Variable]]
"""Variables of one level: every place that sets a name, the winner last."""


class MutableGroup(Struct):
    name: str
    hosts: dict[str, None] = field(default_factory=dict)
    children: dict[str, None] = field(default_factory=dict)
    parents: dict[str, Span | None] = field(default_factory=dict)
    """With the place that says so."""
    variables: Layer = field(default_factory=dict)
    priority: int = 1
    depth: int = 0


class MutableHost(Struct):
    name: str
    span: Span
    """Where it is named first."""
    variables: Layer = field(default_factory=dict)
    source: str = ""
    """The file that named it first; empty for a list given with -i."""
    expelled: bool = False
    """It stood in `ungrouped` and in another group: nothing of `ungrouped` counts for it any more."""


class InventoryBuilder:
    """Collects hosts, groups, problems and warnings. Nothing here raises for what a user wrote."""

    def __init__(self, vault: Vault | None = None) -> None:
        self.vault = vault or Vault()
        self.encrypted = False
        """Is what is being read from an encrypted file?"""
        self.groups: dict[str, MutableGroup] = {}
        self.hosts: dict[str, MutableHost] = {}
        self.problems: list[Problem] = []
        self.warnings: list[Problem] = []
        self.texts: dict[str, str] = {}
        self.source = ""
        self._full = False
        for name in ("all", "ungrouped"):
            self.groups[name] = MutableGroup(name)
        self._link("all", "ungrouped")

    def problem(self, message: str, span: Span, hint: str = "", rule: str = "inventory") -> None:
        self.problems.append(Problem(message, span, hint, rule))

    def add(self, place: Place, message: str, hint: str = "", *, at_key: bool = False) -> None:
        """A problem at a place of a document."""
        self.problem(message, place.key if at_key else place.value, hint)

    def warn(self, message: str, span: Span, hint: str = "", rule: str = "inventory") -> None:
        self.warnings.append(Problem(message, span, hint, rule, Severity.WARNING))

    def add_group(self, name: str) -> MutableGroup:
        return self.groups.setdefault(name, MutableGroup(name))

    def add_host(self, name: str, group: str, span: Span, port: int | None = None) -> None:
        """A host stands in a group. Its port counts where the host is named first; so it is in Ansible."""
        if name not in self.hosts:
            if len(self.hosts) >= MAX_HOSTS:
                self._too_many(span)
                return
            self.hosts[name] = host = MutableHost(name, span, source=self.source)
            if port:
                host.variables["ansible_port"] = [Variable(port, span, f"host:{name}")]
        elif port and self._port(name) != port:
            hint = f"write ansible_port={port}, or give the port where the host is named first"
            self.warn(f"the port {port} is not used: {name!r} was named before with another port or none", span, hint)
        self.groups[group].hosts.setdefault(name)

    def _port(self, name: str) -> Any:
        places = self.hosts[name].variables.get("ansible_port")
        return places[-1].value if places else None

    def _too_many(self, span: Span) -> None:
        if not self._full:
            self._full = True
            self.problem(f"more than {MAX_HOSTS:,} hosts", span, "is there a slip in a range?")

    def set_variable(self, entity: str, name: str, value: Any, span: Span) -> None:
        """Set a variable of a group, or of a host where no group has that name: Ansible's order."""
        if not _VARIABLE_NAME.match(name):
            self.warn(f"{name!r} cannot be used in templates by that name", span, "use letters, digits and _")
        value = hidden(value) if self.encrypted else value
        group = self.groups.get(entity)
        if group and name == PRIORITY:
            self._set_priority(group, value, span)
        elif group:
            group.variables.setdefault(name, []).append(Variable(value, span, f"group:{entity}"))
        elif host := self.hosts.get(entity):
            host.variables.setdefault(name, []).append(Variable(value, span, f"host:{entity}"))

    def _set_priority(self, group: MutableGroup, value: Any, span: Span) -> None:
        try:
            group.priority = int(value)
        except (TypeError, ValueError, OverflowError):
            self.problem(f"{PRIORITY} must be a whole number, not {value!r}", span, f"write {PRIORITY}=10, say")

    def add_child(self, parent: str, child: str, span: Span) -> None:
        """A group stands in a group. Longer circles are found at the end."""
        if child in (parent, "all"):
            whose = "itself" if child == parent else f"{parent!r}: it holds every group"
            self.problem(f"the group {child!r} cannot be a child of {whose}", span, "take it out")
        else:
            self._link(parent, child, span)

    def _link(self, parent: str, child: str, span: Span | None = None) -> None:
        self.groups[parent].children.setdefault(child)
        self.groups[child].parents.setdefault(parent, span)

    def ancestors(self, names: Iterable[str]) -> set[str]:
        """These groups and every group above them."""
        seen = set(names)
        todo = list(seen)
        while todo:
            new = self.groups[todo.pop()].parents.keys() - seen
            seen |= new
            todo.extend(new)
        return seen

    def finish(self) -> bool:
        """What Ansible does once every source is read: `all` above everything, `ungrouped` for the rest, depths.

        Are the groups in order? If not, nothing more can be made of them.
        """
        for group in list(self.groups.values()):
            if group.name != "all" and not group.parents:
                self._link("all", group.name)
        if not self._depths():
            return False
        self._ungroup()
        for name in self.groups.keys() & self.hosts.keys():
            hint = "as in Ansible, variables written for the host may count for the group; give one another name"
            self.warn(f"{name!r} is the name of a host and of a group", self.hosts[name].span, hint)
        return self._depths()

    def _ungroup(self) -> None:
        """`ungrouped` holds the hosts that are in no other group."""
        direct: dict[str, list[str]] = {name: [] for name in self.hosts}
        for group in self.groups.values():
            for host in group.hosts:
                direct[host].append(group.name)
        ungrouped = self.groups["ungrouped"]
        for host, groups in direct.items():
            above = self.ancestors(groups)
            if "ungrouped" in groups:
                if above - {"all", "ungrouped"}:
                    del ungrouped.hosts[host]
                    self.hosts[host].expelled = True
            elif not above - {"all"}:
                self._into_ungrouped(host)

    def _into_ungrouped(self, host: str) -> None:
        if host not in self.groups:
            self.groups["ungrouped"].hosts.setdefault(host)
        elif host != "ungrouped":
            # Ansible looks the name up among the groups first, and then it is the group that is ungrouped.
            self.add_child("ungrouped", host, self.hosts[host].span)

    def _depths(self) -> bool:
        """The length of the longest way down from the top. Circles, and ways that are too long, are problems."""
        waiting = {group.name: len(group.parents) for group in self.groups.values()}
        ready = [name for name, count in waiting.items() if not count]
        while ready:
            group = self.groups[ready.pop()]
            del waiting[group.name]
            if group.depth > MAX_DEPTH:
                span = next(filter(None, group.parents.values()), Span("inventory", 1, 1))
                self.problem(f"groups are nested deeper than {MAX_DEPTH}", span, "does a program write it?")
                return False
            for name in group.children:
                child = self.groups[name]
                child.depth = max(child.depth, group.depth + 1)
                waiting[name] -= 1
                if not waiting[name]:
                    ready.append(name)
        self._circles(waiting.keys())
        return not waiting

    def _circles(self, names: Iterable[str]) -> None:
        """Tell of the circles among groups that are in one, or below one."""
        rest = set(names)
        seen: set[str] = set()
        for name in names:
            way: dict[str, None] = {}
            here = name
            while here not in seen:
                seen.add(here)
                way[here] = None
                here = next(parent for parent in self.groups[here].parents if parent in rest)
            if here in way:
                circle = list(way)[list(way).index(here) :]
                shown = " → ".join([here, *reversed(circle)])
                span = self.groups[circle[0]].parents[circle[1 % len(circle)]] or Span("inventory", 1, 1)
                self.problem(f"groups contain each other: {shown}", span, "take one of them out")


def built_in(host: MutableHost) -> Layer:
    """`inventory_file` and `inventory_dir`: the file that names the host first, and its folder."""
    if not host.source:
        return {}
    file = Path(host.source).absolute()
    values = {"inventory_file": str(file), "inventory_dir": str(file.parent)}
    return {name: [Variable(value, None, BUILT_IN)] for name, value in values.items()}
