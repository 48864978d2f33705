"""The templates and expressions of a playbook, each with its place, and the words in them."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from functools import lru_cache
from typing import Any

from runbook.common.frozen import Frozen
from runbook.lint.outcome_fields import judged
from runbook.model import Choose, Common, Expression, Node, Playbook, Remediation, Step
from runbook.source.document import Place, Span
from runbook.steps.traits import NO_FIELDS, Fields, OptionPath, option, traits
from runbook.templating.render import is_template

_TAGS = re.compile(r"\{\{(.*?)\}\}|\{%(.*?)%\}", re.DOTALL)
_WORD = re.compile(r"[^\W\d]\w*")
KEYWORDS = frozenset(
    {"and", "or", "not", "in", "is", "if", "elif", "else", "for", "recursive", "set", "do"}
    | {"true", "false", "True", "False", "none", "None"}
)
"""Words of Jinja that may stand where a name could. Other statements are seen when the text is parsed."""
NAME = re.compile(rf"(?<![.\w])(?<!\|)(?<!\| )(?<!is )(?<!is not )(?!(?:{'|'.join(sorted(KEYWORDS))})\b)[^\W\d]\w*")
"""What may be a variable, by a quick look: no attribute, filter or test."""


class Text(Frozen):
    """A template, or a bare expression, and its place. `sees` has what it reads beside the variables."""

    text: str
    place: Place
    bare: bool = False
    sees: Fields = NO_FIELDS

    @property
    def code(self) -> str:
        """What of it is Jinja's."""
        return self.text if self.bare else " ; ".join(map("".join, _TAGS.findall(self.text)))


def likely_names(text: Text) -> set[str]:
    """What may be variables in it, by a quick look: words in quotes are among them, filters and attributes not."""
    return set(NAME.findall(text.code))


def words(text: Text) -> set[str]:
    """Every word in its code, be it a name, an attribute or in quotes."""
    return set(_WORD.findall(text.code))


def templates(value: Any, place: Place) -> Iterator[Text]:
    """Every template in a value, at any depth."""
    if isinstance(value, str):
        if is_template(value):
            yield Text(value, place)
    elif isinstance(value, Mapping):
        for key, item in value.items():
            if is_template(key):
                yield Text(key, place / key)
            yield from templates(item, place / key)
    elif isinstance(value, list | tuple):
        for index, item in enumerate(value):
            yield from templates(item, place / index)


def bare(expressions: tuple[Expression, ...], sees: Fields = NO_FIELDS) -> Iterator[Text]:
    for expression in expressions:
        yield Text(expression.text, expression.place, bare=True, sees=sees)


def of_common(common: Common, place: Place) -> Iterator[Text]:
    """What a node itself reads, but for its `when`, its `vars` and what it asks of its outcome."""
    for key in _TEMPLATED:
        if (value := getattr(common, key)) and not isinstance(value, bool | int | float):
            yield from templates(value, place / key)


_TEMPLATED = (
    "name",
    "environment",
    "delegate_to",
    "become",
    "become_user",
    "timeout",
    "retries",
    "delay",
    "ignore_errors",
    "no_log",
)


def of_args(step: Step) -> Iterator[Text]:
    """The templates in a step's options, and the conditions that they are."""
    conditions = dict(of_conditions(step))
    for key, value in step.args.items():
        yield from _of_option(value, option_place(step, (key,)), (key,), conditions)


def _of_option(
    value: Any, place: Place, at: OptionPath, conditions: Mapping[OptionPath, tuple[Text, ...]]
) -> Iterator[Text]:
    if at in conditions:
        yield from conditions[at]
    elif isinstance(value, Mapping) and any(path[: len(at)] == at for path in conditions):
        for key, item in value.items():
            yield from _of_option(item, place / key, (*at, key), conditions)
    else:
        yield from templates(value, place)


