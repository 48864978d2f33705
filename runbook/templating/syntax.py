"""What can be said of a template before it is rendered: is it one, and which names does it read?"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import lru_cache
from typing import Any

from jinja2 import TemplateSyntaxError, nodes
from jinja2.meta import find_undeclared_variables

from runbook.common.spelling import nearest
from runbook.templating.environment import as_written, compiled_expression, compiled_template, environment, parsed
from runbook.templating.messages import syntax_message

MAX_BRACKETS = 20
"""Within each other. For each, Jinja calls itself 14 times, and that on top of the steps around the template."""
MAX_LEVELS = 100
"""Of operations, filters and tags within each other, each of which takes up to three calls."""


@lru_cache(maxsize=8192)
def objection(text: str, *, bare: bool) -> tuple[str, str] | None:
    """What is wrong with a template's syntax, and a hint; None when it can be compiled.

    Statements are compiled, for what only the compiler finds. Expressions are parsed only, which is four times quicker.
    """
    try:
        if _brackets(text, bare=bare) > MAX_BRACKETS:
            return _TOO_DEEP
        if "{%" in text:
            (compiled_expression if bare else compiled_template)(text)
        tree = parsed(text) if bare else environment().parse(as_written(text))
        if "|" in text or " is" in text:
            _check_names(tree)
        if len(text) > MAX_LEVELS and _deeper(tree, MAX_LEVELS if bare else MAX_LEVELS + 2):
            return _TOO_DEEP
    except TemplateSyntaxError as error:
        return syntax_message(error, text, bare)
    except RecursionError:
        return _TOO_DEEP
    if bare and ("{{" in text or "{%" in text):
        return _RENDERS_NOTHING
    return None


_TOO_DEEP = (
    f"template syntax: nested too deeply: {MAX_BRACKETS} brackets, or {MAX_LEVELS} operations or tags, are the most",
    "set parts of it as variables",
)
_RENDERS_NOTHING = (
    "nothing is rendered inside a bare expression: {{ }} in its strings stays as it is",
    "write the variable itself, as in `name in stdout` or `'x' ~ name`; for two braces write '{' ~ '{'",
)


def _brackets(text: str, *, bare: bool) -> int:
    """How many brackets stand open at most, those in quotes and outside of tags not counted."""
    if sum(map(text.count, _OPENING)) <= MAX_BRACKETS:
        return 0
    most = deep = 0
    for _, kind, value in environment().lex("{{ " + text + " }}" if bare else text):
        if kind == "operator":
            deep += (value in _OPENING) - (value in _CLOSING)
            most = max(most, deep)
    return most


_OPENING, _CLOSING = "([{", ")]}"


def _deeper(tree: nodes.Node, levels: int) -> bool:
    """Are there more levels than so many below the root? Asked without a call for each of them."""
    layer = [tree]
    for _ in range(levels + 1):
        layer = [inner for node in layer for inner in node.iter_child_nodes()]
        if not layer:
            return False
    return True


def _check_names(tree: nodes.Node) -> None:
    """Raises TemplateSyntaxError for a filter or a test that is not there."""
    env = environment()
    for node in (tree, *tree.find_all((nodes.Filter, nodes.Test))):
        if isinstance(node, nodes.Filter) and node.name not in env.filters:
            raise TemplateSyntaxError(_no_such("filter", node.name, env.filters), 1)
        if isinstance(node, nodes.Test) and node.name not in env.tests:
            raise TemplateSyntaxError(_no_such("test", node.name, env.tests), 1)


def _no_such(what: str, name: str, known: Mapping[str, Any]) -> str:
    names = [each for each in known if "." not in each and not each.startswith(" ")]
    return f"no {what} is called {name!r} {nearest(name, names)}".rstrip()


def names_in(text: str, *, bare: bool) -> frozenset[str]:
    """The variables that a template reads. The syntax must be right."""
    source = "{{ " + text + " }}" if bare else text
    return frozenset(find_undeclared_variables(environment().parse(source))) - environment().globals.keys()


WHOLE = ""
"""In the place of a field: the variable itself is read, so that any of them may count."""


@lru_cache(maxsize=1024)
def fields_read(text: str, name: str) -> frozenset[str]:
    """The fields that a bare expression reads of a variable, and the tests that it is put to. The syntax must be right.

    `failure.rc`, `failure['rc']`, `failure.get('rc')`; of `failure is unreachable` the test.
    """
    return frozenset(_read(parsed(text), name))


def _read(node: nodes.Node, name: str) -> Iterator[str]:
    match node:
        case nodes.Call(node=nodes.Getattr(node=nodes.Name(name=of), attr="get"), args=[nodes.Const(value=key), *_]):
            found = (of, str(key))
        case nodes.Getattr(node=nodes.Name(name=of), attr=key) | nodes.Test(node=nodes.Name(name=of), name=key):
            found = (of, key)
        case nodes.Getitem(node=nodes.Name(name=of), arg=nodes.Const(value=key)):
            found = (of, str(key))
        case nodes.Name(name=of):
            found = (of, WHOLE)
        case _:
            found = ("", "")
    if found[0] == name:
        yield found[1]
        return
    for child in node.iter_child_nodes():
        yield from _read(child, name)
