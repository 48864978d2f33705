"""The sandboxed Jinja environment: what a template may reach, and that it ends.

Jinja's own sandbox keeps templates away from Python. Here operators and methods that multiply are asked first what they
would make (`guards`), and every round of a loop, every call and every filter draws on the rendering's `budget`.
"""

from __future__ import annotations

import types
from collections.abc import Callable, Iterable, Mapping
from functools import wraps
from typing import Any

from jinja2 import nodes, pass_context
from jinja2.nativetypes import NativeCodeGenerator
from jinja2.runtime import Context
from jinja2.sandbox import ImmutableSandboxedEnvironment, SandboxedFormatter
from jinja2.visitor import NodeTransformer

from runbook.templating.sandbox import size_guards
from runbook.templating.sandbox.limits import counted, made, measure, spend, text_of
from runbook.templating.sandbox.native_values import native, settled

_MAPPING_METHODS = frozenset({"get", "items", "keys", "values"})
"""Of our own mappings (`hostvars`, `env`) templates may call these, as of any mapping, and read no attribute else."""
_COUNTED, _JOINED, _KEPT, _HELD = " counted", " joined", " kept", " held"
"""Names of filters that `_Guarding` puts in: no template can write them."""
_CALL = 10
"""Steps that a call of a part of the template counts as."""
_LONG = 100
"""Characters of literal text in a loop that need no counting: the rounds are counted."""


class _Formatter(size_guards.Widths, SandboxedFormatter):
    """`str.format` that reaches no attribute that templates may not, and makes no endless text."""


class Sandbox(ImmutableSandboxedEnvironment):
    """For template files: what it renders is text."""

    intercepted_binops = frozenset(size_guards.OPERATORS)

    def getattr(self, obj: Any, attribute: str) -> Any:
        """`a.b` is first the key, then the attribute: data named `items` or `count` is data, as people mean it."""
        if (type(obj) is dict or isinstance(obj, Mapping)) and attribute in obj:
            return obj[attribute]
        return super().getattr(obj, attribute)

    def is_safe_attribute(self, obj: Any, attr: str, value: Any) -> bool:
        if isinstance(obj, Mapping) and not isinstance(obj, dict) and attr not in _MAPPING_METHODS:
            return False
        return super().is_safe_attribute(obj, attr, value)

    def call_binop(self, context: Context, operator: str, left: Any, right: Any) -> Any:
        size_guards.OPERATORS[operator](left, right)
        return settled(super().call_binop(context, operator, left, right))

    def call(__self, __context: Context, __obj: Any, *args: Any, **kwargs: Any) -> Any:
        # Two underscores as in Jinja: names of a call's own arguments do not meet them.
        if isinstance(__obj, types.BuiltinMethodType):
            spend()
            size_guards.method(__obj.__self__, __obj.__name__, args, kwargs)
        else:
            spend(_CALL)  # a macro, a recursive loop: each renders a part of the template
            for value in args:
                measure(value)
        return settled(super().call(__context, __obj, *args, **kwargs))

    def wrap_str_format(self, value: Any) -> Callable[..., str] | None:
        if not isinstance(value, types.BuiltinMethodType) or value.__name__ not in ("format", "format_map"):
            return None
        text, formatter = value.__self__, _Formatter(self)
        if not isinstance(text, str):
            return None

        def formatted(*args: Any, **kwargs: Any) -> str:
            return formatter.vformat(text, args, kwargs)

        def of_mapping(mapping: Mapping[str, Any]) -> str:
            return formatter.vformat(text, (), mapping)

        return formatted if value.__name__ == "format" else of_mapping

    def _parse(self, source: str, name: str | None, filename: str | None) -> nodes.Template:
        tree: nodes.Template = guarded(super()._parse(source, name, filename))
        return tree


class _ValueGenerator(NativeCodeGenerator):
    def _output_const_repr(self, group: Iterable[Any]) -> str:
        return repr(joined(group))


def joined(pieces: Iterable[Any]) -> Any:
    """What a template puts out: one piece keeps its type, several are a text."""
    each = list(pieces)
    if len(each) == 1:
        return each[0]
    texts = [piece if type(piece) is str else _text(piece) for piece in each]
    made(sum(map(len, texts)))
    return "".join(texts)


