"""Names that nothing sets, or that are read before they are set.

A name may come from an inventory, from -e, or from a step that another flow skips, so a mistake is only told as an
error where it is certain: the inventory is known and no host of the stage has the name, the text is read whatever the
conditions are, no `when` or option stands around it; or the name differs by a slip of the keys from one that is set.
Else it is a note, once for each name. What is asked for with `is defined` or has a `default` is never told.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from msgspec import Struct, field

from runbook.common.frozen import Frozen, replace
from runbook.common.spelling import nearest, slip_of
from runbook.lint.expression_reads import reads
from runbook.lint.outcome_fields import judged
from runbook.lint.rules import found
from runbook.lint.subject import Subject, sets
from runbook.lint.texts import (
    Text,
    bare,
    likely_names,
    of_args,
    of_causes,
    of_common,
    of_loop,
    of_outcome,
    pinpoint,
    templates,
    top_values,
)
from runbook.model import Block, Choose, Node, Remediation, Step
from runbook.source.document import Problem, Severity

_BOUND = {
    "item": "`item` is there in a step with `loop`",
    "loop_index": "`loop_index` is there in a step with `loop`",
    "failure": "`failure` is there in `diagnose`, `remediate` and `rescue`",
}
"""Names that only the language itself sets, and where it does."""


class Scope(Frozen):
    """Where a text stands: names in scope there, names that something around it guards, whether it runs for certain."""

    names: frozenset[str]
    guarded: frozenset[str] = frozenset()
    sure: bool = True
    lazy: bool = False
    """Is it a variable's value, which is rendered where it is read?"""

    def inside(self, conditions: Iterable[Text], names: Iterable[str] = ()) -> Scope:
        """Where these conditions hold, with more names."""
        conditions, names = list(conditions), list(names)
        if not conditions and not names:
            return self
        guarded = {name for text in conditions for name in reads(text.text, text.bare).guarded}
        return replace(
            self,
            names=self.names | frozenset(map(str, names)),
            guarded=self.guarded | guarded,
            sure=self.sure and not conditions,
        )


class Miss(Frozen):
    """A name that is read and not set there. `later` says that a step sets it, and has not done so yet."""

    name: str
    text: Text
    sure: bool
    later: bool = False


class _Walk(Struct):
    """Goes through the steps in the order in which they run, and remembers what has been set."""

    subject: Subject
    later: frozenset[str]
    """Every name that some step sets."""
    done: set[str] = field(default_factory=set)
    missed: list[Miss] = field(default_factory=list)

    def stages(self) -> None:
        for stage in self.subject.playbook.stages:
            names = self.subject.always | self.subject.stage_names(stage.number)
            question = Scope(names).inside(list(bare(stage.block.common.when)), stage.block.common.vars)
            self.look(templates(stage.confirm, stage.place / "confirm"), question)
            self.node(stage.block, Scope(names))

    def nodes(self, nodes: tuple[Node, ...], scope: Scope) -> None:
        for node in nodes:
            self.node(node, scope)

    def node(self, node: Node, scope: Scope) -> None:
        own = self._own(node, scope)
        if isinstance(node, Step):
            self._step(node, own)
        self.look(of_common(node.common, node.place), own)
        if isinstance(node, Block):
            self.nodes(node.steps, own)
            self.nodes(node.rescue, replace(own, names=own.names | {"failure"}))
            self.nodes(node.always, own)
        elif isinstance(node, Choose):
            self.look([Text(node.by.text, node.by.place, bare=True)], own)
            for option in node.options:
                self.nodes(option.steps, replace(own, sure=False))
        self.done |= {name for name, _ in sets(node)}
        # What is asked of an outcome may be any of its fields, where the kind does not say which it has.
        self.look(of_outcome(node), own)
        self.look(of_causes(node), replace(own, names=own.names | {"failure"}, sure=False))
        if node.common.diagnose or node.common.remediate:
            self._failed(node, replace(own, names=own.names | {"failure"}, sure=False))

    def _failed(self, node: Node, scope: Scope) -> None:
        self.nodes(node.common.diagnose, scope)
        for branch in node.common.remediate:
            self.branch(branch, scope)

    def branch(self, branch: Remediation, scope: Scope) -> None:
        conditions = list(bare(branch.when))
        own = scope.inside(conditions, branch.vars)
        self.look(conditions, replace(own, sure=scope.sure))
        self.look(templates(branch.vars, branch.place / "vars"), replace(own, lazy=True))
        self.nodes(branch.steps, own)

    def _own(self, node: Node, scope: Scope) -> Scope:
        """The scope of a node itself; looks at what makes it."""
        loops = (node.loop_var, "loop_index") if isinstance(node, Step) and node.loop is not None else ()
        conditions, variables = list(bare(node.common.when)), node.common.vars
        own = scope.inside(conditions, (*variables, *loops))
        if conditions:
            self.look(conditions, replace(own, sure=scope.sure))
        if variables:
            lazy = replace(own, lazy=True, names=own.names | (judged(node).known if isinstance(node, Step) else set()))
            self.look(templates(variables, node.place / "vars"), lazy)
        if isinstance(node, Step) and node.loop is not None:
            self.look(of_loop(node), scope.inside(conditions, variables))
        return own

    def _step(self, step: Step, own: Scope) -> None:
        self.look(of_args(step), own)
        self.look(templates(step.loop_label, step.place / "loop_control" / "label"), own)

    def look(self, texts: Iterable[Text], scope: Scope) -> None:
        done: set[str] = set() if scope.lazy else self.done
        for text in texts:
            known = scope.names | text.sees.known
            if text.sees.open or not likely_names(text) - known - done:
                continue
            read = reads(text.text, text.bare)
            for name in sorted(read.names - known - done - read.guarded - scope.guarded):
                sure = scope.sure and name in read.sure and not scope.lazy
                if not (scope.lazy and name in self.subject.defined):
                    self.missed.append(Miss(name, text, sure, name in self.later))


