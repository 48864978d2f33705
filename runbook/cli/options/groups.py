"""Options that belong together: one decorator adds them all, and the command gets their values as one frozen class."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any, TypeVar

T = TypeVar("T")
Decorator = Callable[[Callable[..., T]], Callable[..., T]]


def options_as(name: str, kind: type, *options: Callable[[Any], Any]) -> Decorator[Any]:
    """Adds the options, which the help shows in this order. A field of `kind` has the name of its option; the command
    gets the whole as its argument `name`."""

    def decorate(function: Callable[..., T]) -> Callable[..., T]:
        @wraps(function)
        def with_group(*args: Any, **given: Any) -> T:
            values = {field: given.pop(field) for field in kind.__match_args__}  # type: ignore[attr-defined] # frozen
            return function(*args, **{name: kind(**values)}, **given)

        decorated: Any = with_group
        for option in reversed(options):
            decorated = option(decorated)
        found: Callable[..., T] = decorated
        return found

    return decorate
