"""Conditions that go one way whatever the variables are: they check nothing, or their steps never run."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import Any

from jinja2 import nodes

from runbook.lint.rules import found
from runbook.lint.subject import Subject
from runbook.lint.texts import NAME, Text, bare, of_conditions
from runbook.model import Step
from runbook.source.document import Problem
from runbook.templating.environment import environment

_QUOTED = re.compile(r"'[^']*'|\"[^\"]*\"")
_CONSTANT = r"(?:not\s+)?(?:''|\d|true\b|false\b|none\b|\[\s*\])"
_BESIDE = re.compile(rf"\b(?:and|or)\s+{_CONSTANT}|{_CONSTANT}[\d.]*\s+(?:and|or)\b", re.IGNORECASE)
_ITSELF = re.compile(r"\s*([\w.]+)\s*[!=]=\s*\1\s*")


def constants(subject: Subject) -> Iterator[Problem]:
    for node in subject.places:
        for key, texts in (("when", node.common.when), ("until", node.common.until)):
            yield from _told(key, bare(texts))
        for branch in node.common.remediate:
            yield from _told("when", bare(branch.when))
        if isinstance(node, Step):
            yield from _told("expect", bare(node.expect))
            for at, held in of_conditions(node):
                yield from _told(at[-1], held)


def _told(key: str, texts: Iterable[Text]) -> Iterator[Problem]:
    for text in texts:
        value = _value(text.text) if _may_be(text.text) else None
        if value is None:
            continue
        message = f"this `{key}` {'always holds' if value else 'never holds'}, whatever the variables are"
        yield found("constant-condition", text.place, message, _hint(key, value, text.text))


def _hint(key: str, value: bool, text: str) -> str:
    if re.search(r"""\bor\s+['"]""", text):
        return "a text alone is true: compare on both sides of `or`, or write `x in ['a', 'b']`"
    if key == "when":
        return "leave the `when` out" if value else "remove the step, or give it the tag `never`"
    return "it checks nothing: compare with what the step has seen" if value else "the step cannot pass"


def _may_be(text: str) -> bool:
    """A quick look: it reads no name, or has something constant beside `and` or `or`, or compares with itself."""
    plain = _QUOTED.sub("''", text)
    return not NAME.search(plain) or bool(_BESIDE.search(plain)) or bool(_ITSELF.fullmatch(text))


def _value(text: str) -> bool | None:
    try:
        tree = environment().parse("{{ " + text + " }}")
    except Exception:  # noqa: BLE001 - whatever is wrong with it, the loader has told it
        return None
    (output,) = tree.body
    inside: list[nodes.Expr] = output.nodes if isinstance(output, nodes.Output) else []
    return _truth(inside[0]) if len(inside) == 1 else None


def _truth(node: nodes.Expr) -> bool | None:
    """True, false, or None where it depends on a name."""
    match node:
        case nodes.And():
            return _both(_truth(node.left), _truth(node.right))
        case nodes.Or():
            return _negated(_both(_negated(_truth(node.left)), _negated(_truth(node.right))))
        case nodes.Not():
            return _negated(_truth(node.node))
        case nodes.Compare(ops=[nodes.Operand(op="eq" | "ne" as operator, expr=other)]) if node.expr == other:
            return operator == "eq" if not any(other.find_all((nodes.Call, nodes.Filter))) else None
    if any(node.find_all((nodes.Name, nodes.Call))) or isinstance(node, nodes.Name | nodes.Call):
        return None
    return _constant(node)


def _both(left: bool | None, right: bool | None) -> bool | None:
    if left is False or right is False:
        return False
    return True if left and right else None


def _negated(value: bool | None) -> bool | None:
    return None if value is None else not value


def _constant(node: nodes.Expr) -> bool | None:
    try:
        value: Any = node.as_const()
    except Exception:  # noqa: BLE001 - nodes.Impossible, or whatever a filter says to these values
        return None
    return bool(value)
