"""Lists: cutting, pairing, flattening, and Jinja's own that could make a list too long."""

from __future__ import annotations

import itertools
import math
import random as chance
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from jinja2 import filters as jinja
from jinja2 import pass_environment
from jinja2.environment import Environment

from runbook.templating.sandbox.limits import bounded, fits, measure, spend

_NULLS = (None, "None", "null")


def flatten(values: Iterable[Any], levels: int | None = None, skip_nulls: bool = True) -> list[Any]:
    """The items of lists in a list, all the way down or so many `levels`; nothings are left out.

    `[1, [2, [3, none]]] | flatten` → `[1, 2, 3]`
    """
    out: list[Any] = []
    for value in values:
        spend()
        if skip_nulls and value in _NULLS:
            continue
        if isinstance(value, list | tuple) and (levels is None or levels >= 1):
            out += flatten(value, None if levels is None else int(levels) - 1, skip_nulls)
        else:
            out.append(value)
    return out


def zip_(first: Iterable[Any], *others: Iterable[Any], strict: bool = False) -> list[Any]:
    """Pairs of the items of lists, as many as the shortest has.

    `[1, 2] | zip(['a', 'b'])` → `[[1, "a"], [2, "b"]]`
    """
    return _measured(zip(first, *others, strict=strict))


def zip_longest(*lists: Iterable[Any], fillvalue: Any = None) -> list[Any]:
    """Pairs of the items of lists, as many as the longest has.

    `[1, 2] | zip_longest(['a'], fillvalue='-')` → `[[1, "a"], [2, "-"]]`
    """
    each = [bounded(values) for values in lists]
    fits(items=max(map(len, each), default=0) * len(each))
    return _measured(itertools.zip_longest(*each, fillvalue=fillvalue))


def product(*lists: Iterable[Any], repeat: int = 1) -> list[Any]:
    """Every item of one list with every item of the others.

    `[1, 2] | product(['a'])` → `[[1, "a"], [2, "a"]]`
    """
    each = [bounded(values) for values in lists]
    fits(items=len(each) * repeat)
    size = 1
    for values in each * repeat:
        size *= len(values)
        fits(items=size)
    return _measured(itertools.product(*each, repeat=repeat))


def permutations(values: Iterable[Any], r: int | None = None) -> list[Any]:
    """Every order of the items, or of `r` of them.

    `[1, 2] | permutations` → `[[1, 2], [2, 1]]`
    """
    each = bounded(values)
    length = len(each) if r is None else r
    fits(items=math.perm(len(each), length) if length < 20 else (length <= len(each)) * math.inf)
    return _measured(itertools.permutations(each, length))


def combinations(values: Iterable[Any], r: int) -> list[Any]:
    """Every choice of `r` items.

    `[1, 2, 3] | combinations(2)` → `[[1, 2], [1, 3], [2, 3]]`
    """
    each = bounded(values)
    smaller = min(r, len(each) - r)
    fits(items=math.comb(len(each), smaller) * r if 0 <= smaller < 20 else (smaller >= 0) * math.inf)
    return _measured(itertools.combinations(each, r))


def _measured(pairs: Iterable[Any]) -> list[Any]:
    found = bounded(pairs)
    measure(found)
    return found


def batch(values: Any, linecount: int, fill_with: Any = None) -> list[Any]:
    """Lists of so many items each; `fill_with` completes the last."""
    if fill_with is not None:
        fits(items=linecount)
    return list(jinja.do_batch(values, linecount, fill_with))


def slice_(values: Any, slices: int, fill_with: Any = None) -> list[Any]:
    """So many lists, of nearly the same length."""
    fits(items=slices)
    return list(jinja.sync_do_slice(values, slices, fill_with))


def subelements(value: Any, subelements: Any, skip_missing: bool = False) -> list[Any]:
    """Each mapping of a list with each item of the list that it has under a key.

    `[{'user': 'a', 'keys': [1, 2]}] | subelements('keys') | map('last')` → `[1, 2]`
    """
    path = subelements.split(".") if isinstance(subelements, str) else list(subelements)
    if not isinstance(value, Mapping | list):
        raise TypeError("subelements needs a list of mappings, or a mapping of them")
    pairs = []
    for item in value.values() if isinstance(value, Mapping) else value:
        found = list(_under(item, path, skip_missing))
        spend(len(found))
        pairs += [(item, one) for one in found]
    return pairs


def _under(item: Any, path: list[str], skip_missing: bool) -> Iterator[Any]:
    found = item
    for key in path:
        if not isinstance(found, Mapping):
            raise TypeError(f"subelements: {key!r} is looked for in something that is no mapping")
        if key not in found:
            if skip_missing:
                return
            raise ValueError(f"subelements: there is no {key!r} in {', '.join(map(str, found))}")
        found = found[key]
    if not isinstance(found, list):
        raise TypeError(f"subelements: under {'.'.join(path)!r} there is no list")
    yield from found


def random(end: Any, start: int | None = None, step: int | None = None, seed: Any = None) -> Any:
    """An item of a list by chance, or a number below `end`; with a `seed` always the same.

    `['a'] | random` → `"a"`
    """
    source = chance.SystemRandom() if seed is None else chance.Random(seed)  # noqa: S311 - no secret
    if isinstance(end, int):
        return source.randrange(start or 0, end, step or 1)
    if start or step:
        raise ValueError("random: `start` and `step` are for numbers")
    return source.choice(end)


def shuffle(values: Any, seed: Any = None) -> Any:
    """The items in an order by chance; with a `seed` always the same.

    `[1] | shuffle` → `[1]`
    """
    mixed = bounded(values)
    source = chance.Random(seed) if seed else chance.SystemRandom()  # noqa: S311 - no secret
    source.shuffle(mixed)
    return mixed


@pass_environment
def extract(environment: Environment, item: Any, container: Any, morekeys: Any = None) -> Any:
    """What stands in a container under a key: for `map`. `morekeys` goes on inside it.

    `['a', 'b'] | map('extract', {'a': 1, 'b': 2})` → `[1, 2]`
    """
    more = morekeys if isinstance(morekeys, list) else [] if morekeys is None else [morekeys]
    for key in (item, *more):
        container = environment.getitem(container, key)
    return container


def list_(values: Any) -> list[Any]:
    """The items as a list."""
    return bounded(values)
