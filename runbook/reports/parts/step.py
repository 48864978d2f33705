"""What explains a step: one function for each thing that is told of it, and the list in which they are told."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from enum import StrEnum
from itertools import chain

from runbook.common.frozen import Frozen
from runbook.documents.harmless import one_line, shortened
from runbook.documents.model import Block, Bullets, Check, Checks, Code, Item, Paragraph, Span, said
from runbook.reports.parts.forms import CONSOLE, EVERY, PAGE, Form
from runbook.reports.results import TROUBLE, Ended, badge, evidence_of, table_of, time_of_day, tried_of
from runbook.runs.events import Condition, Outcome, Status
from runbook.runs.results import ASIDE, STRUCTURES, Result


class Need(StrEnum):
    """Of which steps a console tells a part; on a page it can be opened, and of what failed it is open.

    `message`: where the message says more than that all is well; `trouble`: of what somebody should look at, or with
    -vv; `diff`: where it was asked for, or shows a repair; `failure`: of a step whose failure counts.
    """

    ALWAYS = "always"
    MESSAGE = "message"
    TROUBLE = "trouble"
    DIFF = "diff"
    FAILURE = "failure"


class StepPart(Frozen):
    """One thing that explains a step. `make` gives nothing where there is nothing to tell, and of most steps there is
    not: so it is no generator."""

    make: Callable[[Ended, Form], Iterable[Block]]
    need: Need = Need.TROUBLE
    forms: frozenset[Form] = EVERY


def step_parts(form: Form) -> tuple[StepPart, ...]:
    return tuple(part for part in STEP_PARTS if form in part.forms)


def explained(step: Ended, form: Form, parts: Iterable[StepPart]) -> list[Block]:
    """All that explains a step, of the parts of one form."""
    return [block for part in parts for block in part.make(step, form)]


def message(step: Ended, _form: Form) -> Iterable[Block]:
    status = step.outcome.status
    style = str(status) if status in TROUBLE else "soft"
    return (Paragraph(said(step.outcome.message), style),) if step.outcome.message else ()


def attempts(step: Ended, _form: Form) -> Iterable[Block]:
    return (Paragraph(said(f"after {step.attempts} attempts"), "soft"),) if step.attempts > 1 else ()


def checks(step: Ended, form: Form) -> Iterable[Block]:
    told = step.conditions and step.outcome.status is not Status.SKIPPED
    return _checks(step.conditions, step.outcome, form) if told else ()


def causes(step: Ended, _form: Form) -> Iterable[Block]:
    """What diagnosed tells its causes to the step that failed."""
    if not step.causes or step.role in ASIDE:
        return ()
    return [Paragraph((Span("likely cause", "strong"), Span(f": {cause}")), "cause") for cause in step.causes]


def items(step: Ended, form: Form) -> Iterable[Block]:
    return _items(step.items, form) if step.items else ()


def evidence(step: Ended, _form: Form) -> Iterable[Block]:
    return _evidence(step.outcome)


def diff(step: Ended, _form: Form) -> Iterable[Block]:
    return (Code(step.outcome.diff, "diff"),) if step.outcome.diff else ()


def before_repair(step: Ended, form: Form) -> Iterable[Block]:
    """What it came to before it was repaired, with all that explains it. Of a run of an earlier version it is known why
    alone, which Markdown has in its table."""
    if (first := step.first) is not None:
        why = Paragraph(said(f"before the repair: {first.outcome.message}"), "first")
        seen = (_checks(first.conditions, first.outcome, form), _items(first.items, form), _evidence(first.outcome))
        return chain((why,), *seen)
    if form is Form.PAGE and isinstance(step, Result) and step.first_failure not in ("", step.outcome.message):
        return (Paragraph(said(f"before the repair: {step.first_failure}"), "first"),)
    return ()


def tried(step: Ended, _form: Form) -> Iterable[Block]:
    """The branches that were to repair it."""
    if not step.tried:
        return ()
    return (Paragraph((Span("tried", "strong"), Span(f": {', '.join(tried_of(step.tried))}")), "tried"),)


def place(step: Ended, form: Form) -> Iterable[Block]:
    """Where the step stands in the playbook, with the lines around where they were kept."""
    excerpt = (Code(step.excerpt, aligned=True),) if step.excerpt else ()
    if form is not Form.TEXT:
        return (Paragraph(said(step.place, "code"), "title"), *excerpt) if excerpt else ()
    where = (Paragraph(said(step.place), "title"),) if step.place and step.kind not in STRUCTURES else ()
    unreachable = step.outcome.status is Status.UNREACHABLE  # then nothing is wrong with the playbook
    return where if unreachable else (*where, *excerpt)


def how(step: Ended) -> Block:
    """What it did, when, and how often."""
    often = f"{step.attempts} attempts · " if step.attempts > 1 else ""
    where = f" · {step.place}" if step.place and not step.excerpt else ""
    when = f"{often}began {time_of_day(step.started)}{where}"
    action = (Span(shortened(step.action, 2000), "code"), Span(f" · {when}"))
    return Paragraph(action if step.action else said(when), "how")


def _checks(conditions: tuple[Condition, ...], outcome: Outcome, form: Form) -> Iterable[Block]:
    """All of them on a page; elsewhere those that do not hold."""
    message = one_line(outcome.message)
    shown = [condition for condition in conditions if form is Form.PAGE or not condition.holds]
    return (Checks(tuple(_check(condition, message) for condition in shown)),) if shown else ()


def _check(condition: Condition, message: str) -> Check:
    told = not condition.holds and f"expected {one_line(condition.text)}" in message
    return Check(condition.keyword, condition.text, condition.holds, condition.values, told)


def _items(items: tuple[tuple[str, Outcome], ...], form: Form) -> Iterable[Block]:
    """The items of a loop; on a console those that did not go well."""
    shown = [(label, one) for label, one in items if form is not Form.TEXT or one.status in TROUBLE]
    found = tuple(Item(said(label), badge(one.status), one.message) for label, one in shown)
    return (Bullets(found),) if found else ()


def _evidence(outcome: Outcome) -> Iterator[Block]:
    for one in evidence_of(outcome):
        if one.table is not None:
            yield table_of(one.table, one.title)
        elif one.text.strip():
            yield Code(one.text, "" if one.language == "log" else one.language, one.title, ends=True)


STEP_PARTS = (
    StepPart(message, Need.MESSAGE, CONSOLE),  # elsewhere it stands beside the step's name
    StepPart(attempts, Need.ALWAYS, CONSOLE),
    StepPart(checks),
    StepPart(causes, Need.FAILURE, PAGE | CONSOLE),  # Markdown has them together, above
    StepPart(items),
    StepPart(evidence),
    StepPart(diff, Need.DIFF),
    StepPart(before_repair, Need.ALWAYS),
    StepPart(tried),
    StepPart(place, Need.FAILURE),
)
"""In this order; a new one is a function and a row."""
