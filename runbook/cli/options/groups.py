"""Options that belong together: one decorator adds them all, and the command gets their values as one frozen class."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any

Command = Callable[..., int]


def options_as(name: str, kind: type, *options: Callable[[Command], Command]) -> Callable[[Command], Command]:
    """Adds the options, which the help shows in this order. A field of `kind` has the name of its option; the command
    gets the whole as its argument `name`."""

    def decorate(function: Command) -> Command:
        @wraps(function)
        def with_group(*args: Any, **given: Any) -> int:
            values = {field: given.pop(field) for field in kind.__match_args__}  # type: ignore[attr-defined] # frozen
            return function(*args, **{name: kind(**values)}, **given)

        decorated: Command = with_group
        for option in reversed(options):
            decorated = option(decorated)
        return decorated

    return decorate