def of_conditions(step: Step) -> Iterator[tuple[OptionPath, tuple[Text, ...]]]:
    """The options that hold conditions, each with its expressions."""
    for one in traits(step.kind).conditions(step.args):
        value, place = option(step.args, one.at), option_place(step, one.at)
        places = [(item, place / index) for index, item in enumerate(value)] if isinstance(value, list) else None
        yield one.at, tuple(Text(str(item), at, bare=True, sees=one.sees) for item, at in places or [(value, place)])


def option_place(step: Step, at: OptionPath) -> Place:
    """Where an option stands; for one that stands alone, without its name, where the options would."""
    return step.args_place.below(at) if isinstance(_raw(step.args_place), Mapping) else step.args_place


def of_outcome(node: Node) -> Iterator[Text]:
    """What is asked when the outcome is known."""
    sees = judged(node)
    yield from bare(node.common.until, sees)
    if isinstance(node, Step):
        for expressions in (node.changed_when, node.failed_when, node.expect):
            yield from bare(expressions, sees)


def of_causes(node: Node) -> Iterator[Text]:
    """What is asked of the outcome and of `failure` when the step has ended badly."""
    for cause in node.causes if isinstance(node, Step) else ():
        sees = judged(node)
        yield from bare(cause.when, sees)
        for item in templates(cause.text, cause.place):
            yield Text(item.text, item.place, sees=sees)


def of_loop(step: Step) -> Iterator[Text]:
    if isinstance(step.loop, str) and not is_template(step.loop):
        yield Text(step.loop, step.place / "loop", bare=True)
    else:
        yield from templates(step.loop, step.place / "loop")


def top_values(playbook: Playbook) -> Iterator[tuple[Any, Place]]:
    """Values at the top of a playbook that are rendered wherever they are read."""
    for name, place in playbook.vars_places.items():
        yield playbook.vars[name], place
    for name, settings in playbook.databases.items():
        yield settings, playbook.place / "databases" / name
    for item in playbook.inputs.values():
        yield item.default, item.place / "default"


def every_text(playbook: Playbook, nodes: Iterable[Node]) -> Iterator[Text]:
    """Every template and expression of a playbook, of these nodes and of what is around them."""
    for value, place in top_values(playbook):
        yield from templates(value, place)
    for stage in playbook.stages:
        yield from templates(stage.confirm, stage.place / "confirm")
    for branch in playbook.remediations.values():
        yield from of_branch(branch)
        yield from templates(branch.description, branch.place / "description")
    for node in nodes:
        yield from before_outcome(node)
        yield from of_outcome(node)
        yield from of_causes(node)
        for branch in node.common.remediate:
            yield from of_branch(branch)


def before_outcome(node: Node) -> Iterator[Text]:
    """What a node itself reads until it has an outcome; not what stands inside of it."""
    yield from bare(node.common.when)
    yield from templates(node.common.vars, node.place / "vars")
    yield from of_common(node.common, node.place)
    if isinstance(node, Choose):
        yield Text(node.by.text, node.by.place, bare=True)
    if isinstance(node, Step):
        yield from of_loop(node)
        yield from of_args(node)
        yield from templates(node.loop_label, node.place / "loop_control" / "label")


def of_branch(branch: Remediation) -> Iterator[Text]:
    yield from bare(branch.when)
    yield from templates(branch.vars, branch.place / "vars")


def pinpoint(place: Place, word: str) -> Span:
    """Where in the value at a place the word stands; the value itself where it is not found."""
    value = place.value
    lines = _lines(place.document.text)
    pattern = re.compile(rf"(?<!\w){re.escape(word)}(?!\w)")
    for number in range(value.line - 1, min(len(lines), value.line + 200)):
        start = value.column - 1 if number == value.line - 1 else 0
        if hit := pattern.search(lines[number], start):
            return Span(value.file, number + 1, hit.start() + 1, len(word))
    return value


@lru_cache(maxsize=8)
def _lines(text: str) -> list[str]:
    return text.splitlines()


def _raw(place: Place) -> Any:
    data: Any = place.document.data
    for key in place.path:
        data = data[key]
    return data
