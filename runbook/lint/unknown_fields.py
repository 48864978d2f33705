"""`look.stauts`: a field that the outcome under a registered name, or `failure`, does not have.

Only where it is known which outcome it is: every step that registers the name says which fields it has, and nothing
else sets that name. What is asked for with `is defined` or `in`, or has a `default`, is never told.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from runbook.common.frozen import Frozen, replace
from runbook.common.spelling import nearest
from runbook.lint.expression_reads import reads
from runbook.lint.outcome_fields import judged, left_behind
from runbook.lint.rules import found
from runbook.lint.subject import Subject
from runbook.lint.texts import Text, before_outcome, of_branch, of_outcome, pinpoint, templates, top_values
from runbook.model import Block, Choose, Node, Step
from runbook.source.document import Problem, Span
from runbook.steps.traits import NO_FIELDS, Fields, traits

_METHODS = frozenset({"get", "items", "keys", "values"})
"""What every mapping has."""
_FAILURE = "failure"
_KEY = re.compile(r"([^\W\d]\w*)\s*(?:\.\s*([^\W\d]\w*)|\[\s*['\"]([^'\"]*))")
"""`a.b` and `a['b']`, by a quick look."""


class Known(Frozen):
    """An outcome that a name stands for. Several steps may leave one there."""

    fields: Fields = NO_FIELDS
    of_items: Fields = NO_FIELDS
    """Of a loop: the fields that each of its `results` has."""
    kinds: tuple[str, ...] = ()

    def or_of(self, node: Node) -> Known:
        looped = isinstance(node, Step) and node.loop is not None
        return Known(
            self.fields | left_behind(node),
            self.of_items | (judged(node) if looped else NO_FIELDS),
            tuple(dict.fromkeys((*self.kinds, node.kind if isinstance(node, Step) else "block"))),
        )


Outcomes = Mapping[str, Known]
"""By the names that they have at a place."""


def unknown_fields(subject: Subject) -> Iterator[Problem]:
    registered = _registered(subject)
    tops = (text for value, place in top_values(subject.playbook) for text in templates(value, place))
    told: set[Span] = set()
    for text, outcomes in (*((text, registered) for text in tops), *_below(_stages(subject), registered)):
        for name, key, at in _unknown(text, outcomes):
            if at not in told:
                told.add(at)
                yield _problem(name, key, at, outcomes[name])


def _stages(subject: Subject) -> tuple[Node, ...]:
    return tuple(stage.block for stage in subject.playbook.stages)


# --- which names stand for which outcomes ----------------------------------------------------------------------


def _registered(subject: Subject) -> dict[str, Known]:
    """Names that are certainly an outcome of which the fields are known."""
    steps = [node for node in subject.places if isinstance(node, Step) and node.register]
    written = Counter(name for document in subject.playbook.documents for name in _written(document.data))
    doubtful = _set_otherwise(subject) | {step.register for step in steps if left_behind(step).open}
    out: dict[str, Known] = {}
    for step in steps:
        written[step.register] -= 1
        out[step.register] = out.get(step.register, Known()).or_of(step)
    # One that is written in a step that could not be built may have other fields.
    return {name: known for name, known in out.items() if name not in doubtful and written[name] <= 0}


def _written(data: Any) -> Iterator[str]:
    """What stands behind `register`, anywhere."""
    for key, item in data.items() if isinstance(data, Mapping) else enumerate(data) if isinstance(data, list) else ():
        if key == "register" and isinstance(item, str):
            yield item
        yield from _written(item)


def _set_otherwise(subject: Subject) -> set[str]:
    names = {*subject.always, *(name for number in subject.hosts or {} for name in subject.stage_names(number))}
    for branch in subject.playbook.remediations.values():
        names |= set(branch.vars)
    for node in subject.places:
        names |= {*node.common.vars, *(name for branch in node.common.remediate for name in branch.vars)}
        if isinstance(node, Step):
            names |= {node.loop_var, *(one.name for one in traits(node.kind).sets(node.args))}
    return names


# --- what reads them -------------------------------------------------------------------------------------------


def _below(nodes: Iterable[Node], outcomes: Outcomes) -> Iterator[tuple[Text, Outcomes]]:
    """Every text of the nodes and of what is inside them, with the outcomes that it may read."""
    for node in nodes:
        yield from ((text, outcomes) for text in before_outcome(node))
        yield from ((text, _with_own(node, outcomes)) for text in of_outcome(node))
        if isinstance(node, Block):
            yield from _below((*node.steps, *node.always), outcomes)
            yield from _below(node.rescue, _without_failure(outcomes))
        elif isinstance(node, Choose):
            yield from _below((step for option in node.options for step in option.steps), outcomes)
        if node.common.diagnose or node.common.remediate:
            yield from _failed(node, outcomes)


def _without_failure(outcomes: Outcomes) -> Outcomes:
    """What failed there may be of any kind."""
    return {name: known for name, known in outcomes.items() if name != _FAILURE}


def _with_own(node: Node, outcomes: Outcomes) -> Outcomes:
    """A loop's conditions see the outcome of the item under the registered name."""
    if not isinstance(node, Step) or node.loop is None or node.register not in outcomes:
        return outcomes
    return {**outcomes, node.register: replace(outcomes[node.register], fields=judged(node))}


def _failed(node: Node, outcomes: Outcomes) -> Iterator[tuple[Text, Outcomes]]:
    inside = _without_failure(outcomes) if left_behind(node).open else {**outcomes, _FAILURE: Known().or_of(node)}
    yield from _below(node.common.diagnose, inside)
    for branch in node.common.remediate:
        yield from ((text, inside) for text in of_branch(branch))
        yield from _below(branch.steps, inside)


def _unknown(text: Text, outcomes: Outcomes) -> Iterator[tuple[str, str, Span]]:
    """Names of outcomes with the fields that are read and not there, and where."""

    def lacks(name: str, key: str) -> bool:
        return name in outcomes and key not in outcomes[name].fields.known and key not in _METHODS

    if any(lacks(name, key or quoted) for name, key, quoted in _KEY.findall(text.text)):  # else no need to parse it
        read = reads(text.text, text.bare)
        for name, key in sorted(read.keys):
            if lacks(name, key) and name in read.names:
                yield name, key, _place(text, name, key)


def _place(text: Text, name: str, key: str) -> Span:
    """Of the field, where it stands behind a dot."""
    at = pinpoint(text.place, f"{name}.{key}")
    if at == text.place.value:
        return pinpoint(text.place, key)
    return replace(at, column=at.column + len(name) + 1, length=len(key))


def _problem(name: str, key: str, at: Span, known: Known) -> Problem:
    whose = f"the outcome of {' or '.join(f'`{kind}`' for kind in known.kinds)}"
    has = known.fields.names
    if key in known.of_items.known:
        hint = "it is that of a loop: each of its `results` has this field"
    else:
        hint = nearest(key, has) or f"it has: {', '.join(sorted(has))}"
    return found("unknown-field", at, f"{name!r}, {whose}, has no field {key!r}", hint)
