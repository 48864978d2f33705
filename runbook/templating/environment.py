"""The one Jinja environment: sandboxed, strict about undefined names, with native values.

Imported by `runbook.templating.render` when there is a template: most texts are none. Everything takes a scope (any
mapping; read as far as the text needs it) and raises TemplateError with the place and, for an undefined name, the
nearest names.
"""

from __future__ import annotations

from collections import ChainMap
from collections.abc import Mapping
from functools import lru_cache
from typing import Any

from jinja2 import StrictUndefined, TemplateSyntaxError, UndefinedError, nodes
from jinja2.environment import Template
from jinja2.exceptions import SecurityError, TemplateRuntimeError
from jinja2.meta import find_undeclared_variables
from jinja2.parser import Parser
from jinja2.runtime import Context as RuntimeContext
from jinja2.sandbox import ImmutableSandboxedEnvironment

from runbook.source import Place, Span
from runbook.templating.filters import FILTERS, TESTS
from runbook.templating.render import TemplateError, nearest
from runbook.templating.unknown import Unknown


class Undefined(StrictUndefined):
    """Strict, but `a.b.c | default(x)` works where `a` is undefined, as Ansible's users expect."""

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        return self

    def __getitem__(self, key: Any) -> Any:
        return self


GLOBALS = ("range", "dict", "namespace")
"""Of Jinja2's own functions those that a playbook may call; `range` is bounded by the sandbox."""


class _Environment(ImmutableSandboxedEnvironment):
    def getattr(self, obj: Any, attribute: str) -> Any:
        """`a.b` is first the key, then the attribute: data named `items` or `count` is data, as people mean it."""
        if isinstance(obj, Mapping) and attribute in obj:
            return obj[attribute]
        return super().getattr(obj, attribute)


@lru_cache(maxsize=1)
def environment() -> _Environment:
    env = _Environment(undefined=Undefined, keep_trailing_newline=True, extensions=["jinja2.ext.do"])
    env.filters.update(FILTERS)
    env.tests.update(TESTS)
    env.globals = {name: env.globals[name] for name in GLOBALS}
    return env


def render_whole(text: str, scope: Mapping[str, Any], place: Place | Span | None = None) -> str:
    """The text of a template file. As Ansible's users know it, a line that holds only a block tag leaves no line."""
    return str(_run(_whole, text, scope, place))


def expression(text: str, scope: Mapping[str, Any], place: Place | Span | None = None) -> Any:
    """The value of a bare expression."""
    return _run(_expression, text, scope, place)


def evaluate_node(node: nodes.Expr, scope: Mapping[str, Any]) -> Any:
    """The value of one part of an expression (see `conditions`)."""
    return _value(_compile_node(node), scope)


@lru_cache(maxsize=8192)
def objection(text: str, *, bare: bool) -> tuple[str, str] | None:
    """What is wrong with a template's syntax, and a hint; None when it can be compiled.

    Statements are compiled, for what only the compiler finds. Expressions are parsed only, which is four times quicker.
    """
    try:
        if "{%" in text:
            (_expression if bare else _template)(text)
        else:
            tree = _parsed(text) if bare else environment().parse(text)
            if "|" in text or " is" in text:
                _check_names(tree)
    except TemplateSyntaxError as error:
        return _syntax_message(error, text, bare)
    return None


def _check_names(tree: nodes.Node) -> None:
    """Raises TemplateSyntaxError for a filter or a test that is not there."""
    env = environment()
    for node in (tree, *tree.find_all((nodes.Filter, nodes.Test))):
        if isinstance(node, nodes.Filter) and node.name not in env.filters:
            raise TemplateSyntaxError(
                f"no filter is called {node.name!r} {nearest(node.name, env.filters)}".rstrip(), 1
            )
        if isinstance(node, nodes.Test) and node.name not in env.tests:
            raise TemplateSyntaxError(f"no test is called {node.name!r} {nearest(node.name, env.tests)}".rstrip(), 1)


def names_in(text: str, *, bare: bool) -> frozenset[str]:
    """The variables that a template reads. The syntax must be right."""
    source = "{{ " + text + " }}" if bare else text
    return frozenset(find_undeclared_variables(environment().parse(source))) - frozenset(GLOBALS)


@lru_cache(maxsize=8192)
def _expression(text: str) -> Template:
    return _compile_node(_parsed(text))