def undefined(subject: Subject) -> Iterator[Problem]:
    """The problems of names, of one playbook."""
    later = frozenset(name for node in subject.places for name, _ in sets(node))
    walk = _Walk(subject, later)
    walk.stages()
    everywhere = Scope(subject.always | frozenset(subject.defined) | _from_inventory(subject), lazy=True)
    for value, place in top_values(subject.playbook):
        walk.look(templates(value, place), everywhere)
    yield from _told(walk.missed, subject)
    yield from _inputs(subject)


def _from_inventory(subject: Subject) -> frozenset[str]:
    return frozenset(name for number in subject.hosts or {} for name in subject.stage_names(number))


def _told(missed: list[Miss], subject: Subject) -> Iterator[Problem]:
    """One problem for each slip; one for each other name, with how many places there are."""
    set_somewhere = subject.always | subject.defined | _from_inventory(subject)
    rest: dict[str, list[Miss]] = {}
    for miss in missed:
        if (near := slip_of(miss.name, set_somewhere | miss.text.sees.names)) and not miss.later:
            at = pinpoint(miss.text.place, miss.name)
            message = f"{miss.name!r} is not defined"
            yield found("undefined-name", at, message, f"did you mean {near}?", severity=Severity.ERROR)
        elif subject.whole and (miss.later or miss.name not in subject.defined or _elsewhere(miss, subject)):
            rest.setdefault(miss.name, []).append(miss)
    for name, misses in rest.items():
        yield _problem(name, misses, subject)


def _elsewhere(miss: Miss, subject: Subject) -> bool:
    """Is it defined, but only in other places than where it is read? Only an inventory tells that it is not here."""
    return subject.hosts is not None and miss.name in subject.defined


def _problem(name: str, misses: list[Miss], subject: Subject) -> Problem:
    places = list(dict.fromkeys(pinpoint(miss.text.place, name) for miss in misses))
    certain = subject.hosts is not None and any(miss.sure for miss in misses)
    first = misses[[miss.sure for miss in misses].index(True)] if certain else misses[0]
    at = pinpoint(first.text.place, name)
    more = f" (and in {len(places) - 1} more place{'s' if len(places) > 2 else ''})" if len(places) > 1 else ""
    severity = Severity.ERROR if certain else None
    if name in _BOUND:
        return found("undefined-name", at, f"{name!r} is not defined here{more}", _BOUND[name], severity=Severity.ERROR)
    if first.later:
        message = f"{name!r} is read here before a step sets it{more}"
        hint = f"{_setter(name, subject)}; put that first, or write {name} | default(…)"
        return found("used-before-set", at, message, hint, severity=severity)
    fields = frozenset[str]().union(*(miss.text.sees.names for miss in misses))
    if subject.hosts is None:
        message = f"nothing in the playbook sets {name!r}{more}"
        field = nearest(name, fields)
        hint = f"{field} An inventory or -e may set it" if field else "an inventory or -e may"
        hint += ": give them with -i and -e, and this is certain"
    else:
        message = f"{name!r} is not defined: no host of the stage has it, and nothing in the playbook sets it{more}"
        meant = nearest(name, subject.always | subject.defined | fields)
        hint = meant or "define it in `vars`, the inventory, or with -e"
    return found("undefined-name", at, message, hint, severity=severity)


def _setter(name: str, subject: Subject) -> str:
    for node in subject.places:
        for own, place in sets(node):
            if own == name:
                return f"the step in line {place.value.line} of {place.value.file} does"
    return "a later step does"


def _inputs(subject: Subject) -> Iterator[Problem]:
    declared: Mapping[str, Any] = subject.playbook.inputs
    for text in subject.texts:
        if "inputs" not in text.text:
            continue
        read = {key for name, key in reads(text.text, text.bare).keys if name == "inputs"}
        for name in sorted(read - set(declared)):
            hint = nearest(name, declared) or f"known: {', '.join(declared) or 'none'}"
            yield found("unknown-input", pinpoint(text.place, name), f"no input is called {name!r}", hint)
