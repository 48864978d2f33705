"""A playbook and the chosen hosts become a plan: which steps run where, in which batches, and what each will do.

Pure: nothing is reached, nothing is read. What depends on something that only the run will tell is said to be known
after the step that tells it.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from typing import Any

from runbook.common.frozen import Frozen, field
from runbook.model import Host, Inventory, Node, Playbook, Stage, Step, walk
from runbook.plan.make.selection import Selection, left_out
from runbook.plan.make.stage_hosts import stage_hosts
from runbook.plan.make.variables import Given, Variables
from runbook.source.document import Problems
from runbook.steps.traits import traits


class PlannedStage(Frozen):
    """One stage with the hosts that it runs on, in batches."""

    stage: Stage
    batches: tuple[tuple[Host, ...], ...]

    @property
    def hosts(self) -> tuple[Host, ...]:
        return tuple(host for batch in self.batches for host in batch)


class Plan(Frozen):
    playbook: Playbook
    inventory: Inventory
    stages: tuple[PlannedStage, ...]
    variables: Variables
    left_out: frozenset[str] = frozenset()
    """Numbers of the steps that tags or --start-at leave out."""
    registers: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    """Registered names, with the numbers of the steps that set them."""

    @property
    def hosts(self) -> tuple[Host, ...]:
        """Every host that any stage touches, in the inventory's order."""
        chosen = {host.name: host for planned in self.stages for host in planned.hosts}
        ordered = [name for name in self.inventory.hosts if name in chosen]
        implicit = [name for name in chosen if name not in self.inventory.hosts]
        return tuple(chosen[name] for name in (*ordered, *implicit))


def build(
    playbook: Playbook, inventory: Inventory, given: Given, selection: Selection, limit: str | None = None
) -> Plan:
    """Raises Problems when no host matches, or a tag or a starting point is unknown."""
    variables = Variables(playbook, inventory, given)
    chosen = stage_hosts(playbook, variables, limit)
    stages = []
    for stage in playbook.stages:
        hosts = chosen.hosts[stage.number]
        if selection.hosts is not None:
            hosts = tuple(host for host in hosts if host.name in selection.hosts)
        stages.append(PlannedStage(stage, batches(_ordered(hosts, stage.order), stage.serial)))
    narrowed = limit is not None or selection.hosts is not None
    if chosen.problems and (not narrowed or not any(planned.hosts for planned in stages) or chosen.wrong):
        raise Problems(chosen.problems, {doc.file: doc.text for doc in playbook.documents})
    if not any(planned.hosts for planned in stages):
        said = "no host matches: none of the earlier run is among those of a stage"
        raise Problems([(playbook.place / "stages").problem(said, rule="no-host", at_key=True)])
    return Plan(
        playbook,
        inventory,
        tuple(stages),
        variables,
        left_out(playbook, selection),
        registers(playbook),
    )


def batches(hosts: tuple[Host, ...], serial: tuple[Any, ...]) -> tuple[tuple[Host, ...], ...]:
    """Hosts in batches of the sizes that `serial` says; its last size goes on to the end.

    >>> [len(b) for b in batches(tuple(map(Host, "abcdefg")), (1, "50%"))]
    [1, 3, 3]
    """
    if not hosts:
        return ()
    sizes = [_size(item, len(hosts)) for item in serial] or [len(hosts)]
    out: list[tuple[Host, ...]] = []
    start = 0
    while start < len(hosts):
        size = sizes[min(len(out), len(sizes) - 1)]
        out.append(hosts[start : start + size])
        start += size
    return tuple(out)


def _size(item: Any, count: int) -> int:
    text = str(item).strip()
    number = math.floor(count * float(text[:-1]) / 100) if text.endswith("%") else int(float(text))
    return max(1, number)


def _ordered(hosts: tuple[Host, ...], order: str) -> tuple[Host, ...]:
    match order:
        case "reverse_inventory":
            return hosts[::-1]
        case "sorted":
            return tuple(sorted(hosts, key=lambda host: host.name))
        case "reverse_sorted":
            return tuple(sorted(hosts, key=lambda host: host.name, reverse=True))
    return hosts


def all_nodes(playbook: Playbook) -> Iterator[Node]:
    """Every node of a playbook, the stages' own blocks included."""
    return walk(tuple(stage.block for stage in playbook.stages))


def names_set(step: Step) -> Iterator[str]:
    """What a step sets for those behind it: its outcome under a registered name, and variables."""
    if step.register:
        yield step.register
    yield from (one.name for one in traits(step.kind).sets(step.args))


def registers(playbook: Playbook) -> dict[str, tuple[str, ...]]:
    found: dict[str, list[str]] = {}
    for node in all_nodes(playbook):
        if isinstance(node, Step):
            for name in names_set(node):
                found.setdefault(name, []).append(node.number)
    return {name: tuple(numbers) for name, numbers in found.items()}