def _parsed(text: str) -> nodes.Expr:
    """A bare expression. Not kept: compiling changes it."""
    parser = Parser(environment(), text, state="variable")
    node = parser.parse_expression()
    if not parser.stream.eos:
        raise TemplateSyntaxError("something stands behind the end of the expression", parser.stream.current.lineno)
    return node


def _compile_node(node: nodes.Expr) -> Template:
    node.set_environment(environment())
    body = [nodes.Assign(nodes.Name("result", "store"), node, lineno=1)]
    return environment().from_string(nodes.Template(body, lineno=1))


@lru_cache(maxsize=8192)
def _template(text: str) -> tuple[Template, bool]:
    """The compiled text, and whether it is one whole expression whose native value counts."""
    env = environment()
    body = env.parse(text).body
    if len(body) == 1 and isinstance(body[0], nodes.Output) and len(body[0].nodes) == 1:
        node = body[0].nodes[0]
        if not isinstance(node, nodes.TemplateData):
            return _compile_node(node), True
    return env.from_string(text), False


@lru_cache(maxsize=64)
def _whole(text: str) -> tuple[Template, bool]:
    return environment().overlay(trim_blocks=True).from_string(text), False


def render_text(text: str, scope: Mapping[str, Any], place: Place | Span | None = None) -> Any:
    """The value of a text with templates in it: native where the text is one whole `{{ … }}`."""
    return _run(_template, text, scope, place)


def _run(make: Any, text: str, scope: Mapping[str, Any], place: Place | Span | None) -> Any:
    span = place.value if isinstance(place, Place) else place
    try:
        made = make(text)
        if isinstance(made, Template):
            return _value(made, scope)
        template, native = made
        return _value(template, scope) if native else _text(template, scope)
    except TemplateSyntaxError as error:
        message, hint = _syntax_message(error, text, make is _expression)
        raise TemplateError(message, span, hint) from None
    except UndefinedError as error:
        raise _undefined(error, scope, span) from None
    except TemplateError as error:
        raise TemplateError(error.message, error.span or span, error.hint, error.name) from None
    except SecurityError as error:
        raise TemplateError(f"not allowed in a template: {error}", span) from None
    except RecursionError:
        raise TemplateError("the template refers to itself without end", span) from None
    except (TemplateRuntimeError, TypeError, ValueError, ArithmeticError, LookupError, AttributeError) as error:
        raise TemplateError(f"cannot be computed: {error}", span, f"in: {_short(text)}") from None


def _value(template: Template, scope: Mapping[str, Any]) -> Any:
    context = _context(template, scope)
    for _ in template.root_render_func(context):
        pass
    value = context.vars["result"]
    if isinstance(value, StrictUndefined):
        value._fail_with_undefined_error()
    if isinstance(value, Unknown):
        value.refuse()
    return value


def _text(template: Template, scope: Mapping[str, Any]) -> str:
    return "".join(template.root_render_func(_context(template, scope)))


def _context(template: Template, scope: Mapping[str, Any]) -> RuntimeContext:
    # A variable of the user's lies over a function of the same name.
    names = ChainMap(scope, environment().globals)  # type: ignore[arg-type] # read only: any mapping serves
    return template.new_context(names, shared=True)  # type: ignore[arg-type] # as above


def _undefined(error: UndefinedError, scope: Mapping[str, Any], span: Span | None) -> TemplateError:
    message = str(error)
    name = message.split("'")[1] if message.startswith("'") and message.count("'") >= 2 else ""
    if name and message.endswith("is undefined"):
        hint = nearest(name, scope) or "define it in `vars` or the inventory, or give it with -e"
        return TemplateError(f"{name!r} is not defined", span, hint, name)
    return TemplateError(message, span)


def _syntax_message(error: TemplateSyntaxError, text: str, bare: bool) -> tuple[str, str]:
    message = f"template syntax: {error.message}"
    if bare and ("{{" in text or "{%" in text):
        return message, "a bare expression stands here: write it without {{ }}"
    if "{{." in text or "{{ ." in text:
        return message, "text for another program's templates: put it between {% raw %} and {% endraw %}"
    if "{#" in text:
        return message, "`{#` begins a comment: put it between {% raw %} and {% endraw %}"
    return message, f"in: {_short(text)}"


def _short(text: str) -> str:
    line = " ".join(text.split())
    return line if len(line) <= 70 else line[:67] + "..."
