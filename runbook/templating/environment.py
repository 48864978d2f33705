"""The one Jinja environment: sandboxed, strict about undefined names, with native values.

Imported by `runbook.templating.render` when there is a template: most texts are none. Everything takes a scope (any
mapping; read as far as the text needs it) and raises TemplateError with the place and, for an undefined name, the
nearest names.
"""

from __future__ import annotations

import re
from collections import ChainMap
from collections.abc import Callable, Mapping
from functools import lru_cache
from typing import Any

from jinja2 import TemplateSyntaxError, UndefinedError, nodes
from jinja2.environment import Template
from jinja2.exceptions import SecurityError, TemplateRuntimeError
from jinja2.parser import Parser
from jinja2.runtime import Context as RuntimeContext

from runbook.common.frozen import Frozen, replace
from runbook.common.memo import shared
from runbook.source.document import Place, Span
from runbook.templating.errors import TemplateError
from runbook.templating.filters import BOUNDED, COLLECTIONS, FILTERS, WRITES_OUT
from runbook.templating.lookups import GLOBALS
from runbook.templating.messages import not_there, short, syntax_message
from runbook.templating.sandbox import limits
from runbook.templating.sandbox.jinja import (
    INTERNAL,
    Sandbox,
    ValueSandbox,
    asked_anew,
    finalize,
    guarded,
    guarded_filter,
    joined,
    measured,
)
from runbook.templating.sandbox.native_values import native
from runbook.templating.sandbox.partly_read import PartlyRead
from runbook.templating.sandbox.truth import DECIDES, deciding
from runbook.templating.sandbox.undefined import Undefined, refuse
from runbook.templating.tests import TESTS
from runbook.templating.unknown import Unknown

KEPT_GLOBALS = ("range", "dict", "namespace")
"""Of Jinja2's own functions those that a playbook may call; `range` is bounded by the sandbox."""
_FULL_NAME = "ansible.builtin."
"""What Ansible's users may write before the name of a filter, a test or a lookup."""


FAILURES = (
    TemplateRuntimeError,
    TypeError,
    ValueError,
    ArithmeticError,
    LookupError,
    AttributeError,
    OSError,
    re.error,
)
"""What filters, methods and operators raise about what they are given."""


@lru_cache(maxsize=1)
def environment() -> Sandbox:
    """For values and bare expressions."""
    return _made(ValueSandbox)


@lru_cache(maxsize=1)
def _for_files() -> Sandbox:
    return _made(Sandbox, keep_trailing_newline=True, finalize=finalize)


def _made(kind: type[Sandbox], **options: Any) -> Sandbox:
    # As Ansible's users know it, a line that holds only a block tag leaves no line.
    env = kind(undefined=Undefined, trim_blocks=True, extensions=["jinja2.ext.do"], **options)
    jinja = {name: measured(each) if name in WRITES_OUT else each for name, each in env.filters.items()}
    filters = {name: guarded_filter(each) for name, each in {**jinja, **BOUNDED, **FILTERS}.items()}
    of_collections = {f"{collection}.{name}": filters[name] for name, collection in COLLECTIONS.items()}
    env.filters = {**_with_full_names(filters), **of_collections, **INTERNAL, **DECIDES}
    env.tests = _with_full_names({**env.tests, **{name: asked_anew(each) for name, each in TESTS.items()}})
    env.globals = {**{name: env.globals[name] for name in KEPT_GLOBALS}, **GLOBALS}
    return env


def _with_full_names(named: Mapping[str, Any]) -> dict[str, Any]:
    return {**named, **{_FULL_NAME + name: value for name, value in named.items()}}


class _Compiled(Frozen):
    """A template. `expression`: it is a single one; `plain`: just a variable or a part of one; `file`: it gives text.
    `newlines` is how many the text ends with: a text that comes out keeps them."""

    template: Template
    expression: bool = False
    plain: bool = False
    file: bool = False
    newlines: int = 0


def render_whole(text: str, scope: Mapping[str, Any], place: Place | Span | None = None) -> str:
    """The text of a template file."""
    return str(_run(_whole, text, scope, place))


def expression(text: str, scope: Mapping[str, Any], place: Place | Span | None = None) -> Any:
    """The value of a bare expression."""
    return _run(compiled_expression, text, scope, place)


def condition(text: str, scope: Mapping[str, Any], place: Place | Span | None = None) -> bool:
    """Does a bare expression hold? Every part of it that decides must be true or false."""
    return bool(_run(compiled_condition, text, scope, place))


def evaluate_node(node: nodes.Expr, scope: Mapping[str, Any]) -> Any:
    """The value of one part of an expression (see `conditions`)."""
    token = limits.begin(scope)
    try:
        return _value(_compile_node(node), scope)
    finally:
        limits.end(token)


