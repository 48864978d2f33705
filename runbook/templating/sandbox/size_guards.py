"""Asks, before an operator or a method runs, whether what it would make is of a size that can be held.

A guard returns nothing and raises TemplateError. What a template cannot make large has no guard.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from string import Formatter
from typing import Any

from runbook.templating.errors import TemplateError
from runbook.templating.sandbox.limits import MAX_BITS, MAX_TEXT, fits, made, measure, text_of

_SIZED = (str, bytes, list, tuple)


def multiplied(left: Any, right: Any) -> None:
    for one, times in ((left, right), (right, left)):
        if isinstance(one, _SIZED) and isinstance(times, int):
            size = len(one) * max(times, 0)
            fits(**({"characters": size} if isinstance(one, str | bytes) else {"items": size}))
    if isinstance(left, int) and isinstance(right, int):
        _bits(left.bit_length() + right.bit_length())


def raised(left: Any, right: Any) -> None:
    if isinstance(left, int) and isinstance(right, int) and right > 0:
        _bits(left.bit_length() * right)


def added(left: Any, right: Any) -> None:
    if isinstance(left, _SIZED) and isinstance(right, _SIZED):
        size = len(left) + len(right)
        fits(**({"characters": size} if isinstance(left, str | bytes) else {"items": size}))


def percent(left: Any, right: Any) -> None:
    """`text % values`."""
    if not isinstance(left, str):
        return
    fields = re.findall(r"%(?:\([^)]*\))?[#0\- +]*(\*|\d*)(?:\.(\*|\d*))?", left)
    for number in (number for pair in fields for number in pair if number):
        _number(number)
    values = right.values() if isinstance(right, Mapping) else right if isinstance(right, tuple) else (right,)
    fits(len(left) + len(fields) * max((len(text_of(value)) for value in values), default=0))


def _number(text: str) -> None:
    if text == "*":
        raise TemplateError("a width that is itself a value (`*`) is not taken here", hint="write the number")
    if len(text) > 4:
        raise TemplateError(f"a width of {text[:20]} is too large; 9999 is the most")


def _bits(bits: int) -> None:
    if bits > MAX_BITS:
        raise TemplateError("the number would have more than 4,300 digits")


class Widths(Formatter):
    """For `str.format`: the widths and precisions that a field asks for are of a size that can be held."""

    def format_field(self, value: Any, format_spec: str) -> str:
        for number in re.findall(r"\d+", format_spec):
            _number(number)
        measure(value)
        text = str(super().format_field(value, format_spec))
        made(len(text))
        return text


OPERATORS: Mapping[str, Callable[[Any, Any], None]] = {"*": multiplied, "**": raised, "+": added, "%": percent}


def replaced(text: str, old: str, new: str) -> None:
    """`text.replace(old, new)`."""
    fits(len(text) + text.count(old) * max(len(new) - len(old), 0))


def joined(separator: str, values: Any) -> None:
    """`separator.join(values)`."""
    fits(sum(len(text_of(value)) + len(separator) for value in values))


def _translated(text: str, table: Mapping[int, Any]) -> None:
    fits(len(text) * max((len(v) for v in table.values() if isinstance(v, str)), default=1))


_METHODS: Mapping[str, Callable[..., None]] = {
    "join": joined,
    "replace": lambda text, old="", new="", *_: replaced(text, old, new),
    "translate": _translated,
    "expandtabs": lambda text, tabsize=8: fits(len(text) + text.count("\t") * tabsize),
}


def method(owner: Any, name: str, args: tuple[Any, ...], kwargs: Mapping[str, Any]) -> None:
    """A method of a text, of bytes or of a whole number that is about to be called."""
    if not isinstance(owner, str | bytes | int):
        return
    for value in (*args, *kwargs.values()):
        if isinstance(value, int) and value > MAX_TEXT:
            raise TemplateError(f"{name}({value if value < 10**15 else '…'}) asks for too much")
    if isinstance(owner, str) and (guard := _METHODS.get(name)):
        guard(owner, *args, **kwargs)
