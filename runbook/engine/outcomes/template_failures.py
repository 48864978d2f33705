"""What a node comes to whose templates cannot be rendered: a failure that shows the place, or unknown in a check."""

from __future__ import annotations

from runbook.engine.outcomes.node_result import NodeResult
from runbook.plan.make.plan import Plan
from runbook.runs.events import Evidence, Outcome, Status
from runbook.source.document import excerpt
from runbook.templating.errors import TemplateError
from runbook.templating.unknown import Unknown, UnknownValue

CANNOT_RENDER = (TemplateError, UnknownValue, ValueError)
"""What is raised where a value that a node needs cannot be had. A ValueError: it has the wrong form."""


def failure_of(error: Exception, plan: Plan) -> NodeResult:
    """The result of the node that raised one of CANNOT_RENDER."""
    if isinstance(error, TemplateError):
        return NodeResult(
            Outcome(Status.FAILED, explain(error, plan), {}, _pointed(error, plan), looked=False), ran=False
        )
    if isinstance(error, UnknownValue):
        return NodeResult(Outcome(Status.UNKNOWN, str(error), looked=False), register=Unknown(error.number))
    return NodeResult(Outcome(Status.FAILED, str(error), looked=False), ran=False)


def explain(error: TemplateError, plan: Plan) -> str:
    """A template's error in one sentence, with its place, and for a missing value the step that has it."""
    where = f"{error.span}: " if error.span else ""
    numbers = plan.registers.get(error.name, ())
    if numbers:
        return f"{where}{error.name!r} has no value: step {', '.join(numbers)} sets it, and has not run"
    return f"{where}{error.message}" + (f" ({error.hint})" if error.hint else "")


def _pointed(error: TemplateError, plan: Plan) -> tuple[Evidence, ...]:
    texts = {document.file: document.text for document in plan.playbook.documents}
    if error.span is None or error.span.file not in texts:
        return ()
    return (Evidence("where", excerpt(texts[error.span.file], error.span)),)
