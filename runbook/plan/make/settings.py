"""One place that sets a variable, and why one of two goes over the other."""

from __future__ import annotations

from enum import IntEnum
from pathlib import PurePath
from typing import Any

from runbook.common.frozen import Frozen, replace
from runbook.inventory.builder import PRIORITY
from runbook.model import Inventory
from runbook.source.document import Span


class Level(IntEnum):
    """The levels of precedence, the weakest first."""

    BUILT_IN = 0
    INPUT = 1
    PLAYBOOK = 2
    GROUP = 3
    HOST = 4
    SCOPED = 5
    """`vars` of a stage, a block, a step, a branch; the variable of a loop."""
    SET = 6
    """`register` and `set`."""
    GIVEN = 7


_CALLED = {
    Level.BUILT_IN: "what runbook sets",
    Level.INPUT: "the default of an input",
    Level.PLAYBOOK: "the playbook",
    Level.GROUP: "a group",
    Level.HOST: "the host",
    Level.SCOPED: "`vars` of a stage or a step",
    Level.SET: "what a step has set",
    Level.GIVEN: "-e",
}


class Setting(Frozen):
    """A place that sets a variable."""

    name: str
    level: Level
    by: str
    """For people: `group web`, `step 2.1`, `-e`."""
    written: Any
    span: Span | None = None
    number: str = ""
    """Of the step or stage, for what counts there or from there on."""
    rendered: Any = None

    def with_values(self, written: Any, rendered: Any) -> Setting:
        return replace(self, written=written, rendered=rendered)


def why(winner: Setting, loser: Setting, inventory: Inventory) -> str:
    """Why the one goes over the other, in one sentence."""
    if winner.level != loser.level:
        return f"{_CALLED[winner.level]} goes over {_CALLED[loser.level]}"
    if winner.level is Level.PLAYBOOK and winner.by != loser.by:
        return "`vars` goes over `vars_files`"
    if winner.level is Level.GROUP:
        return _of_groups(winner, loser, inventory)
    if winner.level is Level.HOST:
        return _of_places(winner, loser, "host_vars/")
    return "the later one counts"


def _of_groups(winner: Setting, loser: Setting, inventory: Inventory) -> str:
    one, other = winner.by.removeprefix("group "), loser.by.removeprefix("group ")
    if not _folder(loser) and _folder(winner):
        return _of_places(winner, loser, "group_vars/")
    if one != other and other == "all":
        return "every other group goes over `all`"
    if one == other or _folder(winner) != _folder(loser):
        return _of_places(winner, loser, "group_vars/")
    depth, other_depth = inventory.groups[one].depth, inventory.groups[other].depth
    if depth != other_depth:
        return f"{one} stands farther below `all` than {other}"
    if _priority(inventory, one) != _priority(inventory, other):
        return f"{one} has the higher {PRIORITY}"
    return f"{one} comes after {other} in the alphabet"


def _of_places(winner: Setting, loser: Setting, kind: str) -> str:
    if not _folder(loser) and _folder(winner):
        return f"{kind} goes over the inventory itself"
    if _folder(winner) != _folder(loser):
        return f"of several {kind} the later one counts, the playbook's last"
    return "the later one counts"


def _folder(setting: Setting) -> str:
    """The folder that holds its group_vars/ or host_vars/; empty for what stands in the inventory itself."""
    parts = PurePath(setting.span.file).parts if setting.span else ()
    kind = {Level.GROUP: "group_vars", Level.HOST: "host_vars"}[setting.level]
    return "/".join(parts[: parts.index(kind) + 1]) if kind in parts[:-1] else ""


def _priority(inventory: Inventory, name: str) -> Any:
    variable = inventory.groups[name].variables.get(PRIORITY)
    return variable.value if variable else 1
