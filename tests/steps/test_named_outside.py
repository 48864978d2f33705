"""No other room knows a kind of step by its name: what it must know, the kind says itself (`steps/traits.py`)."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

import runbook
from runbook.steps import KINDS

HOUSE = Path(runbook.__file__).parent
ELSEWHERE = {("plan/show/variable_text.py", "file")}
"""Module and word. There it is the file of a place that is not known, alone in its mapping."""


def named(tree: ast.AST) -> Iterator[tuple[int, str]]:
    """Lines with names of kinds, where these are meant: beside something called `kind`, asked of the table, or several
    in one collection. A word alone (`file`, `set`, `port`) has other meanings too.
    """
    for node in ast.walk(tree):
        match node:
            case ast.Compare() if _speaks_of_kinds(node):
                yield from _words(node)
            case ast.Match(subject=subject, cases=cases) if _speaks_of_kinds(subject):
                yield from (found for case in cases for found in _words(case.pattern))
            case ast.Subscript(slice=asked) if _speaks_of_kinds(node.value):
                yield from _words(asked)
            case ast.Call(func=ast.Name(id="traits")) | ast.keyword(arg="kind"):
                yield from _words(node)
            case ast.Assign(targets=[ast.Name(id="kind")], value=ast.Constant() as given):
                yield from _words(given)
            case ast.Tuple(elts=members) | ast.List(elts=members) | ast.Set(elts=members):
                yield from _mostly_kinds(members)
            case ast.Dict(keys=members):
                yield from _mostly_kinds([key for key in members if key is not None])


def _speaks_of_kinds(node: ast.AST) -> bool:
    return any(
        isinstance(one, ast.Name | ast.Attribute) and _name(one).lower().endswith(("kind", "kinds"))
        for one in ast.walk(node)
    )


def _name(node: ast.Name | ast.Attribute) -> str:
    return node.id if isinstance(node, ast.Name) else node.attr


def _words(node: ast.AST) -> Iterator[tuple[int, str]]:
    for one in ast.walk(node):
        if isinstance(one, ast.Constant) and isinstance(one.value, str) and one.value in KINDS:
            yield one.lineno, one.value


def _mostly_kinds(members: list[ast.expr]) -> Iterator[tuple[int, str]]:
    """Of members that are all texts, or pairs that begin with one: are more than half of them kinds?"""
    firsts = [one.elts[0] if isinstance(one, ast.Tuple) and one.elts else one for one in members]
    texts = [one for one in firsts if isinstance(one, ast.Constant) and isinstance(one.value, str)]
    found = [word for text in texts for word in _words(text)]
    if len(texts) == len(members) and len(found) * 2 > len(texts):
        yield from found


def test_no_other_room_names_a_kind() -> None:
    found = []
    for path in sorted(HOUSE.rglob("*.py")):
        where = path.relative_to(HOUSE)
        if where.parts[0] != "steps":
            words = named(ast.parse(path.read_text(encoding="utf-8")))
            found += [f"{where}:{line}: {word}" for line, word in words if (where.as_posix(), word) not in ELSEWHERE]

    assert found == []


@pytest.mark.parametrize(
    "text",
    [
        "if node.kind == 'set': pass",
        "each = step.kind != 'confirm' and x",
        "if step.kind in ('command', 'other', 'third'): pass",
        "if (step.kind, key) == ('assert', 'that'): pass",
        "asked = args if kind == 'sql' else None",
        "match step.kind:\n    case 'log' | 'x': pass",
        "shown = KINDS['copy'].plan({})",
        "shown = traits('copy').files({})",
        "made = StepView(kind='note')",
        "OPTIONS = {'copy': ('validate',), 'edit': ('validate',)}",
        "_TELLING = ('note', 'confirm', 'choose')",
        "_BARE = {('assert', 'that')}",
        "FIELDS = dict.fromkeys(('command', 'shell', 'script'), 1)",
        "kind = 'note'",
        "ASKING = frozenset({'confirm'})",
    ],
)
def test_a_kind_that_is_named_is_found(text: str) -> None:
    assert list(named(ast.parse(text)))


@pytest.mark.parametrize(
    "text",
    [
        "span = {'file': 1, 'line': 2, 'column': 3}",
        "ending = {'enum': ['fail', 'warn']}",
        "stream = say(number, 'note', text)",
        "if key == 'confirm': pass",
        "port = options.get('port', '22')",
        "found.kind = 'directory'",
    ],
)
def test_a_word_in_another_meaning_is_left_alone(text: str) -> None:
    assert list(named(ast.parse(text))) == []
