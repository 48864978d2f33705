"""A node's `when`: it runs, it is skipped, or, in a check that cannot know it, both ways are shown."""

from __future__ import annotations

from runbook.common.frozen import Frozen
from runbook.engine.host_state import HostState
from runbook.engine.inherited import Inherited
from runbook.engine.mode import Mode, Unsure
from runbook.engine.outcomes.judge import judge_all
from runbook.engine.outcomes.node_result import NodeResult
from runbook.engine.outcomes.template_failures import CANNOT_RENDER, failure_of
from runbook.model import Node
from runbook.runs.events import Outcome, Status
from runbook.templating.unknown import UnknownValue


class When(Frozen):
    """The answer. With a `result` the node does not run; `unsure` is the condition that nobody can know yet."""

    result: NodeResult | None = None
    unsure: Unsure | None = None


RUNS = When()


def ask_when(node: Node, state: HostState, own: Inherited) -> When:
    """Does the node run on this host now?"""
    when = node.common.when
    if not when:
        return RUNS if state.unsure is None else When(unsure=state.unsure)
    try:
        conditions = judge_all(when, state.scope(own), "when")
    except UnknownValue as error:
        if state.session.mode is not Mode.CHECK:
            return When(failure_of(error, state.session.plan))
        text = " and ".join(item.text for item in when)
        return When(unsure=Unsure(text, error.number).inside(state.unsure))
    except CANNOT_RENDER as error:
        return When(failure_of(error, state.session.plan))
    false = tuple(condition for condition in conditions if not condition.holds)
    if false:
        return When(NodeResult(Outcome(Status.SKIPPED, f"when: {false[0].text}"), conditions=false))
    return When(unsure=state.unsure)
