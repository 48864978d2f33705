"""Lists as sets. The items keep the order in which they stand first; Ansible's order is by chance."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from jinja2 import filters as jinja
from jinja2 import pass_environment
from jinja2.environment import Environment

from runbook.templating.sandbox.limits import spend


@pass_environment
def unique(
    environment: Environment, values: Iterable[Any], case_sensitive: bool | None = None, attribute: Any = None
) -> list[Any]:
    """Each item once. Texts that differ in case are the same, unless `case_sensitive=true`; of mappings, `attribute`
    is what counts.

    `['a', 'b', 'A'] | unique` → `["a", "b"]`
    """
    values = list(values)
    try:
        return list(jinja.do_unique(environment, values, bool(case_sensitive), attribute))
    except TypeError:  # mappings and lists have no hash
        if attribute is not None or case_sensitive is False:
            raise
        return once(values)


def union(a: Iterable[Any], b: Iterable[Any]) -> list[Any]:
    """What is in one of the lists, or in both.

    `[1, 2] | union([2, 3])` → `[1, 2, 3]`
    """
    return once([*a, *b])


def intersect(a: Iterable[Any], b: Iterable[Any]) -> list[Any]:
    """What is in both lists.

    `[1, 2] | intersect([2, 3])` → `[2]`
    """
    other = set(map(key, b))
    return [value for value in once(a) if key(value) in other]


def difference(a: Iterable[Any], b: Iterable[Any]) -> list[Any]:
    """What is in the first list and not in the other.

    `[1, 2] | difference([2, 3])` → `[1]`
    """
    other = set(map(key, b))
    return [value for value in once(a) if key(value) not in other]


def symmetric_difference(a: Iterable[Any], b: Iterable[Any]) -> list[Any]:
    """What is in just one of the lists.

    `[1, 2] | symmetric_difference([2, 3])` → `[1, 3]`
    """
    a, b = list(a), list(b)
    return [*difference(a, b), *difference(b, a)]


def once(values: Iterable[Any]) -> list[Any]:
    return list(_once(values))


def _once(values: Iterable[Any]) -> Iterator[Any]:
    seen = set()
    for value in values:
        one = key(value)
        if one not in seen:
            seen.add(one)
            yield value


def key(value: Any) -> Any:
    """Something with a hash that is equal for equal values, so that long lists of mappings take no square of time."""
    if isinstance(value, dict | list | tuple):
        spend()
    if isinstance(value, dict):
        return ("mapping", frozenset((name, key(item)) for name, item in value.items()))
    if isinstance(value, list | tuple):
        return ("list" if isinstance(value, list) else "tuple", *map(key, value))
    return value
