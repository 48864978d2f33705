"""What explains a step: one function for each thing that is told of it, and the list in which they are told."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from enum import StrEnum

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
    """One thing that explains a step."""

    make: Callable[[Ended, Form], Iterator[Block]]
    need: Need = Need.TROUBLE
    forms: frozenset[Form] = EVERY


def explained(step: Ended, form: Form) -> Iterator[Block]:
    """All that explains a step, in one form."""
    for part in step_parts(form):
        yield from part.make(step, form)


def step_parts(form: Form) -> Iterator[StepPart]:
    return (part for part in STEP_PARTS if form in part.forms)


def message(step: Ended, _form: Form) -> Iterator[Block]:
    if text := step.outcome.message:
        status = step.outcome.status
        yield Paragraph(said(text), str(status) if status in TROUBLE else "soft")


def attempts(step: Ended, _form: Form) -> Iterator[Block]:
    if step.attempts > 1:
        yield Paragraph(said(f"after {step.attempts} attempts"), "soft")


def checks(step: Ended, form: Form) -> Iterator[Block]:
    if step.outcome.status is not Status.SKIPPED:
        yield from _checks(step.conditions, step.outcome, form)


def causes(step: Ended, _form: Form) -> Iterator[Block]:
    """What diagnosed tells its causes to the step that failed."""
    if step.role not in ASIDE:
        for cause in step.causes:
            yield Paragraph((Span("likely cause", "strong"), Span(f": {cause}")), "cause")


def items(step: Ended, form: Form) -> Iterator[Block]:
    yield from _items(step.items, form)


def evidence(step: Ended, _form: Form) -> Iterator[Block]:
    yield from _evidence(step.outcome)


def diff(step: Ended, _form: Form) -> Iterator[Block]:
    if step.outcome.diff:
        yield Code(step.outcome.diff, "diff")


def before_repair(step: Ended, form: Form) -> Iterator[Block]:
    """What it came to before it was repaired, with all that explains it. Of a run of an earlier version it is known why
    alone, which Markdown has in its table."""
    if step.first is not None:
        outcome = step.first.outcome
        yield Paragraph(said(f"before the repair: {outcome.message}"), "first")
        yield from _checks(step.first.conditions, outcome, form)
        yield from _items(step.first.items, form)
        yield from _evidence(outcome)
    elif form is Form.PAGE and isinstance(step, Result) and step.first_failure not in ("", step.outcome.message):
        yield Paragraph(said(f"before the repair: {step.first_failure}"), "first")


def tried(step: Ended, _form: Form) -> Iterator[Block]:
    """The branches that were to repair it."""
    if step.tried:
        yield Paragraph((Span("tried", "strong"), Span(f": {', '.join(tried_of(step.tried))}")), "tried")


def place(step: Ended, form: Form) -> Iterator[Block]:
    """Where the step stands in the playbook, with the lines around where they were kept."""
    if form is Form.TEXT:
        if step.place and step.kind not in STRUCTURES:
            yield Paragraph(said(step.place), "title")
        if step.excerpt and step.outcome.status is not Status.UNREACHABLE:  # then nothing is wrong with the playbook
            yield Code(step.excerpt, aligned=True)
    elif step.excerpt:
        yield Paragraph(said(step.place, "code"), "title")
        yield Code(step.excerpt, aligned=True)


def how(step: Ended, _form: Form) -> Iterator[Block]:
    """What it did, when, and how often."""
    often = f"{step.attempts} attempts · " if step.attempts > 1 else ""
    where = f" · {step.place}" if step.place and not step.excerpt else ""
    when = f"{often}began {time_of_day(step.started)}{where}"
    action = (Span(shortened(step.action, 2000), "code"), Span(f" · {when}"))
    yield Paragraph(action if step.action else said(when), "how")


def _checks(conditions: tuple[Condition, ...], outcome: Outcome, form: Form) -> Iterator[Block]:
    """All of them on a page; elsewhere those that do not hold."""
    message = one_line(outcome.message)
    if shown := [condition for condition in conditions if form is Form.PAGE or not condition.holds]:
        yield Checks(tuple(_check(condition, message) for condition in shown))


def _check(condition: Condition, message: str) -> Check:
    told = not condition.holds and f"expected {one_line(condition.text)}" in message
    return Check(condition.keyword, condition.text, condition.holds, condition.values, told)


def _items(items: tuple[tuple[str, Outcome], ...], form: Form) -> Iterator[Block]:
    """The items of a loop; on a console those that did not go well."""
    shown = [(label, one) for label, one in items if form is not Form.TEXT or one.status in TROUBLE]
    if shown:
        yield Bullets(tuple(Item(said(label), badge(one.status), one.message) for label, one in shown))


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
