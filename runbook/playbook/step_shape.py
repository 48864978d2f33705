"""What a step is: the one kind, or the one structure, that it names."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from runbook.common.spelling import nearest
from runbook.playbook.other_tools import foreign
from runbook.playbook.schema import BLOCK_ONLY, COMMON, STEP_ONLY, STRUCTURES
from runbook.source.document import Place, Problem
from runbook.steps import KINDS


def shapes(data: Mapping[str, Any]) -> list[str]:
    """The keys that say what the step is. There should be one."""
    return [key for key in data if key in KINDS or key in STRUCTURES]


def no_single_shape(data: Mapping[str, Any], place: Place, found: list[str]) -> Iterator[Problem]:
    """What is wrong with a step that names none, or several (`found`)."""
    if found:
        message = f"a step has one kind; this one has {' and '.join(found)}"
        yield (place / found[1]).problem(message, "make two steps of it", "kind", at_key=True)
        return
    known = {*COMMON, *STEP_ONLY, *BLOCK_ONLY}
    strange = [str(key) for key in data if key not in known]
    if not strange:
        hint = f"one of: {', '.join([*KINDS, *STRUCTURES])}"
        yield place.problem("the step does nothing: it has no kind", hint, "kind")
    for key in strange:
        near = foreign(key) or nearest(key, {*KINDS, *STRUCTURES, *known})
        hint = near or f"kinds: {', '.join([*KINDS, *STRUCTURES])}"
        yield (place / key).problem(f"no kind of step is called {key!r}", hint, "unknown-key", at_key=True)
