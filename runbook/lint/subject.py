"""What is looked at: a playbook as far as it could be read, and what is known of the hosts that it will run on."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from runbook.common.frozen import Frozen
from runbook.lint.texts import Text, every_text, option_place
from runbook.model import Block, Choose, Host, Inventory, Node, Playbook, Step, walk
from runbook.plan.make.stage_hosts import StageHosts, stage_hosts
from runbook.plan.make.variables import Given, Variables
from runbook.playbook.load import Loaded
from runbook.source.document import Place, Problem, Span
from runbook.steps import KINDS
from runbook.steps.traits import traits
from runbook.templating.environment import environment

_BROKEN = frozenset({"unreadable", "syntax", "tag", "duplicate-key", "include", "vars-file", "cycle", "size"})
"""Rules whose problems mean that a part of the playbook has not been seen."""


class Subject(Frozen):
    """`hosts` has the hosts of each stage by its number; None without an inventory."""

    playbook: Playbook
    whole: bool
    """Have all files of it been seen?"""
    always: frozenset[str]
    """Names that every host has: special ones, inputs, the playbook's variables, what -e gives."""
    hosts: Mapping[str, tuple[Host, ...]] | None = None
    defined: frozenset[str] = frozenset()
    """Every name that the files set anywhere: by `register`, `set`, `vars` of any level, `loop_var`."""
    places: tuple[Node, ...] = ()
    """Every node of the files once, though the flow may come there several times."""
    texts: tuple[Text, ...] = ()
    """Every template and expression in them."""

    def stage_names(self, number: str) -> frozenset[str]:
        """Names that at least one host of the stage has from the inventory."""
        return frozenset(name for host in (self.hosts or {}).get(number, ()) for name in host.variables)


def subject(loaded: Loaded, inventory: Inventory | None, extra: Mapping[str, Any]) -> tuple[Subject, list[Problem]]:
    """What is looked at, and the problems of its host patterns."""
    playbook = loaded.playbook
    scope = Variables(playbook, Inventory({}, {}), Given(extra)).scope(Host("any"))
    always = {*scope, *playbook.inputs, *playbook.vars, *environment().globals}
    whole = not any(problem.rule in _BROKEN for problem in loaded.problems)
    chosen = stage_hosts(playbook, Variables(playbook, inventory, Given(extra))) if inventory else StageHosts({})
    hosts = chosen.hosts if inventory else None
    places = _places(playbook)
    texts = tuple(every_text(playbook, places))
    defined = frozenset(_defined(playbook))
    found = Subject(playbook, whole, frozenset(always), hosts, defined, places, texts)
    told = {(problem.span.line, problem.span.column) for problem in loaded.problems}
    return found, [problem for problem in chosen.problems if (problem.span.line, problem.span.column) not in told]


def _places(playbook: Playbook) -> tuple[Node, ...]:
    branches = tuple(step for branch in playbook.remediations.values() for step in branch.steps)
    found: dict[Span, Node] = {}
    for node in walk((*(stage.block for stage in playbook.stages), *branches)):
        found.setdefault(node.place.value, node)
    return tuple(found.values())


def _defined(playbook: Playbook) -> Iterator[str]:
    """From the data as it stands, for a step that could not be built may define a name all the same."""
    for document in playbook.documents:
        yield from _in_data(document.data)


def _in_data(data: Any) -> Iterator[str]:
    if isinstance(data, list):
        for item in data:
            yield from _in_data(item)
    elif isinstance(data, Mapping):
        for key, value in data.items():
            if key in ("register", "loop_var") and isinstance(value, str):
                yield value
            elif key == "vars" and isinstance(value, Mapping):
                yield from map(str, value)
            elif key in KINDS:
                yield from (one.name for one in traits(key).sets(_options(key, value)))
            yield from _in_data(value)


def _options(kind: str, value: Any) -> Mapping[str, Any]:
    """What stands under a kind's key, as a mapping."""
    short = KINDS[kind].SHORT
    return value if isinstance(value, Mapping) else {short: value} if short else {}


def sets(node: Node) -> Iterator[tuple[str, Place]]:
    """The names that a step sets for the steps behind it, with the places where it says so."""
    if isinstance(node, Step):
        if node.register:
            yield node.register, node.place / "register"
        for one in traits(node.kind).sets(node.args):
            yield one.name, option_place(node, one.at)


def inner(node: Node) -> tuple[Node, ...]:
    """What stands in a block or in the options of a choice."""
    if isinstance(node, Block):
        return (*node.steps, *node.rescue, *node.always)
    return tuple(step for option in node.options for step in option.steps) if isinstance(node, Choose) else ()
