"""What one rendering may cost: steps, characters, processor time. A template that never ends, or that makes a text of
gigabytes, is an error and takes nothing else with it.

Counted are the rounds of loops, calls, filters and the characters that they make. What multiplies is asked first with
`fits`. Renderings inside a rendering (variables that use each other) draw on the same budget.
"""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator, Mapping, Sized
from contextvars import ContextVar, Token
from itertools import islice
from typing import Any, NoReturn

from runbook.templating.errors import TemplateError

MAX_STEPS = 1_000_000
MAX_MADE = 256_000_000
"""Characters that all operations of a rendering make together."""
MAX_TEXT = 16_000_000
"""Characters of one text that a template makes."""
MAX_ITEMS = 1_000_000
"""Items of one list that a template makes, and values of one nested structure."""
MAX_DEPTH = 200
"""Lists and mappings inside each other."""
MAX_BITS = 14_000
"""Of a whole number: beyond it Python does not show one as decimal text."""
MAX_SECONDS = 30.0
"""Of this thread's processor time, so that a loaded machine takes nothing away."""
_LOOKS = 64
"""Steps between two looks at the clock."""


class Budget:
    """What is left of one rendering."""

    __slots__ = ("characters", "end", "scope", "steps")

    def __init__(self, scope: Mapping[str, Any]) -> None:
        self.steps, self.characters = MAX_STEPS, MAX_MADE
        self.end: float | None = None
        """Of its time: from the first look at the clock, which most renderings never take."""
        self.scope = scope
        """That of the outermost rendering: it says where lookups look, and what they may do."""


_BUDGET: ContextVar[Budget | None] = ContextVar("budget", default=None)


def begin(scope: Mapping[str, Any]) -> Token[Budget | None] | None:
    """Opens the budget of a rendering, to be closed with `end`. None inside another rendering, whose budget serves."""
    return None if _BUDGET.get() is not None else _BUDGET.set(Budget(scope))


def end(token: Token[Budget | None] | None) -> None:
    if token is not None:
        _BUDGET.reset(token)


def outermost() -> Mapping[str, Any]:
    """The scope of the rendering that is going on."""
    budget = _BUDGET.get()
    return budget.scope if budget is not None else {}


def spend(steps: int = 1) -> None:
    """Takes steps. Raises TemplateError when there are none left, or no time."""
    budget = _BUDGET.get()
    if budget is not None:
        budget.steps -= steps
        if budget.steps % _LOOKS < steps:
            _look(budget)


def _look(budget: Budget) -> None:
    if budget.steps < 0:
        raise TemplateError(f"the template takes more than {MAX_STEPS:,} steps", hint="does it end at all?")
    now = time.thread_time()
    if budget.end is None:
        budget.end = now + MAX_SECONDS
    if now > budget.end:
        raise TemplateError(f"the template takes more than {MAX_SECONDS:g} seconds", hint="does it end at all?")


def made(characters: int) -> None:
    """Tells that so many characters were made. Raises TemplateError when it is too many."""
    if characters > MAX_TEXT:
        _too_long(characters)
    budget = _BUDGET.get()
    if budget is not None:
        budget.characters -= characters
        if budget.characters < 0:
            raise TemplateError(f"the template makes more than {MAX_MADE:,} characters in all")


def fits(characters: float = 0, items: float = 0) -> None:
    """Raises TemplateError when what is about to be made is too large. Numbers of people's own, so any number."""
    if characters > MAX_TEXT:
        _too_long(characters)
    if items > MAX_ITEMS:
        raise TemplateError(f"a list of {_count(items)} items is too long; {MAX_ITEMS:,} are the most")


def _too_long(characters: float) -> NoReturn:
    raise TemplateError(f"a text of {_count(characters)} characters is too long; {MAX_TEXT:,} are the most")


def _count(number: float) -> str:
    return f"{number:,}" if number < 10**15 else "more than 10^15"


def counted(values: Iterable[Any]) -> Iterator[Any]:
    """The values one by one, each a step."""
    budget = _BUDGET.get()
    for value in values:
        if budget is not None:  # as `spend`, which would take half of a short loop's time
            budget.steps -= 1
            if not budget.steps % _LOOKS:
                _look(budget)
        yield value


def bounded(values: Iterable[Any]) -> list[Any]:
    """The values as a list. Raises TemplateError when they are too many."""
    if isinstance(values, Sized):
        fits(items=len(values))
        return list(values)
    found = list(islice(values, MAX_ITEMS + 1))
    fits(items=len(found))
    return found


def text_of(value: Any) -> str:
    """The value as text. Raises TemplateError when that is too long."""
    if isinstance(value, str):
        return value
    measure(value)
    return str(value)


def measure(value: Any) -> None:
    """Raises TemplateError for a structure with too many values, or with too many inside each other.

    A list that stands in another twice counts twice, as it does when it is written out.
    """
    if isinstance(value, dict | list | tuple):
        _measure(value, MAX_ITEMS, 0)


def _measure(value: Any, left: int, depth: int) -> int:
    left -= len(value)
    if left < 0 or depth > MAX_DEPTH:
        too_large(deep=depth > MAX_DEPTH)
    for item in value.values() if isinstance(value, dict) else value:
        if isinstance(item, dict | list | tuple):
            left = _measure(item, left, depth + 1)
    return left


def too_large(*, deep: bool) -> NoReturn:
    much = f"more than {MAX_DEPTH} levels deep" if deep else f"of more than {MAX_ITEMS:,} values"
    raise TemplateError(f"a structure {much} is too large")
