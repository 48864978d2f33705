"""Which fields an outcome has: those of every outcome, and those that the kind of step says of itself."""

from __future__ import annotations

from runbook.model import Node, Step
from runbook.runs.events import FLAGS, OUTPUT_FILES
from runbook.steps.traits import Fields, traits

EVERY = frozenset(FLAGS)
_OF_STEPS = EVERY | {OUTPUT_FILES, "timed_out"}
_OF_LOOPS = EVERY | {OUTPUT_FILES, "results"}


def judged(node: Node) -> Fields:
    """What `until`, `expect` and their like see; of a loop they judge each item."""
    if not isinstance(node, Step):
        return Fields(EVERY)
    return Fields(_OF_STEPS) | traits(node.kind).fields(node.args)


def left_behind(node: Node) -> Fields:
    """What its registered name has afterwards, and `failure` when it failed."""
    return Fields(_OF_LOOPS) if isinstance(node, Step) and node.loop is not None else judged(node)