class ValueSandbox(Sandbox):
    """For values of playbooks and inventories: `{% if a %}{{ list }}{% endif %}` is a list."""

    code_generator_class = _ValueGenerator
    concat = staticmethod(joined)  # of macros and blocks too


def guarded_filter(function: Callable[..., Any]) -> Callable[..., Any]:
    """The filter with its call and what it makes counted; what it would give bit by bit, as a list."""
    wanted = getattr(function, "jinja_pass_arg", None)

    @wraps(function)
    def filter_(context: Context, *args: Any, **kwargs: Any) -> Any:
        spend()
        if wanted is not None:
            args = (_passed(wanted.name, context), *args)
        return settled(function(*args, **kwargs))

    return pass_context(filter_)  # also so that Jinja does not compute it when it compiles: `random` is new each time


def _passed(wanted: str, context: Context) -> Any:
    """What Jinja would hand to a filter that asks for it."""
    return {"context": context, "eval_context": context.eval_ctx, "environment": context.environment}[wanted]


def asked_anew(function: Callable[..., bool]) -> Callable[..., bool]:
    """A test that Jinja does not compute when it compiles: whether a file exists is asked each time."""

    @wraps(function)
    def test(_context: Context, *args: Any, **kwargs: Any) -> bool:
        return function(*args, **kwargs)

    return pass_context(test)


def measured(function: Callable[..., Any]) -> Callable[..., Any]:
    """A filter of Jinja's that takes text, or makes text of what it is given: of what is not too large."""

    @wraps(function)
    def filter_(*args: Any, **kwargs: Any) -> Any:
        for value in args:
            measure(value)
        return function(*args, **kwargs)

    return filter_


def finalize(value: Any) -> str:
    """A value inside a text: nothing for None, as Ansible has it."""
    text = value if type(value) is str else _text(value)
    made(len(text))
    return text


def _text(value: Any) -> str:
    if type(value) in (int, float, bool):
        return str(value)
    return "" if value is None else str(native(value))


@pass_context  # as are the next three: so that Jinja does not compute them when it compiles
def _counted(_context: Context, values: Any) -> Any:
    return counted(values)


@pass_context
def _joined(_context: Context, values: list[Any]) -> str:
    size_guards.joined("", values)
    return "".join(map(text_of, values))


@pass_context
def _kept(_context: Context, text: str) -> str:
    return text


@pass_context
def _held(_context: Context, value: Any) -> Any:
    measure(value)
    return value


INTERNAL: Mapping[str, Callable[..., Any]] = {_COUNTED: _counted, _JOINED: _joined, _KEPT: _kept, _HELD: _held}


class _Guarding(NodeTransformer):
    """Has the rounds of loops, long texts in them, and `~` counted, and what `set` keeps measured: a list that holds
    itself twice, and that again, is small in memory and endless for whoever compares it or writes it out.
    """

    def __init__(self) -> None:
        self._repeated = 0

    def visit_For(self, node: nodes.For) -> nodes.Node:
        node.iter = _filtered(node.iter, _COUNTED)
        return self._inside(node)

    def _inside(self, node: nodes.Node) -> nodes.Node:
        self._repeated += 1
        self.generic_visit(node)
        self._repeated -= 1
        return node

    visit_Macro = visit_CallBlock = visit_Block = _inside

    def visit_Assign(self, node: nodes.Assign) -> nodes.Node:
        self.generic_visit(node)
        if not isinstance(node.node, nodes.Name | nodes.Getattr | nodes.Getitem | nodes.Const):
            node.node = _filtered(node.node, _HELD)
        return node

    def visit_Concat(self, node: nodes.Concat) -> nodes.Node:
        self.generic_visit(node)
        return _filtered(nodes.List(node.nodes, lineno=node.lineno), _JOINED)

    def visit_TemplateData(self, node: nodes.TemplateData) -> nodes.Node:
        if not self._repeated or len(node.data) <= _LONG:
            return node
        return _filtered(nodes.Const(node.data, lineno=node.lineno), _KEPT)


def _filtered(node: Any, name: str) -> nodes.Filter:
    return nodes.Filter(node, name, [], [], None, None, lineno=node.lineno)


def guarded(tree: Any) -> Any:
    """A syntax tree, a whole one or that of an expression, with its guards. Changes the tree."""
    return _Guarding().visit(tree)