@shared(8192)
def compiled_expression(text: str) -> _Compiled:
    return _compile_node(parsed(text))


@shared(8192)
def compiled_condition(text: str) -> _Compiled:
    return _compile_node(deciding(parsed(text)))


def parsed(text: str) -> nodes.Expr:
    """A bare expression. Not kept: compiling changes it."""
    parser = Parser(environment(), text, state="variable")
    node = parser.parse_expression()
    if not parser.stream.eos:
        raise TemplateSyntaxError("something stands behind the end of the expression", parser.stream.current.lineno)
    return node


def _compile_node(node: nodes.Expr) -> _Compiled:
    plain = isinstance(node, nodes.Name | nodes.Getattr | nodes.Getitem)
    node = guarded(node)
    node.set_environment(environment())
    body = [nodes.Assign(nodes.Name("result", "store"), node, lineno=1)]
    return _Compiled(environment().from_string(nodes.Template(body, lineno=1)), expression=True, plain=plain)


@shared(8192)
def compiled_template(text: str) -> _Compiled:
    """The compiled text; one that is a single whole expression gives its native value."""
    env = environment()
    text = as_written(text)
    newlines = len(text) - len(text.rstrip("\n"))
    body = env.parse(text).body
    if len(body) == 1 and isinstance(body[0], nodes.Output) and len(body[0].nodes) == 1:
        node = body[0].nodes[0]
        if not isinstance(node, nodes.TemplateData):
            return replace(_compile_node(node), newlines=newlines)
    return _Compiled(env.from_string(text), newlines=newlines)


def as_written(text: str) -> str:
    """The text of a value with every backslash in its quoted texts meant as it stands, as in Ansible's values.

    `{{ path | regex_replace('\\.log$', '') }}` needs no second backslash. Bare expressions and template files do.
    """
    if "\\" not in text:
        return text
    tokens = environment().lex(text)
    return "".join(value.replace("\\", "\\\\") if kind == "string" else value for _, kind, value in tokens)


@lru_cache(maxsize=64)
def _whole(text: str) -> _Compiled:
    return _Compiled(_for_files().from_string(text), file=True)


def render_text(text: str, scope: Mapping[str, Any], place: Place | Span | None = None) -> Any:
    """The value of a text with templates in it: native where the text is one whole `{{ … }}`."""
    return _run(compiled_template, text, scope, place)


def _run(make: Callable[[str], _Compiled], text: str, scope: Mapping[str, Any], place: Place | Span | None) -> Any:
    span = place.value if isinstance(place, Place) else place
    token = limits.begin(scope)
    try:
        compiled = make(text)
        return _text(compiled, scope) if compiled.file else _value(compiled, scope)
    except TemplateSyntaxError as error:
        message, hint = syntax_message(error, text, make in (compiled_expression, compiled_condition))
        raise TemplateError(message, span, hint) from None
    except UndefinedError as error:
        raise not_there(error, text, scope, span) from None
    except TemplateError as error:
        raise TemplateError(error.message, error.span or span, error.hint, error.name) from None
    except SecurityError as error:
        raise TemplateError(f"not allowed in a template: {error}", span) from None
    except RecursionError:
        hint = "it refers to itself, or what it refers to is too deep"
        raise TemplateError("the template has no end", span, hint) from None
    except MemoryError:
        raise TemplateError("the template needs more memory than there is", span) from None
    except FAILURES as error:
        raise TemplateError(f"cannot be computed: {error}", span, f"in: {short(text)}") from None
    finally:
        limits.end(token)


def _value(compiled: _Compiled, scope: Mapping[str, Any]) -> Any:
    context = _context(compiled.template, scope)
    value = joined(compiled.template.root_render_func(context))
    if compiled.expression:  # then it puts out nothing
        value = context.vars["result"]
    refuse(value)
    if isinstance(value, Unknown | PartlyRead):
        value.refuse()
    if isinstance(value, dict) and compiled.plain:  # a registered outcome: all of it would be its fields too
        for item in value.values():
            if isinstance(item, PartlyRead):
                item.refuse()
    if not compiled.plain:
        value = native(value)
    if compiled.newlines and isinstance(value, str):
        value += "\n" * (compiled.newlines - (len(value) - len(value.rstrip("\n"))))
    return value


def _text(compiled: _Compiled, scope: Mapping[str, Any]) -> str:
    text = "".join(compiled.template.root_render_func(_context(compiled.template, scope)))
    limits.made(len(text))
    return text


def _context(template: Template, scope: Mapping[str, Any]) -> RuntimeContext:
    # A variable of the user's lies over a function of the same name.
    names = ChainMap(scope, environment().globals)  # type: ignore[arg-type] # read only: any mapping serves
    return template.new_context(names, shared=True)  # type: ignore[arg-type] # as above
