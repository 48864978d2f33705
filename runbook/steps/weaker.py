"""In which ways one set of options checks less than another, in words: what kinds say of their own to `plan diff`.

Only what is certainly less is told. Options may be of any type, and hold placeholders for what is not known yet.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any

ANYTHING = "whatever it finds is right now"


def listed(value: Any) -> list[Any]:
    """One value or a list of them, as a list."""
    return [] if value in (None, "") else value if isinstance(value, list) else [value]


def given(args: Mapping[str, Any], options: tuple[str, ...]) -> bool:
    return any(listed(args.get(option)) for option in options)


def fewer(before: Mapping[str, Any], after: Mapping[str, Any], options: tuple[str, ...]) -> Iterator[str]:
    """Options that each ask for something: which are gone, and which lack a value that they had."""
    for option in options:
        old, new = listed(before.get(option)), listed(after.get(option))
        gone = [str(item) for item in old if item not in new]
        if gone and len(new) < len(old) and all(item in old for item in new):
            yield f"no longer checks `{option}`: {', '.join(gone)}"


def wider(before: Mapping[str, Any], after: Mapping[str, Any], option: str) -> Iterator[str]:
    """An option that lists what is right: gone, or all that was right still is, and more. `2xx` has all from 200 on."""
    old, new = listed(before.get(option)), listed(after.get(option))
    classes = {str(item)[0] for item in new if str(item).endswith("xx")}
    if old and not new:
        yield f"no longer checks `{option}`: {', '.join(map(str, old))}"
    elif old and old != new and all(item in new or str(item)[:1] in classes for item in old):
        yield f"more answers are right: {option} {_short(before[option])} → {_short(after[option])}"


def turned(before: Mapping[str, Any], after: Mapping[str, Any], option: str, value: Any, usual: Any) -> bool:
    """Has an option this value now, and had another? `usual` is what it has when it is not said."""
    return bool(after.get(option, usual) == value != before.get(option, usual))


def _short(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value)
