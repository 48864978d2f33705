"""Filters for truth, choice and type of values: `bool`, `ternary` …"""

from __future__ import annotations

from typing import Any

from jinja2 import StrictUndefined

from runbook.templating.errors import TemplateError
from runbook.templating.sandbox.undefined import NotThere, refuse

_TRUE = {"yes", "on", "true", "1"}


def to_bool(value: Any) -> bool:
    """True for true, 1 and the texts yes, on, true and 1 in any case. Everything else is false.

    `'Yes' | bool` → `true`
    """
    return value.lower() in _TRUE if isinstance(value, str) else value == 1


def ternary(value: Any, true_val: Any, false_val: Any, none_val: Any = None) -> Any:
    """The first when the value is true, else the second; the third, if there is one, when it is nothing.

    `true | ternary('on', 'off')` → `"on"`
    """
    if value is None and none_val is not None:
        return none_val
    return true_val if bool(value) else false_val


def mandatory(value: Any, msg: str | None = None) -> Any:
    """The value; one that is not defined is an error, with the words of `msg`.

    `1 | mandatory` → `1`
    """
    if isinstance(value, StrictUndefined) and msg:
        try:
            refuse(value)
        except NotThere as error:
            raise TemplateError(str(msg), name=str(error.name) if error.is_variable else "") from None
    refuse(value)
    return value


def type_debug(value: Any) -> str:
    """The name of the value's type.

    `[1] | type_debug` → `"list"`
    """
    return "Undefined" if isinstance(value, StrictUndefined) else type(value).__name__
