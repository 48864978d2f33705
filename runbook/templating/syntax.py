"""What can be said of a template before it is rendered: is it one, and which names does it read?"""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from typing import Any

from jinja2 import TemplateSyntaxError, nodes
from jinja2.meta import find_undeclared_variables

from runbook.common.spelling import nearest
from runbook.templating.environment import as_written, compiled_expression, compiled_template, environment, parsed
from runbook.templating.messages import short, syntax_message


@lru_cache(maxsize=8192)
def objection(text: str, *, bare: bool) -> tuple[str, str] | None:
    """What is wrong with a template's syntax, and a hint; None when it can be compiled.

    Statements are compiled, for what only the compiler finds. Expressions are parsed only, which is four times quicker.
    """
    try:
        if "{%" in text:
            (compiled_expression if bare else compiled_template)(text)
        else:
            tree = parsed(text) if bare else environment().parse(as_written(text))
            if "|" in text or " is" in text:
                _check_names(tree)
    except TemplateSyntaxError as error:
        return syntax_message(error, text, bare)
    except RecursionError:
        return "template syntax: nested too deeply", f"in: {short(text)}"
    if bare and ("{{" in text or "{%" in text):
        return _RENDERS_NOTHING
    return None


_RENDERS_NOTHING = (
    "nothing is rendered inside a bare expression: {{ }} in its strings stays as it is",
    "write the variable itself, as in `name in stdout` or `'x' ~ name`; for two braces write '{' ~ '{'",
)


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
