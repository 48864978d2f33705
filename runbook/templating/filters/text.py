"""Texts: lines, comments, quoting, and Jinja's own that could make a text too large."""

from __future__ import annotations

import shlex
from collections.abc import Mapping
from typing import Any

from jinja2 import filters as jinja
from jinja2 import pass_environment
from jinja2.environment import Environment

from runbook.templating.sandbox import size_guards
from runbook.templating.sandbox.limits import fits, measure, text_of

_WIDEST = 1000


def split(value: Any, separator: str | None = None, maxsplit: int = -1) -> list[str]:
    """The parts of a text between separators; without one, its words.

    `'a,b,c' | split(',')` → `["a", "b", "c"]`
    """
    return str.split(value, separator, maxsplit)


def splitlines(value: Any, keepends: bool = False) -> list[str]:
    """The lines of a text.

    `'one line' | splitlines` → `["one line"]`
    """
    return text_of(value).splitlines(keepends)


def quote(value: Any) -> str:
    """The text as one word of a shell.

    `"it's" | quote` → `"'it'\\"'\\"'s'"`
    """
    return shlex.quote("" if value is None else text_of(value))


_STYLES: Mapping[str, Mapping[str, str]] = {
    "plain": {"decoration": "# "},
    "erlang": {"decoration": "% "},
    "c": {"decoration": "// "},
    "cblock": {"beginning": "/*", "decoration": " * ", "end": " */"},
    "xml": {"beginning": "<!--", "decoration": " - ", "end": "-->"},
}


def comment(text: str, style: str = "plain", **options: Any) -> str:
    """The text as a comment. `style` is plain, erlang, c, cblock or xml; `decoration`, `beginning`, `end`, `prefix`,
    `prefix_count`, `postfix`, `postfix_count` and `newline` change it.

    `'managed' | comment('c')` → `"//\\n// managed\\n//"`
    """
    if style not in _STYLES:
        raise ValueError(f"comment: {style!r} is not one of {', '.join(_STYLES)}")
    parts = {"newline": "\n", "beginning": "", "end": "", **_STYLES[style], **options}
    newline, decoration = parts["newline"], parts["decoration"]
    bare = decoration.rstrip()
    fits(len(text) + (text.count(newline) + 2) * len(decoration))
    before, after = _repeated(parts, "prefix", bare), _repeated(parts, "postfix", bare)
    body = f"{decoration}{text.replace(newline, newline + decoration)}"
    body = body.replace(decoration + newline, bare + newline)  # no blanks behind the sign of an empty line
    head = parts["beginning"] + newline if parts["beginning"] else ""
    tail = newline + parts["end"] if parts["end"] else ""
    lead = "".join(one if one == newline else one + newline for one in before if one)
    return f"{head}{lead}{body}{''.join(newline + one for one in after)}{tail}"


def _repeated(parts: Mapping[str, Any], name: str, usual: str) -> list[str]:
    text, count = str(parts.get(name, usual)), int(parts.get(f"{name}_count", 1))
    fits(len(text) * count, count)
    return [text] * count


def center(value: Any, width: int = 80) -> str:
    """The text in the middle of a line."""
    fits(width)
    return jinja.do_center(text_of(value), width)


def indent(value: str, width: int | str = 4, first: bool = False, blank: bool = False) -> str:
    """Every line but the first moved to the right, by so many blanks or by a text."""
    size = width if isinstance(width, int) else len(width)
    if size > _WIDEST:
        raise ValueError(f"indent: {size} is too wide; {_WIDEST} is the most")
    fits(len(value) + (value.count("\n") + 1) * size)
    return jinja.do_indent(value, width, first, blank)


@pass_environment
def join(environment: Environment, values: Any, d: str = "", attribute: str | int | None = None) -> str:
    """The texts of a list as one, with `d` between them."""
    if attribute is not None:
        values = list(map(jinja.make_attrgetter(environment, attribute), values))
    values = values if isinstance(values, list | tuple | str) else list(values)
    size_guards.joined(text_of(d), values)
    return text_of(d).join(map(text_of, values))


def replace(value: Any, old: Any, new: Any, count: int = -1) -> str:
    """The text with each `old` in it replaced."""
    text, old, new = text_of(value), text_of(old), text_of(new)
    size_guards.replaced(text, old, new)
    return text.replace(old, new, count)


def format_(value: Any, *args: Any, **kwargs: Any) -> str:
    """A text with `%s` and its like filled in."""
    text, values = text_of(value), kwargs or args
    if args and kwargs:
        raise ValueError("format: either values in order, or values with names")
    size_guards.percent(text, values)
    return text % values


@pass_environment
def wordwrap(
    environment: Environment,
    value: str,
    width: int = 79,
    break_long_words: bool = True,
    wrapstring: str | None = None,
    break_on_hyphens: bool = True,
) -> str:
    """The text in lines of so many characters."""
    fits(len(value) * max(len(wrapstring or "\n"), 1))
    return jinja.do_wordwrap(environment, value, width, break_long_words, wrapstring, break_on_hyphens)


def string(value: Any) -> str:
    """The value as text."""
    return text_of(value)


def pprint(value: Any) -> str:
    """The value as Python writes it, over several lines."""
    measure(value)
    return jinja.do_pprint(value)
